from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reprobundle.components import claims
from reprobundle.components.claims import Claim
from reprobundle.components.claims.recording import COMMAND_HINT
from reprobundle.components.interface import Source, Stage
from reprobundle.records import from_bytes, to_bytes
from reprobundle.store import Writer

FIELDS = (
    "the fields of a claim are id, text, value, tolerance, decimals, split, entry, command, group, groups, per_sample"
)
FULL = {"id": "acc", "text": "accuracy", "value": 0.5, "tolerance": 0.01, "split": "test", "entry": "my.eval:run"}


def compute():
    return 1.0


@pytest.fixture
def stage(tmp_path):
    return Stage(Writer(tmp_path))


def take(stage, metrics=None, given=(), splits=("test",)):
    source = Source(model=None, metrics=metrics or {}, claims=given, splits=dict.fromkeys(splits))
    return claims.capture(source, stage).claims


def notes(stage):
    return [(note.message, note.hint) for note in stage.notes]


def test_metrics_become_claims(stage):
    """Every metric is a claim, its id made of its name, numbers of any library taken exactly."""
    metrics = {
        "Test accuracy": 0.97,
        "n": 3,
        "loss/test": np.float32(0.5),
        "t": torch.tensor([0.25]),
        "Test Accuracy": 1,
    }
    made = take(stage, metrics)

    assert [(claim.id, claim.text, claim.value) for claim in made] == [
        ("test-accuracy", "Test accuracy", 0.97),
        ("n", "n", 3.0),
        ("loss-test", "loss/test", 0.5),
        ("t", "t", 0.25),
        ("test-accuracy-2", "Test Accuracy", 1.0),
    ]
    assert stage.notes == []


def test_a_full_claim(stage):
    """All fields of a claim are kept, and it is read back equal."""
    made = take(stage, given=[FULL, Claim(id="x", text="y", value=1.0)])
    section = claims.Section(claims=made)

    assert made[0] == Claim(**FULL)
    assert from_bytes(claims.Section, to_bytes(section), name="section") == section


def test_a_function_is_named(stage):
    """A function that computes a claim is recorded by name."""
    (made,) = take(stage, given=[{"text": "x", "value": 1, "entry": compute}])

    assert made.entry.endswith("test_recording:compute")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"value": None}, "value: is missing"),
        ({"value": "0.5"}, "value: expected a number, found '0.5'"),
        ({"value": True}, "value: expected a number, found true"),
        ({"value": float("nan")}, "ValueError: value: expected a finite number, found nan"),
        ({"value": np.zeros(2)}, "ValueError: value: expected one number, found 2"),
        ({"tolerance": -0.1}, "tolerance: expected at least 0, found -0.1"),
        (
            {"id": "A b"},
            "id: expected small letters, digits, '.', '_' and '-', at most 100, a letter or digit first, found 'A b'",
        ),
        ({"split": 3}, "split: expected text, found 3"),
        ({"entry": "os.system"}, "ValueError: entry: entry 'os.system': expected 'module:name'"),
        ({"entry": lambda: 1}, "ValueError: entry: "),
    ],
)
def test_a_wrong_claim_is_left_out(stage, change, why):
    """A claim that is wrong is left out with its fault and the way out; the others stay."""
    made = take(stage, given=[{**FULL, **change}, {"id": "b", "text": "b", "value": 1}])

    assert [claim.id for claim in made] == ["b"]
    assert len(stage.notes) == 1
    assert notes(stage)[0][0].startswith(f"claim {change.get('id', 'acc')!r}: is left out: {why}")
    assert notes(stage)[0][1] in {FIELDS, "give one finite number"}


def test_things_that_are_no_claims(stage):
    """What is no mapping is a note with its place."""
    assert take(stage, metrics=[1], given=[3]) == ()
    assert [message for message, _ in notes(stage)] == [
        "metrics: expected values by name, found list",
        "claim 0: expected a mapping, found int",
    ]


def test_an_id_twice(stage):
    """The second claim of an id is left out and told."""
    made = take(stage, metrics={"acc": 0.5}, given=[FULL])

    assert [claim.value for claim in made] == [0.5]
    assert notes(stage) == [("claim 'acc': another claim has this id; the second is left out", "give each its own id")]


def test_an_unknown_split(stage):
    """A claim on a split that was not given is kept, with a note."""
    take(stage, given=[FULL], splits=())

    assert notes(stage) == [("claim 'acc': names the split 'test', which was not given", "splits={'test': …}")]


def test_metrics_that_raise_end_no_capture(stage):
    """A mapping of the person's own may do anything when it is read."""

    class Raising(dict):
        def items(self):
            raise OSError(2, "gone")

    assert take(stage, metrics=Raising(a=1.0)) == ()
    assert stage.notes[-1].message == "metrics: cannot be read: FileNotFoundError: [Errno 2] gone"


def test_a_command_is_kept_word_by_word(stage):
    """A command is never a shell's line: a text is taken apart once, at capture."""
    line = 'python evaluate.py --data {data} --name "two words" --out {out}'
    (made,) = take(stage, given=[{"text": "x", "value": 1, "command": line}])

    assert made.command == ("python", "evaluate.py", "--data", "{data}", "--name", "two words", "--out", "{out}")
    assert stage.notes == []


