"""Servers that misbehave, many at once: each ends in one line, and none of them later than the deadline."""

import gzip
import itertools
import socket
import socketserver
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from microgpt import DataError, download, load_docs
from microgpt.progress import printable

pytestmark = pytest.mark.no_cover

LIMIT = 300_000  # bytes
TIMEOUT, DEADLINE = 0.5, 1.0  # seconds, where it is their turn
NEVER = 60.0  # seconds, where it isn't: on a busy machine an ordinary answer takes long, too
A_BIT = 4.0  # seconds, likewise

OK = b"HTTP/1.1 200 OK\r\n"
NAMES = b"anna\nbob\n"


def drip(data, seconds=0.1):
    """Byte by byte, the last one again and again."""
    for byte in itertools.chain(data, itertools.repeat(data[-1])):
        yield bytes([byte])
        yield seconds


def lines(*more, seconds=0.1):
    """A line, and some others, again and again."""
    yield OK
    for line in itertools.cycle(more):
        yield line
        yield seconds


def redirect(to, status=302):
    return [f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")]


def body(data, *headers, status=b"200 OK"):
    return [b"HTTP/1.1 " + status + b"\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + data]


def endless(data):
    yield OK + b"\r\n"
    yield from itertools.repeat(data)


LATE, LONG, PLACE, SILENT = "not complete after", "larger than the limit", "is the address right", "timed out"

# What a server answers to a path: pieces to send, and pauses in seconds. Then what is said about it.
MOODS = {
    "drips-the-status": (lambda: drip(b"HTTP/1.1 200 OK"), LATE),
    "drips-a-header": (lambda: itertools.chain([OK], drip(b"X-Long: yes")), LATE),
    "drips-header-lines": (lambda: lines(b"X-More: yes\r\n"), LATE),
    "drips-interim-answers": (lambda: itertools.cycle([b"HTTP/1.1 100 Continue\r\n\r\n", 0.1]), LATE),
    "drips-the-body": (lambda: itertools.chain([OK, b"\r\n"], drip(NAMES)), LATE),
    "drips-an-announced-body": (lambda: itertools.chain([OK, b"Content-Length: 5000\r\n\r\n"], drip(NAMES)), LATE),
    "drips-chunks": (lambda: itertools.chain([OK, b"Transfer-Encoding: chunked\r\n\r\n"], itertools.cycle([b"2\r\na\n\r\n", 0.1])), LATE),
    "drips-a-chunk-size": (lambda: itertools.chain([OK, b"Transfer-Encoding: chunked\r\n\r\n"], drip(b"0")), LATE),
    "drips-trailers": (lambda: itertools.chain([OK, b"Transfer-Encoding: chunked\r\n\r\n0\r\n"], itertools.cycle([b"X: y\r\n", 0.1])), LATE),
    "says-nothing": (lambda: [60.0], SILENT),
    "says-nothing-after-the-headers": (lambda: [OK + b"\r\n", 60.0], SILENT),
    "says-nothing-after-some-names": (lambda: [OK + b"\r\n" + NAMES, 60.0], SILENT),
    "redirects-late": (lambda: [0.4, *redirect(f"/redirects-late?{time.monotonic_ns()}")], LATE),
    "redirects-to-itself": (lambda: redirect("/redirects-to-itself"), "infinite loop"),
    "redirects-on-and-on": (lambda: redirect(f"/redirects-on-and-on?{time.monotonic_ns()}"), "infinite loop"),
    "redirects-to-ftp": (lambda: redirect("ftp://127.0.0.1/names.txt"), "sends us on to ftp://127.0.0.1/names.txt, which is no http(s) address"),
    "redirects-to-ftp-for-good": (lambda: redirect("FTP://127.0.0.1/names.txt", 301), "ftp://127.0.0.1/names.txt"),
    "redirects-to-ftp-in-red": (lambda: redirect("ftp://127.0.0.1/\x1b[31m"), "which is no http(s) address"),
    "redirects-to-a-file": (lambda: redirect("file:///etc/passwd"), "is not allowed"),
    "redirects-to-data": (lambda: redirect("data:text/plain,anna"), "is not allowed"),
    "redirects-to-nowhere": (lambda: body(b"", b"Content-Length: 0", status=b"302 Found"), "HTTP Error 302: Found"),
    "redirects-without-a-server": (lambda: redirect("http://"), PLACE),
    "redirects-to-nonsense": (lambda: redirect("http://[/"), PLACE),
    "redirects-to-a-port-that-is-none": (lambda: redirect("http://127.0.0.1:99999999/"), PLACE),
    "sends-for-ever": (lambda: endless(NAMES * 1000), LONG),
    "sends-a-line-for-ever": (lambda: endless(b"a" * 10_000), LONG),
    "sends-a-header-for-ever": (lambda: itertools.chain([OK, b"X: "], itertools.repeat(b"y" * 10_000)), "got more than 65536 bytes"),
    "sends-headers-for-ever": (lambda: itertools.chain([OK], itertools.repeat(b"X: y\r\n" * 20)), "got more than 100 headers"),
    "announces-many": (lambda: body(b"", b"Content-Length: many"), "holds no documents"),
    "announces-less-than-nothing": (lambda: body(b"", b"Content-Length: -1"), "holds no documents"),
    "announces-too-much": (lambda: body(NAMES, b"Content-Length: 100"), "broke off with 91 bytes to go"),
    "announces-far-too-much": (lambda: body(NAMES, b"Content-Length: " + b"9" * 30), "broke off with"),
    "announces-chunks-and-breaks-off": (lambda: body(b"64\r\nanna\n", b"Transfer-Encoding: chunked"), PLACE),
    "has-chunks-of-no-size": (lambda: body(b"zz\r\nanna\n", b"Transfer-Encoding: chunked"), PLACE),
    "hangs-up": (lambda: [], PLACE),
    "hangs-up-in-the-status": (lambda: [b"HTTP/1.1 2"], PLACE),
    "hangs-up-in-a-header": (lambda: [OK, b"Content-Le"], "holds no documents"),
    "resets": (lambda: [None], PLACE),
    "resets-amid-the-names": (lambda: [OK + b"Content-Length: 100\r\n\r\n" + NAMES, 0.1, None], PLACE),
    "packs": (lambda: body(gzip.compress(NAMES), b"Content-Encoding: gzip"), "not UTF-8 text (byte 1)"),
    "says-it-packs": (lambda: body(b"\0" * 20, b"Content-Encoding: gzip"), "a binary file"),
    "sends-a-picture": (lambda: body(b"\x89PNG\r\n\x1a\n\0\0", b"Content-Type: text/plain"), "not UTF-8 text (byte 0)"),
    "sends-utf-16": (lambda: body("anna\n".encode("utf-16")), "not UTF-8 text (byte 0)"),
    "sends-nothing": (lambda: body(b"", b"Content-Length: 0"), "holds no documents"),
    "has-no-content": (lambda: body(b"", status=b"204 No Content"), "holds no documents"),
    "is-unchanged": (lambda: body(b"", status=b"304 Not Modified"), "HTTP Error 304: Not Modified"),
    "wants-a-password": (lambda: body(b"", b"WWW-Authenticate: \x07Basic", status=b"401 Unauthorized"), "HTTP Error 401"),
    "has-status-999": (lambda: body(NAMES, status=b"999 \xff\xfe"), "HTTP Error 999: ÿþ"),
    "has-status-7": (lambda: body(NAMES, status=b"7 seven"), PLACE),
    "has-a-word-for-a-status": (lambda: body(NAMES, status=b"two hundred"), PLACE),
    "has-orders-for-a-reason": (lambda: body(b"", status=b"404 \x1b[2J\x1b[31mred\x07\x9b"), r"\x1b[2J\x1b[31mred\x07\x9b"),
    "has-lines-for-a-reason": (lambda: body(b"", status=b"500 a\rb\x85c\x0bd"), "HTTP Error 500: a b c d"),
    "has-a-long-header": (lambda: body(NAMES, b"X: " + b"y" * 70_000), PLACE),
    "has-many-headers": (lambda: body(NAMES, *[b"X: y"] * 200), "got more than 100 headers"),
    "speaks-something-else": (lambda: [b"220 mail.example.com ESMTP\r\n\x1b[31m\0"], PLACE),
    "speaks-without-headers": (lambda: [NAMES], PLACE),
}  # fmt: skip
ELSEWHERE = {"speaks-no-tls": PLACE, "never-accepts": SILENT, "never-shakes-hands": SILENT}
MESSAGES = {mood: message for mood, (_, message) in MOODS.items()} | ELSEWHERE


class Moody(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            if self.rfile.peek(1)[:1] != b"G":
                return self.wfile.write(b"HTTP/1.1 400 What?\r\n\r\n")  # to a client that speaks TLS
            path = self.rfile.readline(1000).split()[1]
            while self.rfile.readline(1000).strip():
                pass
            self.answer(path.decode("latin-1").partition("?")[0].strip("/"))
        except ConnectionError:
            pass  # the client has hung up

    def answer(self, mood):
        for piece in MOODS[mood][0]():
            if piece is None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return self.connection.close()
            if isinstance(piece, bytes):
                self.wfile.write(piece)
            elif self.server.over.wait(piece):
                return None
        return None

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass  # closed already, by us or by the client


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 200

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Moody)
        self.over = threading.Event()


@pytest.fixture(scope="module")
def outcomes():
    """What came of each mood: the seconds it took, and the documents or the error."""
    found = {}

    def ask(mood, url):
        started = time.monotonic()
        try:
            outcome = load_docs(url)
        except BaseException as error:
            outcome = error
        found[mood] = time.monotonic() - started, outcome

    with pytest.MonkeyPatch.context() as patch, Server() as server, socket.create_server(("127.0.0.1", 0)) as deaf:
        patch.setattr(download, "MAX_BYTES", LIMIT)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        urls = {mood: f"http://127.0.0.1:{server.server_address[1]}/{mood}" for mood in MOODS}
        urls["speaks-no-tls"] = f"https://127.0.0.1:{server.server_address[1]}/hangs-up"
        urls["never-accepts"] = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        urls["never-shakes-hands"] = f"https://127.0.0.1:{deaf.getsockname()[1]}/"
        for timeout, deadline, moods in (
            (NEVER, DEADLINE, [mood for mood in MESSAGES if MESSAGES[mood] == LATE]),
            (TIMEOUT, NEVER, [mood for mood in MESSAGES if MESSAGES[mood] == SILENT]),
            (NEVER, NEVER, [mood for mood in MESSAGES if MESSAGES[mood] not in (LATE, SILENT)]),
        ):
            patch.setattr(download, "TIMEOUT", timeout)
            patch.setattr(download, "DEADLINE", deadline)
            with ThreadPoolExecutor(12) as pool:
                list(pool.map(ask, moods, [urls[mood] for mood in moods]))
        server.over.set()
        server.shutdown()
    return found


@pytest.mark.parametrize("mood", MESSAGES)
def test_a_server_that_misbehaves_is_one_line_in_time(mood, outcomes):
    seconds, error = outcomes[mood]
    assert isinstance(error, DataError), error
    assert "\n" not in str(error) and MESSAGES[mood] in printable(str(error)), error  # as the command line shows it
    if MESSAGES[mood] == LATE:
        assert DEADLINE <= seconds < DEADLINE + A_BIT


def test_there_are_enough_of_them():
    assert len(MESSAGES) >= 50
