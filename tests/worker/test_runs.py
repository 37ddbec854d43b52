"""Further runs of one model in one process: each changes one thing, and leaves nothing behind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from reprobundle import tensors
from reprobundle.worker import changing, for_callable, for_torch, for_torchscript, keeping, numerics, runs

BARE = {"kind": "tensor", "name": "value"}
PLAIN = {
    "name": "a", "inputs": None, "structure": None, "overlay": None, "seed": 0, "settings": {}, "double": False,
    "rows": None, "sketch": False,
}  # fmt: skip


class Everything(nn.Module):
    """What can be changed by accident: tied weights, running means, counters, several dtypes, views, an LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 8)
        self.norm = nn.BatchNorm1d(8)
        self.brief = nn.Linear(8, 8).to(torch.bfloat16)
        self.recurrent = nn.LSTM(8, 8, batch_first=True)
        self.attention = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 7, bias=False)
        self.head.weight = self.embedding.weight
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.register_buffer("last", None)
        self.register_buffer("scale", torch.full((8,), 0.5), persistent=False)
        self.register_buffer("phase", torch.tensor([1 + 2j]))
        self.register_buffer("nan", torch.tensor([math.nan, -0.0]))
        self.plain = torch.tensor([1.5])

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Ids of shape (batch, length) to logits of shape (batch, length, 7)."""
        self.calls += 1
        self.norm.train()
        hidden = self.embedding(x) * self.scale * self.plain
        hidden = self.norm(hidden.flatten(0, 1)).view(hidden.shape)
        hidden = self.brief(hidden.to(self.brief.weight.dtype)).to(hidden.dtype) + hidden
        hidden = self.attention(self.recurrent(hidden)[0])
        self.last = hidden.mean()
        return {"logits": self.head(hidden), "calls": self.calls, "noise": torch.rand(3), "scale": self.scale}


class Asked:
    """A model, its inputs and its job, and a way to run it again."""

    def __init__(self, folder: Path, model: Any, loader: Any = for_torch, **leaves: torch.Tensor) -> None:
        self.folder, self.model, self.loader = folder, model, loader
        self.structure: Any = BARE if list(leaves) == ["value"] else {"kind": "dict", "items": _items(leaves)}
        self.job: dict[str, Any] = {
            "out": str(folder),
            "inputs": {"file": self.file("inputs.safetensors", **leaves), "structure": self.structure},
            "model": {"weights": [], "aliases": {}, "buffers": None},
        }
        self.before = keeping.Before(model, self.job["model"])
        self.first()

    def file(self, name: str, **values: Any) -> str:
        """A safetensors file; underlines in names are dots."""
        self.loader.save({key.replace("__", "."): value for key, value in values.items()}, str(self.folder / name))
        return str(self.folder / name)

    def first(self) -> None:
        """Run it on the recorded inputs."""
        target = self.folder / "outputs.safetensors"
        runs.first(self.model, self.loader, self.job, self.before, str(target))
        self.recorded = target.read_bytes()

    def run(self, **changes: Any) -> dict[str, np.ndarray[Any, Any]]:
        """Run it again, otherwise, and give its outputs."""
        self.told = runs.further({**PLAIN, **changes}, self.job, self.model, self.loader, self.before)
        return tensors.read_arrays(self.folder / "run-a.safetensors")

    def is_as_before(self) -> bool:
        """Whether the recorded inputs give what they gave first, bit for bit."""
        self.run()
        return (self.folder / "run-a.safetensors").read_bytes() == self.recorded


def _items(leaves: dict[str, torch.Tensor]) -> list[Any]:
    return [[name, {"kind": "tensor", "name": name}] for name in leaves]


def places(model: nn.Module) -> dict[str, Any]:
    """Where each tensor of a model lies, and what it is."""
    return {
        name: (id(value), value.data_ptr(), value.dtype, value.stride(), value.view(-1).tolist().__repr__())
        for name, value in changing.named(model).items()
        if name not in {"calls", "last", "norm.num_batches_tracked", "norm.running_mean", "norm.running_var"}
    }


@pytest.fixture
def everything(tmp_path: Path) -> Asked:
    """A model with all that can go wrong, run once."""
    torch.manual_seed(3)
    return Asked(tmp_path, Everything(), value=torch.tensor([[1, 2, 3], [4, 5, 6]]))


CHANGES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "seed": {"seed": 5},
    "rows": {"rows": (1, 2)},
    "sketch": {"sketch": True},
    "threads": {"settings": {"torch.threads": 3}},
    "settings": {"settings": {"torch.deterministic": True, "mkldnn.enabled": False, "torch.default_dtype": "torch.float64"}},
    "double": {"double": True},
    "double, sketched": {"double": True, "sketch": True, "rows": (0, 1)},
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_nothing_is_left_behind(everything: Asked, change: dict[str, Any]) -> None:
    """After any run every tensor is the one it was, where it was, and the recorded inputs give the same again."""
    before, settings = places(everything.model), numerics.now()
    everything.run(**change)

    assert places(everything.model) == before
    assert numerics.now() == settings
    assert everything.model.embedding.weight is everything.model.head.weight
    assert everything.model.calls.item() == 0
    assert everything.model.last is None
    assert all(part.training for part in everything.model.modules())
    assert not any(part._forward_hooks for part in everything.model.modules())
    assert everything.is_as_before()


def test_an_overlay_is_seen_by_all_who_share_the_tensor(everything: Asked) -> None:
    """Other values stand in tied weights, in bfloat16 and in buffers for one run, and leave with it."""
    before = places(everything.model)
    weight, half = everything.model.embedding.weight.detach(), everything.model.brief.weight.detach()
    file = everything.file(
        "overlay.safetensors", head__weight=-weight, brief__weight=half * 2, scale=torch.full((8,), 3.0)
    )
    found = everything.run(overlay=file)

    assert found["scale"].tolist() == [3.0] * 8
    assert not np.allclose(found["logits"], tensors.read_arrays(everything.folder / "outputs.safetensors")["logits"])
    assert places(everything.model) == before
    assert everything.is_as_before()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nothing": torch.ones(1)}, "cannot overlay 'nothing': it is no parameter or buffer of the model"),
        ({"scale": torch.ones(9)}, "cannot overlay 'scale': it is of another form"),
        ({"scale": torch.ones(8).half()}, "cannot overlay 'scale': it is of another form"),
    ],
)
def test_an_overlay_that_does_not_fit(everything: Asked, values: dict[str, torch.Tensor], message: str) -> None:
    """It is that run's error, and nothing was changed."""
    file = everything.file("overlay.safetensors", head__weight=torch.zeros(7, 8), **values)
    with pytest.raises(changing.Cannot) as caught:
        everything.run(overlay=file)

    assert str(caught.value) == message
    assert everything.is_as_before()


