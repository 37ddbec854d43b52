import datetime
import decimal
import gzip
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components.data.digesting import digest_block, digest_sample
from reprobundle.components.data.given import How
from reprobundle.components.data.section import Leaf
from reprobundle.components.data.sources.declared import KNOWN, Declared, declared
from reprobundle.components.data.sources.parsing import parsed
from reprobundle.components.data.sources.paths import open_path
from reprobundle.errors import RefusedInputError, UsageError


def digests(place, **how):
    found = b"".join(map(digest_block, open_path(place, How(**how)).blocks()))
    return [found[start : start + 16] for start in range(0, len(found), 16)]


def of_rows(*rows):
    return [digest_sample(row) for row in rows]


@pytest.fixture
def write(tmp_path):
    def write(content, name="rows.csv"):
        place = tmp_path / name
        place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return place

    return write


def refusal(place, **how):
    with pytest.raises((RefusedInputError, UsageError)) as raised:
        digests(place, **how)
    return str(raised.value)


GUESSES = [
    (["1", " -7 ", "+007"], [1, -7, 7]),
    (["1", ""], [1.0, float("nan")]),
    (["9223372036854775807", ""], [2.0**63, float("nan")]),
    (["18446744073709551615", "1"], [np.uint64(2**64 - 1), np.uint64(1)]),
    (["18446744073709551615", "-1"], ["18446744073709551615", "-1"]),
    (["18446744073709551615", ""], ["18446744073709551615", ""]),
    (["18446744073709551616"], ["18446744073709551616"]),
    (["18446744073709551615", "0.5"], [float(2**64), 0.5]),
    (["1", ".5", "2.", "1e400", "-inf", "Infinity", "NaN"], [1.0, 0.5, 2.0, np.inf, -np.inf, np.inf, float("nan")]),
    (["True", "FALSE", "NA"], [True, False, None]),
    (["True", "1"], ["True", "1"]),
    (["", "null"], [float("nan"), float("nan")]),
    (["1", "x", "", "n/a"], ["1", "x", None, None]),
    (["1_0", "0x1p3"], ["1_0", "0x1p3"]),
    (["1", "\N{FULLWIDTH DIGIT ONE}"], ["1", "\N{FULLWIDTH DIGIT ONE}"]),
    (["1", " "], ["1", " "]),
    (["1" + "0" * 5000, "1"], ["1" + "0" * 5000, "1"]),
    (["+", "1"], ["+", "1"]),
    (["1.5", " inf"], ["1.5", " inf"]),
]


@pytest.mark.parametrize(("cells", "values"), GUESSES)
def test_an_undeclared_column_is_what_its_cells_are(cells, values, write):
    """As pandas reads it: Booleans, integers, floats with NaN for what is missing, else texts, some missing."""
    place = write("a,b\n" + "".join(f'"{cell}",x\n' for cell in cells))

    assert digests(place) == of_rows(*({"a": value, "b": "x"} for value in values))


def test_what_a_column_is_shows_in_all_of_it(write):
    """One cell at the end of a long column makes it another one, from the first row on."""
    place = write("a\n" + "1\n" * 9000 + "x\n")

    assert digests(place) == of_rows(*[{"a": "1"}] * 9000, {"a": "x"})


def test_a_column_without_a_name_is_called_as_pandas_calls_it(write):
    """Such as an index that was written along; a remark says so."""
    samples = open_path(write(",a\n0,x\n"), How())
    told = "its first column has no name and is called 'Unnamed: 0': an index? to_csv(index=False) leaves it out"

    assert samples.remarks == (told,)
    assert digests(write(",a\n0,x\n")) == of_rows({"Unnamed: 0": 0, "a": "x"})


def test_another_delimiter_is_noticed(write):
    """A file with semicolons is one column, which a remark says."""
    told = "it has one column, 'a;b': expected commas between cells, found ';'"

    assert open_path(write("a;b\n1;2\n"), How()).remarks == (told,)


