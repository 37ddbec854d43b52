"""Resuming: what fits is restored whole, and what does not fit changes nothing."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
import torch
from forging import forged
from safetensors.torch import load_file, save_file
from tiny import bare_manifest

import reprobundle
from reprobundle import bundle as bundles
from reprobundle import guest, rng
from reprobundle.components import hyperparameters
from reprobundle.components import model as models
from reprobundle.components.hyperparameters import states
from reprobundle.components.interface import Source, Stage
from reprobundle.store import Writer, staging
from reprobundle.tensors import read_places

SAME = "make it as the training did, over the same parameters in the same order"
NOT_RESUMABLE = "training cannot be continued from this bundle"


class Net(torch.nn.Module):
    def __init__(self, hidden=4):
        super().__init__()
        self.first = torch.nn.Linear(3, hidden)
        self.norm = torch.nn.BatchNorm1d(hidden)
        self.last = torch.nn.Linear(hidden, 1)
        self.register_buffer("scale", torch.ones(1), persistent=False)

    def forward(self, x):
        return self.last(torch.nn.functional.dropout(self.norm(self.first(x)))) * self.scale


@pytest.fixture(autouse=True)
def seeded():
    with rng.kept():
        torch.manual_seed(1)
        yield


def made(kind=torch.optim.AdamW, **options):
    model = Net()
    optimizer = kind(model.parameters(), lr=0.1, **options)
    return model, optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)


def train(model, optimizer, scheduler, steps=3):
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(8, 3)).square().sum().backward()
        optimizer.step()
        scheduler.step()


def pack(folder, model, **given):
    """A sealed bundle of the two sections that resuming reads."""
    with rng.kept() as drawn, staging(folder) as place:
        source = models.opened(Source(**{"model": model, "inputs": None, "generators": {0: drawn}, **given}))
        stage = Stage(Writer(place))
        sections = {"hyperparameters": hyperparameters.capture(source, stage), "model": models.capture(source, stage)}
        stage.writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        bundles.seal(stage.writer, bare_manifest().model_copy(update=sections))
    return [note.message for note in stage.notes if note.kind == "hyperparameters"]


@pytest.fixture
def trained(tmp_path):
    """A bundle after three steps, and what it was made of."""
    parts = made()
    train(*parts)
    model, optimizer, scheduler = parts
    pack(tmp_path / "bundle", model, optimizer=optimizer, scheduler=scheduler, resumable=True)
    return tmp_path / "bundle", parts


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One bundle for the tests that only read it."""
    folder = tmp_path_factory.mktemp("shared") / "bundle"
    with rng.kept():
        parts = made()
        train(*parts)
        pack(folder, parts[0], optimizer=parts[1], scheduler=parts[2], resumable=True)
    return folder


def equal(first, second):
    return str(first.state_dict()) == str(second.state_dict())


def refused(bundle, **given):
    """What resume says, after it was made sure that it changed nothing."""
    things = [thing for thing in given.values() if hasattr(thing, "state_dict")]
    before = [str(thing.state_dict()) for thing in things], rng.states()
    with pytest.raises(reprobundle.UsageError) as caught:
        reprobundle.resume(bundle, **given)

    assert ([str(thing.state_dict()) for thing in things], rng.states()) == before
    return str(caught.value), caught.value.hint


def test_all_of_it(trained):
    """Weights, buffers, states and generators are as they were, and the training goes on the same."""
    bundle, (model, optimizer, scheduler) = trained
    model.scale.fill_(2)
    other = made()
    found = reprobundle.resume(bundle, model=other[0], optimizer=other[1], scheduler=other[2])
    model.scale.fill_(1)
    train(*other)
    reprobundle.resume(bundle)
    train(model, optimizer, scheduler)

    assert found.id == reprobundle.Bundle.open(bundle).id
    assert found.restored == (
        "generator 'numpy'",
        "generator 'python'",
        "generator 'torch'",
        "model",
        "optimizer '0'",
        "scheduler '0'",
    )
    assert (found.left, found.steps) == ((), 3)
    assert all(equal(one, same) for one, same in zip(other, (model, optimizer, scheduler), strict=True))


def test_only_what_is_asked_for(trained):
    """What is not given stays as it is, and is named."""
    bundle, (model, _, _) = trained
    other = Net()
    random.seed(3)
    before = rng.states()
    found = reprobundle.resume(reprobundle.verify(bundle), model=other, rng=False)

    assert (found.restored, found.left) == (("model",), ("optimizer '0'", "scheduler '0'"))
    assert equal(other, model)
    assert rng.states() == before


