"""The built site in a browser: it is served below a sub-path, and every request and every complaint is written down."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.site import social_card
from tests import ROOT

# Any port will do: a browser takes book.localhost for its own machine, and is told the port (see `chromium`).
ADDRESS = "http://book.localhost/book/"
REPOSITORY = "https://github.com/example/book"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]


# ---------------------------------------------------------------------- the site, built once


def run(folder: Path, *command: object, **env: str) -> str:
    result = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **env},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def git(folder: Path, *arguments: object, day: str = "2026-01-05") -> str:
    names = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    time = f"{day}T12:00:00Z"
    return run(folder, "git", *names, *arguments, GIT_AUTHOR_DATE=time, GIT_COMMITTER_DATE=time)


def copy_project(folder: Path) -> Path:
    """Copy what the site is made of, with a history of two days."""
    for name in ("docs", "microgpt", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "generated"))
    (folder / "docs" / social_card.IMAGE).unlink(missing_ok=True)
    shutil.copy(ROOT / "mkdocs.yml", folder)
    shutil.copy(ROOT / ".gitignore", folder)
    git(folder, "init", "-q")
    git(folder, "add", "docs")
    git(folder, "commit", "-qm", "one")
    with open(folder / "docs/3-architecture/04-softmax.md", "a", encoding="utf-8") as chapter:
        chapter.write("\n")
    git(folder, "commit", "-qam", "two", day="2026-02-03")
    return folder


@pytest.fixture(scope="session")
def plain(once, tmp_path_factory) -> Path:
    """The site of a fresh clone, built with nothing but `mkdocs build --strict`."""

    def make() -> Path:
        folder = copy_project(tmp_path_factory.mktemp("plain"))
        run(folder, sys.executable, "-m", "mkdocs", "build", "--strict", "-d", "site", SITE_URL="", REPO_URL="")
        return folder / "site"

    return once("plain-site", make)


@pytest.fixture(scope="session")
def published(once, tmp_path_factory) -> Path:
    """The site as the workflow makes it, in a folder book/."""

    def make() -> Path:
        folder = copy_project(tmp_path_factory.mktemp("published"))
        run(folder, sys.executable, "-m", "scripts.site.last_change")
        run(folder, sys.executable, "-m", "scripts.site.social_card")
        assert git(folder, "status", "--porcelain", "docs") == "", "what was generated is not to be committed"
        run(
            folder, sys.executable, "-m", "mkdocs", "build", "--strict", "-d", "public/book",
            SITE_URL=ADDRESS, REPO_URL=REPOSITORY,
        )  # fmt: skip
        return folder / "public/book"

    return once("published-site", make)


@pytest.fixture(scope="session")
def built(published) -> Path:
    return published


@pytest.fixture(scope="session")
def site() -> str:
    return ADDRESS


# ---------------------------------------------------------------------- the browser


class Handler(SimpleHTTPRequestHandler):
    """What `python -m http.server` answers with, but silent, and over connections that are kept."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A browser that leaves a page breaks off what it asked for: nothing to report. Answers of 4xx are told apart."""


@pytest.fixture(scope="session")
def port(published) -> Iterator[int]:
    """Where the site is served."""
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(published.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium(port):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_api.sync_playwright() as playwright:
        if path is None and not os.path.exists(playwright.chromium.executable_path):
            missing = "there is no Chromium"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
        here = f"--host-resolver-rules=MAP book.localhost:80 127.0.0.1:{port}, MAP * ~NOTFOUND"
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, here])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page in the browser, and what happened on it."""

    page: object
    site: str
    scripts: bool = True  # does it run them?
    asked: list[str] = field(default_factory=list)  # paths below the site, in the order of the requests
    foreign: list[str] = field(default_factory=list)  # requests that would have left it; none of them did
    complaints: list[str] = field(default_factory=list)
    listeners: list[tuple] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Go to a page, and wait until it is there: its scripts, its fonts, and what instant navigation needs."""
        if not self.scripts:
            self.page.goto(self.site + path, wait_until="load")
            return
        with self.page.expect_event("requestfinished", lambda request: request.url == f"{self.site}sitemap.xml"):
            self.page.goto(self.site + path, wait_until="load")
        self.page.evaluate(
            "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"
            ".then(() => {})"
        )

    def go_and_rest(self, path: str) -> None:
        """Go to a page, and wait until nothing has been asked for during half a second."""
        self.page.goto(self.site + path, wait_until="networkidle")

    def asked_for(self, part: str) -> list[str]:
        return [path for path in self.asked if part in path]

    def received(self, built: Path, without: tuple[str, ...] = ()) -> int:
        """The bytes of all that was asked for, as a server sends it: all but fonts and pictures over gzip."""
        total = 0
        for path in self.asked:
            if any(part in path for part in without):
                continue
            file = built / f"{path}index.html" if not path or path.endswith("/") else built / path
            content = file.read_bytes()
            total += len(content) if file.suffix in (".woff2", ".png") else len(gzip.compress(content, 6))
        return total

    def listen(self, event: str, hear) -> None:
        self.page.on(event, hear)
        self.listeners.append((event, hear))

    def listen_no_more(self) -> None:
        for event, hear in self.listeners:
            self.page.remove_listener(event, hear)

    def note(self, request) -> None:
        """Write a request down. One that is meant for elsewhere finds nobody there (see `chromium`)."""
        url = request.url
        if url.startswith(self.site):
            self.asked.append(url.removeprefix(self.site))
        elif not url.startswith(("data:", "blob:")):
            self.foreign.append(url)


VIEWPORT = {"width": 1280, "height": 800}


