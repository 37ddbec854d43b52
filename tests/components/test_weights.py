"""Weights on the way into a bundle: what is written, what is taken as it is, what is refused before the first byte."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from reprobundle import memory
from reprobundle.components.interface import Opened, Source, Stage
from reprobundle.components.model import sharding, state, writing
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.store import Writer, entry_of
from reprobundle.tensors import read_arrays
from reprobundle.worker import tensor_bytes

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402  after torch, which it needs


class Holder(torch.nn.Module):
    """Holds tensors of any names and kinds as its state."""

    def __init__(self, found=(), beside=()):
        super().__init__()
        self.found = dict(found)
        for name, value in dict(beside).items():
            self.register_buffer(name, value, persistent=False)

    def state_dict(self, *args, **options):
        return dict(self.found)


@pytest.fixture
def stage(tmp_path):
    """An empty stage."""
    return empty(tmp_path / "bundle")


def empty(folder):
    """A stage in a folder of its own."""
    folder.mkdir(exist_ok=True)
    return Stage(Writer(folder))


def written(stage, tensors, **source):
    """The model's section for a state of these tensors, without what no test here is about."""
    source.setdefault("model", Holder(tensors))
    return writing.write(state.of(source["model"], stage), Source(**source), stage)


def messages(stage):
    """The notes' texts."""
    return [note.message for note in stage.notes]


def files(stage):
    """What lies in the bundle."""
    return sorted(path.relative_to(stage.root).as_posix() for path in stage.root.rglob("*") if path.is_file())


def digests(tensors):
    """The canonical digests, made tensor by tensor."""
    return {name: tensor_bytes.digest(name, value) for name, value in tensors.items()}


def recorded(section):
    """The digests of a section."""
    return {entry.name: entry.xxh3_128 for entry in section.tensors}


DTYPES = [getattr(torch, name) for name in tensor_bytes.NAMES]
SHAPES = ((), (0,), (1,), (2, 0, 3), (5,), (2, 3), (4, 1, 2))


@st.composite
def states(draw):
    """State dicts of any dtypes, shapes and layouts, as (tensors as a model has them, the same made contiguous)."""
    made = {}
    for name in draw(st.lists(st.text(max_size=5), unique=True, max_size=6)):
        dtype, shape = draw(st.sampled_from(DTYPES)), draw(st.sampled_from(SHAPES))
        if dtype == torch.float4_e2m1fn_x2 and not shape:
            shape = (1,)
        count = dtype.itemsize
        for extent in shape:
            count *= extent
        content = draw(st.binary(min_size=count, max_size=count))
        if dtype == torch.bool:
            content = bytes(byte % 2 for byte in content)
        raw = torch.frombuffer(bytearray(content), dtype=torch.uint8) if count else torch.empty(0, dtype=torch.uint8)
        tensor = raw.view(dtype).reshape(shape)
        made[name] = tensor.t() if tensor.ndim == 2 and draw(st.booleans()) else tensor
    return made


def plain(tensor):
    """The same values, contiguous, with memory of their own."""
    if tensor.element_size() == 1:
        return tensor.view(torch.uint8).clone(memory_format=torch.contiguous_format).view(tensor.dtype)
    return tensor.clone(memory_format=torch.contiguous_format)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(tensors=states())
def test_the_file_is_the_librarys(tmp_path, tensors):
    """Whatever a state holds, the file is what safetensors makes of it, and every digest is the tensor's own."""
    stage = empty(tmp_path / "bundle")
    section = written(stage, tensors)
    save_file({name: plain(tensor) for name, tensor in tensors.items()}, tmp_path / "theirs", metadata={"format": "pt"})

    assert (stage.root / "model.safetensors").read_bytes() == (tmp_path / "theirs").read_bytes()
    assert recorded(section) == digests(tensors)
    assert list(recorded(section)) == list(tensors)
    stage.writer.forget("model.safetensors")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_comes_back(stage, dtype):
    """What is written of a dtype is loaded bit for bit, with shape and dtype, as the recorded digest says."""
    raw = torch.arange(64, dtype=torch.uint8) % (2 if dtype == torch.bool else 200)
    tensors = {"flat": raw.view(dtype), "square": raw.view(dtype).reshape(2, -1), "empty": raw.view(dtype)[:0]}
    section = written(stage, tensors)
    back = load_file(stage.root / "model.safetensors")

    assert {name: (value.dtype, value.shape) for name, value in back.items()} == {
        name: (value.dtype, value.shape) for name, value in tensors.items()
    }
    assert digests(back) == digests(tensors) == recorded(section)
    assert [entry.bytes for entry in section.tensors] == [64, 64, 0]
    assert read_arrays(stage.root / "model.safetensors")["square"].shape == section.tensors[1].shape