def test_quotes_and_line_ends_are_no_part_of_a_cell(write):
    """Quoted commas, quotes and line breaks stay; how the file ends its lines, and its mark, do not count."""
    plain = write('a,b\n"x, ""y""","one\ntwo"\n')
    expected = of_rows({"a": 'x, "y"', "b": "one\ntwo"})

    assert digests(plain) == expected
    assert digests(write(b'\xef\xbb\xbfa,b\r\n"x, ""y""","one\ntwo"\r\n\r\n')) == expected
    assert digests(write('a\tb\n"x, ""y"""\t"one\ntwo"\n', "rows.TSV")) == expected
    assert digests(write(gzip.compress(b'a,b\n"x, ""y""","one\ntwo"\n'), "rows.csv.gz")) == expected


def test_a_cell_may_be_longer_than_the_csv_module_likes(write):
    """A text of more than 131,072 characters is read like any other, and the module's own limit stays."""
    import csv

    limit = csv.field_size_limit()

    assert digests(write(f"a\n{'x' * 200_000}\n")) == of_rows({"a": "x" * 200_000})
    assert csv.field_size_limit() == limit


CELLS = [
    ("int32", " -7", np.int32(-7)),
    ("Int32", "", None),
    ("int64", "", None),
    ("UInt8", "255", np.uint8(255)),
    ("I16", "+5", np.int16(5)),
    ("bool", "True", True),
    ("boolean", "", None),
    ("float32", "0.1", np.float32(0.1)),
    ("float64", "", float("nan")),
    ("float64", "-inf", float("-inf")),
    ("F64", "-0.0", -0.0),
    ("Float64", "", None),
    ("str", "", None),
    ("string", "x", "x"),
    ("category", "x", "x"),
    ("text", "", ""),
    ("decimal", "1.50", decimal.Decimal("1.50")),
    ("date[day]", "2020-02-29", datetime.date(2020, 2, 29)),
    ("datetime64[ns]", "2020-01-02 03:04:05.000000006", np.datetime64("2020-01-02T03:04:05.000000006", "ns")),
    ("datetime64[us]", "1969-12-31", np.datetime64("1969-12-31", "us")),
    ("datetime64[us]", "", None),
    ("datetime64[us, UTC]", "2020-01-01 01:00:00+01:00", datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)),
    ("timestamp[us, UTC]", "2020-01-01T00:00Z", datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)),
    ("timedelta64[us]", "-1 days +23:59:59.5", datetime.timedelta(seconds=-0.5)),
    ("duration[us]", "2 days", datetime.timedelta(days=2)),
    ("time[us]", "01:02:03.25", datetime.time(1, 2, 3, 250_000)),
]


@pytest.mark.parametrize(("dtype", "cell", "value"), CELLS)
def test_a_declared_dtype_is_read_exactly(dtype, cell, value, write):
    """A cell of a declared dtype has the digest of the value that it writes; an empty one is missing, or NaN for numpy's floats."""
    assert digests(write(f"a,b\n{cell},x\n"), dtypes={"a": dtype}) == of_rows({"a": value, "b": "x"})


@pytest.mark.parametrize(
    ("dtype", "cell"),
    [
        ("int8", "128"),
        ("int64", "1.0"),
        ("int64", "1_000"),
        ("uint8", "-1"),
        ("bool", "yes"),
        ("float32", "1,5"),
        ("float32", "0x1p3"),
        ("decimal", "1e5"),
        ("date[day]", "2020-02-30"),
        ("datetime64[s]", "2020-01-01 00:00:00.5"),
        ("datetime64[ns]", "3000-01-01"),
        ("datetime64[us]", "2020-01-01T00:00Z"),
        ("datetime64[us, UTC]", "2020-01-01"),
        ("time[us]", "24:00:00"),
        ("duration[us]", "1 hour"),
        ("null", "x"),
    ],
)
def test_a_cell_that_is_no_such_value_is_named(dtype, cell, write):
    """What cannot be read exactly is told with its line, column and cell, counted in the file's own lines."""
    place = write(f'a,b\n,"one\ntwo"\n"{cell}",x\n')
    known = declared("a", dtype).dtype

    assert refusal(place, dtypes={"a": dtype}) == f"'rows.csv': line 4, column 'a': expected {known}, found {cell!r}"