def test_the_parameters_stay_the_same_objects(trained):
    """Weights are copied in place: an optimizer made before goes on with them."""
    other = made()
    before = [id(parameter) for parameter in other[0].parameters()]
    reprobundle.resume(trained[0], model=other[0])

    assert [id(parameter) for parameter in other[0].parameters()] == before


def test_a_wrapped_model(trained):
    """What a trainer puts around the model is taken off for the names."""
    other = Net()
    reprobundle.resume(trained[0], model=torch.nn.DataParallel(other))

    assert equal(other, trained[1][0])


def test_a_half_model_with_states_of_float32(tmp_path):
    """A state keeps its own dtype, where torch would give it that of its parameter."""
    model = torch.nn.Linear(2, 1).half()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    optimizer.state[model.weight]["momentum_buffer"] = torch.full((1, 2), 1 + 2**-20)
    pack(tmp_path / "bundle", model, optimizer=optimizer, resumable=True)
    other = torch.nn.Linear(2, 1).half()
    fresh = torch.optim.SGD(other.parameters(), lr=0.1, momentum=0.9)
    reprobundle.resume(tmp_path / "bundle", model=other, optimizer=fresh)

    assert torch.equal(fresh.state[other.weight]["momentum_buffer"], torch.full((1, 2), 1 + 2**-20))


def test_nested_states_and_infinities(tmp_path):
    """Lists of tensors, tuples and infinite numbers come back as they were."""
    model = Net()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)

    def loss():
        optimizer.zero_grad()
        value = model(torch.ones(4, 3)).square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    optimizer.step(loss)
    pack(tmp_path / "bundle", model, optimizer={"a": optimizer}, scheduler={"b": scheduler}, resumable=True)
    other = torch.optim.LBFGS(model.parameters(), max_iter=2)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(other, factor=0.5)
    reprobundle.resume(tmp_path / "bundle", optimizer={"a": other}, scheduler={"b": plateau})

    assert equal(other, optimizer)
    assert equal(plateau, scheduler)
    assert plateau.best == float("inf")


def test_a_scaler(tmp_path):
    """A scaler of gradients goes on with its scale."""
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    pack(tmp_path / "bundle", model, optimizer={"sgd": optimizer, "amp": scaler}, resumable=True)
    other = torch.amp.GradScaler("cpu")
    found = reprobundle.resume(tmp_path / "bundle", optimizer={"amp": other}, rng=False)

    assert found.restored == ("scaler 'amp'",)
    assert found.left == ("model", "optimizer 'sgd'")
    assert other.get_scale() == 8.0


def test_a_bundle_without_states(tmp_path):
    """A bundle that was not made to be continued says how to make one that is."""
    model, optimizer, _ = made()
    pack(tmp_path / "bundle", model, optimizer=optimizer)

    assert refused(tmp_path / "bundle", optimizer=optimizer) == (
        "the bundle 'tiny' holds no states that a training can be continued from",
        "capture(…, optimizer=optimizer, scheduler=scheduler, resumable=True) puts them into a bundle",
    )


def other_order():
    model = Net()
    return {"model": model, "optimizer": torch.optim.AdamW([*model.parameters()][::-1], lr=0.1)}


def other_shape():
    return {"optimizer": torch.optim.AdamW(Net(hidden=5).parameters(), lr=0.1)}


def other_class():
    return {"optimizer": torch.optim.Adam(Net().parameters(), lr=0.1)}


def other_groups():
    model = Net()
    return {"optimizer": torch.optim.AdamW([{"params": [value]} for value in model.parameters()], lr=0.1)}


def fewer():
    return {"optimizer": torch.optim.AdamW([*Net().parameters()][1:], lr=0.1)}


