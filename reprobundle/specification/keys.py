"""Keys that a specification does not have, said in a way that helps."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from reprobundle.errors import RefusedInputError
from reprobundle.records import Record
from reprobundle.specification.form import ModelSpecification, PreprocessingSpecification, Specification
from reprobundle.specification.split_form import SplitSpecification, SplittingSpecification

PARTS: tuple[tuple[str, type[Record]], ...] = (
    ("", Specification),
    ("model", ModelSpecification),
    ("preprocessing", PreprocessingSpecification),
    ("splitting", SplittingSpecification),
)


def refuse_unknown_keys(document: Any, name: str) -> None:
    """Make sure that every key of the form's own parts is one of the form.

    Args:
        document: What the file says.
        name: How to call the file in messages.

    Raises:
        RefusedInputError: One is not; the hint names the nearest, or all there are.
    """
    for where, key, known in _unknown(document):
        raise RefusedInputError(f"{name}: {where}there is no key {key!r}", hint=_hint(key, known))


def _unknown(document: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for part, form in PARTS:
        content = _below(document, part) if part else document
        yield from _unknown_of(part, content, form)
    splits = _below(document, "splits")
    for name, content in splits.items() if isinstance(splits, dict) else ():
        yield from _unknown_of(f"splits.{name}", content, SplitSpecification)
    whole = _below(_below(document, "splitting"), "data")
    yield from _unknown_of("splitting.data", whole, SplitSpecification)


def _below(document: Any, key: str) -> Any:
    return document.get(key) if isinstance(document, dict) else None


def _unknown_of(part: str, content: Any, form: type[Record]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    known = tuple(form.model_fields)
    for key in content if isinstance(content, dict) else ():
        if key not in known:
            yield (f"{part}: " if part else ""), key, known


def _hint(key: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(key, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"the keys are {', '.join(known)}"
