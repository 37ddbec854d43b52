"""Whether raw sample, model input and output are one chain: the recorded results against the model's recorded inputs."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle import arrays, tensors
from reprobundle.components.interface import Site, differs, same
from reprobundle.components.preprocessing.section import NAME, Section
from reprobundle.records import Json
from reprobundle.report import Finding
from reprobundle.store import inside
from reprobundle.worker import transforms, tree

CHAIN = "its results are the model's recorded inputs: raw sample, input and output are one chain"
BROKEN = "its recorded results are not the model's recorded inputs, as the bundle says they are"


def findings(section: Section, site: Site, *, agrees: bool) -> Iterator[Finding]:
    """What the bundle says of the chain, compared byte for byte; nothing where it says nothing.

    Args:
        section: What is recorded.
        site: Where the files are, the model's inputs among them.
        agrees: Whether all results were compared and agree: else there is no chain to speak of.
    """
    if is_broken(section, site):
        yield differs(NAME, BROKEN, expected="the model's recorded inputs", found="other bytes")
    elif agrees and site.fed is not None and section.pairs is not None and section.pairs.feeds_model:
        yield same(NAME, CHAIN)


def is_broken(section: Section, site: Site) -> bool:
    """Whether the bundle calls results the model's inputs that are not: its word alone proves no chain."""
    pairs = section.pairs
    if pairs is None or not pairs.feeds_model or site.fed is None:
        return False
    try:
        ours = _leaves(site, pairs.expected.file, pairs.expected.structure)
        return not are_same(ours, _leaves(site, site.fed.file, site.fed.structure))
    except (
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ):  # a structure that does not fit its file is a stranger's
        return True


def are_same(ours: list[arrays.Array], theirs: list[arrays.Array]) -> bool:
    """Whether there are any, and both are the same arrays in the same order, bit for bit."""
    return bool(ours) and len(ours) == len(theirs) and all(map(is_same, ours, theirs))


def is_same(one: arrays.Array, other: arrays.Array) -> bool:
    """Whether two arrays have one dtype, one shape and the same bytes."""
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


def _leaves(site: Site, file: str, structure: Json) -> list[arrays.Array]:
    """Recorded tensors in the order of their structure, bare floats among them."""
    nested = tree.unflatten(structure, tensors.read_arrays(inside(site.root, file)))
    return [arrays.to_array(leaf) for leaf in tree.flatten(nested, transforms.is_leaf)[1].values()]