def test_ten_thousand_tiny_tensors_take_no_time(stage):
    """Nothing in the writing is quadratic in the number of tensors."""
    import time

    tensors = {f"block.{number}": torch.tensor([float(number)]) for number in range(10_000)}
    started = time.perf_counter()
    section = written(stage, tensors)
    seconds = time.perf_counter() - started

    assert recorded(section)["block.9999"] == tensor_bytes.digest("block.9999", tensors["block.9999"])
    assert seconds < 10


def test_tied_weights_are_written_once_and_digested_under_each_name(stage):
    """One tensor of two names lies in the file under the first."""
    tied = torch.arange(6.0).reshape(2, 3)
    tensors = {"embedding": tied, "other": torch.zeros(1), "head": tied, "view": tied[:, 1:]}
    section = written(stage, tensors)

    assert sorted(load_file(stage.root / "model.safetensors")) == ["embedding", "other", "view"]
    assert recorded(section) == digests(tensors)
    assert messages(stage) == [
        "1 tensor overlaps another in memory and will come back as separate tensors: 'view' with 'embedding'",
        "1 tensor with gaps or repeats in memory, and with none when loaded again: 'view'; outputs may then differ in "
        "their last bits",
    ]


def test_overlaps_are_told_and_neighbours_are_not(stage):
    """Slices of one memory that do not touch are nothing to tell; those that do are, even with one far longer."""
    whole = torch.arange(40.0)
    tensors = {"whole": whole, "a": whole[:10], "b": whole[5:15], "c": whole[20:21]}
    written(stage, tensors)
    beside = empty(stage.root / "again")
    written(beside, {"left": whole[:20], "right": whole[20:], "none": whole[:0]})

    assert messages(stage) == [
        "3 tensors overlap another in memory and will come back as separate tensors: 'whole' with 'a', 'b' with 'whole',"
        " 'c' with 'whole'"
    ]
    assert beside.notes == []


def test_two_captures_are_equal(tmp_path):
    """The same state gives the same bytes, sharded or not."""
    found = []
    for name in ("one", "two"):
        stage = empty(tmp_path / name)
        written(stage, {f"w{number}": torch.full((10,), float(number)) for number in range(9)}, max_shard_bytes=100)
        found.append(stage.writer.entries)

    assert found[0] == found[1]
    assert len(found[0]) == 6


def sizes(**counts):
    """A state of float32 tensors of so many elements."""
    return {name: torch.arange(float(count)) for name, count in counts.items()}


def test_shards_are_named_and_indexed(stage):
    """Above the size the weights are several files, and the index says which holds which tensor."""
    tied = torch.ones(5)
    tensors = {**sizes(a=5, b=5, c=12, d=3), "e": tied, "f": tied}
    section = written(stage, tensors, max_shard_bytes=40)

    assert section.files == tuple(f"model-{number:05d}-of-00003.safetensors" for number in (1, 2, 3))
    assert section.index == "model.safetensors.index.json"
    assert json.loads((stage.root / section.index).read_text()) == {
        "metadata": {"total_size": 120},
        "weight_map": {
            "a": "model-00002-of-00003.safetensors",
            "b": "model-00002-of-00003.safetensors",
            "c": "model-00001-of-00003.safetensors",
            "d": "model-00003-of-00003.safetensors",
            "e": "model-00003-of-00003.safetensors",
        },
    }
    assert recorded(section) == digests(tensors)
    back = {name: value for file in section.files for name, value in load_file(stage.root / file).items()}
    assert digests(back) == digests({name: value for name, value in tensors.items() if name != "f"})


@given(
    counts=st.dictionaries(st.text("ab.c", min_size=1, max_size=4), st.integers(1, 40), max_size=12),
    limit=st.integers(1, 200),
)
@settings(max_examples=200, deadline=None)
def test_shards_are_those_of_the_hub(counts, limit):
    """The grouping is huggingface_hub's own."""
    hub = pytest.importorskip("huggingface_hub")
    groups = sharding.split({name: 4 * count for name, count in counts.items()}, limit)
    if not counts:
        assert groups == ((),)
        return
    named = dict(zip(sharding.file_names(len(groups)), map(list, groups), strict=True))
    split = hub.split_torch_state_dict_into_shards(
        {name: torch.zeros(count) for name, count in counts.items()}, max_shard_size=limit
    )

    assert named == split.filename_to_tensors


