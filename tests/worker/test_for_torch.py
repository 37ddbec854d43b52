"""Torch models: built by name, loaded strictly, run the same way every time."""

from __future__ import annotations

import random
import sys
import types

import numpy as np
import pytest
import xxhash

from reprobundle.worker import for_torch, seeding, tensor_bytes, tree

torch = pytest.importorskip("torch")

BARE = {"kind": "tensor", "name": "value"}


def models() -> types.ModuleType:
    """A module of models, as a bundle's source would define them."""
    from torch import nn

    class Net(nn.Module):
        """A layer and a buffer."""

        def __init__(self, size=3, *, bias=True):
            super().__init__()
            self.layer = nn.Linear(size, 2, bias=bias)
            self.norm = nn.BatchNorm1d(2)
            self.drop = nn.Dropout(0.5)

        def forward(self, x):
            return self.drop(self.norm(self.layer(x)))

    class Tied(nn.Module):
        """An embedding whose weight is the head's too."""

        def __init__(self):
            super().__init__()
            self.emb = nn.Embedding(5, 4)
            self.head = nn.Linear(4, 5, bias=False)
            self.head.weight = self.emb.weight

        def forward(self, ids):
            return self.head(self.emb(ids))

    module = types.ModuleType("for_torch_models")
    for made in (Net, Tied):
        made.__module__ = module.__name__
        setattr(module, made.__name__, made)
    return module


@pytest.fixture
def source(monkeypatch):
    """The models, importable."""
    module = models()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def saved(folder, module, *, drop=()) -> dict[str, object]:
    """Save a module's state and give the job that loads it."""
    from safetensors.torch import save_file

    state = {name: value.clone() for name, value in module.state_dict().items() if name not in drop}
    save_file(state, folder / "model.safetensors")
    entry = f"for_torch_models:{type(module).__name__}"
    weights = [str(folder / "model.safetensors")]
    return {"entry": entry, "init": {"args": [], "kwargs": {}}, "weights": weights, "aliases": {}, "device": "cpu"}


def test_built_by_name_and_arguments(source):
    """The model is what its name and arguments say."""
    job = {"entry": "for_torch_models:Net", "init": {"args": [7], "kwargs": {"bias": False}}}
    built = for_torch.build(job)

    assert tuple(built.layer.weight.shape) == (2, 7)
    assert built.layer.bias is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_loaded_bit_for_bit_in_its_own_dtype(source, tmp_path, dtype):
    """After load each tensor has the saved bits and the saved dtype, integers too, and the digests say so."""
    torch.manual_seed(1)
    trained = source.Net().to(dtype)
    trained(torch.randn(8, 3).to(dtype))
    job = saved(tmp_path, trained)
    built = for_torch.build(job)
    digests = for_torch.load(built, job)

    for name, value in trained.state_dict().items():
        assert built.state_dict()[name].dtype == value.dtype
        assert torch.equal(built.state_dict()[name], value)
    assert digests == for_torch.digests(trained)
    assert built.norm.num_batches_tracked.dtype == torch.int64


def test_sharded_weights_are_joined(source, tmp_path):
    """Weights in several files are one state."""
    from safetensors.torch import save_file

    trained = source.Net()
    job = saved(tmp_path, trained)
    state = list(trained.state_dict().items())
    save_file(dict(state[:2]), tmp_path / "one")
    save_file(dict(state[2:]), tmp_path / "two")
    built = for_torch.build(job)

    assert for_torch.load(
        built, {**job, "weights": [str(tmp_path / "one"), str(tmp_path / "two")]}
    ) == for_torch.digests(trained)


def test_missing_key_is_refused(source, tmp_path):
    """A weight that is not in the file is an error that names it, never a random one."""
    job = saved(tmp_path, source.Net(), drop=["layer.bias"])
    with pytest.raises(RuntimeError, match=r"do not fit Net: missing from the weights \(1\): 'layer.bias'"):
        for_torch.load(for_torch.build(job), job)


def test_unexpected_key_is_refused(source, tmp_path):
    """A weight that the model does not know is an error that names it."""
    job = saved(tmp_path, source.Net())
    job["init"] = {"args": [], "kwargs": {"bias": False}}
    with pytest.raises(RuntimeError, match=r"do not fit Net: unknown to the class \(1\): 'layer.bias'"):
        for_torch.load(for_torch.build(job), job)


