"""Where a model first goes another way: what its modules give here beside what they gave at capture.

Distances grow downstream, so that the first module outside its envelope says more than the one that is furthest. Sketches are
compared with sketches only: hooks, which take them, can make torch compute in another way.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from reprobundle.answers import Sketch
from reprobundle.comparison.policy import CAPS, SAME_DEVICE, Tolerance
from reprobundle.components.outputs.section import SketchRecord
from reprobundle.report import LayerDivergence

SPREAD = 3.0  # another machine may move further than the variants that were tried at capture
SUDDEN = 100.0  # times what it may be off: beyond, it is no other order of sums
STATISTICS = 10.0  # a largest magnitude or a deviation moves more than samples on average do
Change = Literal["numbers", "nan", "form", "kind", "gone", "renamed", "new", "order", "calls"]
Key = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Break:
    """The first call of a module that is not as recorded.

    Attributes:
        change: ``numbers`` (its output lies outside), ``nan`` (it is not finite here), ``form`` (dtype or shape), ``kind`` (a
            module of another class), ``gone`` (it is not called here), ``renamed``, ``new`` (not called at capture), ``order``
            (called at another place) or ``calls`` (called another number of times).
        module: Its name, as recorded; as found where it is new.
        kind: Its class, without the package.
        expected: What was recorded, in words.
        found: What is here, in words.
    """

    change: Change
    module: str
    kind: str
    expected: str = ""
    found: str = ""

    @property
    def is_structural(self) -> bool:
        """Whether the model is built or called in another way, which no setting of a machine does."""
        return self.change not in {"numbers", "nan"}


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The calls of all modules, recorded and here, side by side.

    Attributes:
        layers: One for each recorded call that was made here, too, in the recorded order.
        broken: The first call that is not as recorded; None where each is inside its envelope.
        inside: The last call before it that is inside.
        unequal: The first call that is inside its envelope and yet not equal bit for bit.
        left_out: How many more calls were made at capture than were sketched.
        far: How many times further off the first call outside is than it may be; None where none is, or it cannot be measured.
    """

    layers: tuple[LayerDivergence, ...]
    broken: Break | None
    inside: LayerDivergence | None
    unequal: LayerDivergence | None
    left_out: int = 0
    far: float | None = None

    @property
    def is_ended(self) -> bool:
        """Whether every call was sketched and gives the recorded bits: what differs comes after the last of them."""
        return self.inside is not None and self.broken is None and self.unequal is None and not self.left_out

    @property
    def is_sudden(self) -> bool:
        """Whether numbers part in one step by more than rounding ever does, and were equal bit for bit before."""
        if self.broken is None or self.broken.is_structural or self.unequal is not None:
            return False
        return self.far is None or self.far > SUDDEN

    @property
    def size(self) -> float | None:
        """The relative distance at the first call outside; None where none is, or it cannot be measured."""
        outside = next((layer for layer in self.layers if layer.outside), None)
        return None if outside is None else outside.distance


def diverge(recorded: Sequence[SketchRecord], found: Sequence[Sketch], *, left_out: int = 0) -> Divergence:
    """Compare what modules gave here with what they gave at capture.

    Args:
        recorded: In the order of the calls at capture.
        found: In the order of the calls here.
        left_out: How many more calls there were at capture.
    """
    known = {_key(one) for one in recorded}
    here = {_key(one): one for one in found}
    pairs = [(one, here[_key(one)]) for one in recorded if _key(one) in here]
    layers = tuple(layer(*pair) for pair in pairs)
    at = {(one.module, one.call): one for one in layers}
    told = [one for one in found if _key(one) in known] if left_out else found  # what was left out there, is here, too
    count, order = _common(recorded, told, exact=not left_out)
    together = [at[one.module, one.call] for one in recorded[:count]]
    outside = next((place for place, one in enumerate(together) if one.outside), None)
    end = count if outside is None else outside
    broken = order if outside is None else _how(recorded[outside], here[_key(recorded[outside])])
    return Divergence(
        layers=layers,
        broken=broken,
        inside=together[end - 1] if end else None,
        unequal=next((one for one in together[:end] if not one.equal), None),
        left_out=left_out,
        far=None if outside is None else _far(recorded[outside], here[_key(recorded[outside])]),
    )


def layer(recorded: SketchRecord, found: Sketch) -> LayerDivergence:
    """How far one call is from its record; outside where form, class with numbers, NaN or values part."""
    equal = recorded.digest == found.digest and _form(recorded) == _form(found)
    distance = 0.0 if equal else _distance(recorded, found)
    reach = _reach(recorded)
    outside = not equal and (distance is None or distance > reach or _statistics(recorded, found) > STATISTICS * reach)
    return LayerDivergence(
        module=recorded.module,
        kind=recorded.kind,
        call=recorded.call,
        equal=equal,
        distance=distance,
        envelope=recorded.envelope,
        outside=outside,
    )


def _reach(recorded: SketchRecord) -> float:
    """How far an output may be: as measured at capture and some more, between the table's tolerance and the widest that counts."""
    exact = Tolerance(0.0, 0.0)
    table, cap = SAME_DEVICE.get(recorded.dtype, exact), CAPS.get(recorded.dtype, exact)
    return max(table.rtol, table.atol, min(SPREAD * (recorded.envelope or 0.0), cap.rtol))


