"""Keys that a specification does not have, said in a way that helps."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from reprobundle.components.documentation.card import Card
from reprobundle.errors import RefusedInputError
from reprobundle.phrases import likely
from reprobundle.records import Record
from reprobundle.specification.form import Specification

UNIONS = (Union, types.UnionType)


class _Unknown(NamedTuple):
    """A key that is none: where it stands, and what there is."""

    part: str
    key: str
    known: tuple[str, ...]


def refuse_unknown_keys(document: Any, lines: Mapping[str, int], name: str) -> None:
    """Make sure that every key of the form's own parts is one of the form.

    Args:
        document: What the file says.
        lines: The line on which each path of it stands.
        name: How to call the file in messages.

    Raises:
        RefusedInputError: One is not; the hint names the nearest, or all there are.
    """
    for part, key, known in _unknown(document):
        where = f"line {line_of(joined(part, key), lines)}: {part}{': ' if part else ''}"
        hint = f"{likely(key, known)} the keys are {', '.join(known)}".strip()
        raise RefusedInputError(f"{name}: {where}there is no key {key!r}", hint=hint)


def without_empty(value: Any, annotation: Any = Specification) -> Any:
    """What the file says without keys of the form's own parts that have nothing after them: as if they were not there."""
    form, content = _form(annotation, value), value
    if form is not None:
        kept = {key: one for key, one in value.items() if one is not None}
        fields = form.model_fields
        return {key: without_empty(one, fields[key].annotation) if key in fields else one for key, one in kept.items()}
    for key, one, inner in _parts(value, annotation):
        if one is not None:
            content = content if content is not value else value.copy()
            content[key] = without_empty(one, inner)
    return content


def joined(part: str, key: int | str) -> str:
    """The path of what stands below another path."""
    return f"{part}[{key}]" if isinstance(key, int) else f"{part}.{key}".lstrip(".")


def line_of(path: str, lines: Mapping[str, int]) -> int:
    """The line of a path, else that of the nearest above it."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path, 1)


def _unknown(document: Any) -> Iterator[_Unknown]:
    yield from _unknown_in("", document, Specification)
    documentation = document.get("documentation") if isinstance(document, dict) else None
    yield from _unknown_in("documentation", documentation, Card)


def _unknown_in(path: str, value: Any, annotation: Any) -> Iterator[_Unknown]:
    """The unknown keys of a part that the form describes by a type."""
    form = _form(annotation, value)
    if form is None:
        for key, one, inner in _parts(value, annotation):
            yield from _unknown_in(joined(path, key), one, inner)
        return
    known = tuple(form.model_fields)
    yield from (_Unknown(path, key, known) for key in value if key not in known)
    for key in value.keys() & form.model_fields.keys():
        yield from _unknown_in(joined(path, key), value[key], form.model_fields[key].annotation)


def _form(annotation: Any, value: Any) -> type[Record] | None:
    """The record that a mapping is to be; None where it is by name, as a mapping of records is, or no mapping."""
    if not isinstance(value, dict):
        return None
    forms = [one for one in _alternatives(annotation) if isinstance(one, type) and issubclass(one, Record)]
    by_name = any(get_origin(one) is dict for one in _alternatives(annotation))
    return next((form for form in forms if not by_name or value.keys() & form.model_fields.keys()), None)


def _parts(value: Any, annotation: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Keys, values and types of what is by name or in a list."""
    for one in _alternatives(annotation):
        if get_origin(one) is dict and isinstance(value, dict):
            yield from ((key, item, get_args(one)[1]) for key, item in value.items())
        elif get_origin(one) is tuple and isinstance(value, list):
            yield from ((index, item, get_args(one)[0]) for index, item in enumerate(value))


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types that a value may have."""
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in UNIONS:
        for one in get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation
