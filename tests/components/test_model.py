"""How a model is made again: its arguments as given, or found by name."""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import types

import pytest

from reprobundle.components import model
from reprobundle.components.interface import Source, Stage
from reprobundle.components.model import arguments
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.records import from_bytes
from reprobundle.store import Writer
from reprobundle.worker import arguments as worker

torch = pytest.importorskip("torch")


@dataclasses.dataclass
class Act:
    slope: float = 0.1


@dataclasses.dataclass
class Config:
    hidden: int
    act: Act


class Net(torch.nn.Module):
    def __init__(self, cfg: Config):
        super().__init__()
        self.layer = torch.nn.Linear(2, cfg.hidden)


class Loose(torch.nn.Module):
    def __init__(self, hidden=2, *layers, **options):
        super().__init__()


def build(**options):
    """Make a model of any options."""
    return Net(Config(options["hidden"], Act()))


CONFIG = Config(3, Act(0.5))
PLAIN = {"cfg": {"hidden": 3, "act": {"slope": 0.5}}}
OBJECTS = {"/kwargs/cfg": f"{__name__}:Config", "/kwargs/cfg/act": f"{__name__}:Act"}


@pytest.fixture
def stage(tmp_path):
    return Stage(Writer(tmp_path))


def capture(stage, **given):
    """The arguments that a capture records."""
    return model.capture(Source(**{"model": Net(CONFIG), **given}), stage).init


@pytest.mark.parametrize(
    "given",
    [
        {"init": {"cfg": CONFIG}},
        {"hyperparameters": CONFIG},
        {"hyperparameters": {"cfg": CONFIG, "lr": 1}},
        {"hyperparameters": {"hidden": 3, "act": {"slope": 0.5}, "lr": 1}},
    ],
)
def test_a_dataclass_is_recorded_as_its_class_and_parts(stage, given):
    """However the person has it at hand, what is recorded makes an equal object again."""
    init = capture(stage, **given)

    assert (init.kwargs, init.objects) == (PLAIN, OBJECTS)
    assert worker.restored(init.model_dump(mode="json")) == ([], {"cfg": CONFIG})


def test_an_attribute_of_the_model_is_found(stage):
    """A configuration that the model keeps needs no hyperparameters."""
    made = Net(CONFIG)
    made.cfg = CONFIG

    assert capture(stage, model=made).objects == OBJECTS


def test_what_cannot_be_found_says_why(stage):
    """An argument that is there but cannot be stored is told apart from one that is not there."""
    made = Net(CONFIG)
    made.cfg = Config(3, object())

    assert capture(stage, model=made) is None
    assert stage.notes[-1].message.startswith(
        "the constructor needs 'cfg' (argument 'cfg/act': object <object object> is no value"
    )
    assert stage.notes[-1].message.endswith(
        "is no value that can be made again), which no hyperparameter or attribute gives"
    )


def test_a_class_without_a_name_is_refused_where_it_was_given(stage):
    """A dataclass made inside a function cannot be made again elsewhere."""

    @dataclasses.dataclass
    class Local:
        hidden: int

    with pytest.raises(UsageError) as caught:
        capture(stage, init={"cfg": Local(3)})

    assert str(caught.value).startswith("init: argument 'cfg': ")
    assert "is defined inside a function" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "taken"),
    [({"factory": build}, "**options"), ({"model": Loose(2)}, "*layers, **options")],
)
def test_arguments_that_have_no_names_are_not_left_out_silently(stage, given, taken):
    """Where a constructor takes anything, none of it can be found, and that is said."""
    capture(stage, **given)

    assert stage.notes[-1].message == (f"the constructor takes any further arguments ({taken}); none are recorded")
    assert stage.notes[-1].hint == "where the model was made with some: capture(…, init={…})"


class Inner(torch.nn.Module):
    def __init__(self, net, scale=1.0, act=None):
        super().__init__()
        self.net = net
        self.act = act


class Bare(torch.nn.Module):
    def __init__(self, args, path="words.txt"):
        super().__init__()
        self.path = path


def test_a_module_as_an_argument_is_named(stage):
    """A constructor that takes another module cannot be called from plain values."""
    assert capture(stage, model=Inner(torch.nn.Linear(1, 1))) is None
    assert stage.notes[-1].message == (
        "the constructor needs 'net' (argument 'net': a module (Linear) is no plain value), "
        "which no hyperparameter or attribute gives"
    )
    with pytest.raises(UsageError, match=r"init: argument 'net': a module \(Linear\) is no plain value") as caught:
        capture(stage, model=Inner(torch.nn.Linear(1, 1)), init={"net": torch.nn.Linear(1, 1)})

    assert caught.value.hint == "capture(…, factory=a function of plain values that makes it all, init={…})"


