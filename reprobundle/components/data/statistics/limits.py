"""What the statistics of one split may take of memory, shared by all its series.

With 4,096 series a gathering holds about 200 MB at most: 4 Mi sampled values with their keys and counts, and up to 2 Mi
values that wait to be summed.
"""

from __future__ import annotations

from dataclasses import dataclass

from reprobundle.components.data.statistics.form import MAX_FEATURES

MAX_SAMPLED = 20_000
MIN_SAMPLED = 256
SAMPLED_VALUES = 4 * 2**20
MAX_ROWS = 8192
MIN_ROWS = 256
WAITING_VALUES = 2**21


@dataclass
class Limits:
    """What is taken so far.

    Attributes:
        series: Number of series described.
        left_out: Number of series that found no place.
        rows: Rows that are summed at once; None until the first sample has told how many series there are.
    """

    series: int = 0
    left_out: int = 0
    rows: int | None = None

    def take(self, wanted: int, *, some: bool = False) -> int:
        """Ask for series; gives as many as there is room for.

        Args:
            wanted: How many.
            some: Whether fewer help, too; else it is all or none.
        """
        free = MAX_FEATURES - self.series
        given = min(wanted, free) if some or wanted <= free else 0
        self.series += given
        self.left_out += wanted - given
        return given

    def settle(self) -> None:
        """Fix the rows that are summed at once, by the series that the first sample has."""
        self.rows = max(MIN_ROWS, min(MAX_ROWS, WAITING_VALUES // max(1, self.series)))

    @property
    def sampled(self) -> int:
        """Samples that quantiles are taken from; it falls as series are added."""
        return max(MIN_SAMPLED, min(MAX_SAMPLED, SAMPLED_VALUES // max(1, self.series)))
