"""Which group each sample of a claim is in: a file of the bundle that only the comparison reads, never a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import tensors
from reprobundle.components.claims.section import MEMBERS, MOST_GROUPS, Claim, Section
from reprobundle.errors import RefusedInputError
from reprobundle.store import inside

if TYPE_CHECKING:
    import numpy as np

    from reprobundle.components.interface import Stage

    Array = np.ndarray[Any, Any]

FORM = "U16"
assert MOST_GROUPS < 2**16


def write(members: Mapping[str, Sequence[int]], stage: Stage) -> str | None:
    """Write the file, one tensor a claim; gives its path, or None where there is nothing to write.

    Args:
        members: By claim id, the number of each sample's group among the claim's groups.
        stage: Where it goes.
    """
    import numpy as np

    if not members:
        return None
    arrays = {name: np.asarray(places, np.uint16) for name, places in members.items()}
    tensors.write(stage.writer, MEMBERS, {name: tensors.of_array(array) for name, array in arrays.items()})
    return MEMBERS


def add(section: Section, more: Mapping[str, Sequence[int]], stage: Stage) -> str | None:
    """Write further claims' numbers into the file, which may be there; gives its path, or None where there is none.

    Args:
        section: What is recorded so far.
        more: As in `write`.
        stage: Where the file lies.
    """
    if not more or section.members is None:
        return section.members or write(more, stage)
    known = {name: array.tolist() for name, array in read(section, stage.root).items()}
    stage.writer.forget(section.members)
    return write({**known, **more}, stage)


def read(section: Section, root: Path) -> dict[str, Array]:
    """The numbers of the samples' groups by claim id; empty where none are recorded.

    Raises:
        RefusedInputError: A tensor is of another form, or names a group that its claim has not.
    """
    if section.members is None:
        return {}
    names = {claim.id: claim for claim in section.claims}
    found = tensors.read_some(inside(root, section.members), names)
    for name, array in found.items():
        _refuse_wrong(names[name], array, section.members)
    return found


def _refuse_wrong(claim: Claim, array: Array, path: str) -> None:
    if array.ndim != 1 or tensors.dtype_name(array.dtype) != FORM:
        raise RefusedInputError(
            f"{path}: {claim.id!r}: expected {FORM} of one dimension, found {array.dtype} {array.shape}"
        )
    if array.size and int(array.max()) >= len(claim.groups):
        raise RefusedInputError(
            f"{path}: {claim.id!r}: names group {int(array.max())}, the claim has {len(claim.groups)}"
        )
