"""Documents: the names that come with the package, files, and the network with all its moods."""

import hashlib
import http.server
import os
import re
import threading
import time

import pytest

from microgpt import DataError, Tokenizer, download, files, load_docs
from microgpt.__main__ import main
from microgpt.data import parse_docs

from tests import ROOT


def test_the_built_in_names():
    """What the data promises: enough distinct names, a–z, and no two neighbors with the same first letter."""
    text = (ROOT / "microgpt/names.txt").read_text(encoding="ascii")
    names = text.splitlines()
    assert names == load_docs()
    assert len(names) == len(set(names)) >= 4096
    assert all(re.fullmatch("[a-z]{2,15}", name) for name in names)
    assert all(a[0] != b[0] for a, b in zip(names, names[1:]))
    assert text.endswith("\n") and "\r" not in text


def test_the_built_in_names_are_not_the_original_ones(original_names):
    ours, original = set(load_docs()), set(original_names.read_text().split())
    assert not ours <= original and not original <= ours


def test_the_original_names(original_names):
    data = original_names.read_bytes()
    assert hashlib.sha256(data).hexdigest() == download.MAKEMORE_SHA256
    docs = load_docs(original_names)
    assert (len(docs), len(set(docs)), max(map(len, docs))) == (32033, 29494, 15)


def test_parse_docs():
    assert parse_docs("") == parse_docs(" \n\t\n") == []
    assert parse_docs(" anna \n\nbob\t\n") == ["anna", "bob"]
    assert parse_docs("a\x0bb\u2028c\n") == ["a\x0bb\u2028c"], "only a line feed ends a document"


def test_tokenizer():
    tokenizer = Tokenizer(["cab", "ad"])
    assert (tokenizer.chars, tokenizer.bos, tokenizer.vocab_size) == (["a", "b", "c", "d"], 4, 5)
    assert tokenizer.encode("dab") == [3, 0, 1]
    assert tokenizer.decode([4, 3, 0, 1, 4]) == "dab"
    with pytest.raises(KeyError):
        tokenizer.encode("x")
    with pytest.raises(IndexError):
        tokenizer.decode([5])


class Moods(http.server.BaseHTTPRequestHandler):
    """A server that does what the path says."""

    def do_GET(self):
        getattr(self, "do_" + self.path.strip("/"))()

    def send(self, body, length=None, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_good(self):
        self.send("anna\r\nzoë\n".encode())

    def do_missing(self):
        self.send(b"no", status=404)

    def do_empty(self):
        self.send(b"")

    def do_short(self):
        self.send(b"anna", length=100)

    def do_silent(self):
        time.sleep(2)

    def do_slow(self):
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(50):
                self.wfile.write(b"anna\n")
                time.sleep(0.05)
        except OSError:
            pass

    def do_endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"anna\n" * 10_000)
        except OSError:
            pass

    def do_nonsense(self):
        self.wfile.write(b"\0\1\2 this is not http\r\n\r\n")

    def do_redirect(self):
        self.send_response(302)
        self.send_header("Location", "/good")
        self.end_headers()

    def do_tofile(self):
        self.send_response(302)
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def do_orders(self):
        self.send_response(404, "\x1b[31mred\a")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_toftp(self):
        self.send_response(302)
        self.send_header("Location", "ftp://127.0.0.1:1/x")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Moods)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@pytest.mark.parametrize("path", ["good", "redirect"])
def test_a_url(server, path):
    assert load_docs(f"{server}/{path}") == ["anna", "zoë"]


@pytest.mark.parametrize(
    "path, message",
    [
        ("missing", "404"),
        ("empty", "holds no documents"),
        ("short", "broke off with 96 bytes to go"),
        ("silent", "timed out"),
        ("slow", "not complete after"),
        ("endless", "larger than the limit"),
        ("nonsense", "is the address right"),
        ("tofile", "file:///etc/passwd' is not allowed"),
        ("toftp", "sends us on to ftp://127.0.0.1:1/x, which is no http"),
    ],
)
def test_a_bad_url(server, path, message, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.4)
    monkeypatch.setattr(download, "DEADLINE", 0.3)
    monkeypatch.setattr(download, "MAX_BYTES", 100_000)
    if path != "slow":
        monkeypatch.setattr(download, "DEADLINE", 30)
    with pytest.raises(DataError, match=message) as error:
        load_docs(f"{server}/{path}")
    assert "\n" not in str(error.value) and f"{server}/{path}" in str(error.value)


