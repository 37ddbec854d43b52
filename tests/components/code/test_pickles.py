"""Pickles among the source are packed, and named."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile

import numpy as np
import pytest

from reprobundle.components.code.pickles import is_pickle


def saved(extra=None, **options) -> bytes:
    """A state dict as ``torch.save`` writes it."""
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    torch.save({"weight": torch.zeros(3), "extra": extra}, file, **options)
    return file.getvalue()


def script() -> bytes:
    """A scripted module."""
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch, which still reads and writes them
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), file)
    return file.getvalue()


def array(*values) -> bytes:
    """An array as numpy writes it."""
    file = io.BytesIO()
    np.save(file, np.array(values), allow_pickle=True)
    return file.getvalue()


def arrays(one) -> bytes:
    """Several arrays as numpy writes them."""
    file = io.BytesIO()
    np.savez_compressed(file, numbers=np.ones(3), one=one)
    return file.getvalue()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickle_is_told_by_its_first_bytes(protocol):
    """Whatever it is called, and at every protocol that has a mark."""
    assert is_pickle(pickle.dumps({"a": 1}, protocol=protocol))


def test_what_torch_and_numpy_pickle_is_told():
    """An archive of torch.save, its old form, and an array of objects."""
    assert is_pickle(saved())
    assert is_pickle(saved(_use_new_zipfile_serialization=False))
    assert is_pickle(saved("/constants.pkl"))
    assert is_pickle(array({"a": 1}))
    assert is_pickle(arrays(np.array([{"a": 1}])))


def test_what_is_none_is_not_told():
    """An array of numbers, a scripted module, text, an archive, a single byte and nothing."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes/data.pkl.txt", "data")

    for content in (
        array(1.0, 2.0),
        arrays(np.zeros(2)),
        script(),
        b"import pickle\n",
        file.getvalue(),
        b"\x80",
        b"\x80\x01x",
        b"",
    ):
        assert not is_pickle(content), content[:20]
