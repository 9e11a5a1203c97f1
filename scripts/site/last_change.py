"""Write down when each page was last changed, for the site to show it.

    python -m scripts.site.last_change [--root DIR]      before the site is built, in a clone with its history

It writes docs/overrides/generated/last-change.html, which docs/overrides/partials/source-file.html includes. It is
not committed. A site that is built without it shows no dates. Git knows them: the last commit that touched the page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from .. import ROOT
from ..tangle import UserError, guarded

PAGE = "docs/overrides/generated/last-change.html"
TEMPLATE = """\
{{#- Written by scripts/site/last_change.py. -#}}
{{% set dates = {dates} %}}
{{% if dates[page.file.src_uri] %}}
  <span>Last changed <time datetime="{{{{ dates[page.file.src_uri][0] }}}}">{{{{ dates[page.file.src_uri][1] }}}}</time></span>
{{% endif %}}
"""


def git(root: Path, *arguments: str) -> str:
    try:
        result = subprocess.run(["git", *arguments], cwd=root, capture_output=True, encoding="utf-8")
    except OSError as error:
        raise UserError(f"git can't be run: {error.strerror}") from None
    if result.returncode:
        raise UserError(f"git {arguments[0]}: {result.stderr.strip()}")
    return result.stdout


def last_changes(root: Path) -> dict[str, str]:
    """Of each page that is in git, below docs, the day of its last commit, as 2026-02-28."""
    if git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise UserError("this clone has no history, so all dates would be wrong (git fetch --unshallow)")
    changes: dict[str, str] = {}
    day = ""
    # The newest commit first. Of each: a line with its day, and the paths that it touched, as seen from docs.
    log = git(root / "docs", "-c", "core.quotePath=false", "log", "--format=day %cs", "--name-only", "--relative", "--", "*.md")
    for line in log.splitlines():
        if line.startswith("day "):
            day = line.removeprefix("day ")
        elif line:
            changes.setdefault(line, day)
    return changes


def in_words(day: str) -> str:
    moment = date.fromisoformat(day)
    return f"{moment:%B} {moment.day}, {moment.year}"


def run(root: Path) -> int:
    dates = {page: (day, in_words(day)) for page, day in sorted(last_changes(root).items())}
    target = root / PAGE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(TEMPLATE.format(dates=json.dumps(dates, indent=1)), encoding="utf-8")
    print(f"wrote {PAGE} ({len(dates)} pages)")
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Write down when each page was last changed, for the site to show it.")
    parser.add_argument("--root", metavar="DIR", default=ROOT, help="the project, with the chapters in DIR/docs")
    options = parser.parse_args(argv)
    return guarded(run, Path(os.path.realpath(options.root)))


if __name__ == "__main__":
    sys.exit(main())