@pytest.mark.parametrize("url", ["http://", "http://[", "http://127.0.0.1:1/x", "https://127.0.0.1:1/", "http://no such host/"])
def test_no_such_place(url):
    with pytest.raises(DataError):
        load_docs(url)


def test_the_deadline_is_that_of_the_whole(monkeypatch):
    """Whatever is waited for, names, connections, headers: the clock is looked at from outside."""
    monkeypatch.setattr(download, "DEADLINE", 0.2)
    monkeypatch.setattr(download, "attempt", lambda url: time.sleep(5))
    started = time.monotonic()
    with pytest.raises(DataError, match="http://x: not complete after 0 seconds; download it and give the file"):
        load_docs("http://x")
    assert time.monotonic() - started < 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_the_program_is_not_taken_for_a_late_answer(monkeypatch):
    monkeypatch.setattr(download, "attempt", lambda url: 1 / 0)
    with pytest.raises(Exception) as error:
        load_docs("http://x")
    assert not isinstance(error.value, DataError)


def test_a_download_may_be_as_large_as_the_limit_and_no_larger(server, monkeypatch):
    size = len("anna\r\nzoë\n".encode())
    monkeypatch.setattr(download, "MAX_BYTES", size)
    assert load_docs(f"{server}/good") == ["anna", "zoë"]
    monkeypatch.setattr(download, "MAX_BYTES", size - 1)
    with pytest.raises(DataError, match="larger than the limit"):
        load_docs(f"{server}/good")


NO_FILE = "No such file or directory; give a text file with one document a line"


@pytest.mark.parametrize(
    "name, shown",
    [
        ("two\nlines", rf"two\nlines: {NO_FILE}"),
        ("\x1b[31mred\x07", rf"\x1b[31mred\x07: {NO_FILE}"),
        ("a\x85b\x9bc\u2028d", rf"a\x85b\x9bc\u2028d: {NO_FILE}"),
        ("\udcff", rf"\udcff: {NO_FILE}"),  # a byte of a file name that is no UTF-8
        ("żółć\u202e", rf"żółć\u202e: {NO_FILE}"),
        ("nul\0byte", r"'nul\x00byte': embedded null byte"),
    ],
)
def test_an_error_is_one_line_whatever_the_file_is_called(name, shown, capsys):
    assert main(["--data", name]) == 1
    assert capsys.readouterr() == ("", f"error: {shown}\n")


def test_what_a_server_says_is_shown_and_not_obeyed(server, capsys):
    assert main(["--data", f"{server}/orders"]) == 1
    _, err = capsys.readouterr()
    assert rf"{server}/orders: HTTP Error 404: \x1b[31mred\x07;" in err and err[:-1].isprintable()


def test_the_limits_are_those_of_the_documentation():
    assert (download.MAX_BYTES, download.TIMEOUT, download.DEADLINE) == (64 * 2**20, 10, 60)


def test_a_download_that_hangs_keeps_no_program_from_ending(monkeypatch):
    begun = []
    monkeypatch.setattr(download, "DEADLINE", 0.01)
    over = threading.Event()
    monkeypatch.setattr(download, "attempt", lambda url: (begun.append(threading.current_thread()), over.wait(60), b"")[-1])
    with pytest.raises(DataError, match="^x: not complete after 0 seconds; download it and give the file$"):
        download.fetch("x")
    assert begun[0].daemon
    over.set()
    begun[0].join()


