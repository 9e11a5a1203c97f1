"""Checked numbers: what a run can tell must be what the run told.

A checked number stands directly before an HTML comment that says how to compute it:

    **3.37**<!--= run.losses[0] :.2f -->      a Python expression and, after the last " :", a format
    4,192<!--= params("4192") :, -->
    kamon<!--= ref["4192"].samples[0] -->     a text, if that is what the expression gives

Emphasis or backticks may stand between number and comment; − and - are the same. An expression may use
Python's own functions, `math`, all that `microgpt` exports, and

    run, ref["4192"], ref["4064"]   the recorded runs: docs/assets/data/, explained in scripts/runs/
    paired["self-only"].mean        what a change to the book does, seed by seed: scripts/runs/paired.py
    ladder.rungs[2].time            the rungs as programs: scripts/runs/ladder.py
    measures.vowels                 what chapters tell in passing of longer runs: scripts/runs/measures.py
    beyond.parity.dots              what is not efficiency: scripts/runs/beyond.py
    post_training.base.share[0]     a reward, preferences, conversations: scripts/runs/post_training.py
    compiled.speed["jax float32 256"]   what JAX saves and costs: scripts/runs/compiled.py
    batches.noise["100"].scale      what a batch of documents does: scripts/runs/batches.py
    pytorch.same.loss               what the engine on PyTorch gives, and pytorch_times what it costs: scripts/runs/pytorch.py
    machines.equal.loss             two processes that train one model, and two_processes their time: scripts/runs/machines.py
    decoding.idle, times.passes[4]  what makes writing faster: scripts/runs/decoding.py, decoding_times.py
    arrays.mistakes, engines.speed  the model on arrays, and the engines: scripts/runs/arrays.py, engines.py
    smaller.rounded.b4.mean         what rounding does to trained models: scripts/runs/smaller.py
    bfloat.stored.rate_001.mean     training in bfloat16: scripts/runs/bfloat.py
    subwords.runs["256"].losses     larger tokens: scripts/runs/subwords.py
    spelling.forms.letters          counting letters: scripts/runs/spelling.py
    modern.rope.difference.mean     the switches of the modern block: scripts/runs/modern.py
    larger_text.runs["42"].exam        the book learns to write itself: scripts/runs/larger.py
    sweep.cells["16-625"].mean      how the loss depends on size and data: scripts/runs/sizes.py
    neuron.on[7]                    how often each neuron is on: scripts/figures/neuron.py
    docs                            the built-in names, in their order
    params("4192")                  how many parameters an edition has with 27 tokens
    lines("one-file-data")          where a chunk stands in the one-file program: "17–43"
    lines("gpt", "microgpt")        the same in another program: a download, or the package
    code_lines                      how many lines of that program hold code
    reading_time("docs/1-data")     minutes of reading, of a part, of chapters, of "docs", of *short_path
    mean(list)

A decimal number of three or more significant digits (3.37, 0.807, 2.10), or a whole number with a
separator (4,192), may not stand in prose, in a table, a heading or a mermaid diagram, unless

    (a) it is a checked number,
    (b) a `pycon` or `console` block of the same chapter has it, or one that is rounded to it (the tests
        run those blocks); the sign doesn't matter,
    (c) <!-- fixed: why --> directly follows, for years, citations and the like. Not in a diagram. If the reason is
        "printed in 1-data/04", an example of that chapter has to have the number, as in (b).

Not looked at: other fenced code, inline code, HTML tags, link targets, front matter, and versions
(1.2.3, Python 3.12, arXiv:1706.03762).
"""

from __future__ import annotations

import builtins
import difflib
import json
import math
import os
import re
import statistics
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import microgpt

from .. import DATA, ROOT
from ..tangle import write_files
from . import scoreboard
from .chapter import Chapter
from .code import code_lines
from .pages import PROGRAM, line_range
from .reading import reading_time, short_path


class Problem(NamedTuple):
    """Something wrong in a chapter, and how to mend it if that is only a matter of writing another number."""

    path: Path
    line: int
    message: str
    span: tuple[int, int] | None = None  # where the stale text stands in the file
    right: str = ""  # what should stand there

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.message}"


def shown(path: Path) -> Path:
    """A path as short as it can be told: below the project if it is there."""
    full = Path(os.path.realpath(path))
    return full.relative_to(ROOT) if full.is_relative_to(ROOT) else path


# --------------------------------------------------------------------------- reading a chapter

