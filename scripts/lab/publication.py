"""What the lab is given of the project: the chapters, the tools that read them, and the data that examples open.

mkdocs.yml makes it a function of the templates, and docs/overrides/assets/lab/book.json calls it: so every build of the
site has it, and it is of the same moment as the pages.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .. import ROOT
from ..tangle import find_chapters

TOOLS = ("scripts/__init__.py", "scripts/tangle.py", "scripts/lab/*.py", "scripts/text/*.py", "scripts/runs/__init__.py", "scripts/runs/passes.py",
         "scripts/figures/__init__.py", "scripts/figures/_stages.py", "scripts/figures/_still.py", "microgpt/names.txt")
# What an example opens now and then; it is fetched when it is opened.
LATER = ("docs/assets/data/**/*.json", "docs/assets/data/*.txt", "docs/assets/downloads/names.txt")


def publication(root: Path = ROOT) -> str:
    """As JSON: `files`, path -> text; `later`, path -> size in bytes; `version`, a hash of all of it."""
    paths = [*find_chapters(root), *(path for pattern in TOOLS for path in found(root, pattern)), "README.md", "CONTRIBUTING.md"]
    files = {path: (root / path).read_text(encoding="utf-8") for path in dict.fromkeys(paths) if (root / path).is_file()}
    later = {path: (root / path).stat().st_size for pattern in LATER for path in found(root, pattern)}
    content = json.dumps([files, later], sort_keys=True).encode()
    return json.dumps({"version": hashlib.sha256(content).hexdigest()[:16], "files": files, "later": later}, ensure_ascii=False)


def found(root: Path, pattern: str) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.glob(pattern))