def test_a_default_that_stands_in_is_told(stage):
    """An argument that was found and cannot be recorded is not left to its default in silence."""
    made = Inner(3, act=torch.zeros(2))
    init = capture(stage, model=made, hyperparameters={"net": 3})

    assert init.kwargs == {"net": 3}
    assert stage.notes[-1].message == (
        "the constructor's default stands in for 'act' (argument 'act': a Tensor of shape (2,) is no plain value)"
    )


@pytest.mark.parametrize("given", [argparse.Namespace(hidden=3, lr=0.1), types.SimpleNamespace(hidden=3, lr=0.1)])
def test_a_namespace_is_the_whole_configuration(stage, given):
    """What argparse gave comes back as a namespace, and config.json holds its values."""
    init = capture(stage, model=Bare(given), hyperparameters=given)

    assert worker.restored(init.model_dump(mode="json"))[1]["args"] == given
    assert json.loads((stage.root / "config.json").read_text()) == {
        "args": {"hidden": 3, "lr": 0.1}, "path": "words.txt",
    }  # fmt: skip


def test_a_path_is_told(stage):
    """The file must be in the bundle, and be found from where a replay runs."""
    capture(stage, model=Bare({"a": 1}, pathlib.Path("data/words.txt")), hyperparameters={"a": 1})

    assert stage.notes[-1].message == "argument 'path' is a path: a replay needs that file, and runs in another folder"


def test_what_lightning_saw_goes_first(stage):
    """save_hyperparameters keeps the arguments as they were, whatever the module or the person changed since."""
    made = Bare({"a": 1})
    made._hparams_initial = {"args": {"a": 7}}

    assert capture(stage, model=made, hyperparameters={"args": {"a": 8}}).kwargs["args"] == {"a": 7}


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ({"args": [{"hidden": 3}], "kwargs": {}}, {"hidden": 3}),
        ({"config": {"hidden": 3}}, {"hidden": 3}),
        ({"cfg": CONFIG}, {"hidden": 3, "act": {"slope": 0.5}}),
        ({"hidden": 3, "dropout": 0.5}, {"hidden": 3, "dropout": 0.5}),
        ({"sizes": (1, 2), "act": torch.nn.ReLU}, {"sizes": [1, 2], "act": "torch.nn.modules.activation:ReLU"}),
    ],
)
def test_config_json_is_what_the_class_is_called_with(stage, init, expected):
    """``MyModel(json.load(…))`` for a class of one configuration, ``MyModel(**json.load(…))`` for any other."""
    capture(stage, init=init)

    assert json.loads((stage.root / "config.json").read_text()) == expected


class Sized(torch.nn.Module):
    def __init__(self, hidden: int = 16, dropout: float = 0.1):
        super().__init__()
        self.layer, self.drop = torch.nn.Linear(2, hidden), torch.nn.Dropout(dropout)


def test_a_group_of_the_model_gives_arguments(stage):
    """Files of settings have groups, of which the model's own is meant where a class takes such a value."""
    settings = {"model": {"hidden": 24, "dropout": 0.5}, "train": {"hidden": 3}}
    init = capture(stage, model=Sized(24, 0.5), hyperparameters=settings)

    assert init.kwargs == {"hidden": 24, "dropout": 0.5}
    assert not stage.notes
    assert arguments.by_name(Sized, settings).kwargs == {"hidden": 24, "dropout": 0.5}


def test_a_value_of_another_group_is_not_passed_over_in_silence(stage):
    """Whose it is cannot be told; with the default in its place the model may train otherwise."""
    init = capture(stage, model=Sized(dropout=0.5), hyperparameters={"train": {"dropout": 0.5}, "data": {"n": 3}})

    assert init.kwargs == {}
    assert stage.notes[-1].message == (
        "the constructor's default stands in for 'dropout' (the hyperparameters have train.dropout = 0.5, which was not taken for it)"
    )
    assert stage.notes[-1].hint is not None
    assert "init=" in stage.notes[-1].hint


def test_arguments_found_for_a_factory_of_no_model_yet():
    """A specification finds them the same way before there is a model."""
    found = arguments.by_name(Net, {"hidden": 3, "act": {"slope": 0.5}})

    assert (found.kwargs, found.missing) == ({"cfg": CONFIG}, ())
    assert arguments.by_name(Net, {}).missing == ("'cfg'",)


@pytest.mark.parametrize("pointer", ["kwargs/a", "/other/a", "/args/x", "/kwargs", ""])
def test_a_place_must_lie_among_the_arguments(pointer):
    """A record whose places lead elsewhere is refused."""
    with pytest.raises(RefusedInputError):
        from_bytes(model.Arguments, f'{{"objects": {{"{pointer}": "a:b"}}}}'.encode(), name="x")
