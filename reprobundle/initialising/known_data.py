"""Public data sets that come with a library: what the library's own description says of them, by the function that loads them.

An answer is a passage of the text of the package that is installed here, read there: this file knows its first and last
words only. Where another version says something else, nothing is told. What only this program knows, such as the licence under which a repository offers the
same data, is no answer but something to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from reprobundle.components.documentation.filling import Fact
from reprobundle.initialising.project import read_whole

PACKAGE = "scikit-learn"
FOLDER = "sklearn/datasets/descr"
LONGEST = 800  # characters between the first and the last words of a passage
UCI = "https://archive.ics.uci.edu/dataset"


@dataclass(frozen=True)
class Known:
    """A public data set.

    Attributes:
        name: What people call it.
        file: The library's description of it.
        says: The first and the last words of a passage of that text, by the field of the card it answers.
        check: What a person may find to be the answer, by field.
    """

    name: str
    file: str
    says: Mapping[str, tuple[str, str]]
    check: Mapping[str, str] = field(default_factory=dict)


def _of_uci(number: int, name: str) -> Mapping[str, str]:
    place = f"{UCI}/{number}/{name}"
    return {
        "training_data.license": f"CC-BY-4.0, under which UCI offers a set of this name ({place}); is yours that one?"
    }


KNOWN: Mapping[str, Known] = {
    "sklearn.datasets.load_digits": Known(
        name="Optical recognition of handwritten digits",
        file="digits.rst",
        says={
            "training_data.collection": ("Preprocessing programs made", "to the test set."),
            "training_data.owner": ("Creator:", "Alpaydin"),
            "training_data.distribution": ("This is a copy of", "datasets"),
            "data_preparation.feature_selection": ("32x32 bitmaps are", "small distortions."),
        },
        check=_of_uci(80, "optical+recognition+of+handwritten+digits"),
    ),
    "sklearn.datasets.load_iris": Known(
        name="Iris plants",
        file="iris.rst",
        says={
            "training_data.collection": ("The famous Iris", "Fisher's paper."),
            "training_data.owner": ("Creator:", "Fisher"),
        },
        check=_of_uci(53, "iris"),
    ),
    "sklearn.datasets.load_wine": Known(
        name="Wine recognition",
        file="wine_data.rst",
        says={
            "training_data.collection": ("The data is the results", "different cultivators."),
            "training_data.owner": ("Original Owners:", "PARVUS"),
            "training_data.distribution": ("This is a copy of", "datasets."),
        },
        check=_of_uci(109, "wine"),
    ),
    "sklearn.datasets.load_breast_cancer": Known(
        name="Breast cancer Wisconsin (diagnostic)",
        file="breast_cancer.rst",
        says={
            "training_data.collection": ("Features are computed", "breast mass."),
            "training_data.owner": ("Creator:", "Mangasarian"),
            "training_data.distribution": ("This is a copy of", "datasets."),
            "data_preparation.feature_selection": ("The mean, standard error,", "resulting in 30 features."),
        },
        check=_of_uci(17, "breast+cancer+wisconsin+diagnostic"),
    ),
    "sklearn.datasets.load_diabetes": Known(
        name="Diabetes",
        file="diabetes.rst",
        says={"training_data.collection": ("Ten baseline variables,", "after baseline.")},
    ),
}


def told_of(full: str, place: str) -> Iterator[Fact]:
    """What the library's text says, quoted with its line; nothing where the library is not installed here.

    Args:
        full: The function that loads the data set, one of `KNOWN`.
        place: Where the project calls it.
    """
    known = KNOWN[full]
    yield Fact("datasets", (f"{known.name} ({PACKAGE}: {full.rpartition('.')[2]})",), (place,))
    try:
        installed = metadata.distribution(PACKAGE)
        text = read_whole(Path(str(installed.locate_file(f"{FOLDER}/{known.file}")))).decode("utf-8", "replace")
    except (metadata.PackageNotFoundError, OSError):
        return
    for path, ends in known.says.items():
        found, line = passage(*ends, text) or ("", 0)
        answer = f"“{found}” ({PACKAGE} {installed.version}, {known.file})" if found else ""
        yield Fact(path, answer, (place, f"{FOLDER}/{known.file}:{line}"))


def passage(first: str, last: str, text: str) -> tuple[str, int] | None:
    """What stands between the first and the last words of a passage, both included, and the line, from 1, where it begins.

    Args:
        first: Its first words, broken into lines in whatever way.
        last: Its last words.
        text: The library's text. None where it holds no such passage, or one longer than `LONGEST`.
    """
    begin, end = (r"\s+".join(map(re.escape, words.split())) for words in (first, last))
    found = re.search(rf"{begin}[\s\S]{{0,{LONGEST}}}?{end}", text)
    return None if found is None else (" ".join(found[0].split()), text.count("\n", 0, found.start()) + 1)
