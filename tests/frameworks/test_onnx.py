"""ONNX models: kept as their files, run by onnxruntime, read without any library."""

from __future__ import annotations

import contextlib
import copy
import io
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import support
from projects import make_project, python

import reprobundle
from reprobundle import tensors
from reprobundle.bundle import verify
from reprobundle.components import model
from reprobundle.components.interface import Source, Stage
from reprobundle.errors import RefusedInputError, ReproBundleError, UsageError
from reprobundle.store import Writer
from reprobundle.worker import changing, for_onnx, keeping, onnx_file, runs, tensor_bytes

CAPTURE = """
import sys
import numpy as np
import reprobundle

if __name__ == "__main__":
    captured = reprobundle.capture(sys.argv[1], model="net.onnx", inputs={"x": np.ones((2, 64), np.float32)}, budget=0)
    print(captured.proof.status, captured.proof.why, "torch" in sys.modules)
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """One torch module as ONNX: in one file, and with its tensors in a file beside it."""
    support.require("onnxruntime")
    import torch

    folder = tmp_path_factory.mktemp("onnx")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2)).eval()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for name, beside in (("net.onnx", False), ("parted.onnx", True)):
            arguments = {"input_names": ["x"], "output_names": ["y"], "external_data": beside, "verbose": False}
            torch.onnx.export(net, (torch.ones(2, 64),), folder / name, dynamo=True, **arguments)
    return folder, net


@pytest.mark.parametrize(("name", "beside"), [("net.onnx", ()), ("parted.onnx", ("parted.onnx.data",))])
def test_a_file_is_read_without_a_library(exported, name, beside):
    """Names, forms and digests of the stored tensors are those of the module it came from."""
    folder, net = exported
    found = onnx_file.read(str(folder / name))
    digests = onnx_file.digests(str(folder / name))

    assert (found.beside, found.others) == (beside, 0)
    assert digests == {key: tensor_bytes.digest(key, value) for key, value in net.state_dict().items()}


def test_every_kind_of_stored_tensor_is_seen(tmp_path):
    """Raw bytes, packed numbers, constants of nodes of inner graphs by the way to them; what has no bytes is counted."""
    support.require("onnxruntime")
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    packed = helper.make_tensor("packed", TensorProto.FLOAT, [2], [1.0, 2.0])
    raw = numpy_helper.from_array(np.arange(3, dtype=np.int64), "raw")
    texts = helper.make_tensor("texts", TensorProto.STRING, [1], [b"a"])
    away = helper.make_tensor("inner", TensorProto.FLOAT, [1], [0.0])
    away.ClearField("float_data")
    away.data_location = TensorProto.EXTERNAL
    away.external_data.add(key="location", value="elsewhere.bin")
    inner = helper.make_graph([helper.make_node("Constant", [], ["c"], value=away)], "inner", [], [])
    node = helper.make_node("If", ["cond"], ["z"], then_branch=inner, else_branch=inner)
    graph = helper.make_graph([node], "g", [], [], initializer=[packed, raw, texts])
    onnx.save(helper.make_model(graph), tmp_path / "x.onnx")
    found = onnx_file.read(str(tmp_path / "x.onnx"))

    assert [(one.name, one.dtype, one.shape, one.initial) for one in found.tensors] == [
        ("z/else_branch/c/value", "F32", (1,), False),
        ("z/then_branch/c/value", "F32", (1,), False),
        ("packed", "F32", (2,), True),
        ("raw", "I64", (3,), True),
    ]
    assert (found.beside, found.others) == (("elsewhere.bin",), 1)


def _constant(value, name="c"):
    """A graph of one weight, and one constant that a node holds."""
    from onnx import TensorProto, helper, numpy_helper

    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, [8]) for end in ("x", "y")]
    held = numpy_helper.from_array(np.full(8, value, np.float32), name)
    nodes = [
        helper.make_node("Constant", [], ["c"], value=held),
        helper.make_node("Add", ["x", "w"], ["t"]),
        helper.make_node("Mul", ["t", "c"], ["y"]),
    ]
    weight = numpy_helper.from_array(np.ones(8, np.float32), "w")
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_a_constant_of_a_node_is_digested(tmp_path):
    """By the node's output, whatever the tensor calls itself: a changed one is a changed weight, and no parameter."""
    support.require("onnxruntime")
    import onnx
    import torch

    onnx.save(_constant(2.0), tmp_path / "a.onnx")
    onnx.save(_constant(5.0, "other"), tmp_path / "b.onnx")
    first, second = (onnx_file.digests(str(tmp_path / name)) for name in ("a.onnx", "b.onnx"))
    section = capture(tmp_path, "a.onnx", tmp_path / "bundle")

    assert list(first) == list(second) == ["c/value", "w"]
    assert [first[name] == second[name] for name in first] == [False, True]
    assert first["c/value"] == tensor_bytes.digest("c/value", torch.full((8,), 2.0))
    assert (section.parameters, [entry.name for entry in section.tensors]) == (8, ["c/value", "w"])


