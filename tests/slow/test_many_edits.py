"""Many random edits of the program: each is stitched exactly, or refused with every byte as it was."""

import pytest

from tests.fast.test_stitch import PACKAGE, real, stitched_or_refused  # noqa: F401 (a fixture)

EDITS = 9  # of each file


def test_there_are_enough_edits():
    assert EDITS * len(PACKAGE) >= 300


@pytest.mark.no_cover
@pytest.mark.parametrize("file", PACKAGE)
def test_random_edits(real, file):  # noqa: F811
    root, before = real
    stitched = sum(stitched_or_refused(root, file, before, seed) for seed in range(1000, 1000 + EDITS))
    assert 0 < stitched < EDITS, "some are stitched, and some refused"
