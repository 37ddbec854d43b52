"""The worker as a process: job in, results out, every failure of the bundle's own code a field of the result."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from workers import VALUE, WORKER, Project

pytestmark = pytest.mark.slow  # each starts an interpreter of its own


@pytest.fixture
def project(tmp_path) -> Project:
    """An empty project."""
    return Project(tmp_path)


NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, hidden=4, bias=True):
        super().__init__()
        self.first = nn.Linear(3, hidden, bias=bias)
        self.second = nn.Linear(hidden, 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        h = torch.tanh(self.first(x))
        return {"logits": self.drop(self.second(h)), "hidden": [h]}


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.emb.weight

    def forward(self, ids):
        assert self.head.weight.data_ptr() == self.emb.weight.data_ptr(), "the weights are not tied"
        return self.head(self.emb(ids))


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(()))

    def forward(self, x):
        x.add_(torch.randn_like(x) * self.scale)
        return x


class Rejecting(nn.Module):
    def forward(self, x):
        raise ValueError("expected 4 features,\\n  found 3")


def prepare(raw):
    return raw / 10
"""


def imported(project: Project) -> Any:
    """The project's torch model definitions, in this process."""
    scope: dict[str, Any] = {"__name__": "net"}
    exec(compile(NET, "net.py", "exec"), scope)
    return scope


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_torch_model_runs_as_here(project, dtype):
    """Outputs, their structure and the digests of the weights are what this process gets, whatever the dtype."""
    import torch

    from reprobundle.worker import for_torch, tensor_bytes

    project.write("net.py", NET)
    torch.manual_seed(5)
    model = imported(project)["Net"](hidden=7).to(getattr(torch, dtype))
    project.torch("net:Net", 7, weights=model.state_dict())
    x = torch.linspace(-1, 1, 6).reshape(2, 3).to(getattr(torch, dtype))
    project.job["inputs"] = {"file": str(project.folder / "x"), "structure": {"kind": "tuple", "items": [VALUE]}}
    for_torch.save({"value": x}, str(project.folder / "x"))
    left = project.run()
    structure, expected = for_torch.call(model, project.job["inputs"]["structure"], {"value": x})

    assert (left.code, left.result["stage"], left.result["error"]) == (0, "done", None)
    assert left.result["outputs"] == structure
    assert left.result["digests"] == for_torch.digests(model)
    arrays = left.arrays()
    assert set(arrays) == {"logits", "hidden/0"}
    for name, tensor in expected.items():
        assert arrays[name].dtype.name == dtype
        assert arrays[name].tobytes() == bytes(tensor_bytes.content(tensor))
    assert left.result["distributions"]["torch"] == torch.__version__
    assert left.result["facts"]
    assert left.result["unapplied"] == []
    assert left.result["seconds"] >= 0


def test_tied_weights_come_back_tied(project):
    """A recorded alias makes two names share one tensor again."""
    import torch

    project.write("net.py", NET)
    weight = torch.randn(5, 4)
    project.torch("net:Tied", weights={"emb.weight": weight})
    project.job["model"]["aliases"] = {"head.weight": "emb.weight"}
    project.inputs(VALUE, value=np.array([1, 2]))
    left = project.run()

    assert (left.code, left.result["error"]) == (0, None)
    assert np.allclose(left.arrays()["value"], (weight[[1, 2]] @ weight.T).numpy(), atol=1e-6)


def test_noise_is_the_same_every_time(project):
    """A model that draws noise, and works in place, gives the same outputs in every process."""
    import torch

    project.write("net.py", NET)
    project.torch("net:Noisy", weights={"scale": torch.tensor(2.0)})
    one, other = project.run(), project.run()

    assert one.arrays()["value"].tobytes() == other.arrays()["value"].tobytes()
    torch.manual_seed(0)
    assert np.array_equal(
        one.arrays()["value"], np.arange(6, dtype=np.float32).reshape(2, 3) + 2 * torch.randn(2, 3).numpy()
    )


