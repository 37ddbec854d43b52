"""What other first calls show of a model that gave something else when it was asked again (decision 0027)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobundle.controlling import following, nearing, rules
from reprobundle.controlling.beginning import Begun, Kind
from reprobundle.controlling.measuring import ENOUGH_BITS, is_moved
from reprobundle.controlling.seeing import Sight
from reprobundle.manifest import Manifest
from reprobundle.phrases import rounded, some
from reprobundle.report import Control

FIRST = "asked first in a new process"


def reconsidered(
    told: Sequence[Control], sight: Sight, manifest: Manifest, anew: Sequence[Begun], *, agrees: bool
) -> tuple[Control, ...]:
    """The controls of an unsteady model, those replaced that other first calls tell more of.

    Args:
        told: What the one process shows.
        sight: All its runs.
        manifest: Of the bundle.
        anew: The processes that began with something else.
        agrees: Whether the outputs of the first process are the recorded ones; of others nothing is to be proven.
    """
    by_kind = {one.beginning.kind: one for one in anew}
    before = {one.name: one for one in told}
    if before[rules.AGAIN].outcome == "as expected" or not sight.of("repeat") or not agrees:
        return tuple(told)
    found = {one.name: one for one in (*_near(sight, manifest, by_kind), *_unmoved(sight, before, by_kind))}
    if any(name in found for name in (rules.MOVED, rules.WEIGHTS_MOVED)):
        found[rules.AGAIN] = rules.control(
            sight, rules.AGAIN, "repeat", sight.of("repeat"), "unsteady", rules.steadiness(sight)
        )
    return tuple(found.get(one.name, one) for one in told)


def _near(sight: Sight, manifest: Manifest, anew: dict[Kind, Begun]) -> Iterator[Control]:
    """A first call on what is moved a little must give nearly what the recorded one gave."""
    one = anew.get("near")
    if one is None:
        return
    names = {"near": rules.MOVED, "weights near": rules.WEIGHTS_MOVED}
    why = _far_off(sight, manifest, one)
    for decoy in one.beginning.decoys:
        what: rules.What = "inputs" if decoy.purpose == "near" else "weights"
        distance = sight.relative(sight.from_first(one.arrays)) if one.error is None else None
        yield Control(
            name=names[decoy.purpose],
            what=what,
            scale=decoy.scale,
            distance=distance,
            outcome="as expected" if why is None else "jumps",
            why=why,
        )


def _far_off(sight: Sight, manifest: Manifest, one: Begun) -> str | None:
    """Why what a process gave first lies too far from the recorded answer; None where it does not."""
    changed = " and the ".join("inputs" if decoy.purpose == "near" else "weights" for decoy in one.beginning.decoys)
    if one.error is not None:
        return f"{FIRST}, it refuses what it takes later, a small change of the {changed}: {one.error}"
    scale = max(decoy.scale or 0.0 for decoy in one.beginning.decoys)
    if sight.is_reformed(one.arrays):
        return f"{FIRST}, {nearing.OTHER_FORM.format(scale=rounded(scale), what=changed)}"
    weights = any(decoy.purpose == "weights near" for decoy in one.beginning.decoys)
    found = sight.beyond(sight.from_first(one.arrays), scale, nearing.step_of(manifest) if weights else 0.0)
    if found.share is None:
        return None
    far = nearing.share(found.share)
    return f"{FIRST}, a change by {rounded(scale)} of the {changed} moved the outputs {far} as far as other inputs do"


def _unmoved(sight: Sight, before: dict[str, Control], anew: dict[Kind, Begun]) -> Iterator[Control]:
    """A first call on other inputs, or with other weights, must give something else, and is taken if it was taken later."""
    for kind, name, words in (
        ("far", rules.CHANGED, following.SAME_INPUTS),
        ("weights", rules.WEIGHTS, following.SAME_WEIGHTS),
    ):
        one, control = anew.get(kind), before[name]  # type: ignore[call-overload]
        if one is None or control.outcome != "as expected" or control.why is not None:
            continue
        if one.error is not None:
            why = f"{FIRST}, it refuses what it takes later: {one.error}"
            yield control.model_copy(update={"outcome": "jumps", "why": why})
        elif not _moves(sight, one) and rules.evidence(sight, 1) >= ENOUGH_BITS:
            yield control.model_copy(update={"outcome": "insensitive", "why": f"{FIRST}, {words}"})
    still = _still(sight, anew)
    if still and before[rules.CHANGED].outcome == "as expected":
        why = f"{FIRST}, nothing at all changed {some(still, 3)}"
        yield before[rules.CHANGED].model_copy(update={"outcome": "insensitive", "why": why})


def _moves(sight: Sight, one: Begun) -> bool:
    far = sight.from_first(one.arrays)
    return sight.is_reformed(one.arrays) or any(is_moved(far.get(name), known) for name, known in sight.grains.items())


def _still(sight: Sight, anew: dict[Kind, Begun]) -> list[str]:
    """Outputs of a row each that neither other inputs nor other weights moved, unless they hand an input on."""
    asked = [anew[kind] for kind in ("far", "weights") if kind in anew and anew[kind].error is None]
    if len(asked) < 2 or not all(_moves(sight, one) for one in asked):
        return []
    found = [sight.from_first(one.arrays) for one in asked]
    still = [
        name
        for name, known in sight.grains.items()
        if known.fine and not any(is_moved(far.get(name), known) for far in found)
    ]
    counted = [name for name in still if following.must_move(sight, name) and not rules.is_given(sight, name)]
    return [f"output {name!r}" for name in counted]
