"""The half of the script that reads: documents and tensors of strangers, opened with care, and words that are safe to print.

`carried` in this folder's ``__init__`` puts it into ``script.py``, where that imports it: a bundle holds one file.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import stat
import struct
from typing import Any, BinaryIO, Dict, Iterator, List, Match, NamedTuple, NoReturn, Sequence, Tuple

BLOCK = 1 << 20  # bytes read at once; every element's size divides it
MOST_BYTES = 1 << 25  # of a document
MOST_VALUES = 2000000
MOST_DIGITS = 4000
MOST_DIMENSIONS = 32
LONGEST_LINE = 5000
UNSEEN = re.compile("[^ -~]")

NUMBERS = {  # safetensors' dtypes as the module struct calls them: the numbers, and their bits
    "BOOL": "BB", "U8": "BB", "I8": "bb", "U16": "HH", "I16": "hh", "U32": "II", "I32": "ii", "U64": "QQ", "I64": "qq",
    "F16": "eH", "F32": "fI", "F64": "dQ", "C64": "fI",
}  # fmt: skip
BITS = {  # of one element; of those that are not here, 8
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
    "C64": 64, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip


class RefusedError(Exception):
    """What was found is not read any further; the message is a line for the person."""


class Tensor(NamedTuple):
    """One tensor in a safetensors file, and where its bytes begin and end there."""

    path: str
    dtype: str
    shape: Tuple[int, ...]
    start: int
    stop: int


def opened(path: str, name: str) -> BinaryIO:
    """A regular file, open for reading; a link, a pipe or a device is not touched.

    Args:
        path: Where it lies.
        name: What messages call it.

    Raises:
        RefusedError: It is none, or cannot be read.
    """
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise RefusedError(name + ": is no regular file")
        return open(path, "rb")
    except OSError as error:
        raise RefusedError(name + ": cannot be read: " + str(error.strerror or error)) from error


def document(path: str, name: str, kind: str) -> Tuple[bytes, Dict[str, Any]]:
    """The bytes of a JSON document, and what it says.

    Args:
        path: Where it lies.
        name: What messages call it.
        kind: What it should be, in words.

    Raises:
        RefusedError: It is none, or too large.
    """
    with opened(path, name) as file:
        content = file.read(MOST_BYTES + 1)
    return content, parsed(content, name, kind)


def parsed(content: bytes, name: str, kind: str) -> Dict[str, Any]:
    """JSON that every reader understands alike: one object, in which nothing is said twice.

    Raises:
        RefusedError: It is no such thing, or larger or deeper than any honest one.
    """
    wrong = name + ": is no " + kind + ": it "
    if len(content) > MOST_BYTES or content.count(b",") > MOST_VALUES:
        raise RefusedError(wrong + "is too large")
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=unique, parse_int=whole, parse_constant=no_constant
        )
    except RecursionError as error:
        raise RefusedError(wrong + "is nested too deep") from error
    except ValueError as error:
        raise RefusedError(wrong + "is not strict JSON: " + str(error)) from error
    if not isinstance(found, dict):
        raise RefusedError(wrong + "is no JSON object")
    return found


def unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """An object of JSON in which each name stands once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def whole(digits: str) -> int:
    """A whole number; of a long one the reading alone takes hours."""
    if len(digits) > MOST_DIGITS:
        raise ValueError("a number of " + count(len(digits), "digit"))
    return int(digits)


