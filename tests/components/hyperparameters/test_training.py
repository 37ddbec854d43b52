"""Optimizers, schedulers and scalers as configuration: classes, options, names of parameters, and no state."""

from __future__ import annotations

import pytest
import torch
from torch.optim import lr_scheduler

from reprobundle.components import hyperparameters
from reprobundle.components.hyperparameters import training
from reprobundle.components.interface import Source, Stage
from reprobundle.records import from_bytes, to_bytes
from reprobundle.store import Writer

GIVE = "give the optimizer or scheduler itself, a list of them, or a mapping by name"


class Strange:
    def __getattr__(self, name):
        raise ZeroDivisionError(name)


class Own(torch.optim.SGD):
    def state_dict(self):
        raise RuntimeError("gather it first")


@pytest.fixture
def stage(tmp_path):
    return Stage(Writer(tmp_path))


@pytest.fixture
def model():
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))


def take(stage, model, **given):
    return hyperparameters.capture(Source(model=model, trained_here=False, **given), stage)


def notes(stage):
    return [(note.message, note.hint) for note in stage.notes]


def test_class_options_and_names(stage, model):
    """Each group has its options and its parameters by the names that the model has for them."""
    groups = [{"params": [model[1].weight], "lr": 0.2}, {"params": [model[0].bias, model[0].weight]}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    section = take(stage, model, optimizer=optimizer)
    found = section.optimizers[0]

    assert (found.name, found.entry, found.steps) == ("0", "torch.optim.sgd:SGD", None)
    assert [group.parameters for group in found.groups] == [("1.weight",), ("0.bias", "0.weight")]
    assert [(group.options["lr"], group.options["momentum"]) for group in found.groups] == [(0.2, 0.9), (0.1, 0.9)]
    assert from_bytes(hyperparameters.Section, to_bytes(section), name="section") == section
    assert notes(stage) == []


def test_steps_are_counted_where_the_optimizer_counts_them(stage, model):
    """The number of steps is the largest that any parameter counts."""
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(3):
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()

    assert take(stage, model, optimizer=optimizer).optimizers[0].steps == 3


def test_several_by_name_with_a_scaler_among_them(stage, model):
    """A mapping gives the names, and a scaler of gradients is told by what it can."""
    mapping = {
        "generator": torch.optim.SGD(model[0].parameters(), lr=0.1),
        "scaler": torch.amp.GradScaler("cpu"),
        "critic": torch.optim.SGD(model[1].parameters(), lr=0.2),
    }
    section = take(stage, model, optimizer=mapping)

    assert [optimizer.name for optimizer in section.optimizers] == ["generator", "critic"]
    assert [(scaler.name, scaler.values["scale"]) for scaler in section.scalers] == [("scaler", 65536.0)]


def test_schedulers_say_what_they_are_set_to(stage, model):
    """A scheduler is its class and the plain values of its own state; what JSON cannot hold is named."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    given = [lr_scheduler.StepLR(optimizer, 5), lr_scheduler.ReduceLROnPlateau(optimizer)]
    step, plateau = take(stage, model, optimizer=optimizer, scheduler=given).schedulers

    assert (step.name, step.entry) == ("0", "torch.optim.lr_scheduler:StepLR")
    assert (step.values["step_size"], step.values["gamma"], step.values["base_lrs"]) == (5, 0.1, [0.1])
    assert ("best", "inf is not JSON") in [(missing.path, missing.reason) for missing in plateau.unsaved]


def test_options_that_are_no_json_are_listed(stage, model):
    """A function among the options is named in the section and in a note."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.param_groups[0]["hook"] = len
    section = take(stage, model, optimizer=optimizer)

    assert [missing.path for missing in section.optimizers[0].groups[0].unsaved] == ["hook"]
    assert notes(stage) == [
        ("optimizer '0', group 0: hook: builtin_function_or_method is not saved: JSON cannot hold it", None)
    ]


def test_parameters_of_another_model(stage, model):
    """Parameters that the captured model does not have are counted and told."""
    other = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD([*model[1].parameters(), *other.parameters()], lr=0.1)
    group = take(stage, model, optimizer=optimizer).optimizers[0].groups[0]

    assert (group.parameters, group.foreign) == (("1.weight", "1.bias"), 2)
    assert notes(stage) == [
        (
            "optimizer '0': 2 parameters of it are none of the model's",
            "training cannot be continued from this bundle alone",
        )
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"optimizer": 3},
            "optimizer '0': expected an object with step() and state_dict() as torch's own have, found int",
        ),
        (
            {"scheduler": {"main": "cosine"}},
            "scheduler 'main': expected an object with step() and state_dict() as torch's own have, found str",
        ),
        ({"optimizer": Strange()}, "optimizer and scheduler cannot be read: ZeroDivisionError: param_groups"),
    ],
)
def test_what_is_no_optimizer_is_a_note(stage, model, given, message):
    """Something else in their place never stops a capture."""
    section = take(stage, model, **given)

    assert (section.optimizers, section.schedulers, section.scalers) == ((), (), ())
    assert notes(stage) == [(message, GIVE)]


def test_a_class_without_a_name(stage, model):
    """A class that only this function knows has no entry, and the note says why."""

    class Local(torch.optim.SGD):
        pass

    section = take(stage, model, optimizer=Local(model.parameters(), lr=0.1))
    name = "test_a_class_without_a_name.<locals>.Local"

    assert section.optimizers[0].entry is None
    assert notes(stage) == [
        (
            f"optimizer '0': its class {name!r} cannot be imported by another process",
            "move it to the top level of a module",
        )
    ]


@pytest.mark.parametrize(
    ("module", "name", "attribute"),
    [
        ("accelerate.optimizer", "AcceleratedOptimizer", "optimizer"),
        ("lightning.pytorch.core.optimizer", "LightningOptimizer", "optimizer"),
        ("lightning.fabric.wrappers", "_FabricOptimizer", "optimizer"),
        ("pytorch_lightning.utilities.types", "LRSchedulerConfig", "scheduler"),
    ],
)
def test_wrappers_are_taken_off(model, module, name, attribute):
    """What a trainer puts around an optimizer or scheduler is not what is recorded."""
    inner = torch.optim.SGD(model.parameters(), lr=0.1)
    base = type(name, (), {"__module__": module})
    wrapper = type("MadeAtRunTime", (base,), {})()
    setattr(wrapper, attribute, inner)

    assert training.taken(wrapper, None).optimizers == {"0": inner}


def test_of_another_module_such_a_name_is_no_wrapper(model):
    """Only the libraries' own classes are looked into."""
    wrapper = type("LightningOptimizer", (), {"optimizer": 1})()

    assert training.taken(wrapper, None).unknown == {"optimizer '0'": "LightningOptimizer"}


def test_states_that_cannot_be_taken(stage, model):
    """An optimizer that gives no state is recorded all the same; the note says that training cannot be continued."""
    section = take(stage, model, optimizer=Own(model.parameters(), lr=0.1), resumable=True)

    assert section.resuming is None
    assert len(section.optimizers) == 1
    assert notes(stage) == [("training cannot be continued from this bundle: RuntimeError: gather it first", None)]
    assert stage.writer.entries == ()
