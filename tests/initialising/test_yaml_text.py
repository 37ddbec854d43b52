"""What `init` writes is read back as it was meant, whatever files, keys and values are called."""

from __future__ import annotations

import ast
import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

from reprobundle import initialising
from reprobundle.initialising.claims_text import claims_text
from reprobundle.initialising.models import Model
from reprobundle.initialising.numbers import Number, Numbers
from reprobundle.initialising.places import Places
from reprobundle.initialising.project import Module
from reprobundle.initialising.specification_text import parts, text_of
from reprobundle.initialising.yaml_text import UnwritableError, flow, remark, text
from reprobundle.specification import read_specification
from reprobundle.yaml_reading import read_yaml

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "a\nallow: [x]\n#",
        "a\x85allow: [x]\x85#",
        "a\u2028allow: [x]\u2028#",
        "\x7f",
        '"',
        "\\",
        "#",
        ": ",
        "😀",
        "\ufeff",
        "- a",
    ]
)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(min_size=1, max_size=12).filter(lambda name: not re.search("[\ud800-\udfff]", name)) | st.sampled_from(
    [
        "b_model.pt\nname: evil\nallow: []\n#.pt",
        "b\x85project: ..\x85#.pt",
        "r\u2028name: evil\u2028#",
        "r\x7f/x",
        "model_😀.pt",
    ]
)
SOURCE = "class Net:\n    def __init__(self, hidden=8):\n        pass\n"
MODEL = Model(Module("net.py", "net", ast.parse(SOURCE), {}), ast.parse(SOURCE).body[0], 1)


@given(value=VALUES)
def test_a_value_is_read_back(value):
    """Numbers as numbers, whatever YAML 1.1 makes of ``1e-05``."""
    assert read_yaml(f"key: {flow(value)}\n".encode(), name="x").value == {"key": value}


@pytest.mark.parametrize(
    "value", [2**63, -(2**63) - 1, float("nan"), float("inf"), "\ud800", {(1, 2): 3}, {"a": [{3: 4}]}]
)
def test_what_no_reader_takes_is_not_written(value):
    """It is told, and costs nothing else."""
    with pytest.raises(UnwritableError):
        flow(value)


def test_a_value_within_itself():
    """Deeper than any reader goes."""
    value = []
    value.append(value)
    with pytest.raises(UnwritableError):
        flow(value)


@given(said=st.text(max_size=300))
def test_a_comment_stays_one(said):
    """Nothing in it ends its line."""
    assert read_yaml(f"# {remark(said)}\nkey: 1\n".encode(), name="x").value == {"key": 1}


@given(
    names=st.lists(NAMES, min_size=3, max_size=3),
    split=NAMES,
    settings=st.dictionaries(TEXTS, VALUES | st.just({(1, 2): 3}), max_size=3),
    numbers=st.lists(st.tuples(NAMES, st.floats(allow_nan=False, allow_infinity=False)), max_size=3),
)
def test_a_file_says_what_was_found_and_nothing_else(names, split, settings, numbers):
    """Names of files are a stranger's: none becomes a key; and the same where a person takes the claims in."""
    weights, inputs, file = names
    places = Places((weights, weights), (), (), {"test": split}, (inputs,), (), (), (), ())
    claims = claims_text(Numbers(file, tuple(Number(name, value, None) for name, value in numbers)), ["test", split])
    written = text_of(parts([MODEL], places, settings, "documentation/card.yaml", None, claims))
    made, _ = read_specification(written.encode(), name="x")

    assert made.model_fields_set <= {"model", "inputs", "hyperparameters", "splits", "documentation"}
    assert (made.model.weights, made.inputs, made.splits) == (weights, inputs, {"test": split})
    assert made.hyperparameters == {name: one for name, one in settings.items() if one != {(1, 2): 3}}
    if numbers:
        taken = re.sub(r"^# (claims:|  [- ])", r"\1", written, flags=re.MULTILINE)
        claimed, _ = read_specification(taken.encode(), name="x")
        assert [claim.value for claim in claimed.claims] == [value for _, value in numbers]
        assert len({claim.id for claim in claimed.claims}) == len(numbers)


def test_a_project_of_odd_names(tmp_path):
    """A checkout switches off no rule, and nothing of it ends in a traceback."""
    (tmp_path / "net.py").write_text(
        "import torch\nHYPERPARAMETERS = {'hidden': 8, 'd': {(1, 2): 3}, 's': '\\ud800', 'n': 1000000000000000000000000000000, 'lrs': [1e-5, 1e-7]}\n"
        "class Net(torch.nn.Module):\n    def __init__(self, hidden=8):\n        super().__init__()\n"
    )
    for name in (b"a_model.pt", b"b_model.pt\nname: evil\nallow: [x]\n#.pt", b"c\xff.pt"):
        with open(bytes(tmp_path) + b"/" + name, "wb") as file:
            file.write(b"x")
    for folder in (b"r\xff", "r\x85name: evil\x85#".encode()):
        (tmp_path / folder.decode("utf-8", "surrogateescape")).mkdir()
        with open(bytes(tmp_path) + b"/" + folder + b"/metrics.json", "wb") as file:
            file.write('{"accuracy_男": 0.9, "accuracy_女": 0.7}'.encode())
    initialising.init(tmp_path)
    text_ = (tmp_path / "reprobundle.yaml").read_text("utf-8")
    made, _ = read_specification(text_.encode(), name="x")

    assert made.name is None
    assert made.allow == ()
    assert made.hyperparameters["lrs"] == [1e-5, 1e-7]
    assert "# d: its value cannot stand here: a key of type tuple" in text_
    assert text_.count("#   - id: ") == 2
    assert text("a") == '"a"'
