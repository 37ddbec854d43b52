"""Claims computed in the worker, by functions of the bundle's source."""

import numpy as np
import pytest

from tests.workers import VALUE, Project

SOURCE = """
import os
import numpy as np

CALLS = []


def model(x):
    return x + 1


def accuracy(model, path):
    CALLS.append(path)
    return float(open(path).read()) + model(np.float32(1))


def several(model, path):
    CALLS.append(path)
    return {"one": np.float32(0.5), "two": np.array([[2]]), "calls": len(CALLS)}


def size(model):
    return 7


def nothing(model):
    return float("nan")


def text(model):
    return "0.5"


def yes(model):
    return True


def right(model):
    return [True, False, 1, 0.5]


def right_arrays(model):
    return {"a": np.array([True, False, True, True]), "b": np.zeros(0), "c": [1.0, float("inf")], "d": ["x"]}


def ends(model):
    raise SystemExit(3)


def writes(model):
    open("beside.txt", "w").write("x")
    return 1.0
"""


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.write("net.py", SOURCE)
    made.inputs(VALUE, value=np.zeros(1, np.float32))
    (tmp_path / "data.txt").write_text("0.25")
    return made


def computed(project, *claims):
    data = str(project.folder / "data.txt")
    project.job["claims"] = [
        {"id": name, "entry": f"net:{entry}", "data": data if takes else None} for name, entry, takes in claims
    ]
    left = project.run()
    assert left.code == 0, left.log
    return left.result["claims"]


def test_numbers(project):
    """A function gets the model and the place of the data; a number of any library counts."""
    found = computed(project, ("acc", "accuracy", True), ("n", "size", False))

    assert [(one["id"], one["value"], one["error"]) for one in found] == [("acc", 2.25, None), ("n", 7.0, None)]


def test_one_call_for_several_claims(project):
    """A function that computes several claims of the same data is called once, and gives them by their ids."""
    found = computed(project, ("one", "several", True), ("two", "several", True), ("calls", "several", True))

    assert [one["value"] for one in found] == [0.5, 2.0, 1.0]


FAULTS = [
    ("nothing", "ValueError: expected a finite number, found nan"),
    ("text", "TypeError: expected a number, found str"),
    ("yes", "TypeError: expected a number, found bool"),
    ("ends", "SystemExit: 3"),
    ("absent", "module 'net' has no attribute 'absent'"),
]


@pytest.mark.parametrize(("entry", "error"), FAULTS)
def test_a_fault_is_that_claims_own(project, entry, error):
    """What one function does wrong keeps no other from being called, nor the model's outputs from being read."""
    found = computed(project, ("bad", entry, False), ("n", "size", False))

    assert error in found[0]["error"]
    assert found[0]["value"] is None
    assert found[1]["value"] == 7.0


def test_a_claim_that_is_not_given(project):
    """A mapping must name the claim."""
    (found,) = computed(project, ("three", "several", True))

    assert found["error"] == "KeyError: \"gave numbers for ['calls', 'one', 'two'], not for 'three'\""


def test_files_go_to_the_folder_that_can_be_written(project):
    """A function that writes beside where it runs spoils nothing of the bundle."""
    (found,) = computed(project, ("a", "writes", False))

    assert found["value"] == 1.0


def test_one_number_a_sample(project):
    """Their mean is the number; they themselves are written only where they are asked for."""
    project.job["claims"] = [
        {"id": name, "entry": f"net:{entry}", "data": None, "each": each}
        for name, entry, each in [("x", "right", True), ("a", "right_arrays", True), ("y", "right", False)]
    ]
    left = project.run()
    found = left.result["claims"]

    assert [(one["value"], one["error"], one.get("samples")) for one in found] == [
        (0.625, None, 4),
        (0.75, None, 4),
        (0.625, None, None),
    ]
    assert left.arrays("samples-0")["value"].tolist() == [1.0, 0.0, 1.0, 0.5]
    assert left.arrays("samples-1")["value"].tolist() == [1.0, 0.0, 1.0, 1.0]
    assert not (left.out / "samples-2.safetensors").exists()


def test_samples_that_are_no_numbers(project):
    """None at all, one that is not finite and one that is a text are that claim's own fault."""
    found = computed(project, ("b", "right_arrays", False), ("c", "right_arrays", False), ("d", "right_arrays", False))

    assert [one["error"] for one in found] == [
        "ValueError: expected one number a sample, found none",
        "ValueError: expected a finite number, found inf",
        "TypeError: expected a number, found str",
    ]