def other_scheduler():
    optimizer = made()[1]
    return {"optimizer": optimizer, "scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 5)}


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (other_order, "optimizer '0', group 0: recorded parameter 'first.weight', found 'last.bias'", SAME),
        (
            other_shape,
            "optimizer '0', group 0: parameter 'first.weight': recorded shape (4, 3), found (5, 3)",
            SAME,
        ),
        (other_class, "optimizer '0': recorded 'torch.optim.adamw:AdamW', found 'torch.optim.adam:Adam'", SAME),
        (other_groups, "optimizer '0': recorded 1 groups, found 6", SAME),
        (fewer, "optimizer '0', group 0: recorded 6 parameters, found 5", SAME),
        (
            other_scheduler,
            "scheduler '0': recorded 'torch.optim.lr_scheduler:CosineAnnealingLR', "
            "found 'torch.optim.lr_scheduler:StepLR'",
            SAME,
        ),
        (
            lambda: {"optimizer": {"mine": made()[1]}},
            "optimizer 'mine': is not recorded, expected one of '0'",
            "name them as at the capture",
        ),
        (
            lambda: {"optimizer": 3},
            "optimizer '0': expected an object with step() and state_dict() as torch's own have, found int",
            "give the optimizer or scheduler itself, a list of them, or a mapping by name",
        ),
        (
            lambda: {"model": Net(hidden=5)},
            "model: does not fit the bundle: tensor 'first.weight': recorded F32 [4, 3], found F32 [5, 3], tensor "
            "'first.bias': recorded F32 [4], found F32 [5], tensor 'norm.weight': recorded F32 [4], found F32 [5] "
            "and 4 more",
            "make the model as the training did, with the same arguments and dtype",
        ),
        (
            lambda: {"model": torch.nn.Linear(1, 1, bias=False)},
            "model: does not fit the bundle: tensor 'first.weight' is missing in the model, tensor 'first.bias' is "
            "missing in the model, tensor 'norm.weight' is missing in the model and 7 more",
            "make the model as the training did, with the same arguments and dtype",
        ),
        (
            lambda: {"model": Net().half(), "optimizer": made()[1]},
            "model: does not fit the bundle: tensor 'first.weight': recorded F32 [4, 3], found F16 [4, 3], tensor "
            "'first.bias': recorded F32 [4], found F16 [4], tensor 'norm.weight': recorded F32 [4], found F16 [4] "
            "and 5 more",
            "make the model as the training did, with the same arguments and dtype",
        ),
        (lambda: {"model": len}, "model: expected an nn.Module, found builtin_function_or_method", None),
        (lambda: {"rng": False}, "nothing was asked for", "give model=, optimizer=, scheduler=, or rng=True"),
    ],
)
def test_what_does_not_fit(shared, given, message, hint):
    """Each misfit is named with what is recorded and what was found, and nothing is changed."""
    assert refused(shared, **given()) == (message, hint)


def test_generators_of_another_rank(tmp_path):
    """A rank whose states were not recorded is told so."""
    pack(tmp_path / "bundle", Net(), generators={1: rng.states(), 2: rng.states()})

    assert refused(tmp_path / "bundle") == (
        "generators: the states of rank 0 are not recorded, expected one of the ranks 1, 2",
        "rng=False goes on without them",
    )


def test_a_changed_bundle_is_refused(trained):
    """Only what verifies is loaded."""
    path = trained[0] / "replay" / "resume.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(reprobundle.RefusedInputError, match="resume.safetensors: digest differs"):
        reprobundle.resume(trained[0], model=Net())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", "is no structure of this bundle's tensors"),
        (b'{"kind":"tensor","name":"x"}', "is no structure of this bundle's tensors"),
        (b'{"kind":"dict","items":[]}', "expected optimizers, schedulers, scalers"),
        (b'{"kind":"plain","value":1e999}', "beyond the range of float64"),
        (b"{", "resume.json: "),
    ],
)
def test_structures_that_lie(shared, tmp_path, content, message):
    """A structure that does not fit its tensors is refused, whoever wrote it."""
    shutil.copytree(shared, tmp_path / "copy")
    (tmp_path / "copy" / "replay" / "resume.json").write_bytes(content)
    resuming = reprobundle.Bundle.open(shared).manifest.hyperparameters.resuming
    with pytest.raises(reprobundle.RefusedInputError) as caught:
        states.read(resuming, tmp_path / "copy")

    assert message in str(caught.value)


def test_no_pickle(shared):
    """The states are strict JSON and safetensors, under names that say where they belong."""
    folder = shared / "replay"
    node = json.loads((folder / "resume.json").read_bytes())

    assert sorted(path.name for path in folder.iterdir()) == [
        "buffers.safetensors",
        "resume.json",
        "resume.safetensors",
        "rng.safetensors",
    ]
    assert [key for key, _ in node["items"]] == ["optimizers", "schedulers", "scalers"]
    assert {place.name for place in read_places(folder / "resume.safetensors")} == {
        f"optimizers/0/state/{index}/{part}" for index in range(6) for part in ("exp_avg", "exp_avg_sq", "step")
    }


