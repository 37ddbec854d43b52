import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.errors import RefusedInputError
from reprobundle.yaml_reading import MAX_BYTES, read_yaml

REFUSED = {
    b"a: &x 1": "line 1: a: the anchor &x is not allowed",
    b"&x a: 1": "line 1: the key 'a' has an anchor or a tag",
    b"a:\n  - 1\n  - *x": "line 3: a[1]: the alias *x is not allowed",
    b"a: !!python/object/apply:os.system [x]": "line 1: a: the tag 'tag:yaml.org,2002:python/object/apply:os.system' "
    "is not allowed",
    b"a: !x 1": "line 1: a: the tag '!x' is not allowed",
    b"a: !!str 1": "line 1: a: the tag 'tag:yaml.org,2002:str' is not allowed",
    b"a: ! x": "line 1: a: the tag '!' is not allowed",
    b"%TAG ! tag:x,2000:\n--- a": "line 1: has a tag directive",
    b"<<: {a: 1}": "line 1: the merge key << is not allowed",
    b"--- a\n--- b": "line 2: a second document begins",
    b"a: {b: 1,\n b: 2}": "line 2: a.b: the key stands twice",
    b"a: .nan": "line 1: a: '.nan' is not a finite number",
    b"a: [-.inf]": "line 1: a[0]: '-.inf' is not a finite number",
    b"a: 1.0e+999": "line 1: a: '1.0e+999' is not a finite number",
    b"a: 9223372036854775808": "line 1: a: '9223372036854775808' does not fit in 64 bits",
    b"a: " + b"9" * 20_000: "line 1: a: a number of 20000 characters",
    b"a: " + b"9" * 5000 + b".0": "line 1: a: a number of 5002 characters",
    b"a: 0x_": "line 1: a: '0x_' is no number",
    b"no: 1": "line 1: the key 'no' is read as bool, not as text",
    b"1: 1": "line 1: the key '1' is read as int, not as text",
    b"~: 1": "line 1: the key '~' is read as null, not as text",
    b"? [a]\n: 1": "line 1: a key must be text",
    b"": "is empty",
    b"# nothing": "is empty",
    b"\xef\xbb\xbfa: 1": "begins with a byte order mark",
    "a: 1".encode("utf-16"): "is not UTF-8: byte 0",
    b"a: \xff": "is not UTF-8: byte 3",
    b'a: "\\ud800"': "line 1: a: is not valid Unicode",
    b'"\\ud800": 1': "line 1: is not valid Unicode",
    b"a: b: c": "is not YAML: line 1: mapping values are not allowed here",
    b"a: [1": "is not YAML: line 1: expected ',' or ']', but got '<stream end>'",
    b"a: \x00": "is not YAML: special characters are not allowed",
    b'a: "\\UFFFFFFFF"': "is not YAML: an escape or a number beyond all limits",
    b"x" * (MAX_BYTES + 1): f"is too large: at most {MAX_BYTES} bytes, found {MAX_BYTES + 1}",
}  # fmt: skip

WARNED = {
    "1e-3": ("1e-3", "is text to YAML 1.1, not a number: write it like 1.0e-3 or 1.0e+3, or quote it"),
    "1.0e3": ("1.0e3", "is text to YAML 1.1, not a number: write it like 1.0e-3 or 1.0e+3, or quote it"),
    "0o17": ("0o17", "is text to YAML 1.1, not a number: write it like 1.0e-3 or 1.0e+3, or quote it"),
    "no": (False, "is read as false: write false, or quote it to mean the word"),
    "ON": (True, "is read as true: write true, or quote it to mean the word"),
    "012": (10, "is read as the number 10: quote it to mean text"),
    "1:30": (90, "is read as the number 90: quote it to mean text"),
    "1_000": (1000, "is read as the number 1000: quote it to mean text"),
    "1:30.5": (90.5, "is read as the number 90.5: quote it to mean text"),
}

READ = {
    "1.0e-3": 0.001, "3": 3, "-3": -3, "true": True, "False": False, "~": None, "null": None, "": None, "3.10": 3.1,
    "'1e-3'": "1e-3", '"no"': "no", "2024-99-99": "2024-99-99", "2024-01-01": "2024-01-01", "text": "text", "=": "=",
    "[1, {b: c}]": [1, {"b": "c"}], "{}": {}, "|\n  x\n  y": "x\ny\n",
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_refused(content, message):
    """What two readers could understand differently is refused, with line and path."""
    with pytest.raises(RefusedInputError) as raised:
        read_yaml(content, name="x.yaml")

    assert str(raised.value) == f"x.yaml: {message}"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded(opening):
    """A value nested deeper than 64 levels is refused before the reader runs out of stack."""
    with pytest.raises(RefusedInputError, match="nested deeper than 64 levels"):
        read_yaml((opening * 20_000).encode(), name="x.yaml")


def test_the_number_of_values_is_bounded():
    """More than 50,000 values are refused."""
    with pytest.raises(RefusedInputError, match="more than 50000 values"):
        read_yaml(b"[" + b"a," * 50_000 + b"a]", name="x.yaml")


@pytest.mark.parametrize(("text", "expected"), WARNED.items())
def test_what_yaml_reads_otherwise_is_warned_of(text, expected):
    """A value that YAML 1.1 reads otherwise than it looks is read as YAML says, with a warning."""
    document = read_yaml(f"lr:\n  x: {text}\n".encode(), name="x.yaml")

    assert document.value == {"lr": {"x": expected[0]}}
    assert document.warnings == (f"x.yaml: line 2: lr.x: {text!r} {expected[1]}",)


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_plain_values(text, expected):
    """Ordinary values are read without a warning, dates as text."""
    document = read_yaml(f"a: {text}\n".encode(), name="x.yaml")

    assert document.value == {"a": expected}
    assert document.warnings == ()


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab1~ :", max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(values)
def test_what_a_writer_of_yaml_writes_is_read_back(value):
    """Any plain value written by the library is read back equal."""
    content = yaml.safe_dump(value).encode()

    assert read_yaml(content, name="x.yaml").value == value


@given(st.binary(max_size=60) | st.text("ab:-[]{}&*!|>'\"%@`#,?~<= \n\t\\019.e_", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(content):
    """Whatever the bytes, there is a JSON value or our own error."""
    try:
        document = read_yaml(content, name="x.yaml")
    except RefusedInputError as error:
        assert str(error).startswith("x.yaml: ")
    else:
        assert json.loads(json.dumps(document.value, allow_nan=False)) == document.value


def test_each_value_has_its_line():
    """The line of a key, or of an item of a list, is known by its path."""
    lines = read_yaml(b"# ours\na: 1\nb:\n  c: >-\n    text\n  d:\n    - x\n    - e: 2\n", name="a.yaml").lines

    assert lines == {"": 2, "a": 2, "b": 3, "b.c": 4, "b.d": 6, "b.d[0]": 7, "b.d[1]": 8, "b.d[1].e": 8}


def test_a_long_run_of_digits_takes_no_time():
    """Text that begins like a number and never ends is read in time that grows with its length alone."""
    began = time.monotonic()
    read = read_yaml(b"a: " + b"1" * 400_000 + b"x", name="a.yaml")

    assert read.warnings == ()
    assert time.monotonic() - began < 10
