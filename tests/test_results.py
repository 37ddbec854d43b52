"""The folder that a worker leaves is a stranger's: it is refused or cut, and its names come from the parent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reprobundle import results, tensors
from reprobundle.answers import Answer, Computed, Run, Sketch
from reprobundle.errors import ProcessError, RefusedInputError
from reprobundle.store import Writer

VALUE = {"kind": "tensor", "name": "value"}
DIGEST = "0123456789abcdef" * 2
SKETCH = {
    "module": "a.b#0", "kind": "Linear", "call": 0, "dtype": "F32", "shape": [2, 3], "digest": DIGEST,
    "sum": 1.5, "absmax": 2, "mean": 0.25, "std": None, "samples": [1.0, None, -2],
}  # fmt: skip
READ = Sketch(
    module="a.b#0", kind="Linear", call=0, dtype="F32", shape=(2, 3), digest=DIGEST,
    sum=1.5, absmax=2.0, mean=0.25, std=None, samples=(1.0, None, -2.0),
)  # fmt: skip


class Left:
    """A folder as a worker leaves it, and a way to read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recorded = {"value"}
        self.result: dict[str, Any] = {"protocol": 2, "stage": "done", "error": None, "outputs": VALUE}
        self.tensors("outputs.safetensors", value=np.array([0.5]))

    def tensors(self, name: str, **arrays: Any) -> None:
        """A file of tensors, in place of one that is there."""
        (self.folder / name).unlink(missing_ok=True)
        tensors.write(Writer(self.folder), name, {key: tensors.of_array(value) for key, value in arrays.items()})

    def document(self, name: str, content: Any) -> None:
        """A JSON file."""
        (self.folder / name).write_text(content if isinstance(content, str) else json.dumps(content))

    def read(self, *claims: str, ended: str = "exit status 0", **runs: bool) -> Answer:
        """What the parent makes of it, having asked for some runs (and whether to sketch them) and claims."""
        self.document("result.json", self.result)
        expected = results.Expected(runs=runs, claims=claims, outputs=frozenset(self.recorded))
        return results.read(self.folder, "printed\nlast words", ended, expected)

    def refused(self, **runs: bool) -> str:
        """Why the parent does not read it."""
        with pytest.raises(RefusedInputError) as caught:
            self.read(**runs)
        return str(caught.value)


@pytest.fixture
def left(tmp_path: Path) -> Left:
    """A folder with a first run in it."""
    return Left(tmp_path)


def test_runs_and_claims(left: Left) -> None:
    """Each that was asked for is there, with what was made of it."""
    left.tensors("run-a.safetensors", y=np.array([1, 2]))
    left.document("sketches-a.json", [SKETCH])
    left.result["runs"] = [
        {"name": "a", "structure": VALUE, "error": None, "seconds": 0.25, "left_out": 3},
        {"name": "b", "error": "ValueError: no", "at": {"file": "net.py", "line": 3, "function": "f", "text": "x"}},
    ]
    left.result["claims"] = [{"id": "c", "value": 3, "error": None, "seconds": 1.5}, {"id": "d", "error": "no"}]
    left.result.update(seconds=0.5, unapplied=["torch.threads could not be set", 3])
    answer = left.read("c", "d", a=True, b=False)
    run = answer.runs["a"]

    assert (run.name, run.outputs, run.error, run.seconds, run.left_out) == ("a", VALUE, None, 0.25, 3)
    assert run.sketches == (READ,)
    assert run.arrays["y"].tolist() == [1, 2]
    assert answer.runs["b"].error == "ValueError: no"
    assert answer.runs["b"].at is not None
    assert answer.claims == {"c": Computed(value=3.0, seconds=1.5), "d": Computed(error="no")}
    assert (answer.seconds, answer.unapplied) == (0.5, ("torch.threads could not be set",))


def test_what_was_not_asked_for_is_not_looked_at(left: Left) -> None:
    """Names that nobody asked for, names that are paths, and what is no list of runs count for nothing."""
    left.tensors("run-a.safetensors", y=np.array([1]))
    for told in (
        [{"name": name, "structure": VALUE} for name in ("b", "../a", "a/../a", "", 3, None)],
        "a",
        {"a": 1},
        3,
    ):
        left.result["runs"] = told
        left.result["claims"] = told

        assert left.read("c", a=False).runs == {"a": Run(name="a", error="not run: the worker says nothing of it")}
        assert left.read("c").claims == {"c": Computed(error="not computed: the worker says nothing of it")}


def test_the_first_of_one_name_counts(left: Left) -> None:
    """A run that is told twice is not made better by the second."""
    left.tensors("run-a.safetensors", y=np.array([1]))
    left.result["runs"] = [{"name": "a", "error": "no"}, {"name": "a", "structure": VALUE}]

    assert left.read(a=False).runs["a"].error == "no"