def open_context(chromium, **options):
    # The pages' own policy would forbid what `wait_for_function` does, and hide a request that it forbids.
    context = chromium.new_context(**{"viewport": VIEWPORT, "bypass_csp": True, **options})
    # Material draws into closed shadow roots, which nobody could look into.
    context.add_init_script(
        "const attach = Element.prototype.attachShadow;"
        "Element.prototype.attachShadow = function (o) { return attach.call(this, { ...o, mode: 'open' }) }"
    )
    return context


def open_visit(chromium, site: str, **options) -> Visit:
    """A page in a browser window of its own, which keeps nothing: it asks for everything each time.

    Answering requests here (`route`) would do that too, and take longer.
    """
    page = open_context(chromium, **options).new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    new = watched(page, site, options.get("java_script_enabled", True))
    new.listen("request", new.note)
    return new


def watched(page, site: str, scripts: bool = True) -> Visit:
    """A page of which every complaint is written down."""
    new = Visit(page, site, scripts)
    # A browser asks for /favicon.ico of a page that names no icon, as those don't that only lead on.
    icon = "/favicon.ico"
    new.listen("console", lambda m: m.type == "error" and not m.location["url"].endswith(icon) and new.complaints.append(m.text))
    new.listen("pageerror", lambda error: new.complaints.append(str(error)))
    new.listen("response", lambda r: r.status >= 400 and new.complaints.append(f"{r.status}: {r.url}"))
    return new


def wake(v: Visit) -> None:
    """Bring all figures of the page to life."""
    for anchor in v.page.evaluate("[...document.querySelectorAll('.figure')].map(figure => figure.id)"):
        v.page.evaluate("id => document.getElementById(id).scrollIntoView()", anchor)
        v.page.locator(f"#{anchor} .live").wait_for()


@pytest.fixture
def visit(chromium, site):
    """Opens pages; afterwards no request may have left the site, and no page may have complained."""
    visits: list[Visit] = []

    def start(**options) -> Visit:
        visits.append(open_visit(chromium, site, **options))
        return visits[-1]

    yield start
    for done in visits:
        foreign, complaints = [*done.foreign], [*done.complaints]
        # A window that is closed on its way to a page may never say that it is closed.
        done.page.goto("about:blank")
        done.page.context.close()
        assert not foreign
        assert not complaints


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for obstacles: evaluate it on a page, then `axe.run()`."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def windows(chromium):
    """windows(**options) is a page with such options, the same for all tests of figures, which go from one to another.

    A window and a page for each would begin a process each time, and load and compile the same scripts.
    """
    opened = {}

    def window(**options):
        key = repr(sorted(options.items()))
        if key not in opened:
            opened[key] = open_context(chromium, **options).new_page()
        return opened[key]

    yield window
    for page in opened.values():
        page.context.close()


@pytest.fixture
def figure(windows, site):
    """Opens a page and brings the figure with this anchor to life; returns the visit and the live figure.

    Afterwards no request may have been meant for elsewhere (it finds nobody there), no page may have complained, and
    the next test finds nothing of this one: neither what was stored, nor routes, nor the mouse where it was.
    """
    visits: list[Visit] = []

    def start(path: str, anchor: str, viewport: dict[str, int] = VIEWPORT, **options):
        new = watched(windows(**options), site)
        visits.append(new)
        new.listen("request", new.note)
        new.page.set_viewport_size(viewport)
        new.go(path)
        # Not the locator's own scrolling, which waits for the element to keep still.
        new.page.evaluate("id => document.getElementById(id).scrollIntoView()", anchor)
        live = new.page.locator(f"#{anchor} .live")
        live.wait_for()
        # A drawing is drawn when its width is known.
        drawn = "id => [...document.querySelectorAll(`#${id} .drawing`)].every(place => place.firstElementChild)"
        new.page.wait_for_function(drawn, arg=anchor)
        return new, live

    yield start
    for done in visits:
        done.page.evaluate("localStorage.clear(); sessionStorage.clear()")
    for done in visits:
        done.page.goto("about:blank")
        done.listen_no_more()
        done.page.unroute_all()
        done.page.emulate_media(media="null", color_scheme="null", reduced_motion="null", forced_colors="null")
        done.page.mouse.move(0, 0)
        assert not done.foreign
        assert not done.complaints


def drag_with_a_finger(v: Visit, drawing, reach: float, *places: tuple[float, float]) -> None:
    """Touch events on a drawing whose middle is (0, 0) and whose shorter side is 2 · reach."""
    touch, box = v.page.context.new_cdp_session(v.page), drawing.bounding_box()
    unit = min(box["width"], box["height"]) / (2 * reach)
    points = [{"x": box["x"] + box["width"] / 2 + x * unit, "y": box["y"] + box["height"] / 2 - y * unit} for x, y in places]
    for i, point in enumerate(points):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove" if i else "touchStart", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def takes_a_point_or_scrolls(v: Visit, live, reach: float, way: tuple[tuple[float, float], ...], then: str) -> None:
    """A finger far from all points scrolls the page; one that begins at a point goes `way`, and the figure says `then`."""
    drawing, status = live.locator(".drawing").first, live.locator(".figure-status")
    drawing.scroll_into_view_if_needed()
    before, scrolled = status.inner_text(), v.page.evaluate("scrollY")
    drag_with_a_finger(v, drawing, reach, (-2.5, -2.5), (-2.5, -1.0), (-2.5, 0.0), (-2.5, 1.0), (-2.5, 2.5))
    v.page.wait_for_function("before => scrollY !== before", arg=scrolled)
    assert status.inner_text() == before
    drawing.scroll_into_view_if_needed()
    scrolled = v.page.evaluate("scrollY")
    drag_with_a_finger(v, drawing, reach, *way)
    live.get_by_text(then).wait_for()
    assert v.page.evaluate("scrollY") == scrolled, "the page stays where it is"