def test_other_shape_is_refused(source, tmp_path):
    """A weight of another shape is an error that names both."""
    job = saved(tmp_path, source.Net())
    job["init"] = {"args": [4], "kwargs": {}}
    with pytest.raises(RuntimeError, match=r"'layer.weight' recorded float32 \(2, 3\), made float32 \(2, 4\)"):
        for_torch.load(for_torch.build(job), job)


def test_tied_weights_come_back_tied(source, tmp_path):
    """Names that shared one tensor share it again: a change of one is a change of both."""
    trained = source.Tied()
    job = {**saved(tmp_path, trained, drop=["head.weight"]), "aliases": {"head.weight": "emb.weight"}}
    built = for_torch.build(job)
    digests = for_torch.load(built, job)

    assert digests == for_torch.digests(trained)
    assert built.head.weight.data_ptr() == built.emb.weight.data_ptr()
    with torch.no_grad():
        built.emb.weight[0, 0] = 42.0
    assert built.head.weight[0, 0] == 42.0


def test_alias_to_nothing_is_an_error(source, tmp_path):
    """An alias of a tensor that is not there is an error that names it."""
    job = {**saved(tmp_path, source.Tied()), "aliases": {"head.weight": "nothing"}}
    with pytest.raises(KeyError, match="nothing"):
        for_torch.load(for_torch.build(job), job)


DTYPES = [
    getattr(torch, name) for name in tensor_bytes.NAMES if name != "float4_e2m1fn_x2"
]  # pairs: test_tensor_bytes.py


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)], ids=str)
def test_digest_is_its_definition(dtype, shape):
    """A tensor's digest is XXH3-128 over JSON of name, dtype and shape, a newline, and its bytes."""
    count = int(np.prod(shape)) * dtype.itemsize
    content = bytes(byte % 2 if dtype == torch.bool else byte for byte in random.Random(0).randbytes(count))
    tensor = (
        torch.frombuffer(bytearray(content), dtype=dtype).reshape(shape) if count else torch.empty(shape, dtype=dtype)
    )
    head = f'["a.ß","{tensor_bytes.NAMES[str(dtype)[6:]]}",[{",".join(map(str, shape))}]]\n'

    assert tensor_bytes.digest("a.ß", tensor) == xxhash.xxh3_128_hexdigest(head.encode() + content)
    assert bytes(tensor_bytes.content(tensor)) == content


def test_digest_does_not_see_the_layout():
    """Strides, a view, a requires_grad do not change a digest; name, shape, dtype and the sign of zero do."""
    plain = torch.arange(6.0).reshape(2, 3)
    digest = tensor_bytes.digest("a", plain)
    others = [
        tensor_bytes.digest("b", plain),
        tensor_bytes.digest("a", plain.reshape(3, 2)),
        tensor_bytes.digest("a", plain.double()),
        tensor_bytes.digest("a", plain + 1),
        tensor_bytes.digest("a", torch.where(plain == 0, torch.tensor(-0.0), plain)),
    ]

    assert tensor_bytes.digest("a", plain.t().contiguous().t()) == digest
    assert tensor_bytes.digest("a", torch.stack([plain, plain], 2)[:, :, 0]) == digest
    assert tensor_bytes.digest("a", torch.nn.Parameter(plain.clone())) == digest
    assert len({digest, *others}) == 6


def test_dtype_that_safetensors_cannot_hold():
    """A dtype without a name is an error that says which."""
    with pytest.raises(TypeError, match="dtype complex128 cannot be stored in safetensors"):
        tensor_bytes.dtype_name(torch.zeros(1, dtype=torch.complex128))


def flattened(value):
    """Structure and leaves of inputs."""
    return tree.flatten(value, lambda leaf: isinstance(leaf, torch.Tensor))


class Echo(torch.nn.Module):
    """Gives back how it was called."""

    def forward(self, *args, **kwargs):
        return {"args": list(args), "kwargs": kwargs}


CALLS = {
    "one": (torch.tensor(1.0), 1, []),
    "list": ([torch.tensor(1.0), 5], 2, []),
    "tuple": ((torch.tensor(1.0), None, "mode"), 3, []),
    "dict": ({"x": torch.tensor(1.0), "flag": True}, 0, ["x", "flag"]),
}


@pytest.mark.parametrize(("inputs", "positional", "keywords"), CALLS.values(), ids=CALLS)
def test_way_of_calling(inputs, positional, keywords):
    """A mapping is passed as keywords, a sequence by position, anything else as one argument."""
    structure, leaves = for_torch.call(Echo(), *flattened(inputs))
    back = tree.unflatten(structure, leaves)

    assert len(back["args"]) == positional
    assert list(back["kwargs"]) == keywords


