"""The order of the book: `nav` of mkdocs.yml, with a folder for each part; and a new chapter in it."""

from __future__ import annotations

import re
from pathlib import Path

from ..tangle import UserError, write_files

CHAPTER = """\
# {title}

## What we have now

## Run it

```console
$ python3 -m microgpt --version
microgpt {version}
```

## Exercises

**Predict.**

<details markdown="1">
<summary>Answer</summary>

</details>

**Break.**

<details markdown="1">
<summary>Answer</summary>

</details>

**Extend.**

<details markdown="1">
<summary>Answer</summary>

</details>
"""


def parts(root: Path) -> list[str]:
    """The folders of the numbered parts, in order."""
    folders = [path.name for path in (root / "docs").iterdir() if path.is_dir() and re.match("[0-9]+-", path.name)]
    return sorted(folders, key=number_of)


def number_of(name: str) -> int:
    return int(re.split("[^0-9]", name)[0])


def new_chapter(root: Path, part: str, title: str) -> int:
    """Make the last chapter of a part, and enter it in the navigation."""
    folders = [name for name in parts(root) if name == part or name.split("-")[0] == part]
    if not folders:
        raise UserError(f"there is no part {part}, only {', '.join(parts(root))}")
    title = " ".join(title.split())
    slug = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")
    if not slug:
        raise UserError(f"the title {title!r} has no letters that a file could be named by")
    folder = folders[0]
    present = [path.name for path in (root / "docs" / folder).glob("[0-9]*.md")]
    if any(re.fullmatch(f"[0-9]+-{slug}.md", name) for name in present):
        raise UserError(f"docs/{folder} has a chapter {slug} already (choose another title)")
    chapter = f"{folder}/{max(map(number_of, present), default=0) + 1:02d}-{slug}.md"
    navigation = (root / "mkdocs.yml").read_text(encoding="utf-8")
    entries = list(re.finditer(rf"^( +- )({re.escape(folder)}/\S+)\n", navigation, re.M))
    if not entries:
        raise UserError(f"mkdocs.yml has no chapter of {folder} in its nav (enter the first one by hand)")
    at = entries[-1].end()
    navigation = f"{navigation[:at]}{entries[-1][1]}{chapter}\n{navigation[at:]}"
    version = re.search('^__version__ = "(.+)"', (root / "microgpt/__init__.py").read_text(encoding="utf-8"), re.M)
    text = CHAPTER.format(title=title, version=version[1] if version else "")
    write_files(root, {f"docs/{chapter}": text.encode(), "mkdocs.yml": navigation.encode()})
    print(f"wrote docs/{chapter}\nentered it in mkdocs.yml")
    return 0
