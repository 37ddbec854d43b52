"""Weights into a module: strictly, tied as they were, in their own dtypes, whatever the module does to its state."""

from __future__ import annotations

import pytest

from reprobundle.worker import for_torch, loading

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402  after the skip


def stored(module):
    """What a capture keeps of a module: each tensor once, and the names that share one."""
    state = {name: value.detach().clone() for name, value in for_torch.tensors_of(module).items()}
    aliases = loading.sharing(for_torch.tensors_of(module))
    return {name: value for name, value in state.items() if name not in aliases}, aliases


def assert_same(module, other) -> None:
    """Two modules hold the same tensors, dtypes included."""
    assert for_torch.digests(module) == for_torch.digests(other)


class Net(nn.Module):
    """Two layers and a norm."""

    def __init__(self, hidden=3):
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(2, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, 2)


def test_all_that_does_not_fit_is_said_at_once():
    """Missing, unexpected and misshaped names stand in one message, counted, the first ten of each by name."""
    state = stored(Net())[0]
    del state["second.bias"]
    state["first.weight"] = torch.zeros(4, 2)
    state.update({f"more.{number:02}": torch.zeros(1) for number in range(12)})
    with pytest.raises(loading.UnfitWeights) as caught:
        loading.load(Net(), state, {})

    assert str(caught.value) == (
        "the weights do not fit Net: missing from the weights (1): 'second.bias'; unknown to the class (12): "
        + ", ".join(f"'more.{number:02}'" for number in range(10))
        + " and 2 more; of another form (1): 'first.weight' recorded float32 (4, 2), made float32 (3, 2)"
    )
    assert caught.value.misfit == {
        "missing": ["second.bias"],
        "unexpected": [f"more.{number:02}" for number in range(10)],
        "other": [["first.weight", "float32 (4, 2)", "float32 (3, 2)"]],
        "counts": {"missing": 1, "unexpected": 12, "other": 1},
    }


def test_a_counter_that_torch_fills_in_is_missing_all_the_same():
    """Batch normalisation makes up its own counter when it is not there; here it is named."""
    state = stored(Net())[0]
    del state["norm.num_batches_tracked"]

    with pytest.raises(loading.UnfitWeights, match=r"missing from the weights \(1\): 'norm.num_batches_tracked'"):
        loading.load(Net(), state, {})


class Lenient(Net):
    """A class that would rather not know."""

    def load_state_dict(self, state_dict, strict=True, assign=False):
        return super().load_state_dict(state_dict, strict=False, assign=assign)


def test_a_class_that_is_not_strict_is_held_to_it():
    """Whatever the class's own method passes over is found after it."""
    state = stored(Net())[0]
    del state["first.bias"]

    with pytest.raises(loading.UnfitWeights, match=r"do not fit Lenient: missing from the weights \(1\): 'first.bias'"):
        loading.load(Lenient(), state, {})


class Older(Net):
    """A class whose method knows no ``assign``."""

    def load_state_dict(self, state_dict, strict=True):
        return super().load_state_dict(state_dict, strict=strict)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_class_with_a_method_of_an_older_torch(dtype):
    """Its values are copied, and still have the recorded dtype."""
    trained, made = Older().to(dtype), Older()
    loading.load(made, *stored(trained))

    assert_same(made, trained)


def test_integers_where_the_class_trains():
    """What no slope can be taken of is no parameter to be trained, and both forms are told."""
    state = {**stored(Net())[0], "first.bias": torch.zeros(3, dtype=torch.int8)}

    with pytest.raises(loading.UnfitWeights, match=r"'first.bias' recorded int8 \(3,\), made float32 \(3,\)"):
        loading.load(Net(), state, {})


class Mixed(nn.Module):
    """Parameters and buffers of several dtypes."""

    def __init__(self, *dtypes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(4))
        for layer, dtype in zip(self.layers, dtypes, strict=False):
            layer.weight = nn.Parameter(layer.weight.data.to(dtype), requires_grad=False)
        self.register_buffer("scale", torch.ones(2, dtype=dtypes[0] if dtypes else torch.float32))