def test_outputs_are_nested():
    """Outputs come back as structure and tensors, bare floats as tensors of float64."""

    class Model(torch.nn.Module):
        def forward(self, x):
            return {"logits": x * 2, "hidden": (x, [x + 1]), "loss": 0.1, "name": "n"}

    structure, leaves = for_torch.call(Model(), *flattened(torch.ones(2)))

    assert list(leaves) == ["logits", "hidden/0", "hidden/1/0", "loss"]
    assert leaves["loss"].dtype == torch.float64
    assert leaves["loss"].item() == 0.1
    assert tree.unflatten(structure, leaves)["name"] == "n"


def test_inputs_are_not_touched():
    """A model that works in place spoils nothing that was handed to it."""

    class InPlace(torch.nn.Module):
        def forward(self, x):
            return x.mul_(0)

    given = torch.ones(3)
    for_torch.call(InPlace(), *flattened(given))

    assert given.tolist() == [1, 1, 1]


def test_evaluation_mode_without_gradients(source):
    """Dropout is off, statistics stay, no gradient is kept."""
    model = source.Net()
    model.train()
    before = model.norm.running_mean.clone()
    given = torch.ones(4, 3)
    _, one = for_torch.call(model, *flattened(given))
    _, other = for_torch.call(model, *flattened(given))

    assert torch.equal(one["value"], other["value"])
    assert torch.equal(model.norm.running_mean, before)
    assert not one["value"].requires_grad


def test_noise_is_drawn_from_a_fixed_seed():
    """A model that draws from any generator gives the same outputs every time."""

    class Noisy(torch.nn.Module):
        def forward(self, x):
            return {"torch": torch.randn(3), "numpy": float(np.random.random()), "python": random.random()}

    runs = []
    for _ in range(2):
        torch.rand(5)
        random.random()
        np.random.random()
        runs.append(for_torch.call(Noisy(), *flattened(torch.ones(1)))[1])

    assert all(torch.equal(runs[0][name], runs[1][name]) for name in ("torch", "numpy", "python"))
    torch.manual_seed(seeding.SEED)
    assert torch.equal(runs[0]["torch"], torch.randn(3))


ODD = {
    "expanded": (torch.ones(1).expand(3), torch.ones(3)),
    "transposed": (torch.arange(6.0).reshape(2, 3).t(), torch.arange(6.0).reshape(2, 3).t().contiguous()),
    "channels last": (torch.ones(1, 2, 3, 4).contiguous(memory_format=torch.channels_last), torch.ones(1, 2, 3, 4)),
    "conjugate": (torch.tensor([1 + 2j], dtype=torch.complex64).conj(), torch.tensor([1 - 2j], dtype=torch.complex64)),
    "negative": (torch.tensor([1 + 2j], dtype=torch.complex64).conj().imag, torch.tensor([-2.0])),
    "with gradient": (torch.ones(2, requires_grad=True) * 2, torch.full((2,), 2.0)),
    "parameter": (torch.nn.Parameter(torch.ones(2)), torch.ones(2)),
    "sparse": (torch.tensor([[0, 2.0], [0, 0]]).to_sparse(), torch.tensor([[0, 2.0], [0, 0]])),
    "0-d": (torch.tensor(3.0), torch.tensor(3.0)),
    "empty": (torch.ones(0, 3), torch.ones(0, 3)),
    "float": (0.5, torch.tensor(0.5, dtype=torch.float64)),
}


@pytest.mark.parametrize(("odd", "expected"), ODD.values(), ids=ODD)
def test_odd_outputs_become_plain_tensors(tmp_path, odd, expected):
    """Whatever a model gives back is written as a dense contiguous tensor of its value."""
    from safetensors.torch import load_file

    plain = for_torch.as_tensor(odd)
    for_torch.save({"x": plain, "shared": plain}, str(tmp_path / "x"))
    loaded = load_file(tmp_path / "x")

    assert torch.equal(loaded["x"], expected)
    assert torch.equal(loaded["shared"], expected)
    assert loaded["x"].dtype == expected.dtype


def test_unknown_output_is_named():
    """An output that is no tensor or plain value is an error that says where."""

    class Model(torch.nn.Module):
        def forward(self, x):
            return {"logits": x, "extra": object()}

    with pytest.raises(tree.UnknownLeaf, match="at 'extra': a object is no tensor or plain value"):
        for_torch.call(Model(), *flattened(torch.ones(1)))
