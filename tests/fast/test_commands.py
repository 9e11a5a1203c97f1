"""Every command that the book and its front pages show is one that works, and that something runs."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from microgpt.__main__ import build_parser as build_program_parser
from scripts import book, run_tests
from scripts.text.chapter import READ_ME, Chapter, chapters_of
from scripts.text.examples import commands
from tests import ROOT
from tests.fast import test_book, test_claims, test_numbers, test_stitch, test_tangle, test_where
from tests.slow import test_chapters, test_recording

# Where each verb is run. A new verb needs a line, and tests.
RUN_IN = {
    None: [test_book.test_one_command_after_a_change, test_book.test_from_any_folder],
    "check": [test_book.test_check_names_every_fault_and_writes_nothing, test_book.test_all_is_as_the_chapters_say],
    "fix": [test_book.test_fix, test_numbers.test_fix],
    "record": [test_book.test_record_makes_what_is_stale, test_recording.test_a_recording_of_another_program_is_stale_and_recorded_again],
    "new": [test_book.test_a_new_chapter],
    "where": [test_where.test_where],
    "list": [test_where.test_list],
    "claims": [test_claims.test_the_register_is_printed],
    "watch": [test_where.test_watch_as_a_program],
    "stitch": [test_stitch.test_a_chunk_of_several_users_changes_all_and_says_so],
    "serve": [test_book.test_the_verbs_of_the_site_run_their_modules],
    "site": [test_book.test_the_verbs_of_the_site_run_their_modules],
    "vendor": [test_book.test_the_verbs_of_the_site_run_their_modules],
    "benchmark": [test_book.test_what_follows_some_verbs_is_handed_on],
    "mutate": [test_book.test_what_follows_some_verbs_is_handed_on],
    "test": [test_book.test_what_follows_some_verbs_is_handed_on],
}
SCRIPTS = {  # those that are run as files
    "scripts/book.py": test_book.test_from_any_folder,
    "scripts/tangle.py": test_tangle.test_as_a_program,
    "scripts/run_tests.py": None,  # by whoever runs this
}
PAGES = [*(ROOT / name for name in READ_ME), *chapters_of(ROOT)]
WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))


def simple_commands(text: str) -> list[list[str]]:
    """The commands of lines of shell, without what joins them; comments and redirections are left out."""
    found: list[list[str]] = []
    for line in text.replace("\\\n> ", "").replace("\\\n", "").splitlines():
        words = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
        words.whitespace_split = True
        command: list[str] = []
        for word in words:
            if set(word) <= set("();<>|&"):
                found.append(command)
                command = []
            else:
                command.append(word)
        found.append(command)
    return [command for command in found if command[:1] and re.search(r"(^|/)python3?$", command[0])]


def shown(path: Path, *languages: str) -> list[tuple[str, list[str]]]:
    """The Python commands in the blocks of a page, each with its place."""
    return [
        (f"{path.relative_to(ROOT)}:{fence.line}", command)
        for fence in Chapter(path).fences(*languages)
        for text in ([fence.text] if fence.language == "sh" else [f"$ {found.text}" for found in commands(fence)])
        for command in simple_commands(text)
    ]


SHOWN = [pair for path in PAGES for pair in shown(path, "sh", "console")]


def refused(place: str, command: list[str], capsys) -> str:
    """Why a command can't work, or ''."""
    script, rest = command[1], command[2:]
    if script == "-c" or not script.startswith(("-", "scripts/")) or any("$" in word for word in rest):
        return ""  # the reader's own program
    try:
        match [script, *rest]:
            case ["scripts/book.py", verb, *more] if verb in book.HANDED_ON:
                book.build_parser().parse_args([verb])
                if verb == "test" and more[:1] == ["--lane"] and more[1] not in run_tests.LANES:
                    return f"there is no lane {more[1]}"
            case ["scripts/book.py", *_]:
                book.build_parser().parse_args(rest)
            case ["-m", "microgpt", *options]:
                build_program_parser().parse_args(options)
            case ["-m", module, *_]:
                if (package := module.partition(".")[0]) in ("jax", "numpy", "torch") and not find_spec(package):
                    return ""  # an engine that isn't installed here
                return "" if find_spec(module) else f"there is no module {module}"
            case [script, *_] if script not in SCRIPTS:
                return f"{script} is not run by a test"
    except SystemExit as exit:
        return "" if exit.code == 0 else capsys.readouterr().err
    return ""


def test_the_front_pages_show_commands():
    pages = [place.split(":")[0] for place, _ in SHOWN]
    for page in ("README.md", "CONTRIBUTING.md", "docs/appendix/how-this-book-is-made.md"):
        assert pages.count(page) >= 3, page
    assert len(SHOWN) > 60


@pytest.mark.parametrize("path", [path for path in PAGES if shown(path, "sh")], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_that_are_only_shown_would_work(path, capsys):
    problems = [f"{place}: {shlex.join(command)}: {why}" for place, command in shown(path, "sh") if (why := refused(place, command, capsys))]
    assert not problems, "\n".join(problems)


def test_the_verbs_that_are_shown_are_those_that_there_are():
    """And each is run by a test."""
    assert set(RUN_IN) - {None} == test_book.verbs()
    for verb, tests in RUN_IN.items():
        assert tests and all(callable(test) and test.__name__.startswith("test_") for test in tests), verb
    texts = [path.read_text(encoding="utf-8") for path in [*PAGES, *WORKFLOWS]]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "scripts").rglob("*.py")]
    mentioned = {verb for text in texts for verb in re.findall(r"(?:python3? scripts/|`)book\.py ([a-z]+)\b", text)}
    assert mentioned <= test_book.verbs(), mentioned - test_book.verbs()


def test_what_a_console_block_shows_is_run():
    """By tests/slow/test_chapters.py, for every page that has one."""
    assert test_chapters.CONSOLE == [path for path in [*sorted((ROOT / "docs").rglob("*.md")), *PAGES[:2]] if Chapter(path).fences("console")]


@pytest.mark.parametrize("verb", sorted(test_book.verbs() - {*book.HANDED_ON}))
def test_each_verb_has_help(verb, capsys):
    with pytest.raises(SystemExit) as exit:
        book.main([verb, "--help"])
    assert exit.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: book.py {verb} ")


def test_every_file_that_is_named_is_there():
    """In the pages, the scripts, the tests and the workflows: paths that begin with scripts/ or tests/."""
    files = [path for folder in ("scripts", "tests", "docs/assets/js", "docs/assets/css", "docs/overrides") for path in (ROOT / folder).rglob("*.*")]
    for path in [*PAGES, *WORKFLOWS, ROOT / "mkdocs.yml", ROOT / "pyproject.toml", *files]:
        if path.suffix in (".py", ".md", ".yml", ".toml", ".js", ".css", ".html") and "vendor/" not in path.as_posix():
            for name in re.findall(r"\b(?:scripts|tests)/[a-z0-9_/]+\.py\b", path.read_text(encoding="utf-8")):
                assert (ROOT / name).is_file() or name in QUOTED, f"{path.relative_to(ROOT)} names {name}"


QUOTED = {"tests/test_nothing.py", "tests/fast/test_nothing.py"}  # of small projects that tests make
