"""Public data sets that come with a library: what is known of them, by the function that loads them.

Collection and owner are what the library's own description says; the licence is the one under which the UCI Machine
Learning Repository offers the set, which holds what was donated to it under CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A public data set.

    Attributes:
        name: What people call it.
        collection: How and by whom it was collected.
        owner: Who made it.
        distribution: How others get it.
        license: SPDX expression; None where none is stated.
    """

    name: str
    collection: str
    owner: str
    distribution: str
    license: str | None = None


def _uci(number: int, name: str) -> str:
    return f"It comes with scikit-learn, as a copy of https://archive.ics.uci.edu/dataset/{number}/{name}."


KNOWN: Mapping[str, Known] = {
    "sklearn.datasets.load_digits": Known(
        name="Optical recognition of handwritten digits",
        collection="Preprinted forms filled in by 43 people, digitised with preprocessing programs of NIST; given to UCI in July "
        "1998. The copy in scikit-learn is the test set, by 13 of the people.",
        owner="E. Alpaydin, C. Kaynak",
        distribution=_uci(80, "optical+recognition+of+handwritten+digits"),
        license="CC-BY-4.0",
    ),
    "sklearn.datasets.load_iris": Known(
        name="Iris plants",
        collection="Measured on iris plants of three kinds and published by R. A. Fisher in 1936; given to UCI in July 1988.",
        owner="R. A. Fisher",
        distribution=_uci(53, "iris"),
        license="CC-BY-4.0",
    ),
    "sklearn.datasets.load_wine": Known(
        name="Wine recognition",
        collection="Chemical analysis of wines grown in one region of Italy from three cultivars.",
        owner="M. Forina et al., PARVUS",
        distribution=_uci(109, "wine"),
        license="CC-BY-4.0",
    ),
    "sklearn.datasets.load_breast_cancer": Known(
        name="Breast cancer Wisconsin (diagnostic)",
        collection="Computed from digitised images of fine needle aspirates of breast masses; given to UCI in November 1995.",
        owner="W. H. Wolberg, W. N. Street, O. L. Mangasarian",
        distribution=_uci(17, "breast+cancer+wisconsin+diagnostic"),
        license="CC-BY-4.0",
    ),
    "sklearn.datasets.load_diabetes": Known(
        name="Diabetes",
        collection="Measured on 442 diabetes patients; published by B. Efron, T. Hastie, I. Johnstone and R. Tibshirani in 2004.",
        owner="B. Efron, T. Hastie, I. Johnstone, R. Tibshirani",
        distribution="It comes with scikit-learn.",
    ),
}