@pytest.fixture
def cache(server, tmp_path, monkeypatch):
    """makemore, as if it were the small file of the server."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "MAKEMORE_URL", f"{server}/good")
    monkeypatch.setattr(download, "MAKEMORE_SHA256", hashlib.sha256("anna\r\nzoë\n".encode()).hexdigest())
    return tmp_path / "cache" / "microgpt" / "names.txt"


def test_makemore_is_downloaded_once(cache, monkeypatch):
    assert load_docs("makemore") == ["anna", "zoë"]
    assert [path.name for path in cache.parent.iterdir()] == ["names.txt"]
    monkeypatch.setattr(download, "MAKEMORE_URL", "http://127.0.0.1:1/")
    assert load_docs("makemore") == ["anna", "zoë"]


def test_a_damaged_cache_is_downloaded_again(cache):
    cache.parent.mkdir(parents=True)
    cache.write_text("ann")
    assert load_docs("makemore") == ["anna", "zoë"]
    assert "zoë" in cache.read_text(encoding="utf-8")


def test_a_wrong_hash_is_refused_and_not_kept(cache, monkeypatch):
    monkeypatch.setattr(download, "MAKEMORE_SHA256", "0" * 64)
    with pytest.raises(DataError, match="has sha256 [0-9a-f]{64}, not 0000"):
        load_docs("makemore")
    assert not cache.exists()


def test_without_a_place_for_the_cache_the_names_come_all_the_same(cache, tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert load_docs("makemore") == ["anna", "zoë"]
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.chdir(tmp_path)
    assert load_docs("makemore") == ["anna", "zoë"]
    assert not (tmp_path / "relative").exists()


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    path = tmp_path / "large.txt"
    path.write_text("anna\n" * 30)
    monkeypatch.setattr("microgpt.files.MAX_BYTES", 100)
    (tmp_path / "just.txt").write_bytes(b"anna\n" * 20)
    assert len(load_docs(tmp_path / "just.txt")) == 20, "the limit itself is allowed"
    with pytest.raises(DataError, match="larger than the limit"):
        load_docs(path)
    with pytest.raises(DataError):
        load_docs("nul\0byte")


def test_what_is_not_writable_is_known_before(tmp_path, monkeypatch):
    """Asked of the system, which allows everything to whoever runs tests as root."""
    (tmp_path / "there.json").write_text("")
    refused = []
    monkeypatch.setattr(files.os, "access", lambda path, mode: mode == os.W_OK and path not in refused)
    for path, message in ((tmp_path, f"the folder {tmp_path} is not writable"), (tmp_path / "there.json", "the file is not writable")):
        assert files.check_target(tmp_path / "there.json") == tmp_path / "there.json"
        refused[:] = [path]
        with pytest.raises(OSError, match=f"^{re.escape(message)}$"):
            files.check_target(tmp_path / "there.json")
        refused.clear()


def test_a_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    done = []
    replace = os.replace
    monkeypatch.setattr(files.os, "fsync", lambda handle: done.append(("safe", os.fstat(handle).st_size)))
    monkeypatch.setattr(files.os, "replace", lambda old, new: done.append("in its place") or replace(old, new))
    files.write_file(tmp_path / "model.json", b"a" * 1000)
    assert done == [("safe", 1000), "in its place"]


def test_a_disk_without_room_for_another_name_is_what_is_told(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "open", full, raising=False)
    with pytest.raises(OSError, match="No space left on device"):
        files.write_file(tmp_path / "model.json", b"new")
    assert not [*tmp_path.iterdir()]


def test_write_file_leaves_the_old_one_if_it_fails(tmp_path, monkeypatch):
    target = tmp_path / "model.json"
    files.write_file(target, b"old")
    (tmp_path / "link.json").symlink_to(target)

    def fail(*_):
        raise OSError("no")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError):
        files.write_file(target, b"new")
    monkeypatch.undo()
    assert target.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 2
    files.write_file(tmp_path / "link.json", b"new")
    assert target.read_bytes() == b"new" and (tmp_path / "link.json").is_symlink()


def test_a_replaced_file_keeps_its_mode_and_nothing_is_written_through_a_link(tmp_path, monkeypatch):
    target, victim = tmp_path / "model.json", tmp_path / "victim"
    files.write_file(target, b"old")
    assert target.stat().st_mode & 0o777 == 0o666 & ~current_umask()
    target.chmod(0o600)
    files.write_file(target, b"new")
    assert target.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(files.secrets, "token_hex", lambda _: "guessed")
    victim.write_bytes(b"mine")
    (tmp_path / ".microgpt-guessed.tmp").symlink_to(victim)
    with pytest.raises(FileExistsError):
        files.write_file(target, b"newer")
    assert victim.read_bytes() == b"mine" and target.read_bytes() == b"new"


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_name_that_no_disk_takes_is_told_beforehand(tmp_path):
    for length in (245, 255):
        files.write_file(files.check_target(tmp_path / ("x" * length)), b"fits")
    with pytest.raises(OSError, match="the name is too long|File name too long"):
        files.check_target(tmp_path / ("x" * 256))


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write everywhere")
def test_a_file_that_is_not_writable(tmp_path):
    (tmp_path / "x").write_bytes(b"mine")
    (tmp_path / "x").chmod(0o444)
    with pytest.raises(OSError, match="the file is not writable"):
        files.check_target(tmp_path / "x")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="not writable"):
        files.check_target(tmp_path / "x")
