"""Public data sets that come with a library: what the library's own description says of them, by the function that loads them.

An answer is a sentence that stands, word for word, in the text of the package that is installed here; where another version
says something else, nothing is told. What only this program knows, such as the licence under which a repository offers the
same data, is no answer but something to check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from reprobundle.components.documentation.filling import Fact
from reprobundle.initialising.project import read_whole

PACKAGE = "scikit-learn"
FOLDER = "sklearn/datasets/descr"
UCI = "https://archive.ics.uci.edu/dataset"


@dataclass(frozen=True)
class Known:
    """A public data set.

    Attributes:
        name: What people call it.
        file: The library's description of it.
        says: Sentences of that text, by the field of the card they answer.
        check: What a person may find to be the answer, by field.
    """

    name: str
    file: str
    says: Mapping[str, tuple[str, ...]]
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
            "training_data.collection": (
                (
                    "Preprocessing programs made available by NIST were used to extract normalized bitmaps of handwritten "
                    "digits from a preprinted form."
                ),
                "From a total of 43 people, 30 contributed to the training set and different 13 to the test set.",
            ),
            "training_data.owner": (":Creator: E. Alpaydin",),
            "training_data.distribution": (
                "This is a copy of the test set of the UCI ML hand-written digits datasets",
            ),
        },
        check=_of_uci(80, "optical+recognition+of+handwritten+digits"),
    ),
    "sklearn.datasets.load_iris": Known(
        name="Iris plants",
        file="iris.rst",
        says={
            "training_data.collection": (
                "The famous Iris database, first used by Sir R.A. Fisher.",
                "The dataset is taken from Fisher's paper.",
            ),
            "training_data.owner": (":Creator: R.A. Fisher",),
        },
        check=_of_uci(53, "iris"),
    ),
    "sklearn.datasets.load_wine": Known(
        name="Wine recognition",
        file="wine_data.rst",
        says={
            "training_data.collection": (
                (
                    "The data is the results of a chemical analysis of wines grown in the same region in Italy by three "
                    "different cultivators."
                ),
            ),
            "training_data.owner": ("Original Owners: Forina, M. et al, PARVUS",),
            "training_data.distribution": ("This is a copy of UCI ML Wine recognition datasets.",),
        },
        check=_of_uci(109, "wine"),
    ),
    "sklearn.datasets.load_breast_cancer": Known(
        name="Breast cancer Wisconsin (diagnostic)",
        file="breast_cancer.rst",
        says={
            "training_data.collection": (
                "Features are computed from a digitized image of a fine needle aspirate (FNA) of a breast mass.",
            ),
            "training_data.owner": (":Creator: Dr. William H. Wolberg, W. Nick Street, Olvi L. Mangasarian",),
            "training_data.distribution": ("This is a copy of UCI ML Breast Cancer Wisconsin (Diagnostic) datasets.",),
        },
        check=_of_uci(17, "breast+cancer+wisconsin+diagnostic"),
    ),
    "sklearn.datasets.load_diabetes": Known(
        name="Diabetes",
        file="diabetes.rst",
        says={
            "training_data.collection": (
                (
                    "Ten baseline variables, age, sex, body mass index, average blood pressure, and six blood serum "
                    "measurements were obtained for each of n = 442 diabetes patients, as well as the response of interest, "
                    "a quantitative measure of disease progression one year after baseline."
                ),
            ),
        },
    ),
}


def told_of(full: str, place: str) -> Iterator[Fact]:
    """What the library's text says, quoted with its lines; nothing where the library is not installed here.

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
    for path, sentences in known.says.items():
        lines = [line_of(sentence, text) for sentence in sentences]
        found = [sentence.lstrip(":") for sentence, line in zip(sentences, lines, strict=True) if line is not None]
        where = next((line for line in lines if line is not None), 0)
        answer = f"“{' '.join(found)}” ({PACKAGE} {installed.version}, {known.file})" if found else ""
        yield Fact(path, answer, (place, f"{FOLDER}/{known.file}:{where}"))
    copied = f"It comes with {PACKAGE} {installed.version}: {full}."
    yield Fact("training_data.distribution", copied, (place,))


def line_of(sentence: str, text: str) -> int | None:
    """The line, from 1, on which a sentence begins in a text, however it is broken into lines; None where it does not stand."""
    words = [(word, number) for number, line in enumerate(text.splitlines(), 1) for word in line.split()]
    sought = sentence.split()
    for begin in range(len(words) - len(sought) + 1):
        if all(words[begin + step][0] == word for step, word in enumerate(sought)):
            return words[begin][1]
    return None
