"""Models opened from files: what is found in them, what they may not do, and what stays in the file."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest

import reprobundle
from reprobundle.components import model
from reprobundle.components.interface import Source
from reprobundle.components.model.opening import Checkpoint
from reprobundle.errors import RefusedInputError, ReproBundleError, UsageError

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402  needs torch


class Net(torch.nn.Module):
    def __init__(self, hidden=3, scale=1.0):
        super().__init__()
        self.first = torch.nn.Linear(2, hidden)
        self.second = torch.nn.Linear(hidden, 2)
        self.scale = scale

    def forward(self, x):
        return self.second(self.first(x)) * self.scale


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(3, 2)
        self.head = torch.nn.Linear(2, 3, bias=False)
        self.head.weight = self.table.weight


class Whole(torch.nn.Module):
    def __init__(self, config, **options):
        super().__init__()
        self.layer = torch.nn.Linear(config["width"], 1)
        self.options = options


class Acting:
    def __reduce__(self):
        return os.system, ("exit 1",)


@pytest.fixture
def state():
    torch.manual_seed(0)
    return Net().state_dict()


def opened(place, **given):
    """The source with the model in memory."""
    return model.opened(Source(model=place, **{"factory": Net, **given}))


def holds(source, state):
    """Whether a source's model has just these tensors."""
    made = source.model.state_dict()
    return made.keys() == state.keys() and all(torch.equal(made[name], state[name]) for name in state)


def save(form, state, place):
    if form == "safetensors":
        save_file(state, place)
    else:
        torch.save(state, place, _use_new_zipfile_serialization=form == "zip")


@pytest.mark.parametrize("form", ["safetensors", "zip", "legacy"])
def test_weights_alone_need_their_class(tmp_path, state, form):
    """A file of weights, of each form, is loaded into the class that the person names, and opened in evaluation mode."""
    place = tmp_path / ("w.safetensors" if form == "safetensors" else "w.bin")
    save(form, state, place)
    source = opened(str(place), init={"hidden": 3})

    assert holds(source, state)
    assert not source.model.training
    assert source.opened.kind == ("safetensors" if form == "safetensors" else "checkpoint")
    assert source.opened.weights == ((place,) if form == "safetensors" else ())
    with pytest.raises(UsageError) as caught:
        opened(place, factory=None)
    assert caught.value.hint == f'capture(…, model="{place.name}", factory=MyModel)'


@pytest.mark.parametrize(
    ("container", "key", "left_out"),
    [
        (lambda state: {"state_dict": state, "epoch": 3}, "state_dict", ("epoch",)),
        (
            lambda state: {"model": state, "optimizer": {"state": {0: {"exp_avg": torch.ones(1)}}}},
            "model",
            ("optimizer",),
        ),
        (lambda state: {"ema": {"decay": 0.9, "net": state}, "step": 1}, "ema.net", ("step", "ema.decay")),
        (lambda state: {f"module.{name}": value for name, value in state.items()}, None, ()),
        (lambda state: {"net": {f"_orig_mod.module.{name}": value for name, value in state.items()}}, "net", ()),
    ],
)
def test_the_state_dict_is_found(tmp_path, state, container, key, left_out):
    """Wherever it stands, when there is only one; prefixes that all names have are taken off, and the rest is named."""
    torch.save(container(state), tmp_path / "c.ckpt")
    source = opened(tmp_path / "c.ckpt", init={"hidden": 3})

    assert holds(source, state)
    assert (source.opened.key, source.opened.left_out) == (key, left_out)


def test_prefixes_are_told(tmp_path, state):
    """What the names say of the training is a note."""
    torch.save({f"_orig_mod.module.{name}": value for name, value in state.items()}, tmp_path / "c.pt")
    source = opened(tmp_path / "c.pt", init={})

    assert source.opened.notes == (
        "the names in 'c.pt' are those of a model in torch.compile and DistributedDataParallel",
    )