def no_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which JSON does not have."""
    raise ValueError(name + " is no number of JSON")


@contextlib.contextmanager
def formed(name: str) -> Iterator[None]:
    """Say in one line that a document lacks what is looked for in it, or has another thing there.

    Raises:
        RefusedError: It does.
    """
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        told = type(error).__name__ + ": " + str(error)
        raise RefusedError(name + ": a part is missing or of another form: " + told) from error


def lies_in(path: str, folder: str) -> bool:
    """Whether a place is in a folder or is this folder, all links followed."""
    real, root = os.path.realpath(path), os.path.realpath(folder)
    return real == root or real.startswith(os.path.join(root, ""))


def compare_files(what: str, recorded: str, produced: str) -> List[bool]:
    """Say of each tensor of two safetensors files how it agrees; gives whether each is the same, bit for bit.

    Raises:
        RefusedError: The recorded file is none.
    """
    if not os.path.lexists(produced):
        say(what + ": the worker left nothing to compare")
        return [False]
    ours = tensors_of(recorded)
    try:
        theirs = tensors_of(produced)
    except RefusedError as error:
        say(what + ": " + str(error))
        return [False]
    good = []
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        told = "was not given" if name not in theirs else "is not recorded" if name not in ours else None
        told = told or compared(ours[name], theirs[name])
        say(what + " " + ascii(name) + ": " + told)
        good.append(told.startswith("bitwise"))
    return good


def tensors_of(path: str) -> Dict[str, Tensor]:
    """The tensors of a safetensors file: 8 bytes with the header's length, the header as JSON, then the tensors' bytes.

    Raises:
        RefusedError: It is no such file, or ends before its tensors do.
    """
    with opened(path, path) as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        header = parsed(file.read(min(length, MOST_BYTES + 1)), path, "file of tensors")
    with formed(path):
        return {name: tensor_of(path, one, 8 + length, size) for name, one in header.items() if name != "__metadata__"}


def tensor_of(path: str, one: Dict[str, Any], base: int, size: int) -> Tensor:
    """One tensor, whose place has the size that its dtype and shape need.

    Args:
        path: The file.
        one: What the header says of it.
        base: Where the tensors' bytes begin.
        size: How many bytes the file has.
    """
    dtype, shape = one["dtype"], one["shape"]
    start, stop = one["data_offsets"]
    plain = all(type(number) is int and number >= 0 for number in (*shape, start, stop))
    if not plain or not isinstance(dtype, str) or len(shape) > MOST_DIMENSIONS:
        raise RefusedError(path + ": has a tensor of no possible shape or place")
    if base + stop > size:
        raise RefusedError(path + ": is cut short")
    if 8 * (stop - start) != math.prod(shape) * BITS.get(dtype, 8):
        raise RefusedError(path + ": has a tensor whose bytes are not as many as its shape needs")
    return Tensor(path, dtype, tuple(shape), base + start, base + stop)


def compared(ours: Tensor, theirs: Tensor) -> str:
    """How a tensor agrees with the recorded one, in words that begin with ``bitwise`` where it does."""
    form = ours.dtype + " " + str(ours.shape)
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        return "different: recorded " + form + ", found " + ascii(theirs.dtype) + " " + str(theirs.shape)
    total = differing = 0
    largest = squares = 0.0
    for mine, other in zip(blocks_of(ours), blocks_of(theirs)):
        values, bits = numbers(ours.dtype, mine)
        if any(value != value for value in values):  # what NaN is
            return "nothing to compare: the record holds NaN"
        total += len(values)
        squares += sum(float(value) * float(value) for value in values)
        if mine != other:
            found, found_bits = numbers(ours.dtype, other)
            differing += sum(one != two for one, two in zip(bits, found_bits))
            largest = max(largest, *map(distance, values, found))
    if not total:
        return "nothing to compare: the record holds no element"
    if not differing:
        return "bitwise (" + form + ")"
    size = math.sqrt(squares / total)
    share = ", " + format(largest / size, ".3g") + " of the recorded root mean square" if size else ""
    most = "largest difference " + format(largest, ".6g") + share
    return "different: " + str(differing) + " of " + count(total, "element") + ", " + most + " (" + form + ")"


def blocks_of(tensor: Tensor) -> Iterator[bytes]:
    """A tensor's bytes, some at a time."""
    with open(tensor.path, "rb") as file:
        file.seek(tensor.start)
        for start in range(tensor.start, tensor.stop, BLOCK):
            yield file.read(min(BLOCK, tensor.stop - start))


def numbers(dtype: str, content: bytes) -> Tuple[Sequence[Any], Sequence[int]]:
    """Bytes of a tensor as numbers and as patterns of bits; of a complex number both parts, one after the other."""
    if dtype in NUMBERS:
        return unpacked(NUMBERS[dtype][0], content), unpacked(NUMBERS[dtype][1], content)
    if dtype == "BF16":  # the upper half of an F32
        halves = unpacked("H", content)
        return unpacked("f", struct.pack("<%dI" % len(halves), *(half << 16 for half in halves))), halves
    return content, content  # floats of 8 or 4 bits: their bytes are compared, as numbers from 0 to 255


def unpacked(code: str, content: bytes) -> Sequence[Any]:
    """Numbers of one kind, the lower byte first."""
    return struct.unpack("<" + str(len(content) // struct.calcsize("<" + code)) + code, content)


def distance(one: Any, other: Any) -> float:
    """How far two numbers lie apart; infinitely, where one of them is no number."""
    apart = 0.0 if one == other else float(abs(one - other))
    return apart if apart == apart else math.inf  # what NaN is


def count(number: int, noun: str) -> str:
    """A number of things."""
    return format(number, ",") + " " + noun + ("" if number == 1 else "s")


def say(text: str) -> None:
    """One line for the person, in characters that every terminal shows and none obeys."""
    cut = text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "..."
    print(UNSEEN.sub(spelled, cut), flush=True)


def spelled(found: Match[str]) -> str:
    """What is not plainly visible, as its number."""
    code = ord(found[0])
    return "\\x%02x" % code if code < 0x100 else "\\u%04x" % code if code < 0x10000 else "\\U%08x" % code