def test_transform_is_run_too(project):
    """Where a preprocessing function is recorded, its results are written beside the outputs."""
    project.write("net.py", NET)
    import torch

    project.torch("net:Noisy", weights={"scale": torch.tensor(2.0)})
    project.job["transform"] = {
        "steps": [{"form": "function", "entry": "net:prepare"}],
        "file": project.file("raw", value=np.array([5.0, 10.0])),
        "structure": VALUE,
        "library": "numpy",
    }
    left = project.run()

    assert left.result["stage"] == "done"
    assert left.result["transformed"] == VALUE
    assert left.arrays("transformed")["value"].tolist() == [0.5, 1.0]
    assert left.arrays("transformed")["value"].dtype == np.float64


def weights(**changes: Any) -> dict[str, Any]:
    """The state of the small net, with changes; None takes one out."""
    import torch

    state = {
        "first.weight": torch.zeros(4, 3),
        "first.bias": torch.zeros(4),
        "second.weight": torch.zeros(2, 4),
        "second.bias": torch.zeros(2),
        **{name.replace("_", "."): value for name, value in changes.items()},
    }
    return {name: value for name, value in state.items() if value is not None}


def test_weights_that_do_not_fit(project):
    """Missing, unexpected and misshaped weights are errors at the stage load, each named."""
    import torch

    project.write("net.py", NET)
    cases = {
        "missing from the weights (1): 'first.bias'": weights(first_bias=None),
        "unknown to the class (1): 'third.bias'": weights(third_bias=torch.zeros(2)),
        "of another form (1): 'first.bias' recorded float32 (5,), made float32 (4,)": weights(
            first_bias=torch.zeros(5)
        ),
    }
    for words, state in cases.items():
        project.torch("net:Net", weights=state)
        stage, error = project.error()

        assert stage == "load"
        assert error == f"UnfitWeights: the weights do not fit Net: {words}"


def test_model_that_rejects_its_inputs(project):
    """A forward pass that raises is an error at the stage run, in one line."""
    project.write("net.py", NET)
    project.torch("net:Rejecting", weights={})

    assert project.error() == ("run", "ValueError: expected 4 features, found 3")


def test_function_of_arrays(project):
    """A model that is a plain function is run in the same way."""
    project.write("net.py", "def model(x):\n    return {'y': x * 2, 'n': 3}\n")
    left = project.run()

    assert (left.code, left.result["stage"], left.result["error"]) == (0, "done", None)
    assert left.result["outputs"]["items"] == [
        ["y", {"kind": "tensor", "name": "y"}],
        ["n", {"kind": "plain", "value": 3}],
    ]
    assert left.arrays()["y"].tolist() == [[0, 2, 4], [6, 8, 10]]
    assert left.result["digests"] == {}


ALONE = "import sys\ndef model(x):\n    return sorted(n for n in sys.modules if n.split('.')[0] == 'reprobundle')\n"


def test_worker_needs_nothing_of_the_program(project):
    """The worker stands on its own: the program need not be installed where it runs."""
    project.write("net.py", ALONE)
    project.write("reprobundle.py", "raise RuntimeError('the program was imported')\n")

    assert project.run().result["outputs"] == {"kind": "list", "items": []}


def test_a_transform_that_fails_does_not_keep_the_model_from_running(project):
    """The preprocessing comes first; its error and the line it came from are told apart from the model's."""
    project.write(
        "net.py", "def model(x):\n    return x * 2\n\n\ndef prepare(raw):\n    raise SystemExit('no\\n scale')\n"
    )
    raw = {"file": project.file("raw", value=np.zeros(1)), "structure": VALUE, "library": "numpy"}
    project.job["transform"] = {"steps": [{"form": "function", "entry": "net:prepare"}], **raw}
    left = project.run()

    assert (left.code, left.result["stage"], left.result["error"]) == (0, "done", None)
    assert left.result["transform_error"] == "SystemExit: no scale"
    assert (left.result["transform_at"]["function"], left.result["transform_at"]["line"]) == ("prepare", 6)
    assert left.arrays()["value"].tolist() == [[0, 2, 4], [6, 8, 10]]


