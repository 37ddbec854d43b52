"""Bars of letters, for pages that show no pictures: a card's tables on any forge, a terminal."""

from __future__ import annotations

WIDTH = 12
EIGHTHS = " ▏▎▍▌▋▊▉█"


def text_bar(share: float, width: int = WIDTH) -> str:
    """A bar as long as the share of its full length; one that is there is never without any.

    Args:
        share: 0 to 1; beyond it is cut.
        width: Letters of a full bar.
    """
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    return EIGHTHS[8] * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")