def test_a_shard_smaller_than_the_largest_tensor_holds_one(stage):
    """A size below every tensor gives each its own file, up to a thousand; then the size grows."""
    assert written(stage, sizes(a=2, b=3), max_shard_bytes=1).files == sharding.file_names(2)
    assert len(sharding.split({str(number): 10 for number in range(1000)}, 1)) == 1000
    assert len(sharding.split({str(number): 10 for number in range(1001)}, 1)) == 334  # of at most 32 bytes


@pytest.mark.parametrize("limit", [0, -1])
def test_a_shard_without_size_is_refused(stage, limit):
    """Nothing is written for a size that nothing fits."""
    with pytest.raises(UsageError) as caught:
        written(stage, sizes(a=2), max_shard_bytes=limit)

    assert str(caught.value) == f"max_shard_bytes: expected a positive number of bytes, found {limit}"
    assert files(stage) == []


def test_a_mixin_model_is_one_file(stage):
    """What its class reads is one file, whatever size was asked for, and that is said."""
    hub = pytest.importorskip("huggingface_hub")

    class Mixed(Holder, hub.PyTorchModelHubMixin):
        pass

    section = written(stage, {}, model=Mixed(sizes(a=20, b=20)), max_shard_bytes=100)

    assert (section.files, section.index) == (("model.safetensors",), None)
    assert messages(stage) == ["the weights of 160 bytes are one file: the model's class reads no shards"]


def opened(*places, kind="safetensors"):
    """What opening a file or folder says of it."""
    return Opened(kind=kind, place=places[0], weights=places)


def saved(folder, name, tensors, mode=0o644, **options):
    """A safetensors file of somebody's."""
    save_file({key: value.clone() for key, value in tensors.items()}, folder / name, **options)
    (folder / name).chmod(mode)
    return folder / name


@pytest.mark.parametrize(("mode", "names"), [(0o644, 1), (0o444, 2), (0o400, 1), (0o664, 1)])
def test_a_given_file_goes_in_as_it_is(stage, tmp_path, mode, names):
    """Its bytes are the bundle's, foreign header and all; it is one file with the bundle's only where nobody may write."""
    tensors = sizes(a=5, b=70)
    place = saved(tmp_path, "mine.safetensors", tensors, mode, metadata={"made": "by me"})
    told = []
    section = written(stage, tensors, opened=opened(place), progress=lambda *far: told.append(far))

    assert section.linked
    assert section.files == ("model.safetensors",)
    assert stage.writer.entries == (entry_of("model.safetensors", place),)
    assert recorded(section) == digests(tensors)
    assert (stage.root / "model.safetensors").stat().st_nlink == names
    linked = "model.safetensors is the given 'mine.safetensors' itself under a second name, as nobody may write it"
    header = "the header of 'mine.safetensors' goes along, and says more: 'made'"
    assert messages(stage) == ([linked, header] if names == 2 else [header])
    assert told == ([] if names == 2 else [(300, 300)])


def test_a_link_to_a_given_file_is_followed(stage, tmp_path):
    """The Hub's cache holds links."""
    place = saved(tmp_path, "blob", sizes(a=5))
    (tmp_path / "model.safetensors").symlink_to(place)

    assert written(stage, sizes(a=5), opened=opened(tmp_path / "model.safetensors")).linked
    assert not (stage.root / "model.safetensors").is_symlink()


def test_given_shards_go_in_in_order_under_names_of_the_bundle(stage, tmp_path):
    """Several files stay several, with an index of the bundle's own; a tied name may be in them or not."""
    tied = torch.arange(5.0)
    tensors = {"a": tied, "b": torch.zeros(3), "head": tied}
    second = saved(tmp_path, "part-2.safetensors", {"a": tied.clone(), "head": tied.clone()})
    first = saved(tmp_path, "part-1.safetensors", {"b": torch.zeros(3)})
    section = written(stage, tensors, opened=opened(second, first, kind="folder"))

    assert section.linked
    assert section.files == sharding.file_names(2)
    assert (stage.root / section.files[0]).read_bytes() == first.read_bytes()
    assert json.loads((stage.root / sharding.INDEX).read_text())["weight_map"] == {
        "a": section.files[1],
        "b": section.files[0],
        "head": section.files[1],
    }
    assert recorded(section) == digests(tensors)


