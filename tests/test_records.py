"""Documents: one way to write them, and a reader that refuses what a lenient one lets through."""

from __future__ import annotations

import enum
import json
import math
import time

import hypothesis.strategies as st
import pydantic
import pytest
from hypothesis import given

from reprobundle.errors import RefusedInputError
from reprobundle.records import MAX_DOCUMENT_BYTES, Json, Record, from_bytes, strict_json, to_bytes


class Colour(str, enum.Enum):
    """A closed set."""

    RED = "red"
    BLUE = "blue"


class Part(Record):
    """A part of a document."""

    name: str
    size: int


class Tiny(Record):
    """A document of one field."""

    free: Json


class Document(Record):
    """A document with every kind of field that records use."""

    title: str
    count: int
    ratio: float
    colour: Colour
    parts: tuple[Part, ...]
    free: Json = None


EXAMPLE = Document(
    title="Größe", count=2, ratio=0.5, colour=Colour.RED, parts=(Part(name="a", size=1),), free={"b": []}
)
EXAMPLE_BYTES = """{
  "title": "Größe",
  "count": 2,
  "ratio": 0.5,
  "colour": "red",
  "parts": [
    {
      "name": "a",
      "size": 1
    }
  ],
  "free": {
    "b": []
  }
}
""".encode()

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | finite | texts,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4),
    max_leaves=12,
)
documents = st.builds(
    Document,
    title=texts,
    count=st.integers(),
    ratio=finite,
    colour=st.sampled_from(Colour),
    parts=st.lists(st.builds(Part, name=texts, size=st.integers()), max_size=3).map(tuple),
    free=values,
)


def refusal(content: bytes) -> str:
    """The message with which a document is refused."""
    with pytest.raises(RefusedInputError) as caught:
        from_bytes(Document, content, name="document.json")
    return str(caught.value)


def changed(**fields: object) -> bytes:
    """The example with other values."""
    return json.dumps({**json.loads(EXAMPLE_BYTES), **fields}).encode()


def test_written_form_is_fixed():
    """A document is UTF-8 JSON, two blanks of indent, fields in declared order, one newline at the end."""
    assert to_bytes(EXAMPLE) == EXAMPLE_BYTES


@given(documents)
def test_round_trip(document):
    """What was written is read back as the same value, and written again as the same bytes."""
    content = to_bytes(document)
    read = from_bytes(Document, content, name="document.json")

    assert read == document
    assert to_bytes(read) == content


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    """Whatever the bytes are, reading ends in a value or in our own refusal."""
    try:
        read = from_bytes(Document, content, name="document.json")
    except RefusedInputError:
        return

    assert from_bytes(Document, to_bytes(read), name="document.json") == read


@given(values)
def test_strict_json_agrees_with_a_lenient_reader_on_honest_values(value):
    """Whatever json writes from finite values and whole characters is read as the same value."""
    assert strict_json(json.dumps(value).encode(), name="x") == value


@given(documents, st.data())
def test_unknown_key_anywhere_is_refused(document, data):
    """A key that the type does not know is refused, wherever it stands."""
    plain = json.loads(to_bytes(document))
    target = data.draw(st.sampled_from([plain, *plain["parts"]]))
    target["unknown"] = 1
    message = refusal(json.dumps(plain).encode())

    assert "unknown: there is no such field" in message


