"""What an ONNX file holds, read without any library: its stored tensors, and the files beside it that hold more of them.

An ONNX file is one protocol buffer; of its many messages this knows those that lead to tensors. Field numbers are those of
``onnx.proto``. Everything is read where it lies in the mapped file, and nothing is believed about lengths.
"""

from __future__ import annotations

import json
import mmap
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

MAX_DEPTH = 64
MAX_LABEL = 500  # characters
DTYPES = {  # safetensors' names of TensorProto's data types; texts and what safetensors cannot hold are missing
    1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 9: "BOOL", 10: "F16", 11: "F64", 12: "U32",
    13: "U64", 14: "C64", 16: "BF16", 17: "F8_E4M3", 18: "F8_E4M3FNUZ", 19: "F8_E5M2", 20: "F8_E5M2FNUZ", 24: "F8_E8M0",
}  # fmt: skip
WIDTHS = {"F64": 8, "I64": 8, "U64": 8, "C64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
BELOW = {  # per kind of message: number of a field that is a message, and its kind
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
LABELS = {
    "node": (2, 3),
    "attribute": (1,),
    "function": (1,),
    "sparse": (1,),
    "tensor": (8,),
}  # fields that name a message
PARTS = {1: "values", 2: "indices"}  # of a sparse tensor
MAIN = ("model", "graph", "tensor")
Span = Tuple[int, int]
Trail = Tuple["Step", ...]


class Step(NamedTuple):
    """One message on the way to another.

    Attributes:
        kind: Its kind, as in `BELOW`.
        number: Number of the field of the message above that holds it.
        span: Where it lies.
    """

    kind: str
    number: int
    span: Span


class Stored(NamedTuple):
    """A tensor that stands in the file, whose bytes lie in one piece.

    Attributes:
        name: Its name in the main graph; of any other, the way to it, such as ``c/value`` for the constant that a node gives
            out as ``c``, and ``y/then_branch/w`` for one of an inner graph.
        dtype: safetensors' name of its dtype.
        shape: Its shape.
        file: The file that holds its bytes; None for the ONNX file itself.
        span: First byte and one past the last byte there.
        initial: Whether the main graph holds it by its name, as it holds weights; else it belongs to a node.
    """

    name: str
    dtype: str
    shape: Tuple[int, ...]
    file: Optional[str]
    span: Span
    initial: bool = True


class Contents(NamedTuple):
    """What an ONNX file holds.

    Attributes:
        tensors: The tensors whose bytes stand in one piece, those of nodes, inner graphs and functions too, each of another name.
        beside: Names of the files beside it that hold tensors, as the file spells them.
        others: Number of tensors that are stored in another way.
    """

    tensors: Tuple[Stored, ...]
    beside: Tuple[str, ...]
    others: int


def read(path: str) -> Contents:
    """Read what a file holds; the bytes of its tensors are not touched.

    Raises:
        ValueError: It is no ONNX file, or is broken.
    """
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise ValueError("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _read(content)


def digests(path: str) -> Dict[str, str]:
    """Digest of each tensor whose bytes stand in one piece, by name, as `tensor_bytes` defines it.

    Raises:
        ValueError: The file is broken, or a file beside it is too short.
    """
    folder = os.path.dirname(path)
    found: Dict[str, str] = {}
    for tensor in read(path).tensors:
        found[tensor.name] = _digest(tensor, os.path.join(folder, tensor.file) if tensor.file else path)
    return found


def _digest(tensor: Stored, path: str) -> str:
    import xxhash

    head = json.dumps([tensor.name, tensor.dtype, list(tensor.shape)], separators=(",", ":"), ensure_ascii=False)
    state = xxhash.xxh3_128(head.encode("utf-8") + b"\n")
    start, stop = tensor.span
    with open(path, "rb") as file:
        file.seek(start)
        while start < stop:
            piece = file.read(min(stop - start, 2**20))
            if not piece:
                raise ValueError("tensor " + repr(tensor.name[:200]) + ": its file is too short")
            state.update(piece)
            start += len(piece)
    return str(state.hexdigest())


def _read(content: Any) -> Contents:
    tensors: Dict[str, Stored] = {}
    beside: Set[str] = set()
    seen: Dict[str, int] = {}
    labels: Dict[Step, str] = {}
    others = graphs = 0
    for trail in _messages(content, (Step("model", 0, (0, len(content))),)):
        kinds = tuple(step.kind for step in trail)
        graphs += kinds == ("model", "graph")
        if kinds[-1] != "tensor":
            continue
        name = _name(content, trail, labels)
        found, elsewhere = _tensor(content, trail[-1].span, name)
        if elsewhere is not None:
            beside.add(elsewhere)
        if found is None:
            others += 1
            continue
        while name in tensors:  # a broken file only, or two graphs of one node's outputs
            seen[found.name] = seen.get(found.name, 1) + 1
            name = found.name + "#" + str(seen[found.name])
        tensors[name] = found._replace(name=name, initial=kinds == MAIN)
    if graphs != 1:
        raise ValueError("it holds no graph")
    return Contents(tuple(tensors.values()), tuple(sorted(beside)), others)


def _name(content: Any, trail: Trail, labels: Dict[Step, str]) -> str:
    """What a tensor is called by the way to it, itself included; long ways are cut, lest a small file fill the memory.

    Args:
        content: The mapped file.
        trail: The way.
        labels: What was found before, so that no message is read anew for each tensor below it.
    """
    told: List[str] = []
    for above, step in zip(trail, trail[1:]):
        if above.kind == "sparse":
            told.append(PARTS[step.number])
        elif above.kind == "attribute":
            continue  # its own name tells which it is; a list of them is told apart by numbers
        elif step.kind in LABELS:
            if step not in labels:
                labels[step] = _label(content, step)
            told.append(labels[step] if len(trail) == len(MAIN) else labels[step][:MAX_LABEL])
    return told[0] if len(told) == 1 else "/".join(told)[-MAX_LABEL:]


def _label(content: Any, step: Step) -> str:
    """The first of its names that is there."""
    _, spans = _told(content, step.span)
    for number in LABELS[step.kind]:
        if number in spans and step.kind == "sparse":
            return _label(content, Step("tensor", number, spans[number][0]))
        if number in spans and spans[number][0][0] < spans[number][0][1]:
            return _text(content, spans[number][0])
    return ""


def _messages(content: Any, trail: Trail) -> Iterator[Trail]:
    """Every message that may lead to tensors, with those that lead to it."""
    if len(trail) > MAX_DEPTH:
        raise ValueError("graphs are nested deeper than " + str(MAX_DEPTH) + " levels")
    yield trail
    below = BELOW.get(trail[-1].kind)
    if below is None:
        return
    for number, value in _fields(content, trail[-1].span):
        if number in below and isinstance(value, tuple):
            yield from _messages(content, (*trail, Step(below[number], number, value)))


def _tensor(content: Any, span: Span, name: str) -> Tuple[Optional[Stored], Optional[str]]:
    """A tensor whose bytes stand in one piece, else None; and the file beside this one that holds them."""
    numbers, spans = _told(content, span)
    away = 1 in numbers.get(14, ())
    place = dict(_entry(content, value) for value in spans.get(13, ())) if away else {}
    elsewhere = place.get("location")
    if away and not elsewhere:
        raise ValueError("tensor " + repr(name[:200]) + ": it lies in a file that is not named")
    dims = numbers.get(1, []) + [extent for value in spans.get(1, ()) for extent in _packed(content, value)]
    dtype = DTYPES.get(numbers.get(2, [0])[-1])
    if dtype is None or not name or any(extent < 0 for extent in dims):
        return None, elsewhere
    size = WIDTHS.get(dtype, 1)
    for extent in dims:
        size *= extent
    pieces = [value for number in (4, 9, 10) for value in spans.get(number, ())]  # packed numbers and raw bytes alike
    if size == 0:
        return Stored(name, dtype, tuple(dims), None, (0, 0)), elsewhere
    whole = _place(place, size) if away else (pieces[0] if len(pieces) == 1 else None)
    if whole is None or whole[1] - whole[0] != size:
        return None, elsewhere
    return Stored(name, dtype, tuple(dims), elsewhere, whole), elsewhere


def _told(content: Any, span: Span) -> Tuple[Dict[int, List[int]], Dict[int, List[Span]]]:
    """The fields of a message by number: whole numbers, and where bytes lie."""
    numbers: Dict[int, List[int]] = {}
    spans: Dict[int, List[Span]] = {}
    for number, value in _fields(content, span):
        if isinstance(value, int):
            numbers.setdefault(number, []).append(value)
        else:
            spans.setdefault(number, []).append(value)
    return numbers, spans


def _place(told: Dict[str, str], size: int) -> Optional[Span]:
    offset, length = told.get("offset", "0"), told.get("length", str(size))
    if not (offset.isdecimal() and length.isdecimal() and len(offset) < 19 and len(length) < 19):
        return None
    return int(offset), int(offset) + int(length)


def _entry(content: Any, span: Span) -> Tuple[str, str]:
    texts = {number: _text(content, value) for number, value in _fields(content, span) if isinstance(value, tuple)}
    return texts.get(1, ""), texts.get(2, "")


def _text(content: Any, span: Span) -> str:
    return bytes(content[span[0] : span[1]]).decode("utf-8", "replace")


def _packed(content: Any, span: Span) -> Iterator[int]:
    place = span[0]
    while place < span[1]:
        value, place = _varint(content, place, span[1])
        yield value


def _fields(content: Any, span: Span) -> Iterator[Tuple[int, Any]]:
    """The fields of a message: their numbers, and a whole number or where their bytes lie."""
    place, stop = span
    while place < stop:
        tag, place = _varint(content, place, stop)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, place = _varint(content, place, stop)
            yield number, value
            continue
        if wire == 2:
            length, place = _varint(content, place, stop)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError("it is no protocol buffer")
        if number == 0 or length > stop - place:
            raise ValueError("it is truncated, or no ONNX file")
        yield number, (place, place + length)
        place += length


def _varint(content: Any, place: int, stop: int) -> Tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= stop:
            raise ValueError("it is truncated, or no ONNX file")
        byte = content[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return (value - 2**64 if value >= 2**63 else value), place
    raise ValueError("it is no protocol buffer")
