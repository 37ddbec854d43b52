"""What two captures measured of a model's outputs: the documents ``tolerance.json`` and ``probes.json`` side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reprobundle.comparing.pairs import Roots
from reprobundle.components.outputs.section import CALIBRATION, SKETCHES, Calibration, Sketches, Variant
from reprobundle.phrases import counted, some
from reprobundle.records import from_bytes
from reprobundle.store import inside

SHOWN = 3
OTHERWISE = "only in how it is told"


def in_words(path: str, roots: Roots) -> str | None:
    """What differs in one of the two documents; None for any other file.

    Args:
        path: A path in both bundles whose bytes differ.
        roots: The folders of both.

    Raises:
        RefusedInputError: One of the documents breaks its form.
    """
    if path == CALIBRATION:
        ours, theirs = (from_bytes(Calibration, inside(root, path).read_bytes(), name=path) for root in roots)
        return "what was measured differs: " + ("; ".join(_of_calibrations(ours, theirs)) or OTHERWISE)
    if path == SKETCHES:
        one, other = (from_bytes(Sketches, inside(root, path).read_bytes(), name=path) for root in roots)
        return _of_sketches(one, other)
    return None


def _of_calibrations(ours: Calibration, theirs: Calibration) -> Iterator[str]:
    if ours.steadiness != theirs.steadiness:
        yield f"the outputs were {ours.steadiness}, now {theirs.steadiness}"
    reaches = [{one.output: one.atol for one in side.envelopes} for side in (ours, theirs)]
    yield from _table("tolerance", *({name: f"{reach:g}" for name, reach in side.items()} for side in reaches))
    before, after = ({one.name: one for one in side.variants} for side in (ours, theirs))
    ran = [sum(one.status == "ran" for one in side.variants) for side in (ours, theirs)]
    if ran[0] != ran[1]:
        yield f"{counted(ran[0], 'run')}, now {ran[1]}"
    moved = [repr(name) for name in before if name in after and _both_ran(before[name], after[name])]
    if moved:
        yield f"other distances with {some(moved, SHOWN)}"


def _both_ran(one: Variant, other: Variant) -> bool:
    return one.status == other.status == "ran" and one.distances != other.distances


def _table(what: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    """Each value that is not the same, by name."""
    names = [name for name in dict.fromkeys([*ours, *theirs]) if ours.get(name) != theirs.get(name)]
    told = [f"{name!r} {ours.get(name, 'none')} → {theirs.get(name, 'none')}" for name in names]
    if told:
        yield f"{what} {some(told, SHOWN)}"


def _of_sketches(ours: Sketches, theirs: Sketches) -> str:
    """The modules that gave something else, in the order of the calls, and those of one side only."""
    before, after = ({(one.module, one.call): one for one in side.calls} for side in (ours, theirs))
    common = [key for key in before if key in after]
    others = [key[0] for key in common if before[key].digest != after[key].digest]
    alone = [key[0] for key in dict.fromkeys([*before, *after]) if key not in common]
    told = []
    if others:
        told.append(
            f"{len(others):,} of {counted(len(common), 'call')} of modules gave something else, {_named(others)}"
        )
    if alone:
        told.append(f"{counted(len(alone), 'call')} in one of the two only, {_named(alone)}")
    if not others and any(before[key].envelope != after[key].envelope for key in common):
        told.append("every module gave the same, and how far it moved between runs differs")
    return "; ".join(told) or f"the sketches of the modules differ {OTHERWISE}"


def _named(modules: list[str]) -> str:
    return f"first {modules[0]!r}"
