#!/usr/bin/env python3
"""Everything a contributor types: python3 scripts/book.py VERB. Without a verb it makes what the chapters say.

Only `serve`, `site` and `test` need more than Python; they use .venv, and make it if it isn't there.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__" and os.environ.get("PYTHONPATH", "").split(os.pathsep)[0] != str(ROOT):
    # Run as a file, Python looks for modules beside it, not in the project that it is a part of. So once more:
    if os.pathsep in str(ROOT):
        sys.exit(f"{ROOT}: Python can't find modules in a folder with {os.pathsep} in its name (rename it)")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, *sys.argv]
    sys.exit(subprocess.call(command)) if os.name == "nt" else os.execv(sys.executable, command)

# What imports the program (numbers, recordings) comes after tangling, which may change the program: with_program().
from scripts import run_tests, tangle  # noqa: E402
from scripts.tangle import UserError, complain, guarded  # noqa: E402
from scripts.text import examples, exercises, navigation, pages, stitch, variants, where  # noqa: E402
from scripts.text.chapter import READ_ME, Chapter, chapters_of  # noqa: E402

HANDED_ON = ("benchmark", "mutate", "test")  # verbs that read their own options
EXAMPLES = """examples:
  python3 scripts/book.py                                  after every change: about a second
  python3 scripts/book.py check docs/3-architecture/04-softmax.md
  python3 scripts/book.py fix                              after a changed default: then read the diff
  python3 scripts/book.py record                           what is stale; `record --all` everything
  python3 scripts/book.py new chapter 3 "Rotary positions"
  python3 scripts/book.py where microgpt/gpt.py:40         or a line of a traceback
  python3 scripts/book.py stitch microgpt/gpt.py           edits made there go into the chapters
  python3 scripts/book.py test -k softmax
"""


# ------------------------------------------------------------------------ what the chapters say


def make(root: Path, force: bool = False) -> int:
    """Tangle; renew generated pages and checked numbers; name what is stale."""
    try:
        status = tangle.run(root, force=force)
    except UserError:
        if not (mended := pages.mend(root)):  # which tangle reads as it does all chapters
            raise
        print("wrote", *mended)
        status = tangle.run(root, force=force)
    for page in pages.write(root):
        print("wrote", page)
    mended, problems = with_program("text.numbers").fix(readable(root))
    for problem in mended:
        print("mended", problem)
    for problem in problems:
        complain(problem)
    for line in stale_recordings():
        print(line)
    return 1 if status or problems else 0


def with_program(module: str) -> Any:
    """A module that imports the program: not before the program is what the chapters say, nor if it can't be imported."""
    try:
        return importlib.import_module(f"scripts.{module}")
    except Exception as error:  # whatever a chapter can do wrong
        raise UserError(f"the program can't be imported: {type(error).__name__}: {error} (python3 -m microgpt tells where)") from None


def check(root: Path, chapters: list[str]) -> int:
    """Write nothing; name every fault."""
    paths = named(root, chapters) if chapters else changed(root)
    status = tangle.run(root, check=True)
    faults: list[object] = [f"{page}: not as the chapters have it (run python3 scripts/book.py)" for page in pages.stale(root)]
    faults += with_program("text.numbers").check(readable(root))
    faults += variants.faults(root)
    faults += exercises.faults(root, chapters_of(root))
    faults += with_program("text.claims").check(chapters_of(root))
    faults += stale_recordings()
    for fault in faults:
        complain(fault)
    for path, wrong in run_examples(root, paths):
        complain(f"{path}:{wrong.line}: {wrong.message}")
        faults.append(wrong)
    if not faults and not status:
        print("all is as the chapters say")
    return 1 if faults or status else 0


def fix(root: Path, chapters: list[str]) -> int:
    """Rewrite checked numbers and the printed results of examples; name what a person has to decide."""
    paths = named(root, chapters) if chapters else readable(root)
    tangled(root)
    left: list[object] = []
    for path in paths:  # before the numbers, since examples vouch for some of them
        chapter = Chapter(path)
        found = [wrong for _, wrong in run_examples(root, [path])]
        if any(wrong.right is not None for wrong in found):
            if Chapter(path).text != chapter.text:
                raise UserError(f"{path.relative_to(root)}: was changed while its examples ran (fix it again)")
            tangle.write_files(root, {path.relative_to(root).as_posix(): examples.fixed(chapter, found).encode()})
        for wrong in found:
            place = f"{path.relative_to(root)}:{wrong.line}"
            if wrong.right is None:
                left.append(f"{place}: {wrong.message}")
            else:
                print(f"mended {place}: {wrong.message.splitlines()[0]}")
    mended, problems = with_program("text.numbers").fix(paths)
    for problem in mended:
        print("mended", problem)
    for problem in [*left, *problems]:
        complain(problem)
    return 1 if left or problems else 0


