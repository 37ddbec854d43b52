"""What counts as too few, and as too small a change to matter: every such number stands here, with its source."""

from __future__ import annotations

ALPHA = 0.01  # chance of a false alarm over all tests of a report together
FEWEST = 20  # values on each side: with fewer, hardly any change can be told from chance
MATTERING_INDEX = 0.1  # population stability index: below it, credit scoring sees no change (Siddiqi 2006)
MATTERING_DISTANCE = 0.1  # Wasserstein-1 in standard deviations: half of what Cohen (1988) calls a small effect, 0.2
MATTERING_RATE = 0.01  # one sample in a hundred that is missing, NaN or infinite and was not before, or the reverse
LEAST_EXPECTED = 5.0  # samples a cell of a chi-square test must expect, else cells are pooled (Cochran 1954)
FEW_VALUES = 20  # numbers with no more values are compared value by value
MOST_CATEGORIES = 256  # tested one by one
LIKELY_CATEGORIES = 32  # of them, those that changed most: the others cannot have the smallest p
ANOTHER_UNIT = 5.0  # times as large, mean and spread alike
MOST_SWAPPED = 24  # drifted features that are compared with one another
MOST_DRAWN = 40  # features whose distributions are kept for drawing
SHOWN_SHARES = 12