# What in running text is not prose, told from left to right, so that a comment in code is code and code
# in a comment is comment. A blank line ends inline code that was never closed.
NOT_PROSE = re.compile(
    r"""
    \\[!-/:-@\[-`{-~]                                                              # an escaped character is prose
    | (?P<code>
        (?P<ticks>`+) (?!`)
        (?: (?!\n[ \t>]*\r?\n) [^`]  |  (?!(?P=ticks)(?!`)) `+ (?!`) )+
        (?P=ticks) (?!`)
      )
    | `+                                                                           # backticks without a partner
    | (?P<comment> <!-- (?P<body> (?: (?!<!--) . )*? ) --> )
    | (?P<unclosed> <!-- )
    | (?P<tag> </? [A-Za-z] (?: (?!\n[ \t>]*\r?\n) [^<>] )* > )                    # or an address in <>
    | (?P<target> (?<=\]) \( [^()\n]* (?: \( [^()\n]* \) [^()\n]* )* \) )
    | (?P<definition> ^[ ]{0,3} \[ (?!\^) [^\]\n]+ \]: [^\n]* )                     # but not of a footnote
    | (?P<address> https?://[^\s<>]+ )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
UNSEEN_IN_DIAGRAM = re.compile(r"\s*(?:%%|style\b|classDef\b|linkStyle\b)")
EXAMPLES = ("pycon", "console")


class Comment(NamedTuple):
    """An HTML comment: what is in it, and where it stands in the file."""

    body: str
    start: int
    end: int


class Page:
    """A chapter, taken apart.

    `prose` is as long as `text`, so that places in one are places in the other; what is not prose is blank there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        chapter = Chapter(path)
        self.text = chapter.text
        self.comments: list[Comment] = []
        self.problems: list[Problem] = []
        # The lines of the mermaid blocks, with their numbers; and the texts of the blocks that the tests run.
        self.diagrams = [pair for fence in chapter.fences("mermaid") for pair in enumerate(fence.block.content, fence.line)]
        self.examples = [fence.text for fence in chapter.fences(*EXAMPLES)]
        self.prose = NOT_PROSE.sub(self._take, self._without_blocks(chapter))

    def line_of(self, place: int) -> int:
        return self.text.count("\n", 0, place) + 1

    def problem(self, place: int, message: str, *fix: Any) -> None:
        self.problems.append(Problem(self.path, self.line_of(place), message, *fix))

    def _without_blocks(self, chapter: Chapter) -> str:
        """Blank the front matter and the fences; note the fences that aren't closed."""
        hidden = set(chapter.front_matter)
        for fence in chapter.fences():
            hidden.update(range(fence.block.start, fence.block.end))
            if fence.block.problem:
                self.problems.append(Problem(self.path, fence.block.start + 1, fence.block.problem))
        for match in scoreboard.BLOCK.finditer(self.text):  # which are made from the recordings
            hidden.update(range(self.line_of(match.start()) - 1, self.line_of(match.end())))
        lines = re.split(r"(\r\n|\r|\n)", self.text)  # every other one is a line's end
        return "".join(blank(part) if i % 2 == 0 and i // 2 in hidden else part for i, part in enumerate(lines))

    def _take(self, match: re.Match[str]) -> str:
        """Of a part of the text that is not prose: note it if it is a comment, and return what stands for it."""
        # An expression that goes on after a blank line ended only because something else did.
        if match["unclosed"] or re.match(r"=.*\n[ \t]*\r?\n", match["body"] or "", re.DOTALL):
            self.problem(match.start(), "the HTML comment is not closed (end it with -->)")
        elif match["comment"]:
            self.comments.append(Comment(match["body"], match.start(), match.end()))
        return blank(match[0]) if match.lastgroup else match[0]


def blank(text: str) -> str:
    """The same number of characters and lines, with nothing on them."""
    return re.sub(r"[^\n]", " ", text)


# ----------------------------------------------------------------------- computing what is right


class WrongExpression(Exception):
    """Why a comment gives no text to compare with."""


class Recorded(dict[str, Any]):
    """A JSON object whose entries are attributes too."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"nothing recorded is called {name}{did_you_mean(name, self)}")


def load_recorded(name: str) -> Any:
    """A recorded file; read again only if it changed."""
    path = DATA / name
    how = "python3 scripts/book.py record" + (" --reference DIR" if name == "reference.json" else "")
    try:
        return parse_recorded(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise WrongExpression(f"{shown(path)} is not there (write it with {how})") from None
    except ValueError as error:
        raise WrongExpression(f"{shown(path)} is no JSON: {error} (write it with {how})") from None


@cache
def parse_recorded(path: Path, changed: int) -> Any:
    recorded = json.loads(path.read_text(encoding="utf-8"), object_hook=Recorded)
    recorded.pop("fingerprint", None)  # of what recorded it
    return recorded


def params(edition: str) -> int:
    """How many parameters an edition has with 27 tokens: a-z and BOS."""
    return microgpt.count_params(microgpt.PRESETS[edition], 27)


@cache
def built_in_docs() -> list[str]:
    return microgpt.load_docs()


@cache
def count_code_lines() -> int:
    """How many lines of the one-file program are not blank, nor a comment, nor in a docstring."""
    return len(code_lines((ROOT / PROGRAM).read_text(encoding="utf-8")))


NAMES: dict[str, Any] = {name: getattr(microgpt, name) for name in microgpt.__all__}
NAMES |= {"math": math, "mean": statistics.fmean, "params": params, "lines": line_range, "reading_time": reading_time}
LOADED: dict[str, Callable[[], Any]] = {  # only if an expression has the name
    "docs": lambda: [*built_in_docs()],  # a list of its own for each expression
    "run": lambda: load_recorded("run.json"),
    "ref": lambda: load_recorded("reference.json"),
    "paired": lambda: load_recorded("paired.json"),
    "ladder": lambda: load_recorded("ladder.json"),
    "measures": lambda: load_recorded("measures.json"),
    "controls": lambda: load_recorded("controls.json"),
    "eight_seeds": lambda: load_recorded("eight-seeds.json"),
    "compiled": lambda: load_recorded("compiled.json"),
    "batches": lambda: load_recorded("batches.json"),
    "packing": lambda: load_recorded("packing.json"),
    "pytorch": lambda: load_recorded("pytorch.json"),
    "pytorch_times": lambda: load_recorded("pytorch-times.json"),
    "machines": lambda: load_recorded("machines.json"),
    "two_processes": lambda: load_recorded("figures/two-processes.json"),
    "mutation": lambda: load_recorded("mutation.json"),
    "beyond": lambda: load_recorded("beyond.json"),
    "post_training": lambda: load_recorded("post_training.json"),
    "decoding": lambda: load_recorded("decoding.json"),
    "times": lambda: load_recorded("decoding-times.json"),
    "arrays": lambda: load_recorded("arrays.json"),
    "engines": lambda: load_recorded("engines.json"),
    "bfloat": lambda: load_recorded("bfloat16.json"),
    "modern": lambda: load_recorded("modern.json"),
    "smaller": lambda: load_recorded("smaller.json"),
    "subwords": lambda: load_recorded("subwords.json"),
    "spelling": lambda: load_recorded("spelling.json"),
    "lab": lambda: load_recorded("lab.json"),
    "larger_text": lambda: load_recorded("larger.json"),
    "sweep": lambda: load_recorded("sizes.json"),
    "neuron": lambda: load_recorded("figures/neuron.json"),
    "code_lines": count_code_lines,
    "short_path": short_path,
}


def compute(source: str) -> str:
    """Return the text that `expression` or `expression :format` gives. Raises WrongExpression."""
    expression, _, spec = source.rpartition(" :") if " :" in source else (source, "", "")
    try:
        code = compile(expression.strip(), "comment", "eval")
        names = NAMES | {name: LOADED[name]() for name in LOADED.keys() & set(re.findall(r"\w+", expression))}
        return format(eval(code, names), spec.strip())
    except WrongExpression:
        raise
    except SyntaxError as error:
        raise WrongExpression(f"not a Python expression: {error.msg}") from None
    except NameError as error:
        name = error.name or ""
        hint = did_you_mean(name, [*NAMES, *LOADED]) or did_you_mean(name, dir(builtins))
        raise WrongExpression(f"{error}{hint}") from None
    except (Exception, SystemExit) as error:  # whatever an expression can do wrong
        raise WrongExpression(" ".join(f"{type(error).__name__}: {error}".split())) from None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


# ------------------------------------------------------------------------------ checked numbers

UNSIGNED = r"(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+−]?\d+)?(?P<percent>[ \u00a0\u202f]?%)?"
SIGNED = re.compile("[-+−]?" + UNSIGNED)
# At the end of a text. After a letter or a closing bracket - is a hyphen or a difference, not a sign.
SIGNED_AT_END = re.compile(r"(?:(?<![^\W_])(?<![)\].])[-+−])?(?<![^\W_])(?<![.,])" + UNSIGNED + r"\Z")
RANGE = re.compile(r"\d+–\d+")
RANGE_AT_END = re.compile(r"(?<![\w–])\d+(?:–\d+)?\Z")
WORD = re.compile(r"[\w'’-]+")
WORD_AT_END = re.compile(WORD.pattern + r"\Z")
AROUND = "*_`~$"  # what may stand between a number and its comment


def check_comments(page: Page) -> list[tuple[int, int]]:
    """Check all comments of a page; return where the text stands that they speak of."""
    claimed = []
    for comment in page.comments:
        source = " ".join(comment.body[1:].split())
        if re.match(r"\s+=", comment.body):
            page.problem(comment.start, "a space before the = (write <!--= expression -->)")
        if not comment.body.startswith("="):
            continue
        try:
            right = compute(source)
        except WrongExpression as error:
            page.problem(comment.start, f"{error} ({source})")
            right = None
        before = page.text[max(0, comment.start - 1000) : comment.start]
        start, end = find_claim(before, right)
        start, end = start - len(before) + comment.start, end - len(before) + comment.start
        claimed.append((start, end))
        if right is not None:
            compare(page, comment, page.text[start:end], (start, end), right, source)
    return claimed


def find_claim(before: str, right: str | None) -> tuple[int, int]:
    """Return from where to where `before`, the text before a comment, holds what the comment speaks of."""
    bare = before.rstrip(AROUND)
    tail = max(0, len(bare) - 100)  # where to begin to look: no number or word is longer
    if right is None or SIGNED.fullmatch(right):
        if number := SIGNED_AT_END.search(bare, tail):
            # "9 %" and "+9" are fine for what is 9; a + goes with the number that turned negative.
            start = number.start() + (number[0][0] == "+" and right is not None and right[0] not in "+-")
            end = number.start("percent") if number["percent"] and right and right[-1] != "%" else number.end()
            return start, end
    else:
        for text in (bare, before):  # the right text itself may end in what looks like emphasis
            start = len(text) - len(right)
            inside_a_word = re.match(r"[^\W_]{2}", text[start - 1 :]) if start > 0 else None
            if start >= 0 and same(text[start:], right) and not inside_a_word:
                return start, len(text)
        at_end = RANGE_AT_END if RANGE.fullmatch(right) else WORD_AT_END
        if stale := at_end.search(bare, tail):
            return stale.span()
    return len(before), len(before)


def same(text: str, right: str) -> bool:
    """Whether two texts are the same, whichever minus they have and whether a space stands before a %."""
    text, right = (re.sub("[ \u00a0\u202f]%", "%", each.replace("−", "-")) for each in (text, right))
    return text == right


def compare(page: Page, comment: Comment, text: str, span: tuple[int, int], right: str, source: str) -> None:
    """Note a problem if `text` is not what is right."""
    if not right:
        page.problem(comment.start, f"the expression gives an empty text ({source})")
    elif not text:
        kind = "number" if right[0].isdigit() or SIGNED.fullmatch(right) else "word"
        page.problem(comment.start, f"no {kind} stands directly before the comment, which gives {right} ({source})")
    elif not same(text, right):
        kinds = (RANGE, SIGNED) if SIGNED.fullmatch(text) or RANGE.fullmatch(text) else (WORD,)
        fixable = any(kind.fullmatch(right) for kind in kinds)
        if right[0] == "-" and text[0] != "-":
            right = "−" + right[1:]
        page.problem(span[0], f"{text} should be {right} ({source})", *((span, right) if fixable else ()))


# --------------------------------------------------------------------------------- bare numbers

# With more than one point it is a version or a date.
PROSE_NUMBER = re.compile(
    r"(?<![^\W_])(?<!\.)(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?P<points>(?:\.\d+)*)(?:[eE][-+−]?\d{1,3})?(?!\d)"
    r"|(?<![\w.])(?P<point>\.\d+)"
)
# In code a comma is rarely a separator, so a number is read in both ways.
EXAMPLE_NUMBER = re.compile(r"(?<![^\W_])(?<!\.)(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?(?!\d)")
SEPARATED = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?")
BEFORE_VERSION = re.compile(r"(?:Python|[Vv]ersion|arXiv)[ :\u00a0]\Z")
DOCS = ROOT / "docs"
PRINTED_IN = re.compile(r"fixed:\s*printed in (\d\S*/\S+)")
AFTER_NUMBER = re.compile(rf"(?:[ \u00a0\u202f]?%|[A-Za-z×]+)?[{re.escape(AROUND)}]*")


def check_bare_numbers(page: Page, claimed: list[tuple[int, int]]) -> None:
    """Find the numbers that nothing vouches for: neither a comment, nor an example."""
    verified = {number for text in page.examples for number in numbers_in_example(text)}
    comments = {comment.start: comment.body.strip() for comment in page.comments}
    for match in unverified_numbers(page.prose, verified):
        if any(start < match.end() and match.start() < end for start, end in claimed):
            continue
        after = comments.get(AFTER_NUMBER.match(page.text, match.end()).end(), "")  # type: ignore[union-attr]
        if re.match(r"fixed\b", after):
            if not re.match(r"fixed:\s*\S", after):
                page.problem(match.start(), f"{match[0]}: the comment has no reason (write <!-- fixed: reason -->)")
            elif (elsewhere := PRINTED_IN.match(after)) and not printed_in(elsewhere[1], match[0]):
                page.problem(match.start(), f"{match[0]}: no example of {elsewhere[1]} has it")
            continue
        advice = f"write <!--= expression{format_of(match[0])} --> after it, or <!-- fixed: reason -->"
        page.problem(match.start(), f"{match[0]} is not checked (show it in a pycon or console block, or {advice})")
    for line, text in page.diagrams:
        if not UNSEEN_IN_DIAGRAM.match(text):
            for match in unverified_numbers(text, verified):
                advice = "show it in a pycon or console block of this chapter"
                page.problems.append(Problem(page.path, line, f"{match[0]} in a diagram is not checked ({advice})"))


def unverified_numbers(text: str, verified: set[Decimal]) -> Iterator[re.Match[str]]:
    """The numbers in `text` that need checking and are in no example."""
    for match in PROSE_NUMBER.finditer(text):
        if needs_checking(match) and not BEFORE_VERSION.search(text, max(0, match.start() - 10), match.start()):
            number = to_decimal(match[0])
            half = Decimal((0, (5,), int(number.as_tuple().exponent) - 1))  # half a unit of the last digit shown
            if not any(abs(other - number) <= half for other in verified):
                yield match


def printed_in(chapter: str, text: str) -> bool:
    """Whether an example of a chapter, as in "1-data/04", has a number."""
    examples = [fence.text for path in DOCS.glob(f"{chapter}*.md") for fence in Chapter(path).fences(*EXAMPLES)]
    found = PROSE_NUMBER.search(text)
    return not found or not any(unverified_numbers(found[0], {number for each in examples for number in numbers_in_example(each)}))


def needs_checking(match: re.Match[str]) -> bool:
    points = (match["points"] or match["point"] or "").count(".")
    mantissa = re.split("[eE]", match[0])[0]
    significant = re.sub(r"[.,]", "", mantissa).lstrip("0")
    return len(significant) >= 3 if points == 1 else points == 0 and "," in mantissa and len(significant) >= 4


def numbers_in_example(text: str) -> Iterator[Decimal]:
    for pattern in (EXAMPLE_NUMBER, SEPARATED):
        for match in pattern.finditer(text):
            yield to_decimal(match[0])


def to_decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("−", "-"))


def format_of(text: str) -> str:
    """The format that writes a number as it is written here."""
    decimals = len(text.partition(".")[2])
    return "" if "e" in text.lower() else f" :{',' * (',' in text)}{f'.{decimals}f' if decimals else ''}"


# -------------------------------------------------------------------------------- whole chapters


def examine(path: Path | str) -> Page:
    """Return a chapter with all its problems."""
    page = Page(Path(path))
    check_bare_numbers(page, check_comments(page))
    page.problems.sort(key=lambda problem: problem.line)
    return page


def check(paths: Iterable[Path | str]) -> list[Problem]:
    """Return all that is wrong with the numbers in some chapters."""
    return [problem for path in paths for problem in examine(path).problems]


def fix(paths: Iterable[Path | str]) -> tuple[list[Problem], list[Problem]]:
    """Write the right text in the place of what is stale; return what was, and what a person has to mend.

    All chapters are written, or none."""
    mended, left, contents = [], [], {}
    for page in map(examine, paths):
        stale = [problem for problem in page.problems if problem.span]
        if stale:
            text = page.text
            for (start, end), right in sorted([(problem.span or (0, 0), problem.right) for problem in stale], reverse=True):
                text = text[:start] + right + text[end:]
            contents[os.path.realpath(page.path)] = text.encode()
            mended += stale
        left += [problem for problem in page.problems if not problem.span]
    write_files(ROOT, contents)
    return mended, left
