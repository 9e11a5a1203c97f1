"""Data files of all kinds: each gives its documents, or an error of one line that names it."""

import random
import string

import pytest

from microgpt import DataError, load_docs
from microgpt.__main__ import main
from microgpt.progress import printable

FILES = 600
LETTERS = string.ascii_letters + " \t\x0b\x1b\x85éßжλ李\u2028\u200b\U0001f600"
ENDS = ("\n", "\r\n", "\r", "\n\n", " \n\t\n", "\r\r\n")
CODECS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "shift_jis", "utf-7")
NAMES = ("data.txt", "two\nlines", "\x1b[31mred\x07", "back\\slash", "a b", "żółć", "-", "new\x85line", "\u202eright-to-left")


def some_text(rng):
    lines = ["".join(rng.choices(LETTERS, k=rng.choice((0, 1, 5, 30)))) for _ in range(rng.choice((0, 1, 3, 50)))]
    return rng.choice(ENDS).join(lines) + rng.choice(("", *ENDS))


def of_text(rng):
    return some_text(rng).encode(rng.choice(CODECS), "replace")


def of_random_bytes(rng):
    return rng.randbytes(rng.choice((0, 1, 2, 3, 10, 1000)))


def of_a_huge_line(rng):
    return rng.choice((b"a", b" ", b"\0", b"\xc3", "é".encode())) * rng.randrange(500_000) + rng.choice((b"", b"\n"))


def of_damaged_text(rng):
    data = bytearray(of_text(rng) or b"anna\n")
    for _ in range(rng.randrange(1, 4)):
        data[rng.randrange(len(data))] = rng.choice((0, 10, 13, 0x80, 0xC0, 0xFF, rng.randrange(256)))
    return bytes(data[: rng.randrange(len(data)) + 1])


def of_line_ends_and_marks(rng):
    return b"".join(rng.choices((b"\n", b"\r", b"\xef\xbb\xbf", b" ", b"\xfe\xff", b"\x1a", b"a"), k=rng.randrange(9)))


KINDS = (of_text, of_random_bytes, of_a_huge_line, of_damaged_text, of_line_ends_and_marks)


def expected(data):
    """The documents in a file, found in another way than the program's; None if it should be refused."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    docs = [line.strip() for line in lines if line and not line.isspace()]
    return docs if docs and "\0" not in text else None


def test_600_files_are_documents_or_one_line(tmp_path, capsys):
    rng = random.Random(16)
    read = refused = 0
    for i in range(FILES):
        kind = KINDS[i % len(KINDS)]
        path = tmp_path / rng.choice(NAMES)
        data = kind(rng)
        path.write_bytes(data)
        what = f"file {i}, {kind.__name__}: {data[:50]!r}"
        wanted = expected(data)
        if wanted is None:
            with pytest.raises(DataError):
                load_docs(path)
            assert main(["--data", str(path)]) == 1, what
            out, err = capsys.readouterr()
            assert out == "" and err.startswith(f"error: {printable(str(path))}: ") and len(err) < 400, what
            assert err.endswith("\n") and err[:-1].isprintable(), what
            refused += 1
        else:
            assert load_docs(path) == wanted, what
            read += 1
    assert min(read, refused) > FILES / 5, "the files are of both kinds"