STRICT = {
    "byte order mark": (b"\xef\xbb\xbf{}", "x: is not strict JSON: Unexpected UTF-8 BOM"),
    "not utf-8": (b'"\xff"', "x: is not strict JSON: 'utf-8' codec can't decode byte 0xff"),
    "utf-16": ("{}".encode("utf-16"), "x: is not strict JSON: 'utf-8' codec can't decode byte 0xff"),
    "overlong utf-8": (b'"\xc0\xaf"', "x: is not strict JSON: 'utf-8' codec can't decode byte 0xc0"),
    "raw surrogate": (b'"\xed\xa0\x80"', "x: is not strict JSON: 'utf-8' codec can't decode byte 0xed"),
    "escaped half character": (rb'"\ud800"', "x: is not strict JSON: 'utf-8' codec can't encode character"),
    "escaped half character as key": (rb'{"\uDFFF": 1}', "x: is not strict JSON: 'utf-8' codec can't encode character"),
    "halves in the wrong order": (rb'["\udc00\ud800"]', "x: is not strict JSON: 'utf-8' codec can't encode"),
    "nan": (b"[NaN]", "x: holds NaN, which is not JSON: numbers must be finite"),
    "infinity": (b"[Infinity]", "x: holds Infinity, which is not JSON: numbers must be finite"),
    "minus infinity": (b"[-Infinity]", "x: holds -Infinity, which is not JSON: numbers must be finite"),
    "beyond float64": (b"[1e999]", "x: holds 1e999, which is beyond the range of float64"),
    "minus beyond float64": (b"[-1.5E+400]", "x: holds -1.5E+400, which is beyond the range of float64"),
    "repeated key": (b'{"a": 1, "a": 1}', "x: the key 'a' stands twice in one object"),
    "repeated key deep": (b'[{"b": {"a": 1, "b": 2, "a": 3}}]', "x: the key 'a' stands twice in one object"),
    "repeated key by escape": (rb'{"a": 1, "\u0061": 2}', "x: the key 'a' stands twice in one object"),
    "comment": (b"{} // no", "x: is not strict JSON: Extra data"),
    "trailing comma": (b"[1,]", "x: is not strict JSON: "),
    "single quotes": (b"{'a': 1}", "x: is not strict JSON: Expecting property name"),
    "unquoted key": (b"{a: 1}", "x: is not strict JSON: Expecting property name"),
    "two documents": (b"{}{}", "x: is not strict JSON: Extra data"),
    "trailing nul": (b"{}\0", "x: is not strict JSON: Extra data"),
    "control character in a string": (b'"\x01"', "x: is not strict JSON: Invalid control character"),
    "newline in a string": (b'"a\nb"', "x: is not strict JSON: Invalid control character"),
    "unterminated string": (b'["a', "x: is not strict JSON: Unterminated string"),
    "bad escape": (rb'"\x41"', "x: is not strict JSON: Invalid \\escape"),
    "leading zero": (b"[01]", "x: is not strict JSON: "),
    "plus sign": (b"[+1]", "x: is not strict JSON: "),
    "bare point": (b"[.5]", "x: is not strict JSON: "),
    "hexadecimal": (b"[0x1]", "x: is not strict JSON: "),
    "empty": (b"", "x: is not strict JSON: "),
    "blank": (b" \n", "x: is not strict JSON: "),
    "truncated": (b'{"a": [1, 2', "x: is not strict JSON: "),
    "huge integer": (b"1" * 20_000, "x: is not strict JSON: Exceeds the limit"),
    "65 levels": (b"[" * 65 + b"]" * 65, "x: is nested deeper than 64 levels"),
    "100,000 levels": (b"[" * 100_000, "x: is nested deeper than 64 levels"),
    "100,000 objects": (b'{"a":' * 100_000, "x: is nested deeper than 64 levels"),
    "levels behind an escaped quote": (rb'["\"",' + b"[" * 70, "x: is nested deeper than 64 levels"),
    "levels behind an escaped backslash": (rb'["\\",' + b"[" * 70, "x: is nested deeper than 64 levels"),
}


@pytest.mark.parametrize(("content", "message"), STRICT.values(), ids=STRICT)
def test_lenient_json_is_refused(content, message):
    """What one parser lets through and another does not is refused by name."""
    with pytest.raises(RefusedInputError) as caught:
        strict_json(content, name="x")

    assert str(caught.value).startswith(message)


HONEST = {
    "64 levels": (b"[" * 64 + b"]" * 64, None),
    "brackets inside a text": (b'"' + b"[{" * 500 + b'"', "[{" * 500),
    "brackets behind an escaped quote": (rb'"\"' + b"[" * 100 + b'"', '"' + "[" * 100),
    "brackets behind three backslashes": (rb'"\\\"' + b"[" * 100 + b'"', '\\"' + "[" * 100),
    "an escaped pair": (rb'"\ud83d\ude00"', "\U0001f600"),
    "an integer beyond 64 bits": (b"123456789012345678901234567890", 123456789012345678901234567890),
    "a tiny number": (b"1e-400", 0.0),
    "blanks around": (b" \r\n\t[1]\n", [1]),
}


@pytest.mark.parametrize(("content", "value"), HONEST.values(), ids=HONEST)
def test_honest_json_is_read(content, value):
    """Texts may hold brackets and escapes, and 64 levels are allowed."""
    read = strict_json(content, name="x")

    assert value is None or read == value