def _distance(recorded: SketchRecord, found: Sketch) -> float | None:
    """Relative L2 distance of the samples; None where form or a number that is not finite keeps them from being compared."""
    places = [value is None for value in recorded.samples]
    if _form(recorded) != _form(found) or places != [value is None for value in found.samples]:
        return None
    if (recorded.std is None) != (found.std is None):
        return None
    pairs = [
        (old, new)
        for old, new in zip(recorded.samples, found.samples, strict=True)
        if old is not None and new is not None
    ]
    apart = math.hypot(*(new - old for old, new in pairs))
    size = math.hypot(*(old for old, _ in pairs))
    if apart == 0 or not math.isfinite(apart):
        return 0.0 if apart == 0 else None
    return min(apart / size, 1e9) if size else 1e9


def _far(recorded: SketchRecord, found: Sketch) -> float | None:
    """How many times further off it is than it may be; None where that cannot be measured."""
    distance, reach = _distance(recorded, found), _reach(recorded)
    return None if distance is None or not reach else max(distance, _statistics(recorded, found) / STATISTICS) / reach


def _statistics(recorded: SketchRecord, found: Sketch) -> float:
    """Largest change of what was taken over all elements, relative to their size: samples can miss a few changed ones."""
    size = recorded.absmax
    if size is None or not size:
        return 0.0 if recorded.absmax == found.absmax else math.inf
    pairs = ((recorded.absmax, found.absmax), (recorded.mean, found.mean), (recorded.std, found.std))
    return max((abs(new - old) / size for old, new in pairs if old is not None and new is not None), default=0.0)


def _form(one: SketchRecord | Sketch) -> tuple[str, tuple[int, ...]]:
    return one.dtype, tuple(one.shape)


def _how(recorded: SketchRecord, found: Sketch) -> Break:
    """In what way one call is outside."""

    def of(change: Change, expected: str = "", here: str = "") -> Break:
        return Break(change=change, module=recorded.module, kind=recorded.kind, expected=expected, found=here)

    if recorded.kind != found.kind:
        return of("kind", recorded.kind, found.kind)
    if _form(recorded) != _form(found):
        return of("form", _words(recorded), _words(found))
    if (recorded.std is None) != (found.std is None):
        return of("nan", *(f"{'not ' if one.std is None else ''}finite" for one in (recorded, found)))
    return of("numbers")


def _words(one: SketchRecord | Sketch) -> str:
    return f"{one.dtype} {tuple(one.shape)}"


def _common(recorded: Sequence[SketchRecord], found: Sequence[Sketch], *, exact: bool) -> tuple[int, Break | None]:
    """How many calls from the first on are those of the capture, and what the next one is instead."""
    count = next(
        (place for place, (old, new) in enumerate(zip(recorded, found, strict=False)) if _key(old) != _key(new)),
        min(len(recorded), len(found)),
    )
    old = recorded[count] if count < len(recorded) else None
    new = found[count] if count < len(found) else None
    if old is None and new is None:
        return count, None
    broken = _other_call(old, new, recorded, found)
    return count, broken if exact or broken.change != "calls" else replace(broken, expected="", found="")


def _key(one: SketchRecord | Sketch) -> Key:
    return one.module, one.call


def _other_call(
    old: SketchRecord | None, new: Sketch | None, recorded: Sequence[SketchRecord], found: Sequence[Sketch]
) -> Break:
    """What it means that another call comes next: one of the two, or both, at another place."""
    before, here = Counter(one.module for one in recorded), Counter(one.module for one in found)
    if old is None:
        assert new is not None  # one of the two there is
        return _surplus(new, before, here)
    if old.module not in here:
        if new is not None and new.module not in before and _form(old) == _form(new):
            return Break(
                change="renamed",
                module=old.module,
                kind=old.kind,
                expected=old.module,
                found=f"{new.module!r} ({new.kind})",
            )
        return Break(change="gone", module=old.module, kind=old.kind, expected="called", found="not called")
    if new is not None and new.module not in before:
        return _surplus(new, before, here)
    if before[old.module] != here[old.module]:
        return Break(
            change="calls", module=old.module, kind=old.kind,
            expected=f"{before[old.module]}", found=f"{here[old.module]}",
        )  # fmt: skip
    if new is not None and before[new.module] != here[new.module]:
        return _surplus(new, before, here)
    return Break(
        change="order", module=old.module, kind=old.kind, expected=old.module, found="" if new is None else new.module
    )


def _surplus(new: Sketch, before: Counter[str], here: Counter[str]) -> Break:
    """A call that was not made at capture."""
    if new.module not in before:
        return Break(change="new", module=new.module, kind=new.kind, expected="not called", found="called")
    return Break(
        change="calls", module=new.module, kind=new.kind, expected=f"{before[new.module]}", found=f"{here[new.module]}"
    )


def thinned(layers: Sequence[LayerDivergence], most: int = 200) -> tuple[LayerDivergence, ...]:
    """At most so many of many: all around the first that is outside, and the rest evenly."""
    if len(layers) <= most:
        return tuple(layers)
    first = next((place for place, one in enumerate(layers) if one.outside), 0)
    near = set(range(max(0, first - most // 4), min(len(layers), first + most // 4)))
    step = math.ceil(len(layers) / (most - len(near)))
    return tuple(one for place, one in enumerate(layers) if place in near or place % step == 0)


def name_of(one: LayerDivergence | Break | SketchRecord) -> str:
    """A module as a person reads it: ``'encoder.norm' (LayerNorm)``."""
    return f"{one.module!r} ({one.kind})" if one.module else f"the model itself ({one.kind})"