def test_sparse_tensors_functions_and_lists_have_names_of_their_own(tmp_path):
    """Values and indices apart; the way of a function begins with its name; what is left of one name is numbered."""
    support.require("onnxruntime")
    import onnx
    from onnx import helper, numpy_helper

    def held(*values, name=""):
        return numpy_helper.from_array(np.array(values, np.int64), name)

    sparse = helper.make_sparse_tensor(held(7, name="s"), held(1), [4])
    several = helper.make_node("Odd", [], ["l"], domain="own", parts=[held(1), held(2)])
    function = helper.make_function(
        "own", "F", [], ["o"], [helper.make_node("Constant", [], ["o"], value=held(3))], [helper.make_opsetid("", 17)]
    )
    graph = helper.make_graph([several], "g", [], [], sparse_initializer=[sparse])
    onnx.save(helper.make_model(graph, functions=[function]), tmp_path / "x.onnx")
    found = onnx_file.read(str(tmp_path / "x.onnx"))

    assert [one.name for one in found.tensors] == ["l/parts", "l/parts#2", "s/values", "s/indices", "F/o/value"]


def test_long_ways_are_cut(tmp_path):
    """A name that many tensors stand below does not stand in each of their names whole."""
    support.require("onnxruntime")
    import onnx
    from onnx import helper, numpy_helper

    held = [numpy_helper.from_array(np.array([n], np.int64)) for n in range(3)]
    node = helper.make_node("Odd", [], ["n" * 100_000], domain="own", parts=held)
    onnx.save(helper.make_model(helper.make_graph([node], "g", [], [])), tmp_path / "x.onnx")
    found = onnx_file.read(str(tmp_path / "x.onnx"))

    assert [len(one.name) for one in found.tensors] == [500, 502, 502]


def test_a_cut_or_changed_file_never_breaks_the_reader(exported):
    """Whatever stands in the file, it is read or refused in one way."""
    folder, _ = exported
    content = (folder / "net.onnx").read_bytes()
    refused = 0
    for place in range(0, len(content), 61):
        for changed in (content[:place], content[:place] + b"\xff" + content[place + 1 :]):
            (folder / "broken.bin").write_bytes(changed)
            try:
                onnx_file.read(str(folder / "broken.bin"))
            except ValueError:
                refused += 1

    assert refused > len(content) // 61 // 2


def capture(folder, name, place, **given):
    """The section of a capture from a file."""
    source = model.opened(Source(model=folder / name, **given))
    return model.capture(source, Stage(Writer(place)))


def test_a_file_beside_goes_along(exported, tmp_path):
    """It keeps its name, by which the model asks for it."""
    folder, _ = exported
    section = capture(folder, "parted.onnx", tmp_path)

    assert section.files == ("model.onnx", "parted.onnx.data")
    assert (section.given.kind, section.given.name, section.given.linked) == ("onnx", "parted.onnx", True)
    assert section.framework.startswith("onnxruntime ")
    assert (tmp_path / "parted.onnx.data").read_bytes() == (folder / "parted.onnx.data").read_bytes()


@pytest.mark.parametrize("where", ["../secret.onnx", "sub/parted.bin", "README.md"])
def test_a_file_elsewhere_is_refused(exported, tmp_path, where, monkeypatch):
    """A model names files beside it only, and none that the bundle has itself."""
    folder, _ = exported
    content = (folder / "parted.onnx").read_bytes()
    name = where.encode().ljust(16, b"x")[:16] if len(where) != 16 else where.encode()
    (tmp_path / "m.onnx").write_bytes(content.replace(b"parted.onnx.data", name))
    source = model.opened(Source(model=folder / "parted.onnx"))
    moved = Source(model=source.model, opened=source.opened.__class__(kind="onnx", place=tmp_path / "m.onnx"))
    with pytest.raises(ReproBundleError):
        model.capture(moved, Stage(Writer(tmp_path)))

    assert sorted(os.listdir(tmp_path)) == ["m.onnx"]


def test_what_is_no_onnx_is_refused(exported, tmp_path):
    """The runtime's own words, after ours."""
    (tmp_path / "x.onnx").write_bytes(b"no")
    with pytest.raises(RefusedInputError, match=r"^model 'x.onnx': cannot be loaded: "):
        model.opened(Source(model=tmp_path / "x.onnx"))


