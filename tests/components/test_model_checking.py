"""Whether the weights of a replay are the recorded ones: each difference by its kind, the first few by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reprobundle.answers import Answer, Misfit
from reprobundle.components import model
from reprobundle.components.interface import Site
from reprobundle.report import Finding, Status

DIGEST = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2


def entry(name: str, dtype: str = "F32", shape: tuple[int, ...] = (2,)) -> model.TensorEntry:
    """A recorded tensor."""
    return model.TensorEntry(name=name, dtype=dtype, shape=shape, xxh3_128=DIGEST)


def section(*names: str, **given: Any) -> model.Section:
    """A recorded model of some tensors."""
    fields = {"loader": "for_torch", "framework": "torch", "entry": "net:Net", "init": model.Arguments(), **given}
    return model.Section(tensors=tuple(map(entry, names)), files=("model.safetensors",), **fields)


def check(recorded: model.Section, **answered: Any) -> list[Finding]:
    """What the check finds in an answer."""
    fields = {"stage": "done", "error": None, "outputs": None, "arrays": {}, "transformed": None, "nesting": None,
              "digests": {}, "device": "cpu", "facts": {}, "distributions": None, "log": "", **answered}  # fmt: skip
    return list(model.check(recorded, Site(root=Path(), answer=Answer(**fields))))


def told(findings: list[Finding]) -> list[tuple[Status, str]]:
    """Status and message of each."""
    return [(finding.status, finding.message) for finding in findings]


def test_right_weights() -> None:
    """Every digest agrees."""
    found = check(section("a", "b"), digests={"a": DIGEST, "b": DIGEST})

    assert told(found) == [(Status.SAME, "weights after load: 2 tensors, all as recorded")]


def test_each_wrong_tensor_by_its_kind() -> None:
    """Bytes, dtype, shape, one that is gone and one too many stand in one finding, with both forms."""
    (found,) = check(
        section("a", "b", "c", "gone"),
        digests={"a": OTHER, "b": OTHER, "c": OTHER, "more": OTHER},
        forms={"a": "F32 (2,)", "b": "F16 (2,)", "c": "F32 (3,)", "more": "F32 (1,)"},
    )

    assert (found.status, found.message) == (
        Status.DIFFERS,
        "5 of 5 tensors after load differ: 'a' (other bytes), 'b' (another dtype), 'c' (another shape), "
        "'gone' (not there), 'more' (not recorded)",
    )
    assert found.expected == ", ".join(["F32 (2,) 01234567"] * 4) + ", no such tensor"
    assert found.found == ("F32 (2,) fedcba98, F16 (2,) fedcba98, F32 (3,) fedcba98, no such tensor, F32 (1,) fedcba98")


def test_a_record_without_tensors_makes_every_tensor_another() -> None:
    """An emptied record says nothing against no tensor: all that were loaded count as not recorded."""
    (found,) = check(section(loader="for_torchscript"), digests={"a": DIGEST, "b": DIGEST})

    assert (found.status, found.message) == (
        Status.DIFFERS,
        "2 of 2 tensors after load differ: 'a' (not recorded), 'b' (not recorded)",
    )


def counts(recorded: model.Section, **answered: Any) -> int:
    """How many tensors are not the recorded ones."""
    fields = {"stage": "done", "error": None, "outputs": None, "arrays": {}, "transformed": None, "nesting": None,
              "digests": {}, "device": "cpu", "facts": {}, "distributions": None, "log": "", **answered}  # fmt: skip
    return model.count_not_recorded(recorded, Site(root=Path(), answer=Answer(**fields)))


def test_tensors_and_buffers_of_other_values_are_counted() -> None:
    """A buffer that the class makes no more is told, but not counted; a model that was not loaded has nothing to count."""
    recorded = section("a", "gone", buffers=tuple(map(entry, ["kept", "changed", "lost"])))
    answered = {"digests": {"a": OTHER, "more": OTHER}, "buffers": {"kept": DIGEST, "changed": OTHER}}

    assert counts(recorded, **answered) == 4
    assert counts(recorded, stage="load", error="no") == 0
    assert model.count_not_recorded(recorded, Site(root=Path())) == 0


def test_no_more_is_said_of_a_whole_file_than_was_looked_at() -> None:
    """A file with the computation in it may hold other numbers beside its tensors."""
    found = check(section("a", loader="for_onnx"), digests={"a": DIGEST})

    assert told(found) == [
        (
            Status.SAME,
            "weights after load: 1 tensor as recorded; what else stands in the model's own file was not looked at",
        )
    ]


def test_many_wrong_tensors_are_counted() -> None:
    """The first five by name, the rest as a number."""
    names = [f"layer.{number}" for number in range(1200)]
    (found,) = check(section(*names), digests=dict.fromkeys(names, OTHER))

    assert found.message.startswith("1,200 of 1,200 tensors after load differ: 'layer.0' (other bytes), ")
    assert found.message.endswith("'layer.4' (other bytes) and 1,195 more")


def test_weights_that_do_not_fit() -> None:
    """What stopped the load is a difference of the model, all kinds in one line."""
    misfit = Misfit(
        missing=tuple(f"m{number}" for number in range(7)),
        unexpected=("u",),
        other=(("o", "float32 (2,)", "float32 (3,)"),),
        counts={"missing": 40, "unexpected": 1, "other": 1},
    )
    (found,) = check(section("a"), stage="load", error="UnfitWeights: …", misfit=misfit)

    assert found.status is Status.DIFFERS
    assert found.message == (
        "the weights do not fit the class: 40 tensors missing from the weights: 'm0', 'm1', 'm2', 'm3', 'm4' and 35 more; "
        "1 tensor unknown to the class: 'u'; 1 tensor of another form: 'o'"
    )
    assert (found.expected, found.found) == ("'o' float32 (2,)", "'o' float32 (3,)")


@pytest.mark.parametrize("stage", ["start", "build", "load"])
def test_weights_that_were_not_loaded(stage: str) -> None:
    """A model that was not made says nothing of its weights."""
    found = check(section("a"), stage=stage, error="ValueError: no")

    assert told(found) == [(Status.NOT_RUN, "the weights were not loaded, so they were not compared")]


def test_weights_in_a_file_of_the_models_own() -> None:
    """Where no tensor was recorded none is compared, and that is said; a model without tensors has all of its none."""
    found = check(section(loader="for_onnx"))
    none = check(section())

    assert told(found) == [
        (Status.NOT_RUN, "the weights stand in the model's own file and were not compared one by one")
    ]
    assert told(none) == [(Status.SAME, "weights after load: 0 tensors, all as recorded")]


RIGHT = {"a": DIGEST, "b": DIGEST, "c": DIGEST}
TIES = {
    "as recorded": ({"b": "a"}, {"b": "a"}, [(Status.SAME, "tied weights: 1 name shared, all as recorded")]),
    "under another first name": ({"a": "b", "c": "b"}, {"b": "a", "c": "a"}, [(Status.SAME, "tied weights: 2 names shared, all as recorded")]),
    "untied": ({"b": "a"}, {}, [(Status.DIFFERS, "tied weights came back untied: 'a' and 'b'")]),
    "tied": ({}, {"b": "a"}, [(Status.DIFFERS, "weights of their own came back tied: 'a' and 'b'")]),
    "none": ({}, {}, []),
    "not known": ({"b": "a"}, None, []),
}  # fmt: skip


@pytest.mark.parametrize(("aliases", "sharing", "expected"), TIES.values(), ids=TIES)
def test_ties(aliases: dict[str, str], sharing: dict[str, str] | None, expected: list[tuple[Status, str]]) -> None:
    """Names that were one tensor are one again, and no others are."""
    found = check(section("a", "b", "c", aliases=aliases), digests=RIGHT, sharing=sharing)

    assert told(found)[1:] == expected


def test_a_tie_that_was_lost_is_no_reason_for_other_outputs() -> None:
    """It is told, but what can change outputs is asked for apart."""
    recorded = section("a", "b", aliases={"b": "a"})
    answer = {"digests": {"a": DIGEST, "b": DIGEST}, "sharing": {}}
    untied = check(recorded, **answer)[1]

    assert untied.found == (
        "two with memory of their own: a further training would change one and not the other, which it did not before"
    )
    fields = {"stage": "done", "error": None, "outputs": None, "arrays": {}, "transformed": None, "nesting": None,
              "device": None, "facts": {}, "distributions": None, "log": "", **answer}  # fmt: skip
    values = model.check_values(recorded, Site(root=Path(), answer=Answer(**fields)))
    assert [finding.status for finding in values] == [Status.SAME]


def test_buffers_outside_the_state() -> None:
    """One that did not take its values and one that is gone are two findings."""
    buffers = tuple(map(entry, ["kept", "changed", "gone"]))
    found = check(section(buffers=buffers), buffers={"kept": DIGEST, "changed": OTHER})

    assert told(found)[1:] == [
        (Status.DIFFERS, "1 buffer that the class makes no more: 'gone'"),
        (Status.DIFFERS, "1 buffer outside the state after load: 'changed': other values"),
    ]