@pytest.mark.parametrize("told", [{}, {"error": None}, {"error": 3, "seconds": "3"}, {"error": ["no"]}])
def test_a_run_of_which_too_little_is_told(left: Left, told: dict[str, Any]) -> None:
    """It failed."""
    left.result["runs"] = [{"name": "a", **told}]

    assert left.read(a=True).runs["a"] == Run(name="a", error="the worker does not say what it gave")


def test_files_that_are_not_there(left: Left) -> None:
    """A run that is told to have outputs has them, and sketches where they were asked for."""
    left.result["runs"] = [{"name": "a", "structure": VALUE}]
    missing = "the worker left no readable file: No such file or directory"

    assert left.refused(a=True) == f"sketches-a.json: {missing}"
    assert left.refused(a=False) == f"run-a.safetensors: {missing}"


@pytest.mark.parametrize("kind", ["link", "pipe", "other name", "folder"])
@pytest.mark.parametrize("name", ["run-a.safetensors", "sketches-a.json"])
def test_files_that_are_no_plain_ones(
    left: Left, tmp_path_factory: pytest.TempPathFactory, kind: str, name: str
) -> None:
    """They are neither followed nor waited for."""
    left.result["runs"] = [{"name": "a", "structure": VALUE}]
    left.tensors("run-a.safetensors", y=np.array([1]))
    left.document("sketches-a.json", [])
    place = left.folder / name
    target = place.replace(tmp_path_factory.mktemp("elsewhere") / name)
    makers = {
        "link": lambda: place.symlink_to(target),
        "pipe": lambda: os.mkfifo(place),
        "other name": lambda: place.hardlink_to(target),
        "folder": place.mkdir,
    }
    makers[kind]()

    assert left.refused(a=True).startswith(f"{name}: the worker left ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"sum": NaN}]', "sketches-a.json: holds NaN, which is not JSON: numbers must be finite"),
        ('[{"sum": 1e999}]', "sketches-a.json: holds 1e999, which is beyond the range of float64"),
        ("[" * 10**5, "sketches-a.json: is nested deeper than 64 levels"),
        ("[" + "0," * 10**6 + "0,0]", "sketches-a.json: holds more than 1000000 values"),
        (
            "[" + "{}," * 6 * 10**6 + "{}]",
            "sketches-a.json: the worker left something that is no plain file of legal size",
        ),
    ],
    ids=["NaN", "infinite", "deep", "a million", "six million"],
)
def test_sketches_that_are_refused(left: Left, content: str, message: str) -> None:
    """What is no strict JSON of legal size is not read at all."""
    left.result["runs"] = [{"name": "a", "structure": VALUE}]
    left.tensors("run-a.safetensors", y=np.array([1]))
    left.document("sketches-a.json", content)

    assert left.refused(a=True) == message


def test_more_sketches_than_are_kept(left: Left) -> None:
    """The first 4,096 are read, the rest counted."""
    left.result["runs"] = [{"name": "a", "structure": VALUE, "left_out": 10}]
    left.tensors("run-a.safetensors", y=np.array([1]))
    left.document("sketches-a.json", [SKETCH] * 5000)
    run = left.read(a=True).runs["a"]

    assert (len(run.sketches), run.left_out) == (4096, 914)


@pytest.mark.parametrize("content", [{"a": 1}, 3, None, [None, 3, "x", []]])
def test_what_is_no_list_of_sketches(left: Left, content: Any) -> None:
    """It is none; what stands in a list is counted."""
    left.result["runs"] = [{"name": "a", "structure": VALUE, "left_out": -1}]
    left.tensors("run-a.safetensors", y=np.array([1]))
    left.document("sketches-a.json", content)
    run = left.read(a=True).runs["a"]

    assert (run.sketches, run.left_out) == ((), len(content) if isinstance(content, list) else 0)


def test_sketches_nobody_asked_for(left: Left) -> None:
    """Their file is not opened."""
    left.result["runs"] = [{"name": "a", "structure": VALUE}]
    left.tensors("run-a.safetensors", y=np.array([1]))
    left.document("sketches-a.json", "no JSON")

    assert left.read(a=False).runs["a"].sketches == ()


@pytest.mark.parametrize("protocol", [None, 1, 3, "2", [2]])
def test_another_protocol(left: Left, protocol: Any) -> None:
    """A worker of another kind is not understood."""
    left.result["protocol"] = protocol

    assert left.refused() == f"result.json: protocol: expected 2, found {protocol!r}"