def test_mixed_dtypes_come_back_each():
    """Half, bfloat16, float8 and double stand side by side, though the constructor makes floats."""
    trained = Mixed(torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float64)
    made = Mixed()
    loading.load(made, *stored(trained))

    assert_same(made, trained)
    assert [layer.weight.dtype for layer in made.layers] == [layer.weight.dtype for layer in trained.layers]


class Lazy(nn.Module):
    """A layer that learns its size from what it is first given."""

    def __init__(self):
        super().__init__()
        self.body = nn.LazyLinear(2)
        self.norm = nn.LazyBatchNorm1d()

    def forward(self, x):
        return self.norm(self.body(x))


def test_lazy_modules_are_loaded_before_they_ever_ran():
    """Their shapes come from the weights."""
    trained = Lazy()
    trained(torch.ones(4, 3))
    made = Lazy()
    loading.load(made, *stored(trained))

    assert_same(made, trained)
    assert torch.equal(made.eval()(torch.ones(1, 3)), trained.eval()(torch.ones(1, 3)))


def test_parametrized_modules():
    """Weight norm of both kinds and a parametrization made by the constructor take their own tensors."""

    class Half(nn.Module):
        def forward(self, x):
            return x / 2

    def build():
        module = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), nn.Linear(2, 2))
        nn.utils.parametrize.register_parametrization(module[1], "weight", Half())
        return module

    trained, made = build(), build()
    loading.load(made, *stored(trained))

    assert_same(made, trained)
    assert torch.equal(made(torch.ones(1, 2)), trained(torch.ones(1, 2)))