def test_a_long_cell_is_cut_in_the_message(write):
    """A message shows 80 characters of a cell, escaped."""
    place = write(f"a\n{chr(27)}{'x' * 100}\n")
    start = "'rows.csv': line 2, column 'a': expected I64, found "

    assert refusal(place, dtypes={"a": "int64"}) == f"{start}'\\x1b{'x' * 79}' and 21 more characters"


def test_what_is_declared_must_be_there(write):
    """A dtype that is not known and one for a column that is not there are told with what there is."""
    place = write("a,b\n1,2\n")
    with pytest.raises(UsageError) as raised:
        digests(place, dtypes={"a": "int65"})

    assert str(raised.value) == "column 'a': dtype 'int65' is not known"
    assert raised.value.hint == f"known are {', '.join(KNOWN)}"
    assert refusal(place, dtypes={"c": "int8"}) == "'rows.csv' has no column 'c', for which a dtype is declared"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "'rows.csv' is empty: expected a line with the columns' names"),
        (b"a,a\n1,2\n", "two columns are both called 'a'"),
        (b"a,b\n1,2\n3\n", "'rows.csv': line 3: expected 2 cells, found 1"),
        (b'a\n"x\n', "'rows.csv': line 2: unexpected end of data"),
        ("a\nü\n".encode("latin-1"), "'rows.csv' is not in UTF-8: invalid start byte"),
        ("a\nx\n".encode("utf-16"), "'rows.csv' is not in UTF-8: invalid start byte"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, message, write):
    """Ragged rows, names that stand twice, other encodings and open quotes are told with their place."""
    assert refusal(write(content)) == message


def test_a_cut_gzip_file_is_refused(write):
    """A packed file that ends too early is no shorter table."""
    packed = gzip.compress(b"a\n" + b"\n".join(b"%d" % number for number in range(10_000)))

    assert refusal(write(packed[:-20], "rows.csv.gz")) == "'rows.csv.gz' is no whole gzip file"


def test_recorded_leaves_are_the_declaration(write):
    """A reviewer's copy is read with the dtypes of the recorded leaves, what they do not say as what its cells are."""
    place = write("a,b,c\n1,2.5,\n")
    leaves = (Leaf(name="a", dtype="I32", shape=()), Leaf(name="b", dtype="F32", shape=()))

    assert digests(place, leaves=leaves) == of_rows({"a": np.int32(1), "b": np.float32(2.5), "c": float("nan")})


def test_recorded_leaves_say_what_an_empty_cell_is(write):
    """Where the recorded split had missing values an empty cell is one; else it is NaN, or the empty text."""
    place = write("a,b\n,\n")
    forms = [("a", "F64"), ("b", "text")]

    for missing, row in ((True, {"a": None, "b": None}), (False, {"a": float("nan"), "b": ""})):
        leaves = tuple(Leaf(name=name, dtype=dtype, shape=(), missing=missing) for name, dtype in forms)
        assert digests(place, leaves=leaves) == of_rows(row)


@pytest.mark.parametrize(("missing", "value"), [(False, "NA"), (True, None)])
def test_a_text_that_looks_missing_is_one_where_none_was(missing, value, write):
    """A text such as NA is kept where the recorded column lacks no value, since there it can only be a text."""
    leaves = (Leaf(name="a", dtype="text", shape=(), missing=missing),)

    assert digests(write("a\nNA\n"), leaves=leaves) == of_rows({"a": value})


def test_a_column_that_is_not_as_recorded_is_what_its_cells_are(write):
    """A copy whose year became 2008.0 is read all the same, so that the difference can be told; what is declared is strict."""
    place = write("year,b\n2008.0,x\n")
    leaves = (Leaf(name="year", dtype="I64", shape=()), Leaf(name="b", dtype="text", shape=()))
    message = "'rows.csv': line 2, column 'year': expected I64, found '2008.0'"

    assert digests(place, leaves=leaves) == of_rows({"year": 2008.0, "b": "x"})
    assert refusal(place, leaves=leaves, dtypes={"year": "int64"}) == message


