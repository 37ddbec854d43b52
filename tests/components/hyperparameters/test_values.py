import argparse
import dataclasses
import subprocess
import sys

import pytest
import torch

from reprobundle.components import hyperparameters
from reprobundle.components.interface import Site, Source, Stage
from reprobundle.records import from_bytes, to_bytes
from reprobundle.report import Status
from reprobundle.store import Writer


@dataclasses.dataclass
class Settings:
    rate: float = 0.1


class Arguments:
    def to_dict(self):
        return {"rate": 0.1}


class Failing:
    def to_dict(self):
        raise RuntimeError("no")


@pytest.fixture
def stage(tmp_path):
    return Stage(Writer(tmp_path))


def take(stage, given):
    return hyperparameters.capture(Source(model=None, hyperparameters=given), stage)


def notes(stage):
    return [(note.message, note.hint) for note in stage.notes]


@pytest.mark.parametrize("given", [{"rate": 0.1}, Settings(), argparse.Namespace(rate=0.1), Arguments()])
def test_every_form(stage, given):
    """A mapping, a dataclass, a Namespace and an object with to_dict give the same values."""
    section = take(stage, given)

    assert section.values == {"rate": 0.1}
    assert stage.notes == []
    assert from_bytes(hyperparameters.Section, to_bytes(section), name="section") == section


def test_what_cannot_be_saved_is_told(stage):
    """Every value that JSON cannot hold is in the section and in a note with the way out; tuples are not worth one."""
    given = {"rate": float("nan"), "act": torch.relu, "betas": (0.9, 0.99), "dtype": torch.float16}
    section = take(stage, given)

    assert section.values == {"betas": [0.9, 0.99], "dtype": "torch.float16"}
    assert [(item.path, item.type) for item in section.unsaved] == [
        ("rate", "float"),
        ("act", "builtin_function_or_method"),
    ]
    assert [(item.path, item.type) for item in section.converted] == [("betas", "tuple"), ("dtype", "torch.dtype")]
    assert notes(stage) == [
        ("rate: float is not saved: nan is not JSON", "give None or a text such as 'inf'"),
        (
            "act: builtin_function_or_method is not saved: JSON cannot hold it",
            "give it as text, a number or a list of them",
        ),
        ("saved in another form: dtype (torch.dtype)", None),
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "expected a mapping, a dataclass, a Namespace or an object with to_dict(), found int"),
        (Failing(), "expected a mapping, a dataclass, a Namespace or an object with to_dict(), found RuntimeError: no"),
    ],
)
def test_what_has_no_values(stage, given, message):
    """Something without named values is a note and an empty section."""
    assert take(stage, given).values == {}
    assert notes(stage) == [(message, "give a dict of plain values")]


def test_torch_is_not_imported_for_its_seed():
    """Without torch there is no seed of torch, and capturing does not import it."""
    script = (
        "import sys; from reprobundle.components import hyperparameters as h; "
        "from reprobundle.components.interface import Source; "
        "print(h.capture(Source(model=None, hyperparameters={'a': 1}), None).values, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "{'a': 1} False\n"


def test_check_notes_what_is_recorded(stage, tmp_path):
    """Nothing can be recomputed, so nothing is called the same."""
    section = take(stage, {"rate": 0.1, "act": len})
    found = [(finding.status, finding.message) for finding in hyperparameters.check(section, Site(root=tmp_path))]

    assert found == [
        (Status.NOTE, "1 value recorded"),
        (Status.NOTE, "act: builtin_function_or_method was not saved: JSON cannot hold it"),
    ]


def test_many_conversions_are_one_note(stage):
    """Values saved in another form are told in one line, ten by name."""
    take(stage, {f"s{index}": {index} for index in range(12)})

    assert len(stage.notes) == 1
    assert stage.notes[0].message.endswith("s9 (set) and 2 more")


def test_values_that_fail_on_the_way(stage):
    """A mapping that fails while it is read is a note and an empty section."""

    class Failing(dict):
        def items(self):
            raise RuntimeError("interpolation")

    assert take(stage, Failing(a=1)).values == {}
    assert notes(stage) == [
        ("the hyperparameters cannot be read: RuntimeError: interpolation", "give a dict of plain values")
    ]