def test_no_worker_sees_them(shared):
    """What a replay shows to the model's own code holds neither states nor generators."""
    manifest = reprobundle.Bundle.open(shared).manifest
    shown = {path.as_posix() for path in guest.visible(manifest, Path, shared)}

    assert "model.safetensors" in shown
    assert {"replay/rng.safetensors", "replay/resume.json", "replay/resume.safetensors"} & shown == set()


def test_a_replay_does_not_copy_large_states(shared, tmp_path, monkeypatch):
    """States that nothing of a replay reads stay where they are, as weights do."""
    monkeypatch.setattr(bundles, "BORROWED_BYTES", 0)
    monkeypatch.setattr(bundles, "is_safe_to_borrow", lambda _: True)
    view = reprobundle.verify(shared).view(tmp_path)

    assert set(view.borrowed) == {"model.safetensors", "replay/resume.safetensors"}


def test_the_size_is_said(tmp_path):
    """The person reads what the states take beside the weights."""
    parts = made()
    train(*parts)
    told = pack(tmp_path / "bundle", parts[0], optimizer=parts[1], resumable=True)

    assert told == ["the states to continue the training from take 256 bytes beside 116 bytes of weights"]


def test_states_that_json_cannot_hold(tmp_path):
    """A state that would not come back as it was is named, and the bundle is made without states."""
    model, optimizer, _ = made()
    optimizer.param_groups[0]["hook"] = len
    told = pack(tmp_path / "bundle", model, optimizer=optimizer, resumable=True)
    reason = (
        "UnknownLeaf: at 'optimizers/0/param_groups/0/hook': a builtin_function_or_method is no tensor or plain value"
    )

    assert told[-1] == f"{NOT_RESUMABLE}: {reason}"
    assert reprobundle.Bundle.open(tmp_path / "bundle").manifest.hyperparameters.resuming is None


def test_a_disk_that_holds_the_weights_only(tmp_path, monkeypatch):
    """The weights come after the states: where both have no room the states are left out."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10**6))
    model, optimizer, scheduler = made()
    train(model, optimizer, scheduler)
    told = pack(tmp_path / "bundle", model, optimizer=optimizer, resumable=True)

    assert told == [
        f"{NOT_RESUMABLE}: UnavailableError: the states and the rest need 64.0 MB on the disk, 1.0 MB are free"
    ]


def test_nothing_to_continue(tmp_path):
    """Without an optimizer there is no state, and the note says how to hand one over."""
    told = pack(tmp_path / "bundle", Net(), resumable=True)

    assert told == ["resumable was asked for, but no optimizer and no scheduler is there to be continued"]


def lying(bundle, target, edit):
    """A copy of a bundle, its files changed and all their digests made right again, those of tensors not."""
    return forged(bundle, target, lambda folder, _: edit(folder))


def weights(change):
    """An edit of the file of weights."""

    def edit(folder):
        found = load_file(folder / "model.safetensors")
        change(found)
        save_file(found, folder / "model.safetensors")

    return edit


def structure(*path, change):
    """An edit of one mapping of ``resume.json``, whose items are pairs of key and node."""

    def edit(folder):
        document = json.loads((folder / "replay" / "resume.json").read_bytes())
        node = document
        for step in path:
            node = node["items"][step] if isinstance(step, int) else dict(node["items"])[step]
        change(node["items"])
        (folder / "replay" / "resume.json").write_text(json.dumps(document) + "\n")

    return edit


def in_place_of(name, value):
    """Another plain value for a name."""

    def change(items):
        items[:] = [[key, {"kind": "plain", "value": value} if key == name else node] for key, node in items]

    return change


def state_of_another_shape(folder):
    found = load_file(folder / "replay" / "resume.safetensors")
    found["optimizers/0/state/0/exp_avg"] = torch.zeros(3, 3, 3)
    save_file(found, folder / "replay" / "resume.safetensors")


def generators(**states):
    """An edit of the generators' states."""

    def edit(folder):
        found = load_file(folder / "replay" / "rng.safetensors")
        found |= {f"rank0/{name}": value for name, value in states.items()}
        save_file(found, folder / "replay" / "rng.safetensors")

    return edit


