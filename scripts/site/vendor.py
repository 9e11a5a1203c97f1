"""Keep what the site needs from elsewhere in docs/assets/vendor/: fonts, KaTeX, Mermaid, Pyodide and CodeMirror.

    python3 scripts/book.py vendor            fetch with npm, write the folder anew, and list the sizes
    python3 scripts/book.py vendor --check    write nothing and fetch nothing; fail if the folder is not as it was written

No reader's browser asks another site for anything, so these files lie here. package.json pins the versions, and
package-lock.json the hashes, which npm checks; PACKAGES says which of the files are taken: KaTeX's woff2 fonts, the
modules of Mermaid for the kinds of diagrams in DIAGRAMS, and of the fonts the alphabets and weights that the book has.
Of Pyodide, which is Python for the browser, all that runs without packages; of CodeMirror one module that esbuild makes
of scripts/site/editor.js and what that imports.

manifest.json tells of every file: the package and version it is from, its path there, the license (SPDX) and the
sha256 of what lies here. Files are as in the package, but for three things: line ends are LF everywhere, KaTeX's
style sheet no longer names the fonts that were left out, and Pyodide neither packages nor the host that has them.
The license text of each package lies beside its files; Pyodide's package has none, so it is scripts/site/MPL-2.0.txt.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from .. import ROOT
from ..tangle import UserError, guarded, write_files

VENDOR = ROOT / "docs" / "assets" / "vendor"
MANIFEST = "manifest.json"
LICENSE = "LICENSE.txt"

DIAGRAMS = ("flowDiagram", "sequenceDiagram", "stateDiagram-v2")  # the modules of Mermaid that draw them
LAYOUTS = ("dagre",)
BINARY = (".woff2", ".wasm", ".zip")
ENTRY = ROOT / "scripts" / "site" / "editor.js"  # what esbuild bundles
BUNDLE = "codemirror.js"
ALPHABETS = ("latin", "latin-ext", "greek")


class Package(NamedTuple):
    """What to take of a package, and the folder it goes into."""

    name: str
    folder: str
    license_file: str  # in the package; an absolute path if it is not there
    base: str  # the folder of the package whose files are taken
    choose: Callable[[Path], Iterator[str]]  # the unpacked package -> their paths in it


def matching(*patterns: str) -> Callable[[Path], Iterator[str]]:
    def choose(package: Path) -> Iterator[str]:
        for pattern in patterns:
            found = sorted(path.relative_to(package).as_posix() for path in package.glob(pattern))
            if not found:
                raise UserError(f"the package has no {pattern}")
            yield from found

    return choose


def imports(module: Path, dynamic: bool = False) -> Iterator[Path]:
    """The modules beside it that a minified module imports at once, or with `dynamic` those it may import later."""
    pattern = r'\bimport\(\s*"(\.[^"]+)"' if dynamic else r'\b(?:from|import)\s*"(\.[^"]+)"'
    for target in re.findall(pattern, module.read_text(encoding="utf-8")):
        yield (module.parent / target).resolve()


def modules(package: Path) -> Iterator[str]:
    """Mermaid, and all that it imports to draw the diagrams of the book."""
    package = package.resolve()
    todo, seen = [package / "dist" / "mermaid.esm.min.mjs"], set()
    wanted = {*DIAGRAMS, *LAYOUTS}
    found = set()
    while todo:
        module = todo.pop()
        if module not in seen:
            seen.add(module)
            todo += imports(module)
            for later in imports(module, dynamic=True):
                kind = later.stem.rpartition("-")[0]  # the name without its hash
                if kind in wanted:
                    found.add(kind)
                    todo.append(later)
    if wanted - found:
        raise UserError(f"Mermaid no longer has {', '.join(sorted(wanted - found))}")
    yield from sorted(module.relative_to(package).as_posix() for module in seen)


SERIF, CODE, SIGNS = "files/source-serif-4-", "files/source-code-pro-", "fonts/split/woff2/"
KATEX = ("katex.min.css", "katex.min.js", "contrib/auto-render.min.js", "fonts/*.woff2")
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
PACKAGES = [
    Package("mermaid", "mermaid", "LICENSE", "dist/", modules),
    Package("katex", "katex", "LICENSE", "dist/", matching(*(f"dist/{name}" for name in KATEX))),
    Package(
        "@fontsource/source-serif-4", "source-serif-4", "LICENSE", "files/",
        matching(*(f"{SERIF}{alphabet}-{weight}-*.woff2" for alphabet in ALPHABETS for weight in (400, 700))),
    ),
    Package(
        "@fontsource/source-code-pro", "source-code-pro", "LICENSE", "files/",
        matching(
            *(f"{CODE}{alphabet}-400-normal.woff2" for alphabet in ALPHABETS),
            f"{CODE}latin-400-italic.woff2",
        ),
    ),
    # arrows, roots, box drawing: the two families above have none in these alphabets
    Package("@ibm/plex-serif", "plex-serif", "LICENSE.txt", SIGNS, matching(f"{SIGNS}*-Regular-Pi.woff2")),
    Package("@ibm/plex-mono", "plex-mono", "LICENSE.txt", SIGNS, matching(f"{SIGNS}*-Regular-Pi.woff2")),
    Package("pyodide", "pyodide", str(ROOT / "scripts/site/MPL-2.0.txt"), "", matching(*PYODIDE)),
    Package("codemirror", "codemirror", "LICENSE", "", lambda _: iter([BUNDLE])),
    Package("@codemirror/lang-python", "codemirror-python", "LICENSE", "", lambda _: iter([])),  # in the same bundle
]


# -------------------------------------------------------------------------------- fetching


def fetch(root: Path) -> Path:
    """Have npm fetch what package-lock.json names, into node_modules; where that is."""
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("npm is needed; on Debian, install the package npm first")
    result = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=root, capture_output=True, text=True)
    if result.returncode:
        raise UserError(f"npm ci failed:\n{result.stderr.strip()}")
    return root / "node_modules"


def bundle(modules_folder: Path) -> bytes:
    """The editor: one module of all that ENTRY imports."""
    command = [
        modules_folder / ".bin" / "esbuild", ENTRY, "--bundle", "--minify", "--format=esm", "--target=es2022",
        "--legal-comments=none", "--charset=utf8",
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, env={**os.environ, "NODE_PATH": str(modules_folder)})
    if result.returncode:
        raise UserError(f"esbuild failed:\n{result.stderr.decode(errors='replace').strip()}")
    return result.stdout


def tidy(name: str, content: bytes) -> bytes:
    """The file as it lies here."""
    if name.endswith(BINARY):
        return content
    text = content.decode("utf-8").replace("\r\n", "\n")
    if name.endswith("katex.min.css"):
        text = re.sub(r',url\([^)]*\.(woff|ttf)\) format\("\w+"\)', "", text)
    if name.endswith("pyodide-lock.json"):
        text = json.dumps({"info": json.loads(text)["info"], "packages": {}}) + "\n"
    if name.endswith("pyodide.mjs"):
        text = re.sub(r"https://[\w.]+/pyodide/v\$\{\w+\}/full/", "", text)
    return text.encode("utf-8")


def license_of(unpacked: Path) -> str:
    found = json.loads((unpacked / "package.json").read_text(encoding="utf-8")).get("license")
    if not isinstance(found, str) or not found:
        raise UserError("the package doesn't say its license")
    return found


def pinned(root: Path) -> dict[str, str]:
    """The versions in package.json."""
    return json.loads((root / "package.json").read_text(encoding="utf-8"))["dependencies"]


def gather(root: Path) -> dict[str, tuple[dict[str, str], bytes]]:
    """Fetch everything: path below the folder -> what the manifest says of it, and its content."""
    files: dict[str, tuple[dict[str, str], bytes]] = {}
    modules_folder, versions = fetch(root), pinned(root)
    for package in PACKAGES:
        unpacked = modules_folder / package.name
        about = {"package": package.name, "version": versions[package.name], "license": license_of(unpacked)}
        for source in [package.license_file, *package.choose(unpacked)]:
            name = LICENSE if source == package.license_file else source.removeprefix(package.base)
            raw = bundle(modules_folder) if source == BUNDLE else (unpacked / source).read_bytes()
            content = tidy(name, raw)
            digest = hashlib.sha256(content).hexdigest()
            shown = os.path.relpath(source, root) if os.path.isabs(source) else source
            files[f"{package.folder}/{name}"] = ({**about, "source": shown, "sha256": digest}, content)
    return files


def refresh(vendor: Path, root: Path) -> int:
    files = gather(root)
    manifest = {path: about for path, (about, _) in sorted(files.items())}
    contents = {path: content for path, (_, content) in files.items()}
    contents[MANIFEST] = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
    write_files(vendor, contents)
    for path in present(vendor) - set(contents):
        (vendor / path).unlink()
    for folder in sorted((p for p in vendor.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    print(f"{'package':<28} {'version':<8} {'license':<8} {'files':>5} {'bytes':>9} {'gzipped':>9}")
    for package in PACKAGES:
        own = [path for path, about in manifest.items() if about["package"] == package.name]
        about = manifest[own[0]]
        show(package.name, about["version"], about["license"], [contents[path] for path in own])
    show("together", "", "", list(contents.values()))
    return 0


def show(name: str, version: str, license_id: str, contents: list[bytes]) -> None:
    raw, zipped = sum(map(len, contents)), sum(len(gzip.compress(content)) for content in contents)
    print(f"{name:<28} {version:<8} {license_id:<8} {len(contents):>5} {raw:>9,} {zipped:>9,}")


# -------------------------------------------------------------------------------- checking


def present(vendor: Path) -> set[str]:
    return {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}


def faults(vendor: Path, root: Path) -> Iterator[str]:
    """What is not as `refresh` left it."""
    try:
        manifest = json.loads((vendor / MANIFEST).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{MANIFEST}: {error}") from error
    there = present(vendor) - {MANIFEST}
    for path in sorted(set(manifest) - there):
        yield f"{path}: missing"
    for path in sorted(there - set(manifest)):
        yield f"{path}: not in the manifest"
    for path in sorted(there & set(manifest)):
        about = manifest[path]
        if hashlib.sha256((vendor / path).read_bytes()).hexdigest() != about.get("sha256"):
            yield f"{path}: altered"
        if not all(about.get(key) for key in ("package", "version", "license", "source")):
            yield f"{path}: package, version, license or source is not known"
        if f"{path.partition('/')[0]}/{LICENSE}" not in manifest:
            yield f"{path}: no license text beside it"
    if {about.get("package"): about.get("version") for about in manifest.values()} != pinned(root):
        yield "the versions are not those of package.json (run python3 scripts/book.py vendor)"


def check(vendor: Path, root: Path) -> int:
    found = list(faults(vendor, root))
    if found:
        raise UserError("\n".join(found))
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Fetch what the site has from elsewhere, or check it.")
    parser.add_argument("--check", action="store_true", help="write and fetch nothing; fail if a file was altered")
    parser.add_argument("--folder", metavar="DIR", type=Path, default=VENDOR, help="instead of docs/assets/vendor")
    options = parser.parse_args(argv)
    return guarded(check if options.check else refresh, options.folder, ROOT)


if __name__ == "__main__":
    sys.exit(main())
