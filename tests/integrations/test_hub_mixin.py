"""Models with `PyTorchModelHubMixin`: their own ``from_pretrained`` reads the bundle, and what it gets wrong is told."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import sys

import pytest
from projects import make_project, python

import reprobundle
from reprobundle.components import model as component
from reprobundle.components.interface import Source, Stage
from reprobundle.store import Writer
from reprobundle.worker import arguments as worker

torch = pytest.importorskip("torch")
hub = pytest.importorskip("huggingface_hub")

NET = """
import dataclasses

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn


class Wide(nn.Module, PyTorchModelHubMixin):
    def __init__(self, width, scale=2.0):
        super().__init__()
        self.linear = nn.Linear(4, width)
        self.factor = scale

    def forward(self, x):
        return self.linear(x) * self.factor


class Configured(nn.Module, PyTorchModelHubMixin):
    def __init__(self, config: dict):
        super().__init__()
        self.linear = nn.Linear(4, config["width"])

    def forward(self, x):
        return self.linear(x)


@dataclasses.dataclass
class Config:
    width: int = 2
    bias: bool = True


class Typed(nn.Module, PyTorchModelHubMixin):
    def __init__(self, config: Config, scale: float = 1.0):
        super().__init__()
        self.linear = nn.Linear(4, config.width, bias=config.bias)
        self.scale = scale

    def forward(self, x):
        return self.linear(x) * self.scale


class Act:
    def __init__(self, slope):
        self.slope = slope


class Coded(nn.Module, PyTorchModelHubMixin, coders={Act: (lambda act: act.slope, Act)}):
    def __init__(self, act: Act, width: int = 3):
        super().__init__()
        self.linear = nn.Linear(4, width)
        self.slope = act.slope

    def forward(self, x):
        return nn.functional.leaky_relu(self.linear(x), self.slope)
"""

TRAIN = """
import sys

import torch
from net import Act, Coded, Config, Configured, Typed, Wide

import reprobundle

if __name__ == "__main__":
    proofs = []
    models = (Wide(5, scale=3.0), Configured({"width": 5, "name": "small"}), Typed(Config(5, False), scale=3.0),
              Coded(Act(0.25)))
    for model in models:
        folder = sys.argv[1] + "/" + type(model).__name__
        proofs.append(reprobundle.capture(folder, model=model, inputs=-torch.ones(2, 4), budget=0).proof.status)
    print(*proofs)
"""

LOAD = """
import sys

sys.modules["reprobundle"] = None  # whoever imports it now gets an error

import net
import torch
from safetensors.torch import load_file

same = []
for name in ("Wide", "Configured", "Typed", "Coded"):
    folder = sys.argv[1] + "/" + name
    model = getattr(net, name).from_pretrained(folder, strict=True)
    expected = load_file(folder + "/replay/expected.safetensors")["value"]
    same.append(torch.equal(model(-torch.ones(2, 4)), expected))
