"""The manifest's ``hyperparameters`` section: what was chosen, and what the training ran with."""

from __future__ import annotations

from typing import Annotated

import pydantic

from reprobundle import entries
from reprobundle.plain_values import Converted, Unsaved
from reprobundle.records import Json, Record
from reprobundle.seeding import Seeding
from reprobundle.store.digests import BundlePath

NAME = "hyperparameters"

Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]


class Generators(Record):
    """The states of the random generators when capture was called.

    Attributes:
        file: Their tensors, named by rank and generator (``docs/format.md``).
        ranks: The ranks whose states are there.
        of: How many processes trained together.
    """

    file: BundlePath
    ranks: tuple[Count, ...]
    of: Count


class Group(Record):
    """One group of an optimizer's parameters.

    Attributes:
        options: Its options by name, such as ``lr``.
        unsaved: Options that JSON cannot hold.
        parameters: The names that its parameters have in the model, in the optimizer's order.
        foreign: How many more parameters it has, which are none of the model.
    """

    options: dict[str, Json]
    unsaved: tuple[Unsaved, ...] = ()
    parameters: tuple[str, ...] = ()
    foreign: Count = 0


class Optimizer(Record):
    """What updated the weights.

    Attributes:
        name: What it was handed over as: its key in a mapping, else its position.
        entry: Its class as ``module:name``; None where that cannot be imported.
        steps: How many steps it took; None where it does not count them.
        groups: Its groups of parameters.
    """

    name: str
    entry: entries.EntryName | None
    steps: Count | None = None
    groups: tuple[Group, ...]


class Stateful(Record):
    """A scheduler of the learning rate, or a scaler of gradients.

    Attributes:
        name: What it was handed over as: its key in a mapping, else its position.
        entry: Its class as ``module:name``; None where that cannot be imported.
        values: What it says of itself (its ``state_dict()``).
        unsaved: Values that JSON cannot hold.
    """

    name: str
    entry: entries.EntryName | None
    values: dict[str, Json]
    unsaved: tuple[Unsaved, ...] = ()


class Resuming(Record):
    """The states from which training can be continued.

    Attributes:
        structure: What the optimizers, schedulers and scalers gave as ``state_dict()``, in the encoding of nested
            structures of ``docs/format.md``.
        tensors: The tensors that the structure names; None where it names none.
    """

    structure: BundlePath
    tensors: BundlePath | None = None


class Section(Record):
    """What was chosen, and what the training ran with.

    Attributes:
        values: By name, as JSON.
        converted: Values that stand in another form than they had (a tuple as a list, an enum member as its name).
        unsaved: Values that JSON cannot hold.
        seeds: Seeds in force at capture: ``torch``, ``torch.cuda``, ``PYTHONHASHSEED``, ``PL_GLOBAL_SEED``.
        seeds_at_begin: The same at the start of training, where `reprobundle.begin` was called.
        seeding: What `reprobundle.seed_everything` did; None where it was not called.
        generators: The states of the random generators; None where this process did not train.
        optimizers: What updated the weights.
        schedulers: What changed the learning rate on the way.
        scalers: What scaled the gradients of mixed precision.
        resuming: The states from which training can be continued; None where they were not asked for.
    """

    values: dict[str, Json]
    converted: tuple[Converted, ...] = ()
    unsaved: tuple[Unsaved, ...] = ()
    seeds: dict[str, int | str] = {}
    seeds_at_begin: dict[str, int | str] = {}
    seeding: Seeding | None = None
    generators: Generators | None = None
    optimizers: tuple[Optimizer, ...] = ()
    schedulers: tuple[Stateful, ...] = ()
    scalers: tuple[Stateful, ...] = ()
    resuming: Resuming | None = None
