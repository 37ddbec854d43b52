"""Labels that name a known build, and the public index that offers it."""

from __future__ import annotations

import pytest

from reprobundle.components.environment.labels import address_of, hint_of


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ("2.13.0+cpu", "pytorch/cpu"),
        ("2.13.0+cu128", "pytorch/cu128"),
        ("2.13.0+xpu", "pytorch/xpu"),
        ("2.13.0+rocm6.2", "pytorch/rocm6.2"),
        ("2.5.1+rocm6.2.4", "pytorch/rocm6.2.4"),
        ("2.13.0", None),
        ("2.13.0+cu128.with.pypi.cudnn", None),
        ("2.1.2+pt26cu124", None),
        ("1.0+rocm", None),
    ],
)
def test_a_known_label_keeps_a_hint(version: str, hint: str | None) -> None:
    """Only what the public index serves under that very name; any other label says nothing."""
    assert hint_of(version) == hint


def test_a_hint_leads_to_the_public_index() -> None:
    """The address stands in this program, never in a bundle."""
    assert address_of("pytorch/cu128") == "https://download.pytorch.org/whl/cu128"


@pytest.mark.parametrize(
    "hint", ["", "pytorch", "pytorch/", "other/cpu", "pytorch/cpu/../x", "pytorch/cpu\n", "pytorch/CPU"]
)
def test_a_hint_of_another_form_is_refused(hint: str) -> None:
    """It comes from a stranger's bundle."""
    with pytest.raises(ValueError, match="is no known hint to an index$"):
        address_of(hint)