def show_claims(root: Path) -> int:
    """Print all claims of the chapters with their reasons; 1 if one has none, or one that isn't there."""
    claims = with_program("text.claims")
    missing = 0
    for path in chapters_of(root):
        for claim in claims.claims(path):
            problem = claims.wrong_with(claim)
            print(f"{claim}\n    {problem or claim.reason}")
            missing += bool(problem)
    return 1 if missing else 0


def tangled(root: Path) -> None:
    """Tangle if that changes something: what is run and recorded is what the chapters say."""
    if tangle.find_changes(tangle.sound_book(root)) and tangle.run(root):
        raise UserError("the program is not as the chapters have it")


def readable(root: Path) -> list[Path]:
    """All that is checked: the chapters, and what stands beside them."""
    return [*chapters_of(root), *(root / name for name in READ_ME)]


def named(root: Path, names: Iterable[str]) -> list[Path]:
    """Chapters as they are given on the command line."""
    known, paths = readable(root), {Path(os.path.realpath(name)): name for name in names}
    for path, name in paths.items():
        if path not in known:
            raise UserError(f"{name} is no chapter (give paths as in docs/3-architecture/04-softmax.md)")
    return list(paths)


def changed(root: Path) -> list[Path]:
    """The chapters that aren't as Git has them."""
    git = ["git", "-C", str(root), "-c", "core.quotePath=false"]
    found: set[Path] = set()
    for command in (["diff", "--name-only", "--relative", "HEAD"], ["ls-files", "--others", "--exclude-standard"]):
        try:
            result = subprocess.run([*git, *command], capture_output=True, encoding="utf-8")
        except OSError:
            return []  # without Git nobody knows
        found.update(root / line for line in result.stdout.splitlines())
    return [path for path in readable(root) if path in found]


def run_examples(root: Path, paths: list[Path]) -> Iterator[tuple[Path, examples.Wrong]]:
    """Run the examples of chapters in a copy of the project; yield what is wrong."""
    if paths:
        with examples.workplace() as folder:
            for path in paths:
                if missing := examples.missing(Chapter(path)):
                    print(f"{path.relative_to(root)}: its examples were not run (pip install {' '.join(missing)})")
                    continue
                for wrong in examples.check(Chapter(path), folder):
                    yield path.relative_to(root), wrong


def stale_recordings() -> list[str]:
    """A line about the recordings that have to be made again, or none."""
    stale = with_program("runs.recording").stale()
    if not stale:
        return []
    which = stale[0] if len(stale) == 1 else f"{stale[0]} and {len(stale) - 1} more"
    return [f"docs/assets/data/{which}: recorded with another program (run python3 scripts/book.py record)"]


def record(root: Path, options: argparse.Namespace) -> int:
    """Run the program and record what the book says of it."""
    if not options.check:
        tangled(root)
    recording = with_program("runs.recording")
    if options.reference is not None:
        if options.what:
            raise UserError("--reference records reference.json and nothing else")
        return recording.record_reference(Path(options.reference), options.check)
    if unknown := [name for name in options.what if name not in recording.RECORDINGS]:
        raise UserError(f"{unknown[0]} is not recorded here, only {', '.join(recording.RECORDINGS)}")
    names = options.what or (list(recording.RECORDINGS) if options.all or options.check else recording.stale())
    if not names:
        print("nothing is stale")
    return recording.record(names, options.check)


# ---------------------------------------------------------------------------------- the site


def site_python() -> Path:
    """A Python with all that the site is built with."""
    try:
        return run_tests.install()
    except subprocess.CalledProcessError as error:
        raise UserError(f"{' '.join(map(str, error.cmd))} failed") from None


def site(root: Path, publish: bool) -> int:
    """Build the site, with all that is added where it is published, and check its links."""
    steps = [["scripts.site.last_change"], ["scripts.site.social_card"]] if publish else []
    steps += [["mkdocs", "build", "--strict"], ["scripts.site.check_links", "site"]]
    return run_modules(root, steps)


def run_modules(root: Path, steps: list[list[str]]) -> int:
    python = str(site_python())
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(root)}
    for module in steps:
        try:
            status = subprocess.call([python, "-m", *module], cwd=root, env=environment)
        except KeyboardInterrupt:
            return 130
        if status:
            return status
    return 0


