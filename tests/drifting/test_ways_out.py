from __future__ import annotations

import numpy as np
import pytest
from drift_bundles import bundle_of

import reprobundle
from reprobundle.errors import UnavailableError

RANDOM = np.random.default_rng(3)
X, N = RANDOM.normal(size=100), RANDOM.integers(0, 9, 100)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle whose split is a table of numbers."""
    return bundle_of(tmp_path_factory.mktemp("ways") / "model", {"x": X, "n": N})


def _refused(bundle, data, **options):
    with pytest.raises(UnavailableError) as caught:
        reprobundle.drift(bundle, "test", data, **options)
    return str(caught.value), caught.value.hint


def test_a_cell_of_another_dtype_names_the_option(bundle, tmp_path):
    """A cell that its declared dtype does not take is an occasion to declare another."""
    (tmp_path / "new.csv").write_text("x,n\n0.5,2008.5\n", "utf-8")
    message, hint = _refused(bundle, tmp_path / "new.csv", dtypes={"n": "int64"})

    assert message.startswith(
        "the new data cannot be read: 'new.csv': line 2, column 'n': expected I64, found '2008.5'"
    )
    assert (
        hint == "say another dtype for the column (--dtypes COLUMN=DTYPE, in Python dtypes=), such as float64 or text"
    )


def test_another_encoding_is_to_be_written_again(bundle, tmp_path):
    """To take the bytes alone is a way to capture, and none to compare."""
    (tmp_path / "new.csv").write_bytes("x,n\n0.5,é\n".encode("latin-1"))
    message, hint = _refused(bundle, tmp_path / "new.csv")

    assert message.startswith("the new data cannot be read: 'new.csv' is not in UTF-8: ")
    assert hint == "write it again in UTF-8"


def test_what_is_no_data_has_the_general_way_out(bundle, tmp_path):
    """What can be given is said where something else was, and not of a table that is empty."""
    (tmp_path / "new.csv").write_text("x,n\n", "utf-8")

    assert (_refused(bundle, 7)[1] or "").startswith("give a path, a glob or a URL; in Python also arrays")
    assert _refused(bundle, tmp_path / "new.csv") == (
        "the new data cannot be read: holds no sample",
        "give what has rows",
    )


def test_a_file_that_is_not_looked_into_is_named(bundle, tmp_path):
    """Of a pickle nothing is known but its bytes: its name and the reason are told."""
    (tmp_path / "new.pkl").write_bytes(b"anything")
    message, hint = _refused(bundle, tmp_path / "new.pkl")

    assert message == "the new data, 'new.pkl': only its bytes can be read, so nothing can be compared"
    assert hint.startswith("give the samples themselves: a table")


def test_files_are_not_compared_with_a_table(bundle, tmp_path):
    """A folder of texts beside a table is told as such, not column by column."""
    (tmp_path / "texts").mkdir()
    for number in range(30):
        (tmp_path / "texts" / f"{number}.txt").write_text(f"text {number}", "utf-8")

    assert _refused(bundle, tmp_path / "texts") == (
        "the new data is 30 files, the captured split 'test' 100 samples of 'x', 'n': they cannot be compared",
        "give data of the captured kind",
    )


def test_another_delimiter_is_suspected(bundle, tmp_path):
    """One column where several were captured, with a semicolon in its name."""
    (tmp_path / "new.csv").write_text("x;n\n" + "0.5;1\n" * 30, "utf-8")

    assert _refused(bundle, tmp_path / "new.csv") == (
        "the new data has one column, 'x;n': expected 2 columns",
        "its cells are separated by ';': write it with commas, or read it with pandas and give the table",
    )