@pytest.mark.parametrize(("stage", "error"), [("runs", None), ("claims", None), ("claims", "SystemExit: 3")])
def test_an_end_after_the_first_run(left: Left, stage: str, error: str | None) -> None:
    """It is told in what was not reached, and takes nothing from the first run."""
    left.tensors("run-a.safetensors", y=np.array([1]))
    left.result.update(stage=stage, error=error, runs=[{"name": "a", "structure": VALUE}])
    answer = left.read("c", ended="exit status -9", a=False, b=False)
    why = error or "the process ended by itself, exit status -9"

    assert (answer.stage, answer.error) == (stage, None)
    assert answer.arrays["value"].tolist() == [0.5]
    assert answer.runs["a"].error is None
    assert answer.runs["b"] == Run(name="b", error=f"not run: {why}")
    assert answer.claims == {"c": Computed(error=f"not computed: {why}")}


@pytest.mark.parametrize("stage", ["run", "runs", "load", 3, "nonsense"])
def test_an_end_before_it(left: Left, stage: Any) -> None:
    """Without outputs nothing was run, whatever the stage is called."""
    del left.result["outputs"]
    left.result.update(stage=stage)
    answer = left.read(a=False)

    assert answer.error == "the process ended by itself, exit status 0"
    assert answer.runs["a"].error == f"not run: {answer.error}"


def test_nothing_left(tmp_path: Path) -> None:
    """A worker that left no result did not start; its last words are told."""
    with pytest.raises(ProcessError, match=r"^the worker did not start: exit status 1: last words$"):
        results.read(tmp_path, "first\nlast words\n\n", "exit status 1", results.Expected())


@pytest.mark.parametrize("value", [True, "3", [3], {"a": 3}, None, 10**400, -(10**400)])
def test_claims_that_are_no_numbers(left: Left, value: Any) -> None:
    """What is no finite number is an error, not a value."""
    left.result["claims"] = [{"id": "c", "value": value, "seconds": -1}]

    assert left.read("c").claims == {"c": Computed(error="it gave no finite number")}


def test_a_claim_with_an_error_has_no_value(left: Left) -> None:
    """A number beside an error does not count."""
    left.result["claims"] = [{"id": "c", "value": 1.0, "error": "no"}]

    assert left.read("c").claims == {"c": Computed(error="no")}


def test_outputs_that_nobody_recorded(left: Left) -> None:
    """The recorded ones are read and the first few others; how many more there are is counted, in further runs they are not."""
    arrays = {f"x{number:05}": np.zeros(0) for number in range(5000)}
    left.tensors("outputs.safetensors", **arrays, value=np.array([0.5]))
    left.tensors("run-a.safetensors", **arrays, value=np.array([0.5]))
    left.result["runs"] = [{"name": "a", "structure": VALUE}]
    answer = left.read(a=False)

    assert answer.arrays.keys() == {"value", *(f"x{number:05}" for number in range(10))}
    assert answer.runs["a"].arrays.keys() == answer.arrays.keys()
    assert answer.left_out == 4990


def test_outputs_where_none_are_recorded(left: Left) -> None:
    """A thousand are read: they are kept beside the report, and compared with nothing."""
    left.recorded = set()
    left.tensors("outputs.safetensors", **{f"x{number:05}": np.zeros(0) for number in range(1001)})
    answer = left.read()

    assert (len(answer.arrays), answer.left_out) == (1000, 1)


def test_names_that_fill_the_header(left: Left) -> None:
    """A header that is larger than the recorded names can need is not parsed."""
    left.tensors("outputs.safetensors", **{"x" * 1000 + str(number): np.zeros(0) for number in range(4500)})

    assert left.refused().endswith(" bytes, at most 4198400")


def _with_samples(left: Left, told: Any, **arrays: Any) -> Answer:
    left.tensors("samples-1.safetensors", **arrays)
    left.result["claims"] = [{"id": "c", "value": 0.9, "error": None, "samples": told}]
    left.document("result.json", left.result)
    return results.read(left.folder, "", "exit status 0", results.Expected(claims=["c"], samples={"c": 1}))


def test_the_mean_of_the_samples_counts(left: Left) -> None:
    """What the worker says of the whole is passed over where the numbers of the samples are there."""
    found = _with_samples(left, 4, value=np.array([1.0, 0.0, 0.0, 1.0])).claims["c"]

    assert found.value == 0.5
    assert found.samples is not None
    assert found.samples.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert _with_samples(left, None, value=np.zeros(1)).claims == {"c": Computed(value=0.9)}


@pytest.mark.parametrize(
    "arrays",
    [
        {"other": np.zeros(2)},
        {"value": np.zeros(2, np.float32)},
        {"value": np.zeros((2, 2))},
        {"value": np.zeros(0)},
        {"value": np.array([1.0, np.nan])},
        {"value": np.array([1e301])},
    ],
)
def test_samples_of_another_form_are_refused(left: Left, arrays: dict[str, Any]) -> None:
    """A worker that says it left numbers, and left something else, broke the protocol."""
    with pytest.raises(RefusedInputError, match=r"samples-1\.safetensors: expected "):
        _with_samples(left, 2, **arrays)
