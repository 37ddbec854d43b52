"""RECORD, as several installers write it."""

import csv
import io

import pytest

from reprobundle.components.environment.snapshot.recorded import BrokenRecordError, Row, rows_of

ROWS: tuple[Row, ...] = (
    ("six.py", "sha256=4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3834", "34549"),
    ("six-1.16.0.dist-info/RECORD", "", ""),
)
COMMA: Row = ("a,b.py", "sha256=AAAA", "1")


def _written(rows: tuple[Row, ...], end: str) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=end).writerows(rows)
    return file.getvalue().encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["as uv ends lines", "as pip ends lines"])
@pytest.mark.parametrize("rows", [ROWS, (*ROWS, COMMA)], ids=["plain", "with a comma in a name"])
def test_a_list_reads_the_same_whoever_wrote_it(rows: tuple[Row, ...], end: str) -> None:
    """What ends a line is no part of a size, and quotes are none of a name."""
    assert rows_of(_written(rows, end)) == rows


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_usual_list_needs_no_reader_of_csv_files(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """A reader of CSV files takes three times as long, over a hundred thousand lines."""
    monkeypatch.setattr(csv, "reader", None)

    assert rows_of(_written(ROWS, end)) == ROWS


def test_what_is_no_list_is_said_to_be_none() -> None:
    """A field longer than a reader takes is no path."""
    with pytest.raises(BrokenRecordError, match="field larger than field limit"):
        rows_of(b'"' + b"a" * 200_000 + b'",,\n')