def test_indices_are_made_again(project):
    """The splitting function gets the number of samples, the seed and its arguments; what it gives is written as I64."""
    project.write(
        "net.py",
        "import numpy as np\ndef model(x):\n    return x\n"
        "def split(count, seed, share):\n    order = np.random.default_rng(seed).permutation(count)\n"
        "    return {'train': order[:int(count * share)], 'test': [int(row) for row in order[int(count * share):]]}\n",
    )
    project.job["splitting"] = {"entry": "net:split", "count": 8, "seed": 3, "arguments": {"share": 0.75}}
    left = project.run()
    order = np.random.default_rng(3).permutation(8)

    assert left.result["split"] is True
    assert left.arrays("indices")["train"].tolist() == order[:6].tolist()
    assert left.arrays("indices")["test"].tolist() == order[6:].tolist()
    assert left.arrays("indices")["test"].dtype == np.int64


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return [0, 1]", "TypeError: expected indices by the split's name, found a list"),
        ("return {'a': [0.5]}", "TypeError: split 'a': expected whole numbers in a row, found float64"),
        ("return {'a': [[1]]}", "TypeError: split 'a': expected whole numbers in a row, found int64"),
        ("return {'a': [4]}", "ValueError: split 'a': an index lies outside the 4 samples of the whole"),
        ("return {'a': [-1]}", "ValueError: split 'a': an index lies outside the 4 samples of the whole"),
    ],
)
def test_indices_that_are_none(project, body, error):
    """What is no list of indices is an error of the splitting alone."""
    project.write("net.py", f"def model(x):\n    return x\n\n\ndef split(count):\n    {body}\n")
    project.job["splitting"] = {"entry": "net:split", "count": 4, "seed": None, "arguments": {}}
    left = project.run()

    assert (left.result["stage"], left.result["splitting_error"]) == ("done", error)


def test_worker_for_torch_needs_nothing_of_the_program(project):
    """The same holds where it runs a torch model and its preprocessing."""
    names = "sorted(n for n in sys.modules if n.split('.')[0] == 'reprobundle')"
    net = f"import sys\nimport torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return {names}\n"
    project.write("net.py", net + f"def prepare(raw):\n    return {names}\n")
    project.torch("net:Net", weights={})
    project.job["transform"] = {
        "steps": [{"form": "function", "entry": "net:prepare"}],
        "file": project.file("raw", value=np.zeros(1)),
        "structure": VALUE,
        "library": "torch",
    }
    left = project.run()

    assert left.result["outputs"] == left.result["transformed"] == {"kind": "list", "items": []}


FAILURES = {  # source, stage, error
    "module missing": (None, "build", "ModuleNotFoundError: No module named 'net'"),
    "name missing": ("", "build", "AttributeError: module 'net' has no attribute 'model'"),
    "syntax error": ("def model(x) return x", "build", "SyntaxError: expected ':' (net.py, line 1)"),
    "import fails": ("import no_such_package_anywhere", "build", "ModuleNotFoundError: No module named 'no_such_package_anywhere'"),
    "import raises": ("raise RuntimeError('training starts here')", "build", "RuntimeError: training starts here"),
    "import exits": ("import sys; sys.exit(3)", "build", "SystemExit: 3"),
    "import exits with words": ("import sys; sys.exit('usage: train.py')", "build", "SystemExit: usage: train.py"),
    "import interrupts": ("raise KeyboardInterrupt", "build", "KeyboardInterrupt: "),
    "call raises": ("def model(x):\n    raise ValueError('no')", "run", "ValueError: no"),
    "call exits": ("import sys\ndef model(x):\n    sys.exit(0)", "run", "SystemExit: 0"),
    "call recurses": ("def model(x):\n    return model(x)", "run", "RecursionError: maximum recursion depth exceeded"),
    "too many arguments": ("def model():\n    pass", "run", "TypeError: model() takes 0 positional arguments but 1 was given"),
    "unknown output": ("def model(x):\n    return object()", "run", "UnknownLeaf: at 'value': a object is no tensor or plain value"),
    "output of texts": ("import numpy\ndef model(x):\n    return numpy.array(['a'])", "run", None),
    "huge integer": ("def model(x):\n    return [x, 10 ** 5000]", "run", None),
    "own hook for errors": ("import sys\nsys.excepthook = lambda *a: None\ndef model(x):\n    raise ValueError('hidden')", "run", "ValueError: hidden"),
    "several lines": ("raise ValueError('one\\n  two\\tthree')", "build", "ValueError: one two three"),
    "long": ("raise ValueError('x' * 5000)", "build", "ValueError: " + "x" * 500),
    "half a character": ("raise ValueError('a\\ud800b')", "build", "ValueError: a\ud800b"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "stage", "error"), FAILURES.values(), ids=FAILURES)
