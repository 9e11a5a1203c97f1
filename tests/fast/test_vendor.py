"""What the site has from elsewhere: it is complete, unaltered, licensed, and enough for what the pages show."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scripts.lab.publication import publication
from scripts.site import vendor

from tests import ROOT
MANIFEST = json.loads((vendor.VENDOR / vendor.MANIFEST).read_text(encoding="utf-8"))


def run(*arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "scripts.site.vendor", *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return result.returncode, result.stdout, result.stderr


@pytest.fixture
def copy(tmp_path) -> Path:
    folder = tmp_path / "vendor"
    shutil.copytree(vendor.VENDOR, folder)
    return folder


# -------------------------------------------------------------------------------- what lies there


def test_the_manifest_lists_exactly_the_files_that_are_there():
    files = {p.relative_to(vendor.VENDOR).as_posix() for p in vendor.VENDOR.rglob("*") if p.is_file()}
    assert files == {*MANIFEST, vendor.MANIFEST}
    assert list(MANIFEST) == sorted(MANIFEST)


def test_the_files_are_the_ones_that_were_fetched():
    for path, about in MANIFEST.items():
        assert set(about) == {"package", "version", "license", "source", "sha256"}, path
        assert hashlib.sha256((vendor.VENDOR / path).read_bytes()).hexdigest() == about["sha256"], path


def test_the_versions_are_the_pinned_ones():
    pinned = vendor.pinned(ROOT)
    assert {about["package"]: about["version"] for about in MANIFEST.values()} == pinned
    assert set(pinned) == {package.name for package in vendor.PACKAGES}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned.values())
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in pinned.items():
        assert lock[f"node_modules/{name}"]["version"] == version
    for path, about in lock.items():
        assert "resolved" not in about, "an address of the registry that somebody used"
        assert not path or re.fullmatch(r"sha512-[\w+/=]+", about["integrity"]), path


WORDS = {
    "MIT": "Permission is hereby granted", "OFL-1.1": "SIL OPEN FONT LICENSE", "MPL-2.0": "Mozilla Public License Version 2.0",
}  # fmt: skip


def test_every_package_has_its_license_beside_it():
    for package in vendor.PACKAGES:
        text = (vendor.VENDOR / package.folder / vendor.LICENSE).read_text(encoding="utf-8")
        [spdx] = {about["license"] for about in MANIFEST.values() if about["package"] == package.name}
        assert WORDS[spdx] in text


def test_it_is_small_and_git_leaves_it_as_it_is():
    contents = {path: (vendor.VENDOR / path).read_bytes() for path in MANIFEST}
    assert sum(len(content) for path, content in contents.items() if not path.startswith("pyodide/")) < 6_000_000
    for path, content in contents.items():
        assert path.endswith(".woff2") == (content[:4] == b"wOF2"), path
        binary = path.endswith(vendor.BINARY)
        assert b"\0" in content if binary else b"\r" not in content, f"{path}: git would change its line ends"


def test_what_the_lab_fetches_is_small():
    def zipped(*paths: Path) -> int:
        return sum(len(gzip.compress(path.read_bytes(), 6)) for path in paths)

    fetched = [path for path in (vendor.VENDOR / "pyodide").iterdir() if path.name != vendor.LICENSE]
    published = len(gzip.compress(publication().encode(), 6))
    assert zipped(*fetched) + published <= 7_000_000
    assert zipped(vendor.VENDOR / "codemirror" / vendor.BUNDLE) <= 200_000


# -------------------------------------------------------------------------------- that it is enough


def test_style_sheets_name_only_files_that_are_here():
    sheets = [*(ROOT / "docs/assets/css").glob("*.css"), *vendor.VENDOR.rglob("*.css")]
    named = set()
    for sheet in sheets:
        for url in re.findall(r"url\(\s*[\"']?([^\"')]+)", sheet.read_text(encoding="utf-8")):
            if not url.startswith(("data:", "#")):
                assert (sheet.parent / url).is_file(), f"{sheet.name} names {url}"
                named.add((sheet.parent / url).resolve())
    assert named >= {p.resolve() for p in vendor.VENDOR.rglob("*.woff2")}, "a font that no style sheet names"


def test_fonts_do_not_keep_the_reader_waiting():
    sheet = (ROOT / "docs/assets/css/fonts.css").read_text(encoding="utf-8")
    faces = re.findall(r"@font-face \{[^}]*url[^}]*\}", sheet)
    assert faces and all("font-display: swap;" in face for face in faces)


def test_mermaid_has_all_modules_that_it_imports_at_once():
    for module in vendor.VENDOR.rglob("*.mjs"):
        assert all(target.is_file() for target in vendor.imports(module)), module


def test_mermaid_can_draw_the_diagrams_of_the_book():
    kinds = {"flowchart": "flowDiagram", "graph": "flowDiagram", "sequenceDiagram": "sequenceDiagram",
             "stateDiagram-v2": "stateDiagram-v2"}
    for chapter in (ROOT / "docs").rglob("*.md"):
        for source in re.findall(r"^ *```+ *mermaid\n(.*?)^ *```", chapter.read_text(encoding="utf-8"), re.M | re.S):
            kind = source.split()[0]
            assert kinds.get(kind) in vendor.DIAGRAMS, f"{chapter.name}: {kind} is not in DIAGRAMS of scripts/site/vendor.py"
            assert not re.search(r"\belk\b|\$\$", source), f"{chapter.name}: the modules for that are not here"


def test_no_script_or_style_of_the_site_names_another():
    for path in (ROOT / "docs/assets").rglob("*"):
        if path.suffix in {".js", ".mjs", ".css"}:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\b(unpkg|jsdelivr|cdnjs|googleapis|gstatic|esm\.sh|skypack)\b", text), path
            assert not re.search(r"(?:from|import)\s*\(?\s*[\"'](?:https?:)?//|url\([\"']?(?:https?:)?//", text), path


# -------------------------------------------------------------------------------- the script


def test_check_passes():
    assert run("--check") == (0, "", "")


def test_check_names_what_was_altered(copy):
    with (copy / "katex/katex.min.js").open("a") as file:
        file.write("\n")
    (copy / "katex/extra.js").write_text("")
    (copy / "plex-mono/LICENSE.txt").unlink()
    code, out, err = run("--check", "--folder", copy)
    assert (code, out) == (1, "")
    assert "katex/katex.min.js: altered\n" in err
    assert "katex/extra.js: not in the manifest\n" in err
    assert "plex-mono/LICENSE.txt: missing\n" in err
    assert len(err.splitlines()) == 3


def test_check_wants_everything_known(copy):
    manifest = json.loads(json.dumps(MANIFEST))
    del manifest["katex/katex.min.js"]["license"]
    del manifest["mermaid/LICENSE.txt"]
    for path in list(manifest):
        if path.startswith("source-serif-4/"):
            manifest[path]["version"] = "1.0.0"
    (copy / "mermaid/LICENSE.txt").unlink()
    (copy / vendor.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    code, _, err = run("--check", "--folder", copy)
    assert code == 1
    assert "katex/katex.min.js: package, version, license or source is not known\n" in err
    assert "mermaid/mermaid.esm.min.mjs: no license text beside it\n" in err
    assert "the versions are not those of package.json (run python3 scripts/book.py vendor)\n" in err


@pytest.mark.parametrize("content", ["{", None])
def test_a_manifest_that_cannot_be_read_is_told_without_a_traceback(copy, content):
    (copy / vendor.MANIFEST).unlink()
    if content is not None:
        (copy / vendor.MANIFEST).write_text(content)
    code, out, err = run("--check", "--folder", copy)
    assert (code, out) == (1, "") and vendor.MANIFEST in err and "Traceback" not in err


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A package that npm would fetch, and a place to write to: no network."""
    monkeypatch.setattr(vendor.shutil, "which", lambda name: name)
    monkeypatch.setattr(vendor, "ROOT", tmp_path)
    made = tmp_path / "node_modules/thing"

    def npm(command, cwd, **_):
        assert command[1] == "ci"
        if json.loads((tmp_path / "package.json").read_text())["dependencies"]["thing"] != "1.2.3":
            return subprocess.CompletedProcess(command, 1, "", "no such package")
        (made / "dist").mkdir(parents=True)
        (made / "package.json").write_text('{"license": "MIT"}')
        (made / "LICENSE").write_bytes(b"Permission is hereby granted\r\n")
        (made / "dist/katex.min.css").write_text(
            'a{src:url(fonts/A.woff2) format("woff2"),url(fonts/A.woff) format("woff"),url(fonts/A.ttf) format("truetype")}'
        )
        (made / "dist/A.woff2").write_bytes(b"wOF2\r\n")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(vendor.subprocess, "run", npm)

    def pin(version: str, *patterns: str):
        (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"thing": version}}))
        monkeypatch.setattr(vendor, "PACKAGES", [vendor.Package("thing", "thing", "LICENSE", "dist/", vendor.matching(*patterns))])

    return pin


