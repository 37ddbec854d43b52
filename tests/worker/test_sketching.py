"""Sketches of what each module gives: the same numbers for the same tensors, and no effect on the computation."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import math
from typing import Any

import pytest
import torch
import xxhash
from torch import nn

from reprobundle.worker import for_torch, sketching

BARE = {"kind": "tensor", "name": "value"}


def sketched(module: nn.Module, *given: torch.Tensor) -> sketching.Sketches:
    """What the parts of a module give."""
    owed: list[Any] = []
    sketches = sketching.Sketches(module, owed.append)
    module.eval()
    with torch.no_grad():
        module(*given)
    for undo in owed:
        undo()
    return sketches


def names(sketches: sketching.Sketches) -> list[tuple[str, str, int]]:
    """Module, kind and call of each."""
    return [(one["module"], one["kind"], one["call"]) for one in sketches.calls]


def test_numbers() -> None:
    """Sum, magnitude, mean and deviation are those of float64, the samples the values themselves."""
    tensor = torch.tensor([[3.0, -4.0], [0.5, 0.1]])
    found = sketching.sketch(tensor)

    assert found == {
        "dtype": "F32",
        "shape": [2, 2],
        "digest": xxhash.xxh3_128_hexdigest(tensor.numpy().tobytes()),
        "sum": tensor.double().sum().item(),
        "absmax": 4.0,
        "mean": tensor.double().mean().item(),
        "std": pytest.approx(tensor.double().std(correction=0).item(), rel=1e-15),
        "samples": tensor.double().flatten().tolist(),
    }


def test_large_tensors() -> None:
    """More elements than are taken at once, in any order in memory, give the numbers of the whole."""
    torch.manual_seed(0)
    tensor = (torch.randn(700, 900) * 3 + 100).t()
    found, double = sketching.sketch(tensor), tensor.double()

    assert tensor.numel() > 2 * sketching.PIECE
    assert found["digest"] == xxhash.xxh3_128_hexdigest(tensor.contiguous().numpy().tobytes())
    assert found["sum"] == pytest.approx(double.sum().item(), rel=1e-13)
    assert found["mean"] == pytest.approx(double.mean().item(), rel=1e-13)
    assert found["std"] == pytest.approx(double.std(correction=0).item(), rel=1e-12)
    assert found["absmax"] == double.abs().max().item()
    line = double.reshape(-1)
    assert found["samples"] == [line[place].item() for place in sketching.places(line.numel())]
    assert found == sketching.sketch(tensor.clone())


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 127, 128, 1000, 10**12])
def test_places(count: int) -> None:
    """At most 64 places, each once and in order, from the first element to the last."""
    places = sketching.places(count)
    steps = {after - before for before, after in itertools.pairwise(places)}

    assert len(places) == min(count, 64)
    assert not count or (places[0], places[-1]) == (0, count - 1)
    assert all(step > 0 for step in steps)
    assert not steps or max(steps) - min(steps) <= 1


@pytest.mark.parametrize(
    "dtype",
    [
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32),
        *(torch.uint64, torch.float16, torch.bfloat16, torch.float64, torch.complex64, torch.float8_e4m3fn),
        *(torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e8m0fnu),
    ],
    ids=str,
)
def test_every_dtype(dtype: torch.dtype) -> None:
    """Whatever safetensors holds has numbers, in float64."""
    found = sketching.sketch(
        torch.tensor([1.0, 0.0, 4.0] if dtype is not torch.float8_e8m0fnu else [1.0, 4.0]).to(dtype)
    )
    expected = {torch.bool: 2.0}.get(dtype, 5.0)

    assert found["sum"] == expected
    assert found["absmax"] == (1.0 if dtype is torch.bool else 4.0)
    assert found["samples"][0] == 1.0


def test_complex_numbers() -> None:
    """Their real and imaginary parts are told in turn; the shape is that of the tensor."""
    found = sketching.sketch(torch.tensor([1 + 2j, -3 - 4j]).conj())

    assert (found["dtype"], found["shape"], found["samples"]) == ("C64", [2], [1.0, -2.0, -3.0, 4.0])
    assert (found["sum"], found["absmax"]) == (0.0, 4.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite(value: float) -> None:
    """It has no sum, and stands for nothing among the samples."""
    found = sketching.sketch(torch.tensor([1.0, value, 2.0]))

    assert [found[name] for name in ("sum", "absmax", "mean", "std")] == [None] * 4
    assert found["samples"] == [1.0, None, 2.0]


def test_numbers_beyond_float64() -> None:
    """Where only the squares leave float64 the deviation alone has no number."""
    found = sketching.sketch(torch.tensor([1e200, -1e200], dtype=torch.float64))

    assert (found["sum"], found["absmax"], found["std"]) == (0.0, 1e200, None)


def test_nothing_in_it() -> None:
    """A tensor without elements has a digest and no numbers; one without dimensions has one sample."""
    assert sketching.sketch(torch.zeros(0, 3))["samples"] == []
    assert sketching.sketch(torch.zeros(0, 3))["sum"] is None
    assert sketching.sketch(torch.tensor(2.5))["samples"] == [2.5]


def test_kinds_that_cannot_be_read() -> None:
    """They are counted, and the model runs on."""

    class Gives(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return x.to(torch.complex128), x

    found = sketched(Gives(), torch.ones(2))

    assert (names(found), found.left_out) == ([("#1", "Gives", 0)], 1)


class Repeats(nn.Module):
    """Calls one part three times, under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 3)
        self.again = self.a
        self.inner = nn.Sequential(nn.ReLU(), nn.Dropout(0.5))
        self.never = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Of any shape that ends in 3."""
        return self.again(self.inner(self.a(self.a(x))))


def test_calls_in_their_order() -> None:
    """Each call of each part without parts is told, when it ends; a part with two names goes by the first."""
    found = sketched(Repeats(), torch.ones(1, 3))

    assert names(found) == [
        ("a", "Linear", 0), ("a", "Linear", 1), ("inner.0", "ReLU", 0), ("inner.1", "Dropout", 0), ("a", "Linear", 2)
    ]  # fmt: skip
    assert found.calls[2]["digest"] == found.calls[3]["digest"]


def test_no_more_than_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more calls than are kept the first are, and the rest counted."""
    monkeypatch.setattr(sketching, "MOST_CALLS", 2)
    found = sketched(Repeats(), torch.ones(1, 3))

    assert (len(found.calls), found.left_out) == (2, 3)


