from __future__ import annotations

import pytest

from reprobundle.rendering.text_bars import text_bar


@pytest.mark.parametrize(
    ("share", "bar"),
    [(0, ""), (1e-9, "▏"), (0.5, "██"), (0.53125, "██▏"), (1, "████"), (2, "████"), (-1, "")],
)
def test_a_bar_is_as_long_as_its_share(share, bar):
    """In eighths of a letter; what is there is seen, and nothing is longer than all."""
    assert text_bar(share, width=4) == bar
