import sys
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reprobundle.components.data.digesting import digest_block, digest_sample
from reprobundle.components.data.given import How
from reprobundle.components.data.section import Leaf
from reprobundle.components.data.sources import tables
from reprobundle.components.data.sources.paths import open_path
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError

IMAGES = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
LABELS = np.array([1, 0, 1, 2])


def digests(place, **how):
    found = b"".join(map(digest_block, open_path(place, How(**how)).blocks()))
    return [found[start : start + 16] for start in range(0, len(found), 16)]


def of_rows(rows):
    return [digest_sample(row) for row in rows]


def refusal(place):
    with pytest.raises((RefusedInputError, UsageError)) as raised:
        digests(place)
    return str(raised.value)


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_npy_file_holds_samples_along_its_first_axis(order, tmp_path):
    """The order in memory and the byte order that numpy wrote are no part of a sample."""
    np.save(tmp_path / "a.npy", IMAGES.astype(">f4", order=order))

    assert digests(tmp_path / "a.npy") == of_rows(IMAGES)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_file_is_a_mapping_of_arrays(save, tmp_path):
    """Its arrays are columns of the samples by their names, packed or not."""
    save(tmp_path / "a.npz", image=IMAGES, label=LABELS)

    assert digests(tmp_path / "a.npz") == of_rows(
        [{"image": i, "label": n} for i, n in zip(IMAGES, LABELS, strict=True)]
    )


def test_an_npz_file_of_other_layouts_is_read_as_a_whole(tmp_path):
    """Arrays in Fortran's order and texts are not read row by row, and give the same samples."""
    np.savez(tmp_path / "a.npz", image=np.asfortranarray(IMAGES), name=np.array(["a", "b", "", "ü"]))
    rows = [{"image": image, "name": name} for image, name in zip(IMAGES, ["a", "b", "", "ü"], strict=True)]

    assert digests(tmp_path / "a.npz") == of_rows(rows)


def test_a_safetensors_file_is_a_mapping_of_tensors(tmp_path):
    """Its tensors stand in the file's order; in the recorded one when a copy is checked."""
    tensors = {"label": torch.from_numpy(LABELS), "image": torch.from_numpy(IMAGES).to(torch.bfloat16)}
    save_file(tensors, tmp_path / "a.safetensors")
    rows = [dict(zip(tensors, row, strict=True)) for row in zip(*tensors.values(), strict=True)]
    leaves = (Leaf(name="image", dtype="BF16", shape=(2, 3)), Leaf(name="label", dtype="I64", shape=()))
    turned = [{"image": row["image"], "label": row["label"]} for row in rows]

    assert digests(tmp_path / "a.safetensors") == of_rows(rows)
    assert digests(tmp_path / "a.safetensors", leaves=leaves) == of_rows(turned)


def test_arrays_are_read_in_blocks(tmp_path):
    """A file is never loaded as a whole: its rows come in blocks of at most 4 MiB."""
    content = np.zeros((40, 65_536))
    np.savez_compressed(tmp_path / "a.npz", content)

    assert [block[0].count for block in open_path(tmp_path / "a.npz", How()).blocks()] == [8] * 5


def test_a_structured_array_in_a_file_is_a_table(tmp_path):
    """Records of an npy file are rows with the names of their fields."""
    rows = np.array([(1, "a", [1, 2]), (2, "ü", [3, 4])], [("n", "i2"), ("s", "U3"), ("v", "f4", 2)])
    np.save(tmp_path / "a.npy", rows)
    expected = of_rows([{"n": np.int16(row["n"]), "s": str(row["s"]), "v": row["v"].copy()} for row in rows])

    assert open_path(tmp_path / "a.npy", How()).kind == "table"
    assert digests(tmp_path / "a.npy") == expected


@pytest.mark.parametrize(
    ("form", "cells"),
    [
        ([("t", "M8[us]"), ("d", "m8[ns]")], [(0, 1), ("NaT", "NaT")]),
        ([("s", "S4"), ("u", "U2", 2)], [(b"a", ["x", "y"]), (b"", ["", "ü"])]),
        ([("in", [("x", "i1"), ("y", "?")]), ("o", "O")], [((1, True), "text"), ((2, False), None)]),
    ],
)
def test_records_give_the_digests_of_their_rows(form, cells):
    """Times, byte strings, arrays of texts, nested records and objects are read as the definition reads each row."""
    rows = np.array(cells, form)
    found = b"".join(map(digest_block, tables.samples_of(rows, How()).blocks()))

    assert found == b"".join(of_rows(rows))


def test_objects_in_files_are_refused(tmp_path):
    """Python's objects lie in pickles, which are never opened."""
    np.save(tmp_path / "a.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", a=np.array([{}, []], dtype=object))

    assert refusal(tmp_path / "a.npy") == "'a.npy' cannot be read as arrays: it holds Python's objects"
    assert refusal(tmp_path / "a.npz") == "'a.npz' cannot be read as arrays: it holds Python's objects"


def test_arrays_of_several_lengths_are_refused(tmp_path):
    """Arrays in one file are columns of the same samples."""
    np.savez(tmp_path / "a.npz", a=np.zeros(2), b=np.zeros(3))
    np.savez(tmp_path / "b.npz", a=np.zeros(2), b=np.float64(3))
    np.save(tmp_path / "c.npy", np.float64(3))

    assert refusal(tmp_path / "a.npz") == "'a.npz': its arrays are not equally long: {'a': 2, 'b': 3}"
    assert refusal(tmp_path / "b.npz") == "'b.npz': 'b' is a single value: expected an axis of samples"
    assert refusal(tmp_path / "c.npy") == "'c.npy' holds a single value: expected an axis of samples"


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_files_that_are_no_arrays_are_refused(name, tmp_path):
    """What is broken is told by the file's name, without its folder."""
    (tmp_path / name).write_bytes(b"no array")
    message = refusal(tmp_path / name)

    assert message.startswith(f"'{name}' cannot be read as arrays: ")
    assert str(tmp_path) not in message


def test_a_cut_array_in_an_archive_is_refused(tmp_path):
    """An array that ends before its shape does is no shorter split."""
    np.save(tmp_path / "a.npy", IMAGES)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", (tmp_path / "a.npy").read_bytes()[:-4])

    assert refusal(tmp_path / "a.npz") == "'a.npz' cannot be read as arrays: it ends within an array"


def test_a_parquet_file_without_pyarrow_says_how_to_get_it(tmp_path, monkeypatch):
    """Where pyarrow is missing, the message names it, what brings it, and the other way."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnavailableError) as raised:
        open_path(tmp_path / "a.parquet", How())

    assert str(raised.value) == "reading 'a.parquet' needs pyarrow, which is not installed"
    assert raised.value.hint is not None
    assert raised.value.hint.endswith(", or have it digested by its bytes (as_bytes)")