def test_of_several_state_dicts_one_is_chosen(tmp_path, state):
    """Which one is never guessed; the message says how to choose."""
    other = {name: value + 1 for name, value in state.items()}
    torch.save({"model": state, "model.ema": {"x": other}, "v1": {"model": other}}, tmp_path / "c.pt")
    with pytest.raises(UsageError) as caught:
        opened(tmp_path / "c.pt")

    assert str(caught.value) == "model 'c.pt': holds 3 state dicts: 'model', 'model.ema.x', 'v1.model'"
    assert caught.value.hint == "say which: reprobundle.Checkpoint('c.pt', key='model'), in a file model: key:"
    for key in ("model.ema.x", "v1.model"):
        assert holds(opened(Checkpoint(tmp_path / "c.pt", key), init={}), other)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("ema", "model 'c.pt': has no key 'ema', found 'model', 'epoch'"),
        ("epoch", "model 'c.pt': under 'epoch' stands a int, expected tensors by name"),
    ],
)
def test_a_key_that_leads_nowhere(tmp_path, state, key, message):
    """The message says what there is."""
    torch.save({"model": state, "epoch": 3}, tmp_path / "c.pt")
    with pytest.raises(UsageError) as caught:
        opened(Checkpoint(tmp_path / "c.pt", key))

    assert str(caught.value) == message


def test_a_checkpoint_of_lightning_says_how_it_was_made(tmp_path, state):
    """Its hyperparameters make the module where no arguments are given, and are recorded where none are given."""
    said = {"hidden": 3, "scale": 2.0, "lr": 0.1}
    content = {"state_dict": state, "pytorch-lightning_version": "2.6.6", "hyper_parameters": said, "ema": {"x": state}}
    torch.save(content, tmp_path / "l.ckpt")
    source, other = opened(tmp_path / "l.ckpt"), opened(tmp_path / "l.ckpt", hyperparameters={"scale": 5.0})

    assert (source.model.scale, source.init["kwargs"]) == (2.0, {"hidden": 3, "scale": 2.0})
    assert (source.hyperparameters, source.opened.left_out) == (said, ("pytorch-lightning_version", "ema"))
    assert (other.model.scale, other.hyperparameters) == (5.0, {"scale": 5.0})


@pytest.mark.parametrize("form", ["safetensors", "zip"])
def test_tied_weights_come_back_tied(tmp_path, form):
    """A file that holds a shared tensor once is whole, and the module's two names stay one parameter."""
    made = Tied()
    save(form, {"table.weight": made.table.weight.detach()}, tmp_path / "t.x")
    source = opened(tmp_path / "t.x", factory=Tied)

    assert source.model.head.weight is source.model.table.weight


def test_tensors_that_share_or_lie_aslant_are_whole(tmp_path):
    """Strided views of one storage come back with their own values."""
    storage = torch.arange(20.0)
    state = {
        "first.weight": storage[:6].view(2, 3).t(), "first.bias": storage[4:7], "second.weight": storage[::3][:6].view(2, 3),
        "second.bias": storage[2:4],
    }  # fmt: skip
    torch.save(state, tmp_path / "w.pt")

    assert holds(opened(tmp_path / "w.pt", init={}), state)


def test_half_precision_stays(tmp_path, state):
    """The file's dtypes are the model's."""
    save_file({name: value.half() for name, value in state.items()}, tmp_path / "w.safetensors")

    assert opened(tmp_path / "w.safetensors", init={}).model.first.weight.dtype == torch.float16


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda place: torch.save({"a": Acting()}, place), "is a pickle that would call 'posix.system'"),
        (
            lambda place: torch.save({"a": Acting()}, place, _use_new_zipfile_serialization=False),
            "is a pickle that would call 'posix.system'",
        ),
        (lambda place: torch.save(Net(), place), "is a pickle that would call '"),
        (lambda place: place.write_bytes(b"\x80\x04cos\nsystem\n."), "is a pickle that would call 'os.system'"),
        (lambda place: place.write_bytes(b"\x80\x02K\x01."), "cannot be read as a checkpoint: "),
    ],
)
def test_a_pickle_that_calls_is_refused_by_name(tmp_path, write, message):
    """Nothing of it is run; the way out is said."""
    write(tmp_path / "x.pt")
    with pytest.raises(RefusedInputError) as caught:
        opened(tmp_path / "x.pt")

    assert str(caught.value).startswith(f"model 'x.pt': {message}")
    assert "torch.save(model.state_dict(), …)" in caught.value.hint


def bomb(place):
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(2**20))


def overlapping(place):
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("x/data.pkl", bytes(1000))
    content = place.read_bytes().replace(struct.pack("<I", 1000), struct.pack("<I", 2**30))
    place.write_bytes(content)


