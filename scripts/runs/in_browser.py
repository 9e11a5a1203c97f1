"""The lab by the clock: what it fetches, how soon it is there, how fast it trains beside the Python on this machine.

    lab.json:
        megabytes   what the first press fetches, as a server sends it over gzip
        start       seconds from the press to the first printed result, with an empty cache; the server is this machine
        again       the same with a new worker, when the browser has the files
        change      seconds to tangle and write the program with a change, and to import it
        speed       steps a second in the browser, the curve being drawn, over those of CPython here; the best of rounds
                    that take turns
        responds    milliseconds until the page has dealt with a press while it trains, the median and the worst

It needs what the site is built with, Playwright and Chromium; on a machine with other work the times are too long.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .. import ROOT
from ..tangle import UserError

ROUNDS, STEPS = 3, 200
PRESSES = 20
NATIVE = f"""
import random, time
from microgpt import *
docs, config = load_docs(), Config(steps={STEPS})
tokenizer, rng = Tokenizer(docs), random.Random(config.seed)
rng.shuffle(docs)
training = train(docs, tokenizer, init_params(config, tokenizer.vocab_size, rng), config)
started = time.perf_counter()
for step in training:
    pass
print({STEPS} / (time.perf_counter() - started))
"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


class Handler(SimpleHTTPRequestHandler):
    """Sends files as a web server does: kept connections, a while in the browser's cache."""

    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served_site() -> Iterator[tuple[str, Path]]:
    """Build the site and serve it; its address and its folder."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-d", folder]
        if subprocess.run(command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}).returncode:
            raise UserError("the site can't be built (python3 scripts/book.py site says why)")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", Path(folder)
        finally:
            server.shutdown()
            server.server_close()


@contextlib.contextmanager
def browser_page() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UserError("lab.json needs Playwright (pip install playwright)") from None
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            page = browser.new_page()
            page.set_default_timeout(300_000)
            yield page
        finally:
            browser.close()


def first_result(page: Any, address: str) -> float:
    """Seconds from the press of Run to what the example printed."""
    page.goto(f"{address}3-architecture/04-softmax/")
    page.wait_for_load_state("networkidle")
    started = time.perf_counter()
    page.get_by_role("button", name="Run", exact=True).first.click()
    page.locator(".lab-result").first.wait_for()
    return time.perf_counter() - started


def ask(page: Any, name: str, **arguments: Any) -> Any:
    """Ask the room, on the lab's page."""
    return page.evaluate(
        "([name, args]) => import('../assets/js/lab/client.js').then(client => client.ask(name, args))", [name, arguments]
    )


def rate_here() -> float:
    result = subprocess.run([sys.executable, "-c", NATIVE], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(result.stdout)


def rate_there(page: Any, presses: list[float]) -> float:
    """Steps a second of a training on the lab's page, which draws its curve; meanwhile the other knobs are folded out and in."""
    page.locator("#lab-steps").fill(str(STEPS))
    page.get_by_label("keep 100 documents out").uncheck()
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("steps a second").first.wait_for()
    presses += page.evaluate(
        """count => new Promise(done => {
            const times = []
            const press = () => {
                const started = performance.now()
                document.querySelector(".lab-group details > summary").click()
                requestAnimationFrame(() => {
                    times.push(performance.now() - started)
                    times.length < count ? setTimeout(press, 37) : done(times)
                })
            }
            press()
        })""",
        PRESSES,
    )
    page.get_by_text("It writes (underlined").wait_for()
    return page.evaluate("import('../assets/js/lab/trainings.js').then(({ trainings }) => trainings.at(-1).rate)")


def record_in_browser() -> dict[str, Any]:
    with served_site() as (address, folder), browser_page() as page:
        fetched: list[str] = []
        page.context.on("request", lambda request: fetched.append(request.url))
        start = first_result(page, address)
        parts = [url.removeprefix(address) for url in fetched if "/pyodide/" in url or url.endswith("book.json")]
        size = sum(len(gzip.compress((folder / part).read_bytes(), 6)) for part in parts)
        again = first_result(page, address)
        page.goto(f"{address}lab/")
        ask(page, "knobs")
        piece = page.request.get(f"{address}assets/lab/book.json").json()["files"]["docs/3-architecture/04-softmax.md"]
        old = piece.split("```python {#softmax}\n")[1].split("\n```")[0]
        change = {"chapter": "docs/3-architecture/04-softmax.md", "label": "softmax", "old": old, "new": old + "  # mine"}
        started = time.perf_counter()
        ask(page, "apply", changes=[change])
        ask(page, "knobs")
        changed = time.perf_counter() - started
        ask(page, "apply", changes=[])
        here, there, presses = [], [], []
        for _ in range(ROUNDS):
            here.append(rate_here())
            there.append(rate_there(page, presses))
    return {
        "megabytes": round(size / 1e6, 2), "start": round(start, 1), "again": round(again, 1), "change": round(changed, 2),
        "speed": round(max(there) / max(here), 2),
        "responds": [round(statistics.median(presses)), round(max(presses))],
    }  # fmt: skip
