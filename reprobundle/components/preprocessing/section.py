"""The manifest's ``preprocessing`` section: settings, the steps from raw sample to model input, and pairs that prove them."""

from __future__ import annotations

from typing import Literal

from reprobundle import entries
from reprobundle.components.recipes.form import Arguments
from reprobundle.records import Json, Record
from reprobundle.store.digests import BundlePath

NAME = "preprocessing"

Topic = Literal["splitting", "standardisation", "feature selection", "outlier filters"]
Form = Literal["function", "object", "skops", "pretrained"]


class Samples(Record):
    """Tensors in a nested structure.

    Attributes:
        file: The safetensors file that holds the tensors.
        structure: How they are nested, in the encoding of ``worker/tree.py``.
        library: What the tensors were: ``numpy`` arrays or ``torch`` tensors.
        made_of: What stood at a path of the structure, the empty one for the whole: a pandas ``table``, here a mapping of its
            columns, or a PIL ``image``, here an array.
    """

    file: BundlePath
    structure: Json
    library: Literal["numpy", "torch"]
    made_of: dict[str, Literal["table", "image"]] = {}


class Pairs(Record):
    """Raw samples and what the preprocessing made of them.

    Attributes:
        raw: What went in, in one argument.
        expected: What came out; a bare float is a 0-d F64 tensor.
        feeds_model: Whether these results are the very inputs that the outputs are recorded for: raw sample, input and output
            are then one chain.
    """

    raw: Samples
    expected: Samples
    feeds_model: bool = False


class Step(Record):
    """One step from raw samples to model inputs, as it is made again.

    Attributes:
        name: As the person named it, else its number from 1.
        form: A ``function``, an ``object`` made by its class and arguments, a scikit-learn object in a ``skops`` file, or what
            ``from_pretrained`` makes of the files at the root (``pretrained``).
        entry: The function or class as ``module:name``; None for a skops file.
        init: What the class of an object is called with.
        attributes: What was set on an object later, such as what it was fitted to, as keywords.
        method: Which of its methods is the step; None: it is called itself.
        call: What it is called with besides the samples, which come after the arguments by position.
        file: The skops file.
        trusted: Types in it that skops asks about, sorted.
        tensors: Arrays among the arguments (by their place), and the state of a torch module (under ``state/``).
        module: Whether it is a torch module; it is run in evaluation mode.
    """

    name: str
    form: Form
    entry: entries.EntryName | None = None
    init: Arguments | None = None
    attributes: Arguments | None = None
    method: str | None = None
    call: Arguments | None = None
    file: BundlePath | None = None
    trusted: tuple[str, ...] = ()
    tensors: BundlePath | None = None
    module: bool = False


class Described(Record):
    """A part of the configuration that every reader asks for.

    Attributes:
        topic: What it is about.
        key: Its key in the configuration.
        doc: What the person says of it there, under ``doc``.
    """

    topic: Topic
    key: str
    doc: str | None = None


class Section(Record):
    """The recorded preprocessing.

    Attributes:
        configuration: The file with its settings, strict JSON.
        transform: The function as ``module:name``, where it is one alone; None when there is none, when it has no name that can
            be imported, and where `steps` tell more.
        pairs: Raw samples and results; None when none were given or the function failed.
        files: What a tokenizer wrote of itself, at the root, where ``from_pretrained`` looks for it.
        steps: What is applied one after another, where that is more than one function.
        described: The parts of the configuration whose meaning is known.
    """

    configuration: BundlePath | None = None
    transform: entries.EntryName | None = None
    pairs: Pairs | None = None
    files: tuple[BundlePath, ...] = ()
    steps: tuple[Step, ...] = ()
    described: tuple[Described, ...] = ()

    @property
    def can_run(self) -> bool:
        """Whether raw samples are recorded, and what is to be done to them."""
        return self.pairs is not None and (self.transform is not None or bool(self.steps))
