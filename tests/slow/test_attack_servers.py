"""Servers that misbehave, one kind after the other: each ends in one line, and in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from microgpt import DataError, download, load_docs

pytestmark = pytest.mark.no_cover
OK = b"HTTP/1.1 200 OK\r\n"
DEADLINE, TIMEOUT = 1.0, 0.6  # seconds, in the place of 60 and 10


def drip(data: bytes, pause: float = 0.05) -> Callable[[socket.socket], None]:
    """One byte after the other, with a pause that no timeout minds."""

    def send(connection: socket.socket) -> None:
        for i in range(len(data)):
            connection.sendall(data[i : i + 1])
            time.sleep(pause)

    return send


def forever(data: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        while True:
            connection.sendall(data)
            time.sleep(pause)

    return send


def answer(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


def redirect(to: str) -> Callable[[socket.socket], None]:
    return answer(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())


def late_redirect(connection: socket.socket) -> None:
    time.sleep(0.4)
    address = connection.getsockname()
    connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{address[1]}/{time.time()}\r\n\r\n".encode())


SERVERS: dict[str, tuple[Callable[[socket.socket], None], str]] = {  # what it does, and a part of what is said
    "closes at once": (lambda connection: None, "is the address right"),
    "never answers": (lambda connection: time.sleep(3), "timed out"),
    "drips its status line": (drip(OK * 100), "not complete after 1 seconds"),
    "drips header bytes": (lambda c: (c.sendall(OK), drip(b"X: " + b"a" * 200)(c)), "not complete after 1 seconds"),
    "drips header lines": (lambda c: (c.sendall(OK), forever(b"X-A: b\r\n", 0.05)(c)), "not complete after 1 seconds"),
    "drips its content": (lambda c: (c.sendall(OK + b"\r\n"), forever(b"a", 0.05)(c)), "not complete after 1 seconds"),
    "falls silent in the content": (lambda c: (c.sendall(OK + b"\r\nanna\n"), time.sleep(3)), "timed out"),
    "sends without end": (lambda c: (c.sendall(OK + b"\r\n"), forever(b"anna\n" * 1000)(c)), "larger than the limit"),
    "headers without end": (lambda c: (c.sendall(OK), forever(b"X-A: b\r\n" * 100)(c)), "is the address right"),
    "one endless header": (lambda c: (c.sendall(OK + b"X: "), forever(b"a" * 1000)(c)), "is the address right"),
    "breaks off": (answer(OK + b"Content-Length: 100\r\n\r\nanna\n"), "broke off with 95 bytes to go"),
    "breaks off in a chunk": (answer(OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nanna\n"), "is the address right"),
    "a chunk of no length": (answer(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nanna\n"), "is the address right"),
    "a length that is none": (answer(OK + b"Content-Length: many\r\n\r\n"), "holds no documents"),
    "a negative length": (answer(OK + b"Content-Length: -1\r\n\r\n"), "holds no documents"),
    "not HTTP": (answer(b"\0\1\2 this is not http\r\n\r\n"), "is the address right"),
    "an odd status": (answer(b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"), "999"),
    "no content": (answer(b"HTTP/1.1 204 No Content\r\n\r\n"), "holds no documents"),
    "teapot with orders for the terminal": (answer(b"HTTP/1.1 418 \x1b[31mred\x07\r\n\r\n"), "418"),
    "redirects to itself": (lambda c: redirect(f"http://127.0.0.1:{c.getsockname()[1]}/")(c), "infinite loop"),
    "redirects slowly, and again": (late_redirect, "not complete after 1 seconds"),
    "redirects to a file": (redirect("file:///etc/passwd"), "'file:///etc/passwd' is not allowed"),
    "redirects to ftp": (redirect("ftp://127.0.0.1:1/x"), "sends us on to ftp://127.0.0.1:1/x"),
    "redirects nowhere": (redirect("http://"), "is the address right"),
    "compressed without being asked": (answer(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00"), "not UTF-8 text"),
    "a picture": (answer(OK + b"\r\n\x89PNG\r\n\x1a\n\0\0"), "not UTF-8 text"),
}


@contextmanager
def serving(behavior: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does the same to everybody, until the block is left."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        try:
            connection.recv(65536)
            behavior(connection)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # whoever asked went away
        finally:
            connection.close()

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/names.txt"
    finally:
        listener.close()


def test_there_are_enough_of_them():
    assert len(SERVERS) >= 20


@pytest.mark.parametrize("behavior, message", SERVERS.values(), ids=SERVERS)
def test_a_server_that_misbehaves_ends_in_one_line_and_in_time(behavior, message, monkeypatch):
    monkeypatch.setattr(download, "DEADLINE", DEADLINE)
    monkeypatch.setattr(download, "TIMEOUT", TIMEOUT)
    monkeypatch.setattr(download, "MAX_BYTES", 1_000_000)
    with serving(behavior) as url:
        started = time.monotonic()
        with pytest.raises(DataError) as error:
            load_docs(url)
        assert time.monotonic() - started < DEADLINE + 1.5
    assert message in str(error.value) and url in str(error.value)
    assert "\n" not in str(error.value)