def lying(place):
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 8]}}).encode()
    place.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))


def truncated(place):
    torch.save({"w": torch.ones(100)}, place)
    place.write_bytes(place.read_bytes()[:-200])


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("x.pt", bomb, "model 'x.pt': its member 'x/data.pkl' is compressed, which torch.save never does"),
        ("x.pt", overlapping, "model 'x.pt': its members unpack to more than it holds: 1073741824 bytes in a file of "),
        ("x.pt", truncated, "model 'x.pt': is a broken zip archive, or truncated: BadZipFile: "),
        ("x.safetensors", lying, "x.safetensors: tensor 'w': 8 bytes do not hold shape [4] of F32"),
        (
            "x.safetensors",
            lambda place: torch.save({"w": torch.ones(1)}, place),
            "model 'x.safetensors': is named a safetensors file, found a checkpoint of torch.save",
        ),
        (
            "x.safetensors",
            lambda place: torch.save({"w": torch.ones(1)}, place, _use_new_zipfile_serialization=False),
            "model 'x.safetensors': is named a safetensors file, found a checkpoint of torch.save",
        ),
        (
            "x.pt",
            lambda place: torch.save({"w": torch.empty(1, device="meta")}, place),
            "model 'x.pt': holds tensors without values (of the meta device): 'w'",
        ),
        ("x.safetensors", lambda place: save_file({}, place), "model 'x.safetensors': holds no tensor"),
    ],
)
def test_a_hostile_file_is_one_clear_line(tmp_path, name, write, message):
    """Whatever lies in it is refused before anything is written."""
    write(tmp_path / name)
    with pytest.raises(RefusedInputError) as caught:
        opened(tmp_path / name)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("gone.pt", lambda place: None, "model: no file or folder '"),
        (
            "x.h5",
            lambda place: place.write_bytes(b"\x89HDF\r\n\x1a\n"),
            "model 'x.h5': is of no kind that is known: expected ",
        ),
        ("x.pt", lambda place: torch.save([1], place), "model 'x.pt': holds a list, expected tensors by name"),
        (
            "x.pt",
            lambda place: torch.save({"epoch": 1}, place),
            "model 'x.pt': holds no tensors by name, found 'epoch'",
        ),
        (
            "x.pt",
            lambda place: torch.save({"first.weight": torch.ones(3, 2), "other": torch.ones(1)}, place),
            "model 'x.pt': the weights do not fit Net: missing from the weights (3): 'first.bias', 'second.weight', "
            "'second.bias'; unknown to the class (1): 'other'",
        ),
    ],
)
def test_what_does_not_fit_says_so(tmp_path, name, write, message):
    """Wrong usage is one line that names file and reason."""
    write(tmp_path / name)
    with pytest.raises(UsageError) as caught:
        opened(tmp_path / name, init={})

    assert str(caught.value).startswith(message)


def test_the_arguments_are_found_or_asked_for(tmp_path, state):
    """As everywhere: by name among the hyperparameters; else the message says which are missing."""
    torch.save({"layer.weight": torch.ones(1, 4), "layer.bias": torch.ones(1)}, tmp_path / "w.pt")
    source = opened(tmp_path / "w.pt", factory=Whole, hyperparameters={"config": {"width": 4}})
    with pytest.raises(UsageError) as caught:
        opened(tmp_path / "w.pt", factory=Whole)

    assert source.init == {"args": (), "kwargs": {"config": {"width": 4}}}
    assert str(caught.value) == f"factory: '{__name__}:Whole' needs 'config', which no hyperparameter gives"


def test_a_folder_of_a_class_of_ones_own(tmp_path):
    """As the mixin's from_pretrained reads it: arguments out of config.json, any further ones where the class takes any."""
    (tmp_path / "config.json").write_text('{"width": 4, "depth": 2}')
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "training_args.bin").write_bytes(b"\x80")
    save_file({"layer.weight": torch.ones(1, 4), "layer.bias": torch.ones(1)}, tmp_path / "model.safetensors")
    source = opened(tmp_path, factory=Whole)

    assert source.model.options == {"width": 4, "depth": 2}
    assert source.init["kwargs"]["config"] == {"width": 4, "depth": 2}
    assert source.opened.documents == {
        "documentation/original/README.md": tmp_path / "README.md",
        "tokenizer.json": tmp_path / "tokenizer.json",
    }
    assert source.opened.left_out == ("training_args.bin",)
    assert source.opened.weights == (tmp_path / "model.safetensors",)