def test_a_session_from_memory_has_no_file(exported, tmp_path):
    """The way out is the path of the file."""
    import onnxruntime

    session = onnxruntime.InferenceSession(exported[0] / "net.onnx", providers=["CPUExecutionProvider"])
    with pytest.raises(UsageError, match="an onnxruntime session does not give its file back"):
        model.capture(Source(model=session), Stage(Writer(tmp_path)))


@pytest.fixture(params=["net.onnx", "parted.onnx"])
def asked(exported, tmp_path, request):
    """A loaded file that was run once: the session, its job, what it gave, and a way to run it again."""
    described = {"weights": [str(exported[0] / request.param)], "aliases": {}}
    for_onnx.save({"x": np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64)}, str(tmp_path / "in.safetensors"))
    structure = {"kind": "dict", "items": [["x", {"kind": "tensor", "name": "x"}]]}
    inputs = {"file": str(tmp_path / "in.safetensors"), "structure": structure}
    job = {"out": str(tmp_path), "inputs": inputs, "model": described}
    session = for_onnx.build(described)
    before = keeping.Before(session, described)
    runs.first(session, for_onnx, job, before, str(tmp_path / "outputs.safetensors"))

    def again(**changes):
        plain = {"name": "a", "inputs": None, "structure": None, "overlay": None, "seed": 0, "settings": {}}
        one = {**plain, "double": False, "rows": None, "sketch": False, **changes}
        runs.further(one, job, session, for_onnx, before)
        return tensors.read_arrays(tmp_path / "run-a.safetensors")["y"]

    return again, job, tensors.read_arrays(tmp_path / "outputs.safetensors")["y"]


def test_an_overlay_is_computed_with(exported, asked, tmp_path):
    """Other weights, in the file and beside it, give what the module gives with them; then all is as before."""
    import torch

    again, _, recorded = asked
    net = copy.deepcopy(exported[1])
    with torch.no_grad():
        net[0].weight.mul_(-1)
        net[2].bias.add_(5)
        expected = net(torch.linspace(-1, 1, 128).reshape(2, 64)).numpy()
    values = {"0.weight": net[0].weight.detach().numpy(), "2.bias": net[2].bias.detach().numpy()}
    for_onnx.save(values, str(tmp_path / "overlay.safetensors"))

    assert np.allclose(again(overlay=str(tmp_path / "overlay.safetensors")), expected, atol=1e-5)
    assert again().tobytes() == recorded.tobytes()


def test_what_a_graph_cannot_be_asked(asked, tmp_path):
    """Each is a run that says why, and no other run is the worse for it."""
    again, job, recorded = asked
    cases = {
        "cannot double: the graph names its dtypes": {"double": True},
        "cannot sketch: a graph has no modules": {"sketch": True},
        "cannot overlay 'no': the graph holds no such tensor in one piece": {"no": np.ones(2, np.float32)},
        "cannot overlay '2.bias': it is of another form": {"2.bias": np.ones(2)},
    }
    for words, change in cases.items():
        file = str(tmp_path / "overlay.safetensors")
        by_flag = isinstance(next(iter(change.values())), bool)
        if not by_flag:
            for_onnx.save(change, file)
        with pytest.raises(changing.Cannot) as caught:
            again(**(change if by_flag else {"overlay": file}))

        assert str(caught.value) == words
    job["memory"] = 10
    with pytest.raises(changing.Cannot, match=r"^cannot overlay: a second session takes \d+ bytes more, 0 are free$"):
        again(overlay=str(tmp_path / "overlay.safetensors"))
    assert again().tobytes() == recorded.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["net.onnx", "parted.onnx"])
def test_a_bundle_of_it_is_replayed_bitwise(exported, tmp_path, name):
    """Inputs by the graph's names; outputs by name; no torch is imported on the way."""
    folder, net = exported
    project = make_project(tmp_path / "project", train=CAPTURE.replace("net.onnx", name))
    for file in folder.glob(f"{Path(name).stem}.onnx*"):
        (project / file.name).write_bytes(file.read_bytes())
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    report = reprobundle.replay(tmp_path / "bundle", env="current", sandbox="none", report=tmp_path / "report")
    manifest = verify(tmp_path / "bundle").manifest

    assert finished.stdout == "bitwise None False\n", finished.stderr
    assert [output.name for output in report.outputs] == ["y"]
    assert report.verdict.sentence == "reproduced, bitwise"
    assert manifest.model.parameters == sum(value.numel() for value in net.parameters())
    assert 'session = onnxruntime.InferenceSession("model.onnx"' in (tmp_path / "bundle/README.md").read_text("utf-8")
