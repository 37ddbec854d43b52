"""What a replay's answer means: whether the preprocessing, the weights or the computation is to be named first."""

from __future__ import annotations

import pytest

from reprobundle import replies
from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.rendering import wording
from reprobundle.report import Rung

DIFFERS = Outcome("differs", "'value': 3 of 4 elements lie outside the tolerance")
EMPTY = Outcome("not compared", "'value': is NaN in every element")
NAMELESS = Outcome("none", "the function has no name")
FAILED = Outcome("failed", "ImportError: no; module named 'scale'")
CLOSE, BITWISE, DIFFERENT, NOT_RUN = Rung.CLOSE, Rung.BITWISE, Rung.DIFFERENT, Rung.NOT_RUN


@pytest.mark.parametrize(
    ("rung", "reason", "others", "prepared", "told"),
    [
        (BITWISE, None, 0, Outcome("agrees"), ("REPRODUCED, bitwise", "every output equals the recorded one, bit for bit", 0)),
        (BITWISE, None, 0, Outcome("none"), ("REPRODUCED, bitwise", "every output equals the recorded one, bit for bit", 0)),
        (
            BITWISE, None, 0, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "the model itself gives the recorded outputs, bitwise", 1),
        ),
        (
            CLOSE, "output 'x' not bitwise; in a portable environment", 0, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "the model itself gives the recorded outputs, close", 1),
        ),
        (
            DIFFERENT, "output 'x' is far; in a portable environment", 0, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "the outputs of the model itself on the recorded inputs: different: output 'x' is far; in a portable environment", 1),
        ),
        (
            BITWISE, None, 2, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "of the model itself: the outputs agree, bitwise, but 2 tensors of the model are not the recorded ones", 1),
        ),
        (
            NOT_RUN, "the worker did not finish", 0, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "of the model itself: not run: the worker did not finish", 1),
        ),
        (
            BITWISE, None, 0, FAILED,
            ("NOT REPRODUCED: the preprocessing could not be run: ImportError: no; module named 'scale'",
            "the model itself gives the recorded outputs, bitwise", 3),
        ),
        (
            DIFFERENT, "output 'x' is far", 0, FAILED,
            ("NOT REPRODUCED: the preprocessing could not be run: ImportError: no; module named 'scale'",
            "the outputs of the model itself on the recorded inputs: different: output 'x' is far", 1),
        ),
        (
            BITWISE, None, 0, EMPTY,
            ("NOT REPRODUCED: the preprocessing was not compared: 'value': is NaN in every element",
            "the model itself gives the recorded outputs, bitwise", 3),
        ),
        (DIFFERENT, "output 'x' is far", 0, EMPTY, ("NOT REPRODUCED: the outputs differ", "output 'x' is far", 1)),
        (
            BITWISE, None, 2, EMPTY,
            ("NOT REPRODUCED: the outputs agree, bitwise, but 2 tensors of the model are not the recorded ones",
            "a model with other weights is another model, also where these inputs do not show it", 1),
        ),
        (NOT_RUN, "it stopped", 0, EMPTY, ("NOT REPRODUCED: the outputs could not be compared", "it stopped", 3)),
        (
            BITWISE, None, 0, NAMELESS,
            ("REPRODUCED, bitwise", "the preprocessing was not made again: the function has no name", 0),
        ),
        (DIFFERENT, "output 'x' is far", 0, Outcome("agrees"), ("NOT REPRODUCED: the outputs differ", "output 'x' is far", 1)),
    ],
)  # fmt: skip
def test_the_first_broken_link_is_in_the_headline(rung, reason, others, prepared, told):
    """Preprocessing that differs comes first, and what is known of the model after it; the exit code says the same."""
    verdict = replies.verdict(rung, CLOSE, reason, others, prepared)

    assert (wording.headline(verdict), wording.explanation(verdict), verdict.exit_code) == told
    assert verdict.reproduced == (verdict.exit_code == 0)
    assert verdict.preprocessing == prepared.state