class Renaming(nn.Module):
    """A module that keeps its tensor under another name, and sizes it by what it is given."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.empty(0))

    def _load_from_state_dict(self, state_dict, prefix, *args):
        self.seen.resize_(state_dict[prefix + "seen"].shape)
        super()._load_from_state_dict(state_dict, prefix, *args)


def test_a_module_with_its_own_way_of_loading():
    """A buffer that the module sizes itself, as observers of quantization do, is no other shape."""
    trained, made = Renaming(), Renaming()
    trained.seen = torch.arange(3.0)
    loading.load(made, *stored(trained))

    assert_same(made, trained)


class Extra(Net):
    """A module with a state besides its tensors."""

    def get_extra_state(self):
        return {"steps": 3}

    def set_extra_state(self, state):
        self.steps = state["steps"]


def test_a_state_that_is_no_tensor_is_as_the_constructor_makes_it():
    """It is not in the weights, so the module gets back its own."""
    made = Extra()
    loading.load(made, *stored(Extra()))

    assert made.steps == 3


class Tied(nn.Module):
    """Two layers of one weight, and two buffers of one."""

    def __init__(self, tie=True):
        super().__init__()
        self.one, self.other = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
        self.register_buffer("a", torch.ones(2))
        self.register_buffer("b", torch.ones(2))
        if tie:
            self.other.weight = self.one.weight
            self.b = self.a


@pytest.mark.parametrize("tie", [True, False], ids=["the class ties them", "tied after it was made"])
def test_tied_parameters_stay_one_wherever_they_are_moved(tie):
    """It is one parameter again, not two of the same memory, which a change of dtype or device would part."""
    made = Tied(tie)
    loading.load(made, *stored(Tied()))
    made.double()

    assert made.one.weight is made.other.weight
    assert loading.sharing(for_torch.tensors_of(made))["other.weight"] == "one.weight"


def test_what_was_untied_comes_back_untied():
    """A class that ties what was recorded as two does not get its way."""
    made = Tied()
    loading.load(made, *stored(Tied(tie=False)))

    assert made.one.weight.data_ptr() != made.other.weight.data_ptr()
    assert loading.sharing(for_torch.tensors_of(made)) == {}


class Rotary(nn.Module):
    """A table that is no part of the state, one that has no value yet, one that a module of its own shares."""

    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.linspace(0, 1, 5), persistent=False)
        self.register_buffer("cache", None, persistent=False)
        self.inner = nn.Module()
        self.inner.register_buffer("table", self.table, persistent=False)


def test_buffers_outside_the_state_come_back():
    """Values and dtype are the recorded ones, also of a buffer without value, and one that two modules share stays one."""
    made = Rotary()
    values = {"table": torch.linspace(0, 1, 5).half(), "cache": torch.ones(2, 2), "gone": torch.ones(1)}
    found = loading.restore_buffers(made, values)

    assert set(found) == {"table", "cache"}
    assert made.table.dtype == torch.float16
    assert made.inner.table is made.table
    assert torch.equal(made.cache, values["cache"])
    assert made.state_dict() == {}


def test_what_is_told_after_load(tmp_path):
    """Forms, shared names, and digests of the recorded buffers that the module has."""
    from safetensors.torch import save_file

    from reprobundle.worker import tensor_bytes

    model = nn.Sequential(Tied(), Rotary())
    values = {"1.table": torch.linspace(0, 2, 5).half(), "1.gone": torch.ones(1)}
    save_file(values, tmp_path / "buffers")
    save_file(stored(model)[0], tmp_path / "weights")
    job = {
        "weights": [str(tmp_path / "weights")],
        "aliases": {"0.other.weight": "0.one.weight", "0.b": "0.a"},
        "buffers": str(tmp_path / "buffers"),
        "device": "no such device",
    }
    for_torch.load(model, job)

    assert for_torch.after_load(model, job) == {
        "forms": {name: f"F32 {shape}" for name, shape in {
            "0.a": (2,), "0.b": (2,), "0.one.weight": (2, 2), "0.other.weight": (2, 2)}.items()},
        "sharing": {"0.b": "0.a", "0.other.weight": "0.one.weight"},
        "buffers": {"1.table": tensor_bytes.digest("1.table", values["1.table"])},
    }  # fmt: skip


@pytest.mark.parametrize(
    "made",
    [
        torch.arange(6.0).reshape(2, 3).t(),
        torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        torch.rand(3, 1, 1),
    ],
)
def test_a_tensor_is_laid_out_as_it_was(made):
    """The order in memory comes back, and with it the order in which libraries add."""
    again = loading.laid_out({"w": made.contiguous()}, {"w": made.stride()})["w"]

    assert again.stride() == made.stride()
    assert torch.equal(again, made)


def test_strides_that_do_not_fit_are_refused():
    """A forged layout reads nothing beyond the tensor."""
    with pytest.raises(RuntimeError, match="out of bounds for storage"):
        loading.laid_out({"w": torch.zeros(2, 3)}, {"w": (300, 1)})


def _odd_file(folder):
    """A safetensors file none of whose tensors but the first can begin at a step of 64 bytes."""
    from safetensors.torch import save_file

    state = {name: torch.randn(3, 3) for name in "abcdefgh"}
    save_file(state, folder / "odd.safetensors")
    return state, str(folder / "odd.safetensors")


def test_tensors_begin_where_torch_begins_them(tmp_path):
    """Wherever a file puts a tensor, it is multiplied by the instructions that multiplied it in training."""
    state, path = _odd_file(tmp_path)
    found = loading.read([path], "cpu")

    assert {value.data_ptr() % 64 for value in found.values()} == {0}
    assert all(torch.equal(found[name], value) for name, value in state.items())


def test_a_module_left_in_its_file_is_settled(tmp_path):
    """Before it is run, what lies elsewhere gets memory of its own; a parameter that two modules share stays one."""
    from safetensors.torch import load_file

    state, path = _odd_file(tmp_path)
    module = nn.ModuleList([nn.ParameterDict(load_file(path))])
    module.append(nn.ParameterDict({"a": module[0]["a"]}))
    assert any(value.data_ptr() % 64 for value in module.parameters())
    loading.settle(module)

    assert {value.data_ptr() % 64 for value in module.parameters()} == {0}
    assert module[1]["a"] is module[0]["a"]
    assert all(torch.equal(module[0][name], value) for name, value in state.items())