Pair = collections.namedtuple("Pair", "one two")


@dataclasses.dataclass
class Both:
    """A result with two parts."""

    one: Any
    two: Any


ZERO, ONE = torch.zeros(1), torch.ones(1)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (ONE, ["x"]),
        ((ONE, ZERO), ["x#0", "x#1"]),
        ([ONE, None, (ZERO, 3)], ["x#0", "x#2#0"]),
        (collections.OrderedDict(logits=ONE, other="text"), ["x#logits"]),
        (Pair(ONE, {"a": ZERO}), ["x#one", "x#two#a"]),
        (Both(ONE, Both(2, ZERO)), ["x#one", "x#two#two"]),
        (Both, []),
        (object(), []),
        (None, []),
    ],
    ids=["tensor", "tuple", "list", "mapping", "named tuple", "dataclass", "class", "object", "None"],
)
def test_outputs_of_every_form(output: Any, expected: list[str]) -> None:
    """Each tensor in what a part gives is told by the way to it; all else is passed over."""

    class Gives(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return output

    assert [one["module"] for one in sketched(nn.ModuleDict({"x": Gives()})["x"], ONE).calls] == [
        name[1:] for name in expected
    ]


def test_a_structure_without_end() -> None:
    """One that holds itself is followed some levels only."""
    output: list[Any] = [ONE]
    output.append(output)

    assert len(list(sketching.tensors_of(output))) == sketching.MAX_DEPTH


def test_parts_with_parameters_of_their_own() -> None:
    """Attention, whose own part is never called, is told, as is a model with a parameter."""
    found = sketched(nn.MultiheadAttention(4, 2, batch_first=True), *[torch.ones(1, 2, 4)] * 3)

    assert names(found) == [("#0", "MultiheadAttention", 0), ("#1", "MultiheadAttention", 0)]


def test_a_scripted_part_is_passed_over() -> None:
    """It takes no hooks; the parts around it do."""
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        scripted = torch.jit.script(nn.Linear(3, 3))

    assert names(sketched(nn.Sequential(nn.ReLU(), scripted), torch.ones(1, 3))) == [("0", "ReLU", 0)]


class Mixed(nn.Module):
    """Convolution, normalisation, recurrence, noise, work in place."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm1d(8)
        self.act = nn.ReLU(inplace=True)
        self.recurrent = nn.LSTM(8, 8, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Of shape (batch, 3, length)."""
        hidden = self.act(self.norm(self.convolution(x)))
        hidden, _ = self.recurrent(hidden.transpose(1, 2))
        return self.head(hidden) + torch.rand(1)


def test_the_computation_is_the_same() -> None:
    """With hooks and without, the outputs are equal bit for bit, and two sketches of them equal in every number."""
    torch.manual_seed(0)
    model, leaves = Mixed(), {"value": torch.randn(5, 3, 16)}
    _, plain = for_torch.call(model, BARE, leaves)
    told = []
    for _ in range(2):
        owed: list[Any] = []
        sketches = sketching.Sketches(model, owed.append)
        _, hooked = for_torch.call(model, BARE, leaves)
        for undo in owed:
            undo()
        told.append(sketches.calls)

        assert torch.equal(hooked["value"], plain["value"])
    assert told[0] == told[1]
    assert [name for name, _, _ in names(sketches)] == [
        "convolution", "norm", "act", "recurrent#0", "recurrent#1#0", "recurrent#1#1", "head"
    ]  # fmt: skip
    assert told[0][1]["digest"] != told[0][2]["digest"]
    assert not any(part._forward_hooks for part in model.modules())