# ---------------------------------------------------------------------------- the command line


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="book.py", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--force", action="store_true", help="without a verb: overwrite files that were edited by hand")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    def verb(name: str, text: str, *arguments: tuple[str, dict[str, object]], root: bool = False) -> None:
        sub = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        for argument, options in arguments:
            sub.add_argument(argument, **options)  # type: ignore[arg-type]
        if root:
            sub.add_argument("--root", metavar="DIR", default=ROOT, help="another project, with its chapters in DIR/docs")

    chapters = ("chapters", {"nargs": "*", "metavar": "CHAPTER"})
    verb("check", "write nothing; name what is wrong; also run the examples of CHAPTERs, or of the changed ones", chapters)
    verb("fix", "rewrite checked numbers and what the examples of CHAPTERs, or of all, print", chapters)
    verb(
        "record", "run the program and record what the book says of it: WHAT, or what is stale",
        ("what", {"nargs": "*", "metavar": "WHAT", "help": "below docs/assets/data, for example run.json"}),
        ("--all", {"action": "store_true", "help": "also what isn't stale"}),
        ("--check", {"action": "store_true", "help": "write nothing; fail if something would change"}),
        ("--reference", {"metavar": "DIR", "help": "record the published runs from run-….txt in DIR instead"}),
    )  # fmt: skip
    verb(
        "new", "make a chapter: its file, its place in the navigation",
        ("what", {"choices": ["chapter"]}), ("part", {"metavar": "PART", "help": "the number of a part, as in 3"}),
        ("title", {"metavar": "TITLE"}),
    )  # fmt: skip
    verb("where", "print the chapter and line that a line of the program comes from",
         ("spec", {"metavar": "FILE:LINE", "help": "or a line of a traceback"}), root=True)  # fmt: skip
    verb("list", "print every file and chunk, its places and users", root=True)
    verb("claims", "print every sentence that concludes something beside a number, and what it rests on")
    verb("watch", "tangle again whenever a chapter is saved", root=True)
    verb("stitch", "bring edits made in a generated FILE into the chapters", ("file", {"metavar": "FILE"}), root=True)
    verb("serve", "show the site, and build it again after every change")
    verb("site", "build the site into site/ and check its links",
         ("--publish", {"action": "store_true", "help": "with the dates of the pages and the picture for links"}))  # fmt: skip
    verb("vendor", "fetch what the site has from elsewhere, as package.json pins it",
         ("--check", {"action": "store_true", "help": "only tell whether a file was altered"}))  # fmt: skip
    verb("benchmark", "measure nodes, time and memory a step against plainer programs; --help lists its options")
    verb("mutate", "change the program in one place at a time, and see whether the tests notice; --help lists its options")
    verb("test", "run the tests; what follows is for scripts/run_tests.py")
    return parser


def run(options: argparse.Namespace, rest: list[str]) -> int:
    root = Path(os.path.realpath(getattr(options, "root", ROOT)))
    match options.verb:
        case None:
            return guarded(make, root, options.force)
        case "check":
            return guarded(check, root, options.chapters)
        case "fix":
            return guarded(fix, root, options.chapters)
        case "record":
            return guarded(record, root, options)
        case "new":
            return guarded(navigation.new_chapter, root, options.part, options.title)
        case "where":
            return guarded(where.show_where, root, options.spec)
        case "list":
            return guarded(where.show_list, root)
        case "claims":
            return guarded(show_claims, root)
        case "watch":
            return where.watch(root)
        case "stitch":
            return guarded(stitch.run, root, options.file)
        case "serve":
            return guarded(lambda root: run_modules(root, [["mkdocs", "serve"]]), root)
        case "site":
            return guarded(site, root, options.publish)
        case "vendor":
            return guarded(lambda root: run_modules(root, [["scripts.site.vendor", *["--check"] * options.check]]), root)
        case "benchmark":
            from scripts.runs import benchmark

            return benchmark.main(rest)
        case "mutate":
            from scripts.runs import mutation

            return guarded(lambda root: mutation.main(rest, str(site_python())), root)
        case _:
            return run_tests.main(rest)


def main(argv: Sequence[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is, 130 after Ctrl-C."""
    parser = build_parser()
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in HANDED_ON:  # with all options, also --help
        options, rest = parser.parse_args(words[:1]), words[1:]
    else:
        options, rest = parser.parse_args(words), []
    if options.force and options.verb:
        parser.error(f"--force goes without a verb, not with {options.verb}")
    try:
        return run(options, rest)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