def test_float64(tmp_path: Path) -> None:
    """Parameters, buffers, inputs and what the model makes itself are float64; the result is that of exact weights."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.norm = nn.Linear(50, 50), nn.BatchNorm1d(50)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.norm(self.linear(x)) @ torch.ones(50, 2)

    torch.manual_seed(1)
    x = torch.randn(4, 50)
    asked = Asked(tmp_path, Net(), value=x)
    found = asked.run(double=True)["value"]
    weight, bias = (value.detach().double() for value in (asked.model.linear.weight, asked.model.linear.bias))
    expected = ((x.double() @ weight.T + bias) / math.sqrt(1 + 1e-5)).sum(1)

    assert found.dtype == np.float64
    assert np.abs(found[:, 0] - expected.numpy()).max() < 1e-13
    assert torch.get_default_dtype() is torch.float32
    assert asked.is_as_before()


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_float64_leaves_other_numbers_alone(tmp_path: Path) -> None:
    """Complex and quantised tensors and whole numbers stay what they are."""
    seen: list[str] = []

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("phase", torch.tensor([1 + 2j]))
            self.register_buffer("ids", torch.tensor([3]))
            self.register_buffer("small", torch.quantize_per_tensor(torch.ones(3), 0.5, 0, torch.qint8))
            self.bias = nn.Parameter(torch.ones(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen[:] = [str(value.dtype) for value in (x, self.bias, self.phase, self.ids, self.small)]
            return x + self.bias + self.small.dequantize().sum()

    asked = Asked(tmp_path, Net(), value=torch.ones(2))
    found = asked.run(double=True)

    assert seen == ["torch.float64", "torch.float64", "torch.complex64", "torch.int64", "torch.qint8"]
    assert found["value"].dtype == np.float64
    assert asked.is_as_before()


def test_float64_without_room(everything: Asked) -> None:
    """Where twice the model does not fit, it is not tried."""
    everything.job["memory"] = 2000
    with pytest.raises(
        changing.Cannot, match=r"^cannot compute in float64: that takes \d+ bytes more, -?\d+ are free$"
    ):
        everything.run(double=True)

    assert everything.is_as_before()


def test_rows(tmp_path: Path) -> None:
    """A run takes some rows of every input; more than there are is an error, as is an input without rows."""
    asked = Asked(tmp_path, nn.Bilinear(2, 2, 3), input1=torch.randn(4, 2), input2=torch.randn(4, 2))
    whole = tensors.read_arrays(tmp_path / "outputs.safetensors")["value"]

    assert np.allclose(asked.run(rows=(1, 3))["value"], whole[1:3], atol=1e-6)
    with pytest.raises(changing.Cannot, match=r"^cannot take rows 2 to 5 of input 'input1': it has 4$"):
        asked.run(rows=(2, 5))
    other = asked.file("other.safetensors", input1=torch.tensor(1.0), input2=torch.randn(4, 2))
    with pytest.raises(changing.Cannot, match=r"^cannot take rows 0 to 1 of input 'input1': it has 0$"):
        asked.run(inputs=other, rows=(0, 1))
    assert asked.is_as_before()


def test_other_inputs(tmp_path: Path) -> None:
    """A run may have inputs and a nesting of its own."""
    asked = Asked(tmp_path, nn.Identity(), value=torch.ones(2))
    file = asked.file("other.safetensors", x=torch.tensor([7.0]))

    assert asked.run(inputs=file, structure={"kind": "tuple", "items": [{**BARE, "name": "x"}]})["value"] == [7.0]
    assert asked.is_as_before()


def test_seeds(tmp_path: Path) -> None:
    """The same seed gives the same noise, another one other noise."""

    class Noisy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.dropout(x, training=True)

    asked = Asked(tmp_path, Noisy(), value=torch.ones(100))
    one, other, again = (asked.run(seed=seed)["value"].tolist() for seed in (1, 2, 1))

    assert one == again != other
    assert asked.is_as_before()


@pytest.mark.parametrize(
    "setting",
    [
        {"torch.threads": 5}, {"mkldnn.enabled": False}, {"mkldnn.deterministic": True},
        {"torch.deterministic": True}, {"torch.flush_denormal": True}, {"torch.float32_matmul_precision": "medium"},
        {"torch.fp32_precision": "tf32"}, {"mkldnn.matmul.fp32_precision": "ieee"}, {"autocast.cpu": True},
        {"torch.attention_fast_path": False}, {"errors.numpy": "divide=raise invalid=warn over=warn under=ignore"},
        {"cuda.matmul.allow_tf32": True}, {"cudnn.allow_tf32": False}, {"torch.default_dtype": "torch.bfloat16"},
        {"cuda.sdp.flash": False}, {"mkldnn.fp32_precision": "bf16"},
    ],
    ids=lambda setting: next(iter(setting)),
)  # fmt: skip
def test_settings_hold_for_one_run(tmp_path: Path, setting: dict[str, Any]) -> None:
    """A setting is as wanted while the model runs, and every setting as it was afterwards."""
    seen: list[Any] = []

    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append({name: numerics.now().get(name) for name in setting})
            return x

    asked = Asked(tmp_path, Net(), value=torch.ones(1))
    before = numerics.now()
    asked.run(settings=setting)

    assert seen[1] == setting
    assert seen[1] != seen[0]
    assert numerics.now() == before


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"ATEN_CPU_CAPABILITY": "avx2"}, "cannot set ATEN_CPU_CAPABILITY: no setting of a process that runs"),
        (
            {"torch.threads": 2, "torch.default_dtype": "torch.no"},
            "cannot set all: torch.default_dtype could not be set",
        ),
    ],
)
def test_settings_that_cannot_be_made(everything: Asked, setting: dict[str, Any], words: str) -> None:
    """A run that would not be what was asked for does not take place, and what was set is put back."""
    before = numerics.now()
    with pytest.raises(changing.Cannot) as caught:
        everything.run(settings=setting)

    assert str(caught.value).startswith(words)
    assert numerics.now() == before


class Ends(nn.Module):
    """Fails in one way or another, after it has begun to change itself."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("count", torch.zeros(2))
        self.error = error

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Fails for inputs below 0."""
        self.count += 1
        self.linear.eval()
        if x.min() < 0:
            raise self.error
        return self.linear(x) + self.count


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(0), MemoryError(), torch.OutOfMemoryError("none left")])
@pytest.mark.parametrize("change", [{}, {"double": True}, {"overlay": "weights"}, {"sketch": True}])
def test_a_run_that_fails_leaves_the_model_as_it_was(tmp_path: Path, error: Any, change: dict[str, Any]) -> None:
    """Whatever ends a run, what was changed for it is put back."""
    torch.manual_seed(0)
    asked = Asked(tmp_path, Ends(error), value=torch.ones(2, 2))
    bad = asked.file("bad.safetensors", value=-torch.ones(2, 2))
    if "overlay" in change:
        change = {"overlay": asked.file("o.safetensors", linear__weight=torch.zeros(2, 2))}
    with pytest.raises(type(error)):
        asked.run(inputs=bad, **change)

    assert asked.is_as_before()


def test_a_run_whose_change_cannot_be_undone_spoils_no_other(everything: Asked) -> None:
    """What could not be put back is tried again before the next run, which is not begun without it."""
    states = [True, True, False]
    everything.before.owed.append(lambda: 1 / 0 if states.pop(0) else None)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            everything.before.put_back()

    assert everything.is_as_before()


def test_parameters_that_a_model_changes_itself(tmp_path: Path) -> None:
    """They are read from the bundle's weights again, by the name they are kept under; else no further run is made."""

    class Learns(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(2, 2, bias=False)
            self.b = nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                self.a.weight.add_(1)
            return self.b(x)

    model = Learns()
    for_torch.save({"b.weight": model.b.weight.detach()}, str(tmp_path / "model.safetensors"))
    asked = Asked(tmp_path, model, value=torch.ones(1, 2))
    with pytest.raises(ValueError, match=r"^running the model changed 'a\.weight', which cannot be put back$"):
        asked.run()
    asked.job["model"].update(weights=[str(tmp_path / "model.safetensors")], aliases={"a.weight": "b.weight"})

    assert asked.is_as_before()


def test_buffers_that_change_their_form(tmp_path: Path) -> None:
    """A buffer that grew, one that was replaced and one that lies in several places at once are as before."""

    class Grows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(1, 2))
            self.register_buffer("wide", torch.ones(1).expand(5))
            self.register_buffer("zero", torch.tensor([0.0]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.seen = torch.cat([self.seen, x])
            self.zero.mul_(-1)
            return self.seen + torch.signbit(self.zero)

    asked = Asked(tmp_path, Grows(), value=torch.ones(1, 2))
    seen = asked.model.seen

    assert asked.is_as_before()
    assert asked.model.seen is not seen
    assert asked.model.seen.tolist() == [[0, 0]]
    assert math.copysign(1, asked.model.zero.item()) == 1


def test_large_buffers_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is copied a buffer is read from the bundle again, where the model changed it."""

    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("small", torch.zeros(2))
            self.register_buffer("large", torch.zeros(9))
            self.register_buffer("apart", torch.zeros(9), persistent=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for buffer in (self.small, self.large, self.apart):
                buffer.add_(1)
            return self.small + self.large.sum() + self.apart.sum() + x

    monkeypatch.setattr(keeping, "MOST_COPIED", 20)
    for_torch.save({"large": torch.zeros(9), "small": torch.full((2,), 7.0)}, str(tmp_path / "model.safetensors"))
    for_torch.save({"apart": torch.zeros(9)}, str(tmp_path / "buffers.safetensors"))
    asked = Asked(tmp_path, Counts(), value=torch.ones(2))
    with pytest.raises(ValueError, match=r"^running the model changed 'large', which cannot be put back$"):
        asked.run()
    asked.job["model"].update(
        weights=[str(tmp_path / "model.safetensors")], buffers=str(tmp_path / "buffers.safetensors")
    )

    assert asked.is_as_before()


def test_outputs_that_are_the_model_s_own_are_written_before_it_is_put_back(tmp_path: Path) -> None:
    """A model that gives out one of its tensors gives the overlaid one."""

    class Gives(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.weight

    asked = Asked(tmp_path, Gives(), value=torch.ones(1))

    assert asked.run(overlay=asked.file("o.safetensors", weight=torch.ones(2)))["value"].tolist() == [1, 1]
    assert asked.is_as_before()


@pytest.fixture
def scripted(tmp_path: Path) -> Asked:
    """A TorchScript file, loaded and run once."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv1d(3, 4, 2), nn.BatchNorm1d(4), nn.Tanh())
    torch.jit.save(torch.jit.script(model), tmp_path / "model.pt")
    described = {"weights": [str(tmp_path / "model.pt")], "device": "cpu"}
    return Asked(tmp_path, for_torchscript.build(described), for_torchscript, value=torch.randn(2, 3, 5))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("change", [{}, {"double": True}, {"overlay": "weight"}, {"rows": (0, 1)}])
def test_torchscript(scripted: Asked, change: dict[str, Any]) -> None:
    """It can be overlaid and computed in float64, and is as before after it."""
    if "overlay" in change:
        change = {"overlay": scripted.file("o.safetensors", **{"0__weight": torch.zeros(4, 3, 2)})}
    found = scripted.run(**change)["value"]

    assert found.dtype == (np.float64 if "double" in change else np.float32)
    assert ("overlay" in change) == (len(set(found[0, 0].tolist())) == 1)
    assert scripted.is_as_before()


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_torchscript_takes_no_hooks(scripted: Asked) -> None:
    """So it cannot be sketched."""
    with pytest.raises(changing.Cannot, match=r"^cannot sketch: a TorchScript module takes no hooks$"):
        scripted.run(sketch=True)


def test_functions(tmp_path: Path) -> None:
    """A plain function has other inputs, rows and seeds; it cannot be asked what needs a module."""
    asked = Asked(tmp_path, lambda value: value * np.random.rand(), for_callable, value=np.ones((3, 2)))

    assert asked.run(rows=(0, 2))["value"].shape == (2, 2)
    assert asked.run(seed=1)["value"].tolist() != asked.run(seed=2)["value"].tolist()
    for change in ({"overlay": "x"}, {"double": True}, {"sketch": True}):
        with pytest.raises(changing.Cannot, match=rf"^cannot {next(iter(change))}: a function "):
            asked.run(**change)
    assert asked.is_as_before()
