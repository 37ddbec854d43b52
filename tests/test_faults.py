"""What is wrong with a value, in words that people use."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic
import pytest

from reprobundle.faults import words

Short = pydantic.StringConstraints(max_length=3)


def _told(kind: Any, given: Any, forms: dict[str, str] | None = None) -> str:
    adapter = pydantic.TypeAdapter(kind, config=pydantic.ConfigDict(strict=True, allow_inf_nan=False))
    with pytest.raises(pydantic.ValidationError) as caught:
        adapter.validate_python(given)
    return words(caught.value.errors(include_url=False)[0], forms)


def _refused(given: str) -> str:
    raise ValueError(f"is none: {given!r}" if given == "named" else "is none")


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (str, 3, "expected text, found 3"),
        (str, None, "expected text, found nothing"),
        (int, True, "expected a whole number, found true"),
        (int, 1.5, "expected a whole number, found 1.5"),
        (float, "x" * 100, "expected a number, found '" + "x" * 79),
        (float, float("inf"), "expected a finite number, found inf"),
        (bool, {"a": 1}, "expected true or false, found values by name"),
        (list[str], {}, "expected a list, found no values"),
        (dict[str, str], [], "expected values by name, found an empty list"),
        (Annotated[float, pydantic.Field(ge=0)], -0.5, "expected at least 0, found -0.5"),
        (Annotated[float, pydantic.Field(lt=0.5)], 1.0, "expected less than 0.5, found 1.0"),
        (Annotated[str, Short], "long", "expected at most 3 characters, found 'long'"),
        (Annotated[str, pydantic.AfterValidator(_refused)], "x", "is none, found 'x'"),
        (Annotated[str, pydantic.AfterValidator(_refused)], "named", "is none: 'named'"),
    ],
)
def test_what_was_expected_and_found_is_told(kind, given, told):
    """Plain English for each kind of fault, and the value as YAML and JSON have it."""
    assert _told(kind, given) == told


def test_a_form_is_called_by_its_name():
    """A pattern is shown only where nobody says what its texts are called."""
    kind = Annotated[str, pydantic.Field(pattern="^a+$")]

    assert _told(kind, "b", {"^a+$": "letters a"}) == "expected letters a, found 'b'"
    assert _told(kind, "b") == "expected text that matches '^a+$', found 'b'"