print(*same)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The models captured by one script, and read by another as the mixin reads them."""
    folder = tmp_path_factory.mktemp("mixin")
    project = make_project(folder / "project", net=NET, train=TRAIN, load=LOAD)
    trained = python("train.py", str(folder), cwd=project)
    loaded = python("load.py", str(folder), cwd=project)
    assert trained.stdout.splitlines()[-1:] == ["bitwise bitwise bitwise bitwise"], trained.stderr
    assert loaded.stdout.splitlines()[-1:] == ["True True True True"], loaded.stderr
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "init", "config"),
    [
        ("Wide", {"width": 5, "scale": 3.0}, {"width": 5, "scale": 3.0}),
        ("Configured", {"config": {"width": 5, "name": "small"}}, {"width": 5, "name": "small"}),
        ("Typed", {"config": {"width": 5, "bias": False}, "scale": 3.0}, {"width": 5, "bias": False, "scale": 3.0}),
        ("Coded", {"act": 0.25, "width": 3}, {"act": 0.25, "width": 3}),
    ],
)
def test_mixin_remembers_how_the_model_was_made(folder, name, init, config):
    """Arguments that neither a hyperparameter nor an attribute holds come from the mixin, and it reads the bundle."""
    manifest = reprobundle.verify(folder / name).manifest

    assert manifest.model.init.kwargs == init
    assert json.loads((folder / name / "config.json").read_text()) == config


class Act:
    """A value that the class has a coder for."""

    def __init__(self, slope):
        self.slope = slope


class Mode(enum.Enum):
    FAST = "f"


@dataclasses.dataclass
class Config:
    width: int = 2
    depth: str = "an attribute that makes the whole too long for one line"


class Any(torch.nn.Module, hub.PyTorchModelHubMixin, coders={Act: (lambda act: act.slope, Act)}):
    """Keeps what it is made with where the test says so."""

    def __init__(self, sizes=(1, 2), scale: float = 1.0, act=None, config=None, kept=False):
        super().__init__()
        self.linear = torch.nn.Linear(1, 1)
        if kept:
            self.sizes, self.scale, self.act, self.config, self.kept = sizes, scale, act, config, kept


class Needy(torch.nn.Module, hub.PyTorchModelHubMixin):
    """Cannot be made without a configuration."""

    def __init__(self, config):
        super().__init__()
        self.linear = torch.nn.Linear(1, 1)


class Open(torch.nn.Module, hub.PyTorchModelHubMixin):
    """Takes any further arguments."""

    def __init__(self, width, **options):
        super().__init__()
        self.linear = torch.nn.Linear(1, width)


def captured(tmp_path, model, **given):
    """The arguments and ``config.json`` of a capture, and what it tells about the model."""
    stage = Stage(Writer(tmp_path))
    section = component.capture(Source(model=model, **given), stage)
    config = json.loads((tmp_path / "config.json").read_text())
    return section.init, config, [(note.message, note.hint) for note in stage.notes]


REPLAY = "; a replay has it as it was"


@pytest.mark.parametrize(
    ("given", "fault", "argument"),
    [
        ({}, "gives [1, 2] for 'sizes', which was (1, 2)", "sizes"),
        ({"sizes": [3], "scale": math.inf}, "does not know the argument 'scale': inf cannot stand in config.json", "scale"),
        ({"sizes": [3], "act": torch.float16}, "does not know the argument 'act': torch.float16 cannot stand in config.json",
         "act"),
        ({"sizes": [3], "act": Mode.FAST}, "does not know the argument 'act': <Mode.FAST: 'f'> cannot stand in config.json",
         "act"),
        ({"sizes": [3], "act": torch.nn.ReLU},
         "does not know the argument 'act': <class 'torch.nn.modules.activation.ReLU'> cannot stand in config.json", "act"),
        ({"sizes": [3], "config": {"a": 1, "b": torch.float16}},
         "does not know 'b' of 'config', which cannot stand in config.json", "config"),
        ({"sizes": [3], "config": {"a": 1, "b": (1, 2)}}, "gives [1, 2] for 'b' of 'config', which was (1, 2)", "config"),
        ({"sizes": [3], "config": Config(3)},
         "gives a dict for 'config', which was a Config", "config"),
    ],
)  # fmt: skip
def test_what_from_pretrained_gets_wrong_is_told(tmp_path, given, fault, argument):
    """The replay has the arguments as they were; who uses the mixin reads what it makes of them, and the way out."""
    init, _, notes = captured(tmp_path, Any(**given, kept=True))

    assert notes == [(f"Any.from_pretrained {fault}", f"Any.from_pretrained(…, {argument}=…){REPLAY}")]
    assert {name: worker.restored(init.model_dump(mode="json"))[1][name] for name in given} == given


def test_config_is_whole_where_the_mixin_writes_none(tmp_path):
    """One value that JSON cannot hold costs that value, where the mixin forgets the whole of ``config``."""
    model = Any(sizes=[3], config={"a": 1, "b": torch.float16}, kept=True)

    assert set(model._hub_mixin_config) == {"sizes", "scale", "act", "kept"}
    assert captured(tmp_path, model)[1] == {
        "a": 1, "sizes": [3], "scale": 1.0, "act": None, "kept": True,
    }  # fmt: skip


def test_a_forgotten_argument_is_told(tmp_path):
    """Of what JSON cannot hold the mixin keeps the default in silence; the attribute may be something else altogether."""
    init, _, notes = captured(tmp_path, Any(sizes=[3], scale=torch.float16, kept=True))

    assert init.kwargs["scale"] == 1.0
    assert notes == [
        (
            "the constructor's default stands in for 'scale' (the model now holds torch.float16, which JSON cannot hold)",
            "capture(…, init={…}) with the constructor's arguments as plain values, or factory=a function",
        )
    ]


def test_a_dataclass_hides_the_other_arguments(tmp_path):
    """Of arguments beside it the mixin keeps none, so that they come back as their defaults."""
    _, _, notes = captured(tmp_path, Any(sizes=[3], config=Config(3)))

    assert "'sizes' (the mixin keeps nothing beside a dataclass config), 'scale'" in notes[0][0]


def test_a_coded_argument_comes_back(tmp_path):
    """What only the class's own coder can write is recorded as the coder writes it, and told where it is not read back."""
    init, config, notes = captured(tmp_path, Any(sizes=[3], act=Act(0.5), kept=True))

    assert (init.kwargs["act"], init.kinds["/kwargs/act"], config["act"]) == (0.5, "coded", 0.5)
    assert notes == [
        ("Any.from_pretrained gives 0.5 for 'act', which was encoded as 0.5", f"Any.from_pretrained(…, act=…){REPLAY}")
    ]