def shards(folder, table):
    save_file({"first.weight": torch.ones(3, 2), "first.bias": torch.ones(3)}, folder / "a.safetensors")
    save_file({"second.weight": torch.ones(2, 3), "second.bias": torch.ones(2)}, folder / "b.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": table}))


TABLE = {"first.weight": "a.safetensors", "first.bias": "a.safetensors", "second.weight": "b.safetensors"}


def test_a_folder_of_shards(tmp_path):
    """Several files are one state, by the table."""
    shards(tmp_path, {**TABLE, "second.bias": "b.safetensors"})
    source = opened(tmp_path)

    assert source.model.second.bias.tolist() == [1, 1]
    assert source.opened.weights == (tmp_path / "a.safetensors", tmp_path / "b.safetensors")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE, "does not fit 'b.safetensors': only one of the two has 'second.bias'"),
        ({**TABLE, "second.bias": "../b.safetensors"}, "'../b.safetensors' is no name of a file in this folder"),
        ({**TABLE, "second.bias": "c.safetensors"}, "the shard 'c.safetensors' is not there"),
        ([], "expected a weight_map of tensors' names to files' names"),
    ],
)
def test_a_table_of_shards_that_lies_is_refused(tmp_path, table, message):
    """Every shard is there and holds just what the table says."""
    shards(tmp_path, table)
    with pytest.raises(RefusedInputError) as caught:
        opened(tmp_path)

    assert str(caught.value) == f"{tmp_path.name}/model.safetensors.index.json: {message}"


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1, "a": 2}', "[]", "{"])
def test_a_configuration_is_strict(tmp_path, text):
    """NaN, a key that stands twice, anything but an object: refused before the weights are looked at."""
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(RefusedInputError, match=f"^{tmp_path.name}/config.json"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("config", "files", "message"),
    [
        ({}, (), "its configuration names no class of transformers"),
        ({"model_type": "x", "auto_map": {"AutoModel": "a.B"}}, (), "its configuration asks for code of its own"),
        ({}, ("adapter_config.json",), "holds an adapter for another model, not a model"),
    ],
)
def test_a_folder_whose_class_is_not_known(tmp_path, config, files, message):
    """Code of a folder is never run; the person names the class."""
    (tmp_path / "config.json").write_text(json.dumps(config))
    for file in files:
        (tmp_path / file).write_text("{}")
    with pytest.raises(UsageError) as caught:
        opened(tmp_path, factory=None)

    assert str(caught.value).startswith(f"model {tmp_path.name!r}: {message}")
    assert caught.value.hint is not None


def test_torchscript_is_told_from_a_checkpoint(tmp_path, state):
    """Whatever its ending: it is loaded by its runtime, and takes no factory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(Net()), tmp_path / "x.pt")
    source = opened(tmp_path / "x.pt", factory=None)

    assert isinstance(source.model, torch.jit.ScriptModule)
    assert source.opened.kind == "torchscript"
    with pytest.raises(UsageError, match="takes neither factory nor init"):
        opened(tmp_path / "x.pt")
    with pytest.raises(UsageError, match=r"^model 'x.pt': key 'a' is given, but it is a TorchScript file"):
        opened(Checkpoint(tmp_path / "x.pt", "a"))


LARGE = """
import sys, torch
from reprobundle.components import model
from reprobundle.components.interface import Source

class Big(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(8192, 8192, bias=False) for _ in range(4))

def anonymous():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))

