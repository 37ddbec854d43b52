"""A model is captured without what training put around it, and the person's own module stays as it is."""

from __future__ import annotations

import sys
import types

import pytest

from reprobundle.components import model as component
from reprobundle.components.interface import Source, Stage
from reprobundle.components.model import unwrapping
from reprobundle.errors import UsageError
from reprobundle.store import Writer

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.slow  # whoever compiles first waits for torch's compiler


class Net(torch.nn.Module):
    def __init__(self, hidden=2):
        super().__init__()
        self.layer = torch.nn.Linear(2, hidden)

    def forward(self, x):
        return self.layer(x)


def prepared(model):
    """A module as accelerate's mixed precision leaves it."""
    model._original_forward = model.forward
    model.forward = lambda x: model._original_forward(x).half()
    return model


def compiled_in_place(model):
    model.compile(backend="eager")
    return model


@pytest.mark.parametrize(
    ("wrap", "names"),
    [
        (torch.nn.DataParallel, ("DataParallel",)),
        (torch.optim.swa_utils.AveragedModel, ("AveragedModel",)),
        (lambda model: torch.compile(model, backend="eager"), ("OptimizedModule",)),
        (
            lambda model: torch.compile(torch.nn.DataParallel(model), backend="eager"),
            ("OptimizedModule", "DataParallel"),
        ),
        (prepared, ("mixed precision",)),
        (compiled_in_place, ("compile",)),
    ],
)
def test_a_wrapper_is_taken_off(tmp_path, wrap, names):
    """Class, arguments and the names of the tensors are the model's own, and what was taken off is recorded."""
    wrapped = wrap(Net(hidden=3))
    source = component.opened(Source(model=wrapped, init={"hidden": 3}))
    stage = Stage(Writer(tmp_path))
    section = component.capture(source, stage)

    assert type(source.model) is Net
    assert (section.wrappers, section.entry) == (names, f"{__name__}:Net")
    assert [tensor.name for tensor in section.tensors] == ["layer.weight", "layer.bias"]
    assert source.model(torch.ones(1, 2)).dtype is torch.float32


def test_distributed_data_parallel_is_taken_off(tmp_path):
    """The wrapper of a distributed run, here of one process."""
    store = torch.distributed.FileStore(str(tmp_path / "store"), 1)
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        wrapped = torch.nn.parallel.DistributedDataParallel(Net())
        source = component.opened(Source(model=wrapped))
    finally:
        torch.distributed.destroy_process_group()

    assert (source.model, source.wrappers) == (wrapped.module, ("DistributedDataParallel",))


@pytest.mark.parametrize(
    ("wrap", "attribute"), [(prepared, "_original_forward"), (compiled_in_place, "_compiled_call_impl")]
)
def test_the_persons_own_module_is_not_changed(wrap, attribute):
    """What sits in the module itself is taken off a shallow copy that shares every parameter."""
    wrapped = wrap(Net())
    inner = component.opened(Source(model=wrapped)).model

    assert attribute in vars(wrapped)
    assert inner is not wrapped
    assert all(one is other for one, other in zip(inner.parameters(), wrapped.parameters(), strict=True))


def test_a_plain_model_stays_itself():
    """Nothing is copied where there is nothing to take off."""
    source = Source(model=Net())

    assert component.opened(source) is source
    assert component.opened(Source(model=len)).model is len


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (lambda model: torch.compile(model, backend="eager"),
         "the model was compiled; the recorded outputs are those of the module run eagerly"),
        (prepared, "mixed precision was taken off; the recorded outputs are those of the module's own dtypes"),
        (torch.optim.swa_utils.AveragedModel,
         "the averaged weights are captured; batch statistics are averaged only by update_bn"),
    ],
)  # fmt: skip
def test_other_numbers_are_told(tmp_path, wrap, message):
    """Where the wrapper had a say in the outputs, the person reads whose outputs are recorded."""
    stage = Stage(Writer(tmp_path))
    component.capture(component.opened(Source(model=wrap(Net()), init={})), stage)

    assert message in [note.message for note in stage.notes]


def test_a_compiled_submodule_is_told(tmp_path):
    """Its tensors have names that the class does not know."""
    model = Net()
    model.layer = torch.compile(model.layer, backend="eager")
    stage = Stage(Writer(tmp_path))
    component.capture(component.opened(Source(model=model, init={})), stage)

    assert [(note.message, note.hint) for note in stage.notes] == [
        (
            "submodule 'layer' is compiled, so the names of its tensors hold '_orig_mod'",
            "compile a submodule in place: model.layer.compile()",
        )
    ]


@pytest.mark.parametrize(
    ("module", "name", "message", "hint"),
    [
        ("torch.distributed.fsdp.fully_sharded_data_parallel", "FullyShardedDataParallel",
         "model: Local is sharded over processes, so no process holds its weights", unwrapping.WHOLE),
        ("peft.peft_model", "PeftModel",
         "model: adapters of peft lie over the model (Local), which its own class does not know",
         "capture model.merge_and_unload(), which has the adapters in its weights"),
    ],
)  # fmt: skip
def test_what_cannot_be_unwrapped_is_refused(monkeypatch, module, name, message, hint):
    """By the class's name in its library, with the way out; the library need not be here."""
    local = type("Local", (torch.nn.Module,), {})
    stand_in = types.ModuleType(module)
    setattr(stand_in, name, local)
    monkeypatch.setitem(sys.modules, module, stand_in)
    with pytest.raises(UsageError) as caught:
        component.opened(Source(model=local()))

    assert (str(caught.value), caught.value.hint) == (message, hint)