NO_STATE = "optimizer '0': its recorded state is none of such a thing: "
UNRECORDED = "model: the files do not hold the recorded tensors: "


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (weights(lambda found: found.pop("norm.bias")), f"{UNRECORDED}tensor 'norm.bias' is not in the files"),
        (weights(lambda found: found.update(x=torch.ones(1))), f"{UNRECORDED}tensor 'x' is not recorded"),
        (weights(lambda found: found["first.bias"].add_(1)), f"{UNRECORDED}tensor 'first.bias' has another digest"),
        (
            weights(lambda found: found.update({"first.bias": found["first.bias"].double()})),
            f"{UNRECORDED}tensor 'first.bias': recorded F32 [4], found F64 [4]",
        ),
        (
            weights(lambda found: found.update({"first.bias": torch.zeros(2, 2)})),
            f"{UNRECORDED}tensor 'first.bias': recorded F32 [4], found F32 [2, 2]",
        ),
        (
            lambda folder: save_file({"scale": torch.zeros(1)}, folder / "replay" / "buffers.safetensors"),
            f"{UNRECORDED}tensor 'scale' has another digest",
        ),
        (
            state_of_another_shape,
            f"{NO_STATE}state[0].exp_avg: expected a tensor of shape (4, 3), found a tensor of shape (3, 3, 3)",
        ),
        (
            structure("optimizers", "0", "state", change=lambda items: items.append([99, items[0][1]])),
            f"{NO_STATE}state[99]: expected one of 6 parameters",
        ),
        (
            structure("optimizers", "0", "state", change=lambda items: items[0].__setitem__(0, "0")),
            f"{NO_STATE}state['0']: expected the number of a parameter",
        ),
        (
            structure("optimizers", "0", "state", change=lambda items: items.clear()),
            f"{NO_STATE}state: expected 3 steps as recorded, found 0",
        ),
        (
            structure("optimizers", "0", change=lambda items: items.pop(1)),
            f"{NO_STATE}param_groups: expected 1 group, found None",
        ),
        (
            structure("optimizers", "0", "param_groups", 0, change=in_place_of("lr", "x")),
            f"{NO_STATE}param_groups[0].lr: expected a number, found 'x'",
        ),
        (
            structure("optimizers", "0", "param_groups", 0, change=lambda items: items.pop(0)),
            f"{NO_STATE}param_groups[0]: lacks the recorded 'lr'",
        ),
        (
            structure("schedulers", "0", change=in_place_of("last_epoch", "x")),
            "scheduler '0': its recorded state is none of such a thing: last_epoch: expected a number, found 'x'",
        ),
        (
            structure("schedulers", "0", change=lambda items: items.pop(0)),
            "scheduler '0': its recorded state is none of such a thing: lacks the recorded 'T_max'",
        ),
        (
            structure("schedulers", "0", change=lambda items: items.append(["step", items[0][1]])),
            "scheduler '0': does not know the recorded 'step'",
        ),
        (
            generators(torch=torch.full((5056,), 255, dtype=torch.uint8)),
            "generator 'torch': torch refuses its state: Invalid mt19937 state",
        ),
        (generators(**{"evil/0": torch.zeros(5, dtype=torch.uint8)}), "generator 'evil/0': is not known"),
    ],
)
def test_a_bundle_that_does_not_hold_what_it_records(shared, tmp_path, edit, message):
    """Files that are not what the manifest says change neither model, nor optimizer, nor scheduler, nor a generator."""
    folder = lying(shared, tmp_path / "lying", edit)
    things = dict(zip(("model", "optimizer", "scheduler"), made(), strict=True))
    before = [str(thing.state_dict()) for thing in things.values()], rng.states()
    with pytest.raises((reprobundle.RefusedInputError, reprobundle.UsageError)) as caught:
        reprobundle.resume(folder, **things)

    assert str(caught.value) == message
    assert ([str(thing.state_dict()) for thing in things.values()], rng.states()) == before


def test_a_rank_without_states(shared, tmp_path):
    """A rank that is listed has states in the file."""
    path = "replay/rng.safetensors"
    folder = lying(shared, tmp_path / "lying", lambda root: save_file({"rank7/torch": torch.zeros(1)}, root / path))
    with pytest.raises(reprobundle.RefusedInputError) as caught:
        reprobundle.resume(folder)

    assert str(caught.value) == f"generators: {path!r} holds no states of rank 0, which is recorded"