@pytest.mark.parametrize("model", [Needy({}), Needy({"act": torch.float16})], ids=["empty", "forgotten"])
def test_nothing_kept_is_an_empty_configuration(tmp_path, model):
    """The mixin writes no config.json and cannot read its own folder; the proof says whether the empty one is right."""
    init, config, notes = captured(tmp_path, model)

    assert model._hub_mixin_config is None
    assert (init.kwargs, config) == ({"config": {}}, {})
    assert notes == [
        (
            "the mixin kept nothing of 'config': it was empty, or held what JSON cannot hold; it is recorded as empty",
            "capture(…, init={'config': {…}}) with the values it had",
        )
    ]


def test_further_arguments_come_from_the_mixin(tmp_path):
    """What ``**options`` took is known by name."""
    init, config, notes = captured(tmp_path, Open(2, depth=3))

    assert (init.kwargs, config, notes) == ({"width": 2, "depth": 3}, {"width": 2, "depth": 3}, [])


def test_half_is_told(tmp_path):
    """from_pretrained gives the dtype that the constructor makes."""
    _, _, notes = captured(tmp_path, Any(sizes=[3], kept=True).half())

    assert notes == [
        (
            "Any.from_pretrained keeps the dtypes that the constructor makes: 2 tensors are of torch.float16 here",
            "after from_pretrained: .to(torch.float16); a replay has the dtypes as they were",
        )
    ]


def test_arguments_changed_since_are_told(tmp_path):
    """The mixin keeps what the model was made with, not what it holds now."""
    model = Any(sizes=[3], config={"a": 1, "b": 2}, kept=True)
    model.config["a"] = 5
    model.scale = 4.0
    init, _, notes = captured(tmp_path, model)

    assert (init.kwargs["scale"], init.kwargs["config"]["a"]) == (1.0, 1)
    assert notes == [
        (
            "the model was made with other values than it holds now: 'scale', 'a'",
            "where they should be made with the new ones: capture(…, init={…})",
        )
    ]


def test_a_class_that_loads_in_its_own_way_is_left_alone(tmp_path):
    """Nothing is said about what its own from_pretrained makes of the configuration."""

    class Own(Any):
        @classmethod
        def _from_pretrained(cls, **given):
            return cls()

    _, _, notes = captured(tmp_path, Own(kept=True), init={"sizes": (1, 2)}, factory=Any)

    assert notes == []


def test_no_hub_library_is_imported_to_find_out():
    """Whether a class has the mixin is known without huggingface_hub."""
    code = "import sys; from reprobundle.components.model import mixin; mixin.is_one(3); print('huggingface_hub' in sys.modules)"

    assert python("-c", code, cwd=".").stdout == "False\n", sys.executable