DIFFERENCES = {
    "name": ({"x": torch.zeros(3)}, "they hold 'x', which the model does not"),
    "missing": ({"a": torch.zeros(3)}, "they lack 'b'"),
    "dtype": ({"a": torch.zeros(3), "b": torch.zeros(2).half()}, "'b' is F16 [2] there and F32 [2] in the model"),
    "shape": ({"a": torch.zeros(3, 1), "b": torch.zeros(2)}, "'a' is F32 [3, 1] there and F32 [3] in the model"),
    "value": ({"a": torch.zeros(3), "b": torch.tensor([0.0, -0.0])}, "some values of 'mine.safetensors' differ"),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_a_given_file_that_holds_something_else_is_not_taken(stage, tmp_path, difference):
    """What the model holds counts: it is written anew, and why is told."""
    held, why = DIFFERENCES[difference]
    place = saved(tmp_path, "mine.safetensors", held, 0o444)
    tensors = {"a": torch.zeros(3), "b": torch.zeros(2)}
    section = written(stage, tensors, opened=opened(place))

    assert not section.linked
    assert messages(stage) == [f"the given weights are not what the model holds ({why}), so its own were written"]
    assert digests(load_file(stage.root / "model.safetensors")) == digests(tensors) == recorded(section)
    assert place.stat().st_nlink == 1


def test_of_several_given_files_none_is_taken_where_the_last_differs(stage, tmp_path):
    """What was brought before is taken out again."""
    first = saved(tmp_path, "1.safetensors", {"a": torch.zeros(3)})
    second = saved(tmp_path, "2.safetensors", {"b": torch.ones(2)})
    section = written(stage, {"a": torch.zeros(3), "b": torch.zeros(2)}, opened=opened(first, second))

    assert (section.files, files(stage)) == (("model.safetensors",), ["model.safetensors"])


def test_a_given_file_that_lies_is_refused(stage, tmp_path):
    """Its header is checked before anything is made of it."""
    place = saved(tmp_path, "mine.safetensors", sizes(a=3))
    os.truncate(place, place.stat().st_size - 1)
    with pytest.raises(RefusedInputError) as caught:
        written(stage, sizes(a=3), opened=opened(place))

    assert str(caught.value) == "mine.safetensors: the tensors need 12 bytes, the file holds 11"
    assert files(stage) == []


def test_other_kinds_of_files_are_written_anew(stage, tmp_path):
    """A checkpoint is no safetensors file, and there is nothing to tell."""
    section = written(stage, sizes(a=3), opened=Opened(kind="checkpoint", place=tmp_path / "best.pt"))

    assert (section.linked, stage.notes) == (False, [])


def test_weights_beyond_the_free_disk_are_refused_before_the_first_byte(stage):
    """A tensor of 64 TiB, of which nothing is in memory, does not fit and leaves no file."""
    huge = torch.zeros(1).expand(2**44)
    with pytest.raises(UnavailableError) as caught:
        written(stage, {"small": torch.zeros(2), "w": huge})

    assert str(caught.value).startswith("the weights need 70.4 TB on the disk, ")
    assert str(caught.value).endswith(" are free where the bundle is made")
    assert caught.value.hint == "free some, or name a folder on another disk"
    assert files(stage) == []


@pytest.mark.slow
def test_a_disk_that_is_full_in_the_middle_leaves_no_half_file(tmp_path):
    """A limit that only shows while writing (here: on the size of a file) reads as a full disk."""
    script = textwrap.dedent(
        f"""
        import resource, signal, torch
        from pathlib import Path
        from reprobundle.components.interface import Source, Stage
        from reprobundle.components.model import state, writing
        from reprobundle.errors import UnavailableError
        from reprobundle.store import Writer

        stage = Stage(Writer(Path({str(tmp_path)!r})))
        model = torch.nn.Linear(1000, 1000)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))
        try:
            writing.write(state.of(model, stage), Source(model=model), stage)
        except UnavailableError as error:
            print(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "model.safetensors: cannot be written: the disk is full\n"
    assert list(tmp_path.iterdir()) == []


REFUSED = {
    "complex128": (
        lambda: torch.zeros(2, dtype=torch.complex128),
        "is of dtype complex128, which safetensors cannot hold",
        "torch.view_as_real(tensor) keeps it exactly",
    ),
    "bits": (
        lambda: torch.zeros(2, dtype=torch.uint8).view(torch.bits8),
        "is of dtype bits8, which safetensors cannot hold",
        "convert it: tensor.to(…)",
    ),
    "sparse": (lambda: torch.eye(2).to_sparse(), "is sparse_coo", "keep it dense: tensor.to_dense()"),
    "sparse rows": (lambda: torch.eye(2).to_sparse_csr(), "is sparse_csr", "keep it dense: tensor.to_dense()"),
    "quantized": (
        lambda: torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8),
        "is quantized (qint8)",
        "capture the model as it was before, and quantize it in the factory",
    ),
    "meta": (lambda: torch.empty(2, device="meta"), "is on the meta device and has no values", "load its values first"),
    "4 bits alone": (
        lambda: torch.zeros(1, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)[0],
        "is of dtype float4_e2m1fn_x2 and 0-d, which safetensors cannot hold",
        "convert it: tensor.to(…)",
    ),
}


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support", "ignore:torch.*quantize")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_stored_is_refused_with_the_way_out(stage, kind):
    """The tensor is named and why, and nothing is written."""
    made, why, way_out = REFUSED[kind]
    with pytest.raises(UsageError) as caught:
        written(stage, {"fine": torch.zeros(1), "w": made()})

    assert str(caught.value) == f"model: tensor 'w' {why}; expected dense values in memory"
    assert caught.value.hint == way_out
    assert files(stage) == []


def test_all_that_cannot_be_stored_is_told_at_once(stage):
    """The first three by name, the rest by number."""
    wide = {f"w{number}": torch.zeros(1, dtype=torch.complex128) for number in range(5)}
    with pytest.raises(UsageError) as caught:
        written(stage, wide)

    assert str(caught.value).count("is of dtype complex128") == 3
    assert " and 2 more; expected dense values in memory" in str(caught.value)


@pytest.mark.slow
def test_a_part_of_a_tensor_is_refused_with_the_call_that_gathers_it(tmp_path):
    """What a sharded training holds on one rank is not the model."""
    script = textwrap.dedent(
        """
        import torch, torch.distributed as dist
        from torch.distributed.tensor import distribute_tensor, init_device_mesh
        from pathlib import Path
        from reprobundle.components.interface import Stage
        from reprobundle.components.model import state
        from reprobundle.errors import UsageError
        from reprobundle.store import Writer

        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        model = torch.nn.Linear(2, 2, bias=False)
        model.weight = torch.nn.Parameter(distribute_tensor(model.weight.detach(), init_device_mesh("cpu", (1,))))
        try:
            state.of(model, Stage(Writer(Path("."))))
        except UsageError as error:
            print(error, error.hint, sep="\\n")
        dist.destroy_process_group()
        """
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    message, hint = done.stdout.splitlines()

    assert message == (
        "model: tensor 'weight' is a DTensor, of which this process holds a part; expected dense values in memory"
    )
    assert "get_model_state_dict(model, options=StateDictOptions(full_state_dict=True))" in hint


def test_buffers_beside_the_state_are_kept(stage):
    """What the constructor computes and the state leaves out is written apart, digested under its name."""
    beside = {"mask": torch.tril(torch.ones(3, 3)).bool(), "steps": torch.arange(4)}
    section = written(stage, {}, model=Holder(sizes(a=2), beside))

    assert section.buffers_file == "replay/buffers.safetensors"
    assert [(entry.name, entry.dtype) for entry in section.buffers] == [("mask", "BOOL"), ("steps", "I64")]
    assert {entry.name: entry.xxh3_128 for entry in section.buffers} == digests(beside)
    assert digests(load_file(stage.root / section.buffers_file)) == digests(beside)


def test_a_model_without_such_buffers_has_no_file_for_them(stage):
    """A buffer of the state is in the weights; nothing is beside."""
    section = written(stage, {}, model=torch.nn.BatchNorm1d(2))

    assert (section.buffers, section.buffers_file) == ((), None)
    assert files(stage) == ["model.safetensors"]


def test_a_buffer_that_cannot_be_stored_is_left_to_the_constructor(stage):
    """It costs a note, not the capture."""
    section = written(stage, {}, model=Holder(sizes(a=2), {"turns": torch.zeros(2, dtype=torch.complex128)}))

    assert section.buffers == ()
    assert messages(stage) == [
        "buffer 'turns', which is no part of the state, is of dtype complex128, which safetensors cannot hold; "
        "it is not saved"
    ]


def test_progress_ends_where_all_is_written(stage):
    """What is told grows, ends with the whole, and its whole is that of the tensors."""
    told = []
    tensors = {"a": torch.zeros(3 * 2**20), "b": torch.zeros(5)}
    written(stage, tensors, progress=lambda *far: told.append(far), max_shard_bytes=10 * 2**20)
    whole = sum(value.nbytes for value in tensors.values())

    assert told == [(far * 2**21, whole) for far in range(1, 7)] + [(whole, whole)]


def test_a_big_endian_machine_writes_no_weights(stage, monkeypatch):
    """It is told before anything is written."""
    monkeypatch.setattr(sys, "byteorder", "big")
    with pytest.raises(UnavailableError) as caught:
        written(stage, sizes(a=2))

    assert str(caught.value) == "model: weights are stored little-endian, and this machine is not"


GIB = 2**30


@pytest.mark.slow
def test_a_tensor_beyond_four_gib_comes_back(stage):
    """Offsets and sizes beyond 32 bits are right: the last bytes are where they belong."""
    if shutil.disk_usage(stage.root).free < 10 * GIB or (memory.host_bytes() or 0) < 6 * GIB:
        pytest.skip("needs 10 GiB of free disk and 6 GiB of free memory")
    large = torch.zeros(4 * GIB + 10, dtype=torch.uint8)
    large[-3:] = 7
    section = written(stage, {"large": large, "small": torch.ones(3)})
    from safetensors import safe_open

    with safe_open(stage.root / "model.safetensors", "pt") as file:
        tail = file.get_slice("large")[4 * GIB :]

    assert tail.tolist() == [0] * 7 + [7] * 3
    assert section.tensors[0].bytes == 4 * GIB + 10
    assert section.tensors[0].xxh3_128 == tensor_bytes.digest("large", large)
    stage.writer.forget("model.safetensors")


@pytest.mark.slow
def test_memory_beside_the_model_stays_small(tmp_path):
    """Writing and digesting 1 GiB, a part of it transposed, takes less than 100 MiB more than the model."""
    if shutil.disk_usage(tmp_path).free < 3 * GIB or (memory.host_bytes() or 0) < 3 * GIB:
        pytest.skip("needs 3 GiB of free disk and memory")
    script = textwrap.dedent(
        """
        import torch
        from pathlib import Path
        from reprobundle.components.interface import Source, Stage
        from reprobundle.components.model import state, writing
        from reprobundle.store import Writer

        def memory(field):
            lines = Path("/proc/self/status").read_text().splitlines()
            return int(next(line.split()[1] for line in lines if line.startswith(field))) // 1024

        for name in ("out", "small"):
            Path(name).mkdir()
        model = torch.nn.Module()
        model.plain = torch.nn.Parameter(torch.ones(2**27))
        model.turned = torch.nn.Parameter(torch.ones(2**13, 2**14).t())
        stage = Stage(Writer(Path("out")))
        small = torch.nn.Linear(2, 2)
        writing.write(state.of(small, Stage(Writer(Path("small")))), Source(model=small), Stage(Writer(Path("small"))))
        Path("/proc/self/clear_refs").write_text("5")
        before = memory("VmRSS")
        writing.write(state.of(model, stage), Source(model=model), stage)
        print(memory("VmHWM") - before)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert int(done.stdout) < 100
    (tmp_path / "out" / "model.safetensors").unlink()


def test_the_order_in_memory_is_recorded(stage):
    """Transposed and channels-last tensors say how they lay; packed ones and slices say nothing."""
    tensors = {
        "transposed": torch.arange(6.0).reshape(2, 3).t(),
        "images": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "grey": torch.rand(4, 1, 3, 3).to(memory_format=torch.channels_last),
        "slice": torch.rand(4, 4)[:, :2],
        "packed": torch.rand(2, 1, 2),
    }
    section = written(stage, tensors)

    assert {entry.name: entry.strides for entry in section.tensors} == {
        "transposed": (1, 3),
        "images": (60, 1, 15, 3),
        "grey": (9, 1, 3, 1),
        "slice": None,
        "packed": None,
    }
