"""What further runs show: distances, whether the rows are a batch, and whether a check can fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from answered import answered

from reprobundle.answers import Answer, Run
from reprobundle.calibrating import judging, noting
from reprobundle.calibrating.judging import Judged, Sensitivity, judged
from reprobundle.calibrating.planning import Child, Variation
from reprobundle.calibrating.steadying import RANDOM, STATEFUL, Steadiness
from reprobundle.components.interface import Failure
from reprobundle.components.outputs.section import Envelope
from reprobundle.guest import Question

Y = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
LABELS = np.array([1, 1, 0])
BITWISE = Steadiness("bitwise")


def moved(name: str, by: float, **more: Any) -> Judged:
    """A run whose output moved."""
    rows = more.pop("rows", None)
    array = Y if rows is None else Y[:rows]
    return judged(name, {"y": array + np.float32(by)}, {"y": Y}, {}, rows)


def perturbed(**arrays: np.ndarray) -> Answer:
    """What a process gave with other weights."""
    return answered(runs={"changed-weights": Run(name="changed-weights", arrays=arrays)})


def test_a_variant_tells_how_far_each_output_moved() -> None:
    """As a fraction of its root mean square; whole numbers by name."""
    found = judged("again", {"y": Y + np.float32(0.5), "n": LABELS + 1}, {"y": Y, "n": LABELS}, {"a": 1}, None)

    assert found.variant.model_dump(exclude={"why"}) == {
        "name": "again", "settings": {"a": 1}, "status": "ran", "distances": {"y": 0.13}, "bitwise": False,
    }  # fmt: skip
    assert found.moved == ("n",)


def test_outputs_of_another_form_fail_a_variant() -> None:
    """They cannot be laid beside the recorded ones."""
    found = judged("batch of 1", {"y": Y}, {"y": Y}, {}, 1)

    assert (found.variant.status, found.variant.why) == ("failed", "the outputs have other names or shapes")


def test_what_was_not_asked_or_failed_is_told_with_its_reason() -> None:
    """No variant is dropped in silence, and no folder of this machine gets into the bundle."""
    asked = Variation(name="float64", question=Question(name="float64"))
    child = Child(variables={"A": "b"})
    answer = answered(runs={"float64": Run(name="float64", error="RuntimeError: /home/me/net.py is sad")})
    found = [
        judging.of_variation(Variation(name="again", question=None, why="budget"), answer, {}),
        judging.of_variation(asked, answer, {}),
        judging.of_variation(asked, answered(), {}),
        judging.of_child(child, None, {}, "budget"),
        judging.of_child(child, Failure("ProcessError: ran out of time"), {}, ""),
        judging.of_child(child, answered(error="it ended"), {}, ""),
    ]

    assert [(one.variant.name, one.variant.status, one.variant.why) for one in found] == [
        ("again", "not run", "budget"),
        ("float64", "failed", "RuntimeError: …/net.py is sad"),
        ("float64", "failed", "the process did not come to it"),
        ("A=b", "not run", "budget"),
        ("A=b", "failed", "ProcessError: ran out of time"),
        ("A=b", "failed", "it ended"),
    ]


@pytest.mark.parametrize(
    ("rows", "batched"),
    [
        ([moved("batch of 1", 1e-6, rows=1), moved("half of the batch", 0, rows=2)], True),
        ([moved("batch of 1", 0, rows=1), moved("half of the batch", 0.1, rows=2)], False),
        ([Judged(variant=judging.Variant(name="batch of 1", status="failed", why="ValueError"))], False),
        ([Judged(variant=judging.Variant(name="batch of 1", status="not run", why="budget"))], None),
        ([moved("again", 0)], None),
    ],
)
def test_rows_are_a_batch_where_each_alone_gives_the_same(rows: list[Judged], batched: bool | None) -> None:
    """But for rounding; one that failed says that they are none."""
    assert judging.is_batched(rows, {"y": Y}) is batched


def counted(steady: Steadiness, *, batched: bool | None) -> list[str]:
    """Which of all variants count."""
    names = ["fresh process", "again", "another seed", "after other rows", "oneDNN off", "2 threads", "float64", "A=b"]
    found = [moved(name, 1e-4) for name in names] + [moved("batch of 1", 1e-4, rows=1)]
    return [one.variant.name for one in judging.counting(found, steady, {"y": Y}, batched=batched)]


def test_every_honest_run_of_a_steady_model_counts() -> None:
    """Rows by themselves only where they are a batch."""
    assert counted(BITWISE, batched=True) == [
        "fresh process", "again", "after other rows", "oneDNN off", "2 threads", "float64", "A=b", "batch of 1",
    ]  # fmt: skip
    assert "batch of 1" not in counted(BITWISE, batched=False)


def test_of_a_model_that_draws_or_remembers_fewer_runs_count() -> None:
    """What differs by its own doing is no tolerance."""
    assert counted(RANDOM, batched=None) == ["fresh process", "again", "oneDNN off", "2 threads", "A=b"]
    assert counted(STATEFUL, batched=None) == ["fresh process", "A=b"]


def test_weights_that_move_the_outputs_make_a_check_that_can_fail() -> None:
    """Told by the relative L2 distance."""
    found = judging.sensitivity(perturbed(y=Y * np.float32(1.5)), {"y": Y}, {}, ())

    assert found == Sensitivity(perturbed={"y": 0.5}, still=(), sensitive=True)


def test_an_output_within_its_envelope_did_not_move() -> None:
    """The envelope, not the table, is what a replay will measure with."""
    wide = Envelope(output="y", rtol=1e-5, atol=1e-3, why="")
    found = judging.sensitivity(perturbed(y=Y + np.float32(1e-3)), {"y": Y}, {}, (wide,))

    assert (found.sensitive, found.still, found.same) == (False, ("y",), False)


def test_whole_numbers_count_only_where_there_is_nothing_else() -> None:
    """Labels need not flip when logits move."""
    both = judging.sensitivity(perturbed(y=Y * 2, n=LABELS), {"y": Y, "n": LABELS}, {}, ())
    alone = judging.sensitivity(perturbed(n=LABELS), {"n": LABELS}, {}, ())

    assert (both.sensitive, alone.sensitive, alone.still, alone.same) == (True, False, ("n",), True)


def test_constants_and_inputs_need_not_move() -> None:
    """Where there is nothing else, the check cannot fail, which is said."""
    ones = np.ones(3, np.float32)
    beside = judging.sensitivity(
        perturbed(y=Y * 2, one=ones, x=Y + 1), {"y": Y, "one": ones, "x": Y + 1}, {"x": Y + 1}, ()
    )
    alone = judging.sensitivity(perturbed(one=ones), {"one": ones}, {}, ())

    assert beside.sensitive is True
    assert (alone.sensitive, alone.idle) == (None, True)


def test_an_output_that_becomes_nan_moved() -> None:
    """No number tells how far, but it is another one."""
    assert judging.sensitivity(perturbed(y=Y * np.float32("nan")), {"y": Y}, {}, ()).sensitive is True


@pytest.mark.parametrize(
    "answer", [answered(), answered(runs={"changed-weights": Run(name="", error="cannot overlay")})]
)
def test_without_other_weights_nothing_is_said(answer: Answer) -> None:
    """Not tested is no pass."""
    assert judging.sensitivity(answer, {"y": Y}, {}, ()) == Sensitivity()


def told(steady: Steadiness = BITWISE, found: tuple[Judged, ...] = (), moving: Sensitivity | None = None) -> list[str]:
    """The messages of the notes."""
    return [message for message, _ in noting.notes(steady, found, found, moving or Sensitivity(), {"y": Y})]


def test_a_steady_model_needs_no_note() -> None:
    """All that was measured stands in the bundle anyway."""
    assert told(found=(moved("again", 0), moved("float64", 1e-5))) == []


def test_notes_say_what_no_replay_can_bear() -> None:
    """Each with what was seen."""
    failed = Judged(variant=judging.Variant(name="again", status="failed", why="RuntimeError: gone"))
    labels = judged("A=b", {"n": LABELS + 1}, {"n": LABELS}, {}, None)

    assert told(RANDOM) == [RANDOM.why]
    assert told(found=(failed,)) == ["the model cannot be run twice in one process: RuntimeError: gone"]
    assert told(moving=Sensitivity(still=("y",), sensitive=False)) == [
        "changed weights hardly move output 'y': a replay could not tell another model apart"
    ]
    assert told(moving=Sensitivity(still=("y",), same=True, sensitive=False)) == [
        "changed weights do not move output 'y': a replay could not tell another model apart"
    ]
    assert told(moving=Sensitivity(idle=True)) == [
        "every output is one number throughout, or an input: a replay could not tell another model apart"
    ]
    assert told(found=(moved("half of the batch", 0.1, rows=2),))[:1] == [
        "half of the rows alone gives other outputs than among the others"
    ]
    assert told(found=(labels,)) == [
        "output 'n' of whole numbers is another one with 'A=b': no other machine need give it"
    ]
    assert told(found=(moved("A=b", 0.1),)) == ["output 'y' moves further with 'A=b' than any replay lets pass"]


def test_a_float64_that_is_no_matter_of_rounding_counts_nowhere() -> None:
    """Beyond a hundred times the table something else was computed, such as other numbers drawn: told, not used."""
    near, far = moved("float64", 5e-4), moved("float64", 0.3)

    assert judging.counting([near], BITWISE, {"y": Y}, batched=None) == (near,)
    assert judging.counting([far], BITWISE, {"y": Y}, batched=None) == ()
    assert [message for message, _ in noting.notes(BITWISE, [far], (), Sensitivity(), {"y": Y})] == [
        "in float64 the model computes something else: output 'y' lies 0.077 of its size away; it widens no tolerance"
    ]
