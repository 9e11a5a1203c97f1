"""The register of claims: which sentences are claims, and what is wrong with a reason."""

import pytest

from scripts import book
from scripts.text import claims


def read(tmp_path, text):
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    return list(claims.claims(path))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It is 2.404 because it knows places.\n", ["It is 2.404 because it knows places."]),
        ("It is 2.404<!--= 1 -->. That's because it knows\nplaces. Then it rained.\n", ["That's because it knows places."]),
        ("It always is. One. It's 2.404.\n", []),  # two sentences away
        ("It always is.\n\nIt's 2.404.\n", []),  # another paragraph
        ("It's 2.404. It was so before.\n", []),
        ("```pycon\n>>> 1  # always 2.404\n```\n", []),
        ("| every | 2.404 |\n", ["every |"]),
        ("It's `always` 2.404.\n", []),
        ("On 12 names it always wins.\n", []),  # not a number that is checked
        ("On 12<!--= 12 --> names it Always wins!\n", ["On 12 names it Always wins!"]),
    ],
)
def test_which_sentences_are_claims(tmp_path, text, sentences):
    assert [claim.sentence for claim in read(tmp_path, text)] == sentences


@pytest.mark.parametrize(
    ("text", "reason", "problem"),
    [
        ("It's 2.404 because.\n", "", "says more than its number"),
        ("It's 2.404 because<!-- claim: experiment self-only -->.\n", "experiment self-only", ""),
        ("It's 2.404 because. <!-- claim: experiment\nself-only, default -->\n", "experiment\nself-only, default", ""),
        ("It's 2.404 because. <!-- claim: experiment selfish -->\n", "experiment selfish", "no experiment selfish"),
        ("It's 2.404 because. <!-- claim: test test_which_sentences_are_claims -->\n",
         "test test_which_sentences_are_claims", ""),
        ("It's 2.404 because. <!-- claim: test test_nothing_of_the_kind -->\n", "test test_nothing_of_the_kind", "no test"),
        ("It's 2.404 because. <!-- claim: example -->\n", "example", "no example"),
        ("It's 2.404 because. <!-- claim: example -->\n\n```pycon\n>>> 1\n1\n```\n", "example", ""),
        ("It's 2.404 because. <!-- claim: so be it -->\n", "so be it", ""),
        ("It's 2.404 because. <!-- claim: obvious -->\n", "obvious", "three words"),
    ],
)  # fmt: skip
def test_what_a_claim_rests_on(tmp_path, text, reason, problem):
    [claim] = read(tmp_path, text)
    assert claim.reason == reason
    said = claims.wrong_with(claim)
    assert problem in said and bool(problem) == bool(said)
    assert str(claim).endswith("a.md:1: It's 2.404 because.")


def test_the_register_is_printed(capsys):
    status = book.main(["claims"])
    printed = capsys.readouterr().out
    entries = printed.splitlines()
    assert len(entries) > 50 and all(line.startswith("docs/") for line in entries[::2])
    assert status == 0 and "says more than its number" not in printed