def test_a_command_with_places_of_this_machine(stage):
    """What no replay has is told."""
    take(stage, given=[{"id": "a", "text": "x", "value": 1, "command": ["python", "/home/me/evaluate.py", "{out}"]}])

    assert notes(stage) == [
        (
            "claim 'a': its command names '…/evaluate.py', a place of this machine that no replay has",
            COMMAND_HINT,
        )
    ]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("python evaluate.py", "claim 'a': its command has no {out}, so that no replay gets a number from it"),
        ("python 'x", "claim 'a': is left out: UsageError: expected a program and its arguments: no closing quotation"),
        (["", "{out}"], "claim 'a': is left out: UsageError: expected a program and its arguments"),
        ("  ", "claim 'a': is left out: UsageError: expected a program and its arguments"),
        ("a\0b {out}", "claim 'a': is left out: UsageError: expected a program and its arguments, found a zero byte"),
    ],
)
def test_a_command_that_can_give_nothing_is_told(stage, command, told):
    """Neither a program that is none, nor one that is told of no file for its number, is taken without a word."""
    take(stage, given=[{"id": "a", "text": "x", "value": 1, "command": command}])

    assert notes(stage) == [(told, COMMAND_HINT)]


def test_two_ways_to_compute(stage):
    """A claim says one way."""
    made = take(stage, given=[{"id": "a", "text": "x", "value": 1, "entry": "a:b", "command": ["c"]}])

    assert made == ()
    assert notes(stage) == [
        ("claim 'a': is left out: names both a function and a command that compute it", "leave one of the two out")
    ]


def _recorded(stage, *names):
    """The stage with such data splits recorded."""
    stage.sections["data"] = SimpleNamespace(
        splits=tuple(SimpleNamespace(name=name, kind="array", count=3, leaves=()) for name in names)
    )
    return stage


def test_a_split_that_only_the_text_names_is_decided_once(stage):
    """The recorded split that the text names is the claim's, marked as guessed; of several, or beside a stated one, none."""
    given = [
        {"text": "Test accuracy", "value": 1, "entry": "m:f"},
        {"text": "test_loss", "value": 1},
        {"text": "train and test accuracy", "value": 1},
        {"text": "test accuracy again", "value": 1, "split": "train"},
        {"text": "dev accuracy", "value": 1},
    ]
    made = take(_recorded(stage, "train", "test"), given=given, splits=("train", "test"))

    assert [(claim.split, claim.split_guessed, claim.needs) for claim in made] == [
        ("test", True, None),
        ("test", True, None),
        (None, False, None),
        ("train", False, "train"),
        (None, False, None),
    ]
    assert stage.notes == []


def test_halves_of_characters_are_spelt_out(stage):
    """Texts and names of groups that are no Unicode cost nothing: the claim stands, as Python prints them."""
    made = take(
        stage,
        given=[
            {
                "text": "a\udc80",
                "value": 1,
                "groups": {"b\ud800": 1.0},
                "group": "c\udfff",
                "command": ["d\udc80", "{out}"],
            },
            {"text": "e", "per_sample": [1, 0], "group": {"f\udc80": ["g\udc80", "h"]}},
            {"id": "\udc80", "text": "i", "value": 1},
        ],
    )

    assert [(one.text, one.group, [group.name for group in one.groups], one.command) for one in made] == [
        ("a\\udc80", "c\\udfff", ["b\\ud800"], ("d\\udc80", "{out}")),
        ("e", "f\\udc80", ["g\\udc80", "h"], ()),
    ]
    assert [message.partition(": id")[0] for message, _ in notes(stage)] == [r"claim '\\udc80': is left out"]
    assert from_bytes(Claim, to_bytes(made[1]), name="claim") == made[1]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("tolerence", "did you mean 'tolerance'?"),
        ("Splits", "did you mean 'split'?"),
        ("unit", FIELDS),
        (3, FIELDS),
        ("\udc80", FIELDS),
    ],
)
def test_a_field_that_no_claim_has_costs_the_field_alone(stage, key, hint):
    """The run is over, so the claim is kept; what was meant is told."""
    made = take(stage, given=[{**FULL, key: 0.1}])

    assert [claim.id for claim in made] == ["acc"]
    assert made == take(Stage(writer=stage.writer), given=[FULL])
    assert [(note.message, note.hint) for note in stage.notes if "there is no field" in note.message] == [
        (
            f"claim 'acc': there is no field {str(key).replace(chr(0xDC80), chr(92) + 'udc80')!r}, so it is left out",
            hint,
        )
    ]


@pytest.mark.parametrize(
    "value", [10**5000, 10**400, object(), 1j, {1, 2}], ids=["5000 digits", "400 digits", "object", "complex", "set"]
)
def test_a_value_that_no_json_holds_costs_the_claim(stage, value):
    """It is told, and the capture goes on."""
    made = take(stage, given=[{"text": "a", "value": value}, {"text": "b", "value": 1}])

    assert [claim.text for claim in made] == ["b"]
    assert [message.startswith("claim 'a': is left out: ") for message, _ in notes(stage)] == [True]


def test_the_groups_of_a_private_split_with_a_strange_name_are_not_told(stage):
    """It is private under whatever name it was given."""
    split = SimpleNamespace(private="salt", data={"who": ["a", "b"]})
    given = {"text": "a", "per_sample": [1, 0], "group": {"who": ["a", "b"]}, "split": "s\udc80", "entry": "m:f"}
    section = claims.capture(Source(model=None, claims=[given], splits={"s\udc80": split}), stage)

    assert section.members is None


def test_a_stated_value_that_is_no_number_gives_way_to_that_of_its_samples(stage):
    """NaN or infinite, it is told; without samples it costs the claim, as before."""
    stated = [float("nan"), np.float32("inf"), torch.tensor([float("nan")])]
    made = take(stage, given=[{"text": "a", "value": value, "per_sample": [1, 0, 1, 1]} for value in stated])

    assert [claim.value for claim in made] == [0.75] * 3
    assert notes(stage)[0] == (
        "claim 'a': value: expected a finite number, found nan: the mean of its samples is recorded",
        "leave value out where per_sample is given, or correct it",
    )
    assert take(stage, given=[{"text": "a", "value": float("nan")}]) == ()
