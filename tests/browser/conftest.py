"""The built site in a browser: it is served below a sub-path, and every request and every complaint is written down."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests import ROOT
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
# Instant navigation needs an address of the site, and that is known only when the server is there.
BUILD = """
import sys
from mkdocs.commands.build import build
from mkdocs.config import load_config
build(load_config(sys.argv[1], site_dir=sys.argv[2], site_url=sys.argv[3], strict=False))
"""


class Handler(SimpleHTTPRequestHandler):
    """What `python -m http.server` answers with, but silent."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory):
    """The site, built and served: its folder, and an address that ends in /book/."""
    folder = tmp_path_factory.mktemp("site")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    address = f"http://127.0.0.1:{server.server_port}/book/"
    result = subprocess.run(
        [sys.executable, "-c", BUILD, str(ROOT / "mkdocs.yml"), str(folder / "book"), address],
        cwd=ROOT, capture_output=True, text=True,
        env=dict(os.environ, NO_MKDOCS_2_WARNING="1", REPO_URL="https://github.com/example/book"),
    )
    assert result.returncode == 0, result.stderr
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder / "book", address
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def built(served) -> Path:
    return served[0]


@pytest.fixture(scope="session")
def site(served) -> str:
    return served[1]


@pytest.fixture(scope="session")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)  # without a path, Playwright's own
        except sync_api.Error:
            missing = "there is no Chromium: on Debian, apt-get install chromium"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page in the browser, and what happened on it."""

    page: object
    site: str
    asked: list[str] = field(default_factory=list)  # paths below the site, in the order of the requests
    foreign: list[str] = field(default_factory=list)  # requests that would have left it; none of them did
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.site + path, wait_until="networkidle")

    def asked_for(self, part: str) -> list[str]:
        return [path for path in self.asked if part in path]

    def received(self, built: Path) -> int:
        """The bytes of all that was asked for, as a server sends it: all but fonts and pictures over gzip."""
        total = 0
        for path in self.asked:
            file = built / f"{path}index.html" if not path or path.endswith("/") else built / path
            content = file.read_bytes()
            total += len(content) if file.suffix in (".woff2", ".png") else len(gzip.compress(content, 6))
        return total

    def answer(self, route) -> None:
        url = route.request.url
        if url.startswith(self.site):
            self.asked.append(url.removeprefix(self.site))
            route.continue_()
        elif url.startswith(("data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(url)
            route.abort()


@pytest.fixture
def visit(chromium, site, no_cover):
    """Opens pages; afterwards no request may have left the site, and no page may have complained.

    What such tests do with the program is not measured: that would make it slow."""
    visits: list[Visit] = []

    def start(**options) -> Visit:
        # The pages' own policy would forbid what `wait_for_function` does, and hide a request that it forbids.
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, "bypass_csp": True, **options})
        # Material draws into closed shadow roots, which nobody could look into.
        context.add_init_script(
            "const attach = Element.prototype.attachShadow;"
            "Element.prototype.attachShadow = function (o) { return attach.call(this, { ...o, mode: 'open' }) }"
        )
        new = Visit(context.new_page(), site)
        context.route("**/*", new.answer)
        new.page.on("console", lambda message: message.type == "error" and new.complaints.append(message.text))
        new.page.on("pageerror", lambda error: new.complaints.append(str(error)))
        new.page.on("response", lambda r: r.status >= 400 and new.complaints.append(f"{r.status}: {r.url}"))
        visits.append(new)
        return new

    yield start
    for done in visits:
        done.page.context.close()
        assert not done.foreign
        assert not done.complaints


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for obstacles: evaluate it on a page, then `axe.run()`."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def figure(visit):
    """Opens a page and brings the figure with this anchor to life; returns the visit and the live figure."""

    def start(path: str, anchor: str, **options):
        new = visit(**options)
        new.go(path)
        # Not the locator's own scrolling, which waits for the element to keep still.
        new.page.evaluate("id => document.getElementById(id).scrollIntoView()", anchor)
        live = new.page.locator(f"#{anchor} .live")
        live.wait_for()
        # A drawing is drawn when its width is known.
        drawn = "id => [...document.querySelectorAll(`#${id} .drawing`)].every(place => place.firstElementChild)"
        new.page.wait_for_function(drawn, arg=anchor)
        return new, live

    return start