def test_failure_is_a_field_of_the_result(project, source, stage, error):
    """Whatever the bundle's code does, the result says how far it came and why it stopped."""
    if source is not None:
        project.write("net.py", source)
    left = project.run()
    found = left.result["error"]

    assert left.result["stage"] == stage
    assert found is not None
    assert error is None or found.startswith(error)
    assert "outputs" not in left.result


def test_constructor_that_fails(project):
    """Arguments that do not fit are an error at the stage build."""
    project.write("net.py", "def model(size):\n    return lambda x: x\n")
    project.job["model"]["init"] = {"args": [], "kwargs": {"width": 3}}

    assert project.error() == ("build", "TypeError: model() got an unexpected keyword argument 'width'")


@pytest.mark.parametrize(
    ("where", "stage"),
    [("import os; os._exit(0)", "build"), ("import os\ndef model(x):\n    os._exit(0)", "run")],
    ids=["at import", "at the call"],
)
def test_sudden_end_leaves_the_last_stage(project, where, stage):
    """A process that ends by itself, with status 0 even, never reaches the stage done."""
    project.write("net.py", where)
    left = project.run()

    assert left.code == 0
    assert (left.result["stage"], left.result["error"]) == (stage, None)


def test_crash_leaves_the_last_stage(project):
    """A process that crashes leaves the stage it had reached."""
    project.write("net.py", "import ctypes\ndef model(x):\n    ctypes.string_at(0)\n")
    left = project.run()

    assert left.code < 0
    assert (left.result["stage"], left.result["error"]) == ("run", None)


def test_what_the_code_prints_is_no_result(project):
    """Standard output proves nothing: what is printed there only stands in the log."""
    project.write(
        "net.py",
        "print('{\"stage\": \"done\"}')\ndef model(x):\n    print('match: true')\n    raise ValueError('no')\n",
    )
    left = project.run()

    assert "match: true" in left.log
    assert left.result["error"] == "ValueError: no"


def test_code_can_see_that_it_is_replayed(project):
    """The variable that stops a script without main guard from capturing again is set before the code is imported."""
    project.write("net.py", "import os\nassert os.environ['REPROBUNDLE_WORKER'] == '1'\ndef model(x):\n    return x\n")

    assert project.run().result["stage"] == "done"


def test_nothing_is_written_but_the_results(project):
    """The worker leaves its results and nothing else: no byte code, no temporary file."""
    project.write("net.py", "def model(x):\n    return x\n")
    before = {path for path in project.folder.rglob("*") if "out" not in path.parts}
    left = project.run()

    assert sorted(path.name for path in left.out.iterdir()) == ["outputs.safetensors", "result.json"]
    assert {path for path in project.folder.rglob("*") if "out" not in path.parts} - before == {
        project.folder / "job.json"
    }


def test_job_that_is_not_there(project):
    """A missing job is the worker's own failure: a status, and no result."""
    argv = [sys.executable, "-I", "-B", WORKER, project.folder / "nothing.json"]
    finished = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert finished.returncode == 1
    assert "FileNotFoundError" in finished.stderr
    assert finished.stdout == ""


def test_unknown_setting_is_reported(project):
    """A recorded setting that cannot be applied here is a line of the result, not a failure."""
    project.write("net.py", "def model(x):\n    return x\n")
    project.job["settings"] = {"torch.no_such_setting": 5}
    left = project.run()

    assert left.result["stage"] == "done"
    assert isinstance(left.result["unapplied"], list)