before = anonymous()
source = model.opened(Source(model=sys.argv[1], factory=Big))
print((anonymous() - before) // 1024, sum(value.nbytes for value in source.model.parameters()) // 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells what memory is a file's")
@pytest.mark.parametrize("name", ["w.safetensors", "w.ckpt"])
def test_a_large_file_is_never_loaded_whole(tmp_path, name):
    """Opening 1 GiB of weights takes no memory of its own: they stay in the file, and the class is made without any."""
    state = {f"layers.{index}.weight": torch.zeros(8192, 8192) for index in range(4)}
    save_file(state, tmp_path / name) if name.endswith("safetensors") else torch.save(state, tmp_path / name)
    del state
    (tmp_path / "go.py").write_text(LARGE)
    argv = [sys.executable, str(tmp_path / "go.py"), str(tmp_path / name)]
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    taken, size = map(int, finished.stdout.split())
    Path(tmp_path / name).unlink()

    assert size == 1024
    assert taken < 100


def test_a_refusal_leaves_nothing_behind(tmp_path):
    """A capture from a file that is refused makes no folder, not even for a moment that lasts."""
    bomb(tmp_path / "x.pt")
    with pytest.raises(RefusedInputError):
        reprobundle.capture(tmp_path / "bundle", model=tmp_path / "x.pt", factory=Net, budget=0, quiet=True)

    assert os.listdir(tmp_path) == ["x.pt"]


def test_every_refusal_is_of_this_program(tmp_path):
    """Random bytes after each of the beginnings that are looked for end in an error that a caller can handle."""
    for start in (b"PK\x03\x04", b"\x80\x02", b"\x10\0\0\0\0\0\0\0{", b""):
        (tmp_path / "x.bin").write_bytes(start + bytes(range(256)) * 4)
        with pytest.raises(ReproBundleError):
            opened(tmp_path / "x.bin")


def folder_of(place, config=None):
    """A folder of a class of one's own."""
    place.mkdir(parents=True)
    save_file(Net().state_dict(), place / "model.safetensors")
    if config is not None:
        (place / "config.json").write_text(json.dumps(config))
    return place


def test_links_out_of_a_folder_are_left_out_and_told(tmp_path):
    """A downloaded folder must not bring the person's own files along; links within it are files as any other."""
    folder, mine = folder_of(tmp_path / "down", {"hidden": 3}), tmp_path / "mine.json"
    mine.write_text("{}")
    (folder / "notes.txt").write_text("notes")
    (folder / "credentials.json").write_text("{}")
    for name, target in {
        "README.md": mine,
        "tokenizer.json": "../mine.json",
        "LICENSE": "notes.txt",
        "vocab.json": "credentials.json",
    }.items():
        (folder / name).symlink_to(target)
    found = opened(folder).opened

    assert found.documents == {"documentation/original/LICENSE": folder / "notes.txt"}
    assert found.notes == (
        "'down' also holds 'README.md', 'tokenizer.json', 'vocab.json', which lead out of it or to a file of secrets: "
        "left out of the bundle",
    )


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_what_is_needed_is_refused_behind_a_link_elsewhere(tmp_path, name):
    """Configuration and weights are read from the folder or not at all."""
    folder = folder_of(tmp_path / "down", {"hidden": 3})
    (folder / name).rename(tmp_path / "mine")
    (folder / name).symlink_to(tmp_path / "mine")
    with pytest.raises(RefusedInputError) as caught:
        opened(folder)

    assert str(caught.value) == (
        f"model 'down': expected {name!r} to be a file of the folder, found a link to a file elsewhere"
    )


def test_a_snapshot_of_the_hubs_cache_leads_to_its_blobs(tmp_path):
    """As huggingface_hub lays them out; the blobs of another model are elsewhere."""
    cache = tmp_path / "models--a--b"
    folder, blobs = folder_of(cache / "snapshots" / "0f", {"hidden": 3}), cache / "blobs"
    blobs.mkdir()
    for number, name in enumerate(("model.safetensors", "config.json")):
        (folder / name).rename(blobs / f"{number}")
        (folder / name).symlink_to(f"../../blobs/{number}")
    other = tmp_path / "models--c--d" / "blobs"
    other.mkdir(parents=True)
    (other / "2").write_text("other")
    (folder / "README.md").symlink_to(other / "2")
    found = opened(folder).opened

    assert found.weights == (blobs / "0",)
    assert found.documents == {}


def test_a_configuration_of_any_size_takes_no_memory(tmp_path):
    """A sparse file of 3 GiB is refused by its size, and only its first part is read."""
    folder = folder_of(tmp_path / "down")
    with (folder / "config.json").open("wb") as file:
        file.truncate(3 * 2**30)
    with pytest.raises(RefusedInputError) as caught:
        opened(folder)

    assert str(caught.value) == "down/config.json: expected at most 67,108,864 bytes, found 3,221,225,472"