@pytest.mark.parametrize(
    ("dtype", "value"), [("string", None), ("text", "NA"), ("float64", float("nan")), ("Int8", None)]
)
def test_markers_of_a_missing_value_count_in_declared_columns(dtype, value, write):
    """They are missing, or NaN, as pandas has it; in a column declared `text` each cell is the text it is."""
    assert digests(write("a\nNA\n"), dtypes={"a": dtype}) == of_rows({"a": value})


def test_a_text_in_json_is_never_missing(write):
    """JSON has null for that."""
    assert digests(write('{"a":"NA"}\n', "rows.jsonl"), dtypes={"a": "string"}) == of_rows({"a": "NA"})


def test_a_large_file_is_read_in_blocks(write):
    """Rows come in blocks of a bounded size, and nothing of the cut is in the digests."""
    place = write("a\n" + "".join(f"{number}\n" for number in range(10_000)))
    blocks = list(open_path(place, How(dtypes={"a": "int32"})).blocks())

    assert [block[0].count for block in blocks] == [64, 4096, 4096, 1744]
    assert digests(place, dtypes={"a": "int32"}) == of_rows(*({"a": np.int32(number)} for number in range(10_000)))


@given(st.integers(0, 2**31 - 2**23 - 2), st.sampled_from([-1, 0, 1]))
def test_narrow_floats_are_rounded_once(bits, side):
    """A number a hair beside the middle of two 32-bit floats is rounded to the nearer, which two roundings would miss."""
    low, high = (np.array([bits, bits + 1], np.uint32)).view(np.float32).tolist()
    if not np.isfinite([low, high]).all():
        return
    middle = (Fraction(low) + Fraction(high)) / 2
    digits = decimal.Context(prec=400)
    exact = digits.divide(decimal.Decimal(middle.numerator), decimal.Decimal(middle.denominator))
    cell = str(digits.add(exact, digits.multiply(exact, decimal.Decimal(side).scaleb(-60))))
    nearest = {-1: low, 0: low if bits % 2 == 0 else high, 1: high}[side]

    assert parsed("a", Declared("F32"), [cell]).values.tolist() == [nearest]


def test_json_lines_are_rows_of_plain_values(write):
    """Each line is a value of its own: numbers as JSON writes them, null as missing, other dtypes where they are declared."""
    place = write('{"a":1,"b":"x","c":[1.5,2.0]}\n\n{"a":null,"b":"\\ud83d\\ude00","c":[]}\n', "rows.jsonl")

    assert digests(place) == of_rows(
        {"a": 1, "b": "x", "c": [1.5, 2.0]}, {"a": None, "b": "\N{GRINNING FACE}", "c": []}
    )
    assert digests(place, dtypes={"a": "int8"})[0] == of_rows({"a": np.int8(1), "b": "x", "c": [1.5, 2.0]})[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "no JSON value: Expecting property name enclosed in double quotes"),
        ('{"a":1,"a":2}', "no JSON value: the name 'a' stands twice"),
        ("[" * 100_000, "no JSON value: nested too deeply"),
    ],
)
def test_a_line_that_is_no_json_is_refused(line, message, write):
    """A broken line is told with its number."""
    assert refusal(write(f"{{}}\n{line}\n", "rows.jsonl")) == f"'rows.jsonl': line 2: {message}"


def test_json_lines_of_another_dtype_are_refused(write):
    """A value that is none of its declared dtype is told with its line."""
    place = write('{"a":1}\n{"a":300}\n', "rows.jsonl")

    assert refusal(place, dtypes={"a": "int8"}) == "'rows.jsonl': line 2, column 'a': expected I8, found '300'"


def test_files_are_taken_by_their_bytes_on_request(write):
    """Of a known form or not, a file is no table where its bytes are asked for; nor is one of another form."""
    assert open_path(write("a\n1\n"), How(as_bytes=True)) is None
    assert open_path(write("a\n1\n", "rows.txt"), How()) is None
