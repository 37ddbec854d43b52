"""Sample inputs out of what a trainer holds: the first of a loader's data set, and of these what the model takes."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Collection, Mapping
from typing import Any

SAMPLES = 8


def first_batch(loader: Any) -> Any:
    """The first samples of a loader's data set, at most eight, put together by the loader's own function.

    The loader itself is not iterated where that can be avoided: that would shuffle, start processes, and in a
    distributed run wait for the others.

    Args:
        loader: A torch ``DataLoader``, or anything that gives batches.
    """
    dataset, collate = getattr(loader, "dataset", None), getattr(loader, "collate_fn", None)
    if dataset is None or collate is None:
        return next(iter(loader))
    from torch.utils.data import IterableDataset

    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        samples = list(itertools.islice(iter(dataset), SAMPLES))
    else:
        samples = [dataset[index] for index in range(min(SAMPLES, len(dataset)))]
    return collate(samples if loader.batch_sampler is not None else samples[0])


def inputs_of(model: Any, batch: Any, labels: Collection[str] = ()) -> Any:
    """The part of a batch that a model's ``forward`` takes.

    Args:
        model: A module.
        batch: A mapping gives the keywords that ``forward`` names, a sequence its first part, all else itself.
        labels: Keywords to leave out where ``forward`` does without.

    Returns:
        Inputs as `reprobundle.capture` takes them.
    """
    if isinstance(batch, Mapping):
        named = inspect.signature(model.forward).parameters
        without = {name for name in labels if name in named and named[name].default is not inspect.Parameter.empty}
        return {name: batch[name] for name in batch if name in named and name not in without} or (dict(batch),)
    return (batch[0],) if isinstance(batch, list | tuple) else (batch,)