class Tied(torch.nn.Module):
    def __init__(self, *, is_tied=True):
        super().__init__()
        self.first, self.last = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
        if is_tied:
            self.last.weight = self.first.weight


@pytest.mark.parametrize(
    ("recorded", "told"), [(True, "recorded as one tensor, found two"), (False, "recorded as two tensors, found one")]
)
def test_ties(tmp_path, recorded, told):
    """A model in which other names share a tensor would train on in another way; one with the same ties does not."""
    pack(tmp_path / "bundle", Tied(is_tied=recorded))
    other = Tied(is_tied=recorded)
    reprobundle.resume(tmp_path / "bundle", model=other, rng=False)
    message, _ = refused(tmp_path / "bundle", model=Tied(is_tied=not recorded))

    assert message == f"model: does not fit the bundle: 'first.weight' and 'last.weight': {told}"
    assert (other.first.weight is other.last.weight) is recorded


def test_a_model_on_the_meta_device(shared):
    """What has no memory cannot take values, and nothing is said to be restored."""
    with torch.device("meta"):
        model = Net()

    assert refused(shared, model=model)[0] == (
        "model: 9 tensors on the meta device cannot hold values: 'first.weight', 'first.bias', 'norm.weight' and 6 more"
    )


class Own(Net):
    def load_state_dict(self, state_dict, strict=True, assign=False):
        """As models do that pass over what they do not want."""
        kept = {name: value for name, value in state_dict.items() if name != "last.bias"}
        return super().load_state_dict(kept, strict=False, assign=assign)


def test_a_model_that_passes_over_a_tensor(shared):
    """A way of loading of the model's own is believed only when all values arrived; the optimizer is taken back."""
    model = Own()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.5)
    before = str(optimizer.state_dict()), rng.states()
    with pytest.raises(reprobundle.RefusedInputError) as caught:
        reprobundle.resume(shared, model=model, optimizer=optimizer)

    assert str(caught.value) == "model: 1 tensor after load are not the recorded ones: 'last.bias'"
    assert (str(optimizer.state_dict()), rng.states()) == before


OPTIMIZERS = [
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "Adamax",
    "LBFGS",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_torch(tmp_path, name):
    """An honest state of each of torch's own passes, and comes back as it was."""
    model = Net()
    optimizer = getattr(torch.optim, name)(model.parameters(), lr=0.01)

    def loss():
        optimizer.zero_grad()
        value = model(torch.ones(4, 3)).square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    pack(tmp_path / "bundle", model, optimizer=optimizer, resumable=True)
    other = getattr(torch.optim, name)(model.parameters(), lr=0.5)
    reprobundle.resume(tmp_path / "bundle", optimizer=other)

    assert equal(other, optimizer)


class Sketching(torch.optim.SGD):
    """Keeps an entry beside those of the parameters, and states of shapes of its own."""


def chained(optimizer):
    return torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [torch.optim.lr_scheduler.ConstantLR(optimizer, 0.1), torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 4])],
        milestones=[2],
    )


def test_schedulers_in_a_row(tmp_path):
    """What stands inside a scheduler is restored with it."""
    model, optimizer, _ = made()
    scheduler = chained(optimizer)
    train(model, optimizer, scheduler)
    pack(tmp_path / "bundle", model, optimizer=optimizer, scheduler=scheduler, resumable=True)
    model, optimizer, _ = made()
    other = chained(optimizer)
    reprobundle.resume(tmp_path / "bundle", model=model, optimizer=optimizer, scheduler=other)

    assert equal(other, scheduler)
    assert other._schedulers[1]._get_closed_form_lr() == scheduler._schedulers[1]._get_closed_form_lr()


def test_an_optimizer_of_another_shape_of_state(tmp_path):
    """What a class of the person's own keeps, beside the parameters' entries and in its own shapes, is its own affair."""
    model = Net()
    optimizer = Sketching(model.parameters(), lr=0.1)
    optimizer.state["drawn"] = {"seed": torch.ones(7)}
    optimizer.state[model.first.weight]["momentum_buffer"] = torch.ones(5)
    pack(tmp_path / "bundle", model, optimizer=optimizer, resumable=True)
    other = Sketching(model.parameters(), lr=0.1)
    reprobundle.resume(tmp_path / "bundle", optimizer=other)

    assert torch.equal(other.state["drawn"]["seed"], torch.ones(7))
    assert torch.equal(other.state[model.first.weight]["momentum_buffer"], torch.ones(5))