@pytest.mark.parametrize("piece", [b'\\"', b'"\\', b'"', b"\\", b"a", b'"",', b'"a', b'\\\\"'], ids=repr)
def test_reading_takes_linear_time(piece):
    """No sequence of quotes and backslashes makes the check of the depth slow."""
    content = (b'["' + piece * MAX_DOCUMENT_BYTES)[:1_000_000]
    start = time.process_time()
    with pytest.raises(RefusedInputError):
        strict_json(content, name="x")

    assert time.process_time() - start < 2


def test_size_is_checked_before_parsing():
    """A document over 16 MiB is refused by its length alone."""
    with pytest.raises(RefusedInputError) as caught:
        strict_json(b" " * (MAX_DOCUMENT_BYTES + 1), name="manifest.json")

    assert str(caught.value) == "manifest.json: is too large: at most 16777216 bytes, found 16777217"


def test_largest_document_is_read():
    """A document of exactly 16 MiB is read."""
    assert strict_json(b"1" + b" " * (MAX_DOCUMENT_BYTES - 1), name="x") == 1


TYPED = {
    "text for a number": ({"count": "2"}, "count: expected a whole number, found '2'"),
    "float for an integer": ({"count": 2.0}, "count: expected a whole number, found 2.0"),
    "true for an integer": ({"count": True}, "count: expected a whole number, found true"),
    "number for a text": ({"title": 1}, "title: expected text, found 1"),
    "null": ({"title": None}, "title: expected text, found nothing"),
    "outside the set": ({"colour": "green"}, "colour: expected 'red' or 'blue', found 'green'"),
    "case of the set": ({"colour": "Red"}, "colour: expected 'red' or 'blue', found 'Red'"),
    "object for a list": ({"parts": {}}, "parts: expected a list, found no values"),
    "path of the fault": (
        {"parts": [{"name": "a", "size": 1}, {"name": "b", "size": "1"}]},
        "parts[1].size: expected a whole number, found '1'",
    ),
    "missing below": ({"parts": [{"name": "a"}]}, "parts[0].size: is missing"),
}


@pytest.mark.parametrize(("fields", "message"), TYPED.values(), ids=TYPED)
def test_types_are_not_coerced(fields, message):
    """A value of another type is refused with the path of the fault and the value found."""
    assert refusal(changed(**fields)) == f"document.json: {message}"


def test_all_faults_are_counted():
    """Three faults are shown, the rest counted."""
    message = refusal(b'{"title": 1, "count": "2", "ratio": "x"}')

    assert message.startswith("document.json: title: expected text, found 1; count: ")
    assert message.endswith("; and 2 more")


def test_three_faults_are_shown_in_full():
    """Where there are just three, nothing is left to count."""
    message = refusal(changed(title=1, count="2", ratio="x"))

    assert message.count("; ") == 2
    assert message.endswith("ratio: expected a number, found 'x'")


def test_long_values_are_cut():
    """A value found is shown with at most 80 characters."""
    message = refusal(changed(count="9" * 10_000))

    assert message == "document.json: count: expected a whole number, found '" + "9" * 79


def test_not_an_object_names_the_document():
    """A document of the wrong kind as a whole has no path."""
    assert refusal(b"[]").startswith("document.json: document: ")


def test_records_are_frozen():
    """A record cannot be changed after it was made."""
    with pytest.raises(pydantic.ValidationError):
        EXAMPLE.count = 3  # type: ignore[misc]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["ratio", "free"])
def test_records_hold_finite_numbers_only(field, value):
    """A number that JSON cannot hold never enters a record."""
    with pytest.raises(pydantic.ValidationError):
        Document(**{**EXAMPLE.model_dump(), "colour": Colour.RED, "parts": (), field: value})


def test_half_a_character_is_refused_when_writing():
    """A lone surrogate cannot be written, and the message shows where it stands."""
    with pytest.raises(RefusedInputError) as caught:
        to_bytes(EXAMPLE.model_copy(update={"free": ["ab\ud800"]}))

    assert "half a character cannot be written: " in str(caught.value)
    assert "ab\\ud800" in str(caught.value)
    assert caught.value.hint == "it is a lone surrogate: give valid text"


def test_half_a_character_at_the_start_is_shown():
    """The message shows what stands before it, also near the start of the document."""
    with pytest.raises(RefusedInputError) as caught:
        to_bytes(Tiny(free="ab\ud800"))

    assert str(caught.value).endswith(': half a character cannot be written: \'{\\n  "free": "ab\\ud800\'')
