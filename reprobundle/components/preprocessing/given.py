"""What a person hands over about preprocessing, in each of its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reprobundle.components.preprocessing import pretrained


@dataclass(frozen=True)
class Preprocessing:
    """What a person hands over about preprocessing.

    Attributes:
        configuration: Its settings: a mapping, a dataclass, an object with ``to_dict``, the path of a YAML or JSON
            file, or a tokenizer or other object with ``save_pretrained``. Its parts ``splitting``, ``standardisation``,
            ``feature_selection`` and ``outlier_filters`` are told in the card, with what stands under their ``doc``.
        transform: What turns raw samples into model inputs: a function, itself or as ``module:name``; a fitted transformer or
            pipeline of scikit-learn; a tokenizer or processor; an object that can be called, such as a transform of
            torchvision or a torch module; a bound method of such an object; a `functools.partial` of any of these; or
            several of them, in a list or by name in a mapping, applied one after another.
        samples: A few raw samples, as `transform` takes them in one argument: tensors, arrays, texts and plain values, nested;
            PIL images; a pandas DataFrame.
    """

    configuration: Any = field(default_factory=dict)
    transform: Callable[[Any], Any] | str | Any = None
    samples: Any = None


def read(given: Any) -> Preprocessing:
    """The whole of what was given, whichever form it has; a tokenizer with samples is what is done to them, too."""
    told: Preprocessing = given if isinstance(given, Preprocessing) else _alone(given)
    if told.transform is None and told.samples is not None and pretrained.saves_itself(told.configuration):
        return Preprocessing({}, told.configuration, told.samples)
    return told


def _alone(given: Any) -> Preprocessing:
    if pretrained.saves_itself(given):  # a tokenizer can be called, too
        return Preprocessing(configuration=given)
    if callable(given) and not callable(getattr(given, "to_dict", None)):
        return Preprocessing(transform=given)
    if callable(getattr(given, "transform", None)) and not isinstance(given, Mapping):
        return Preprocessing(transform=given)
    return Preprocessing(configuration={} if given is None else given)