def test_a_refresh_writes_the_folder_anew(shelf, tmp_path, capsys):
    target = tmp_path / "vendor"
    (target / "old").mkdir(parents=True)
    (target / "old/file.js").write_text("")
    shelf("1.2.3", "dist/*.css", "dist/*.woff2")
    assert vendor.main(["--folder", str(target)]) == 0
    assert {p.relative_to(target).as_posix() for p in target.rglob("*")} == {
        "manifest.json", "thing", "thing/LICENSE.txt", "thing/katex.min.css", "thing/A.woff2"
    }
    assert (target / "thing/LICENSE.txt").read_bytes() == b"Permission is hereby granted\n"
    assert (target / "thing/katex.min.css").read_text() == 'a{src:url(fonts/A.woff2) format("woff2")}'
    assert (target / "thing/A.woff2").read_bytes() == b"wOF2\r\n"
    manifest = json.loads((target / "manifest.json").read_text())
    assert manifest["thing/A.woff2"] == {
        "package": "thing", "version": "1.2.3", "license": "MIT", "source": "dist/A.woff2",
        "sha256": hashlib.sha256(b"wOF2\r\n").hexdigest(),
    }
    assert re.search(r"^thing +1\.2\.3 +MIT +3 ", capsys.readouterr().out, re.M)
    assert vendor.main(["--check", "--folder", str(target)]) == 0


@pytest.mark.parametrize("version, pattern, message", [
    ("9.9.9", "dist/*", "npm ci failed:\nno such package"),
    ("1.2.3", "dist/*.mjs", "the package has no dist/*.mjs"),
])
def test_a_refresh_that_fails_changes_nothing(shelf, tmp_path, capsys, version, pattern, message):
    shelf(version, pattern)
    assert vendor.main(["--folder", str(tmp_path / "vendor")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "vendor").exists()


def test_without_npm_the_message_says_so(shelf, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(vendor.shutil, "which", lambda name: None)
    shelf("1.2.3", "dist/*")
    assert vendor.main(["--folder", str(tmp_path / "vendor")]) == 1
    assert "npm is needed" in capsys.readouterr().err
