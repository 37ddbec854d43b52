"""How far *close* reaches: this program's table, a bundle's measured envelope, and what the reviewer lets pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reprobundle.errors import UsageError


@dataclass(frozen=True)
class Tolerance:
    """How far a produced value may lie from the recorded one.

    Attributes:
        rtol: Relative to the magnitude of the recorded element; finite, at least 0.
        atol: Fraction of the recorded output's root mean square; finite, at least 0.
    """

    rtol: float
    atol: float

    def __post_init__(self) -> None:
        """Refuse what would let everything through.

        Raises:
            UsageError: A tolerance is negative, infinite or no number.
        """
        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            if not 0 <= value < math.inf:
                raise UsageError(f"tolerance {name}: expected a finite number of at least 0, found {value!r}")


SAME_DEVICE: Mapping[
    str, Tolerance
] = {  # whole networks, same kind of device, other vectors or libraries of it (decision 0019)
    "F64": Tolerance(1e-9, 1e-12),
    "F32": Tolerance(1e-5, 1e-5),
    "C64": Tolerance(1e-5, 1e-5),
    "F16": Tolerance(2e-3, 1e-3),
    "BF16": Tolerance(1.6e-2, 8e-3),
    "F8_E4M3": Tolerance(0.125, 0.1),
    "F8_E5M2": Tolerance(0.25, 0.1),
    "F8_E4M3FNUZ": Tolerance(0.125, 0.1),
    "F8_E5M2FNUZ": Tolerance(0.25, 0.1),
}  # F8_E8M0 and F4 have steps so coarse that only equal values agree
OTHER_DEVICE: Mapping[str, Tolerance] = {  # between kinds of device, without TF32
    **SAME_DEVICE,
    "F32": Tolerance(1e-4, 1e-5),
    "C64": Tolerance(1e-4, 1e-5),
    "F16": Tolerance(1e-2, 5e-3),
    "BF16": Tolerance(5e-2, 2e-2),
}

CAPS: Mapping[str, Tolerance] = {  # the widest that a bundle may ask for; its output's dtype decides
    "F64": Tolerance(1e-6, 1e-6),
    "F32": Tolerance(1e-3, 1e-3),
    "C64": Tolerance(1e-3, 1e-3),
    "F16": Tolerance(2e-2, 2e-2),
    "BF16": Tolerance(2e-2, 2e-2),
}


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What *same decisions* asks for (decision 0026).

    Attributes:
        apart: Largest relative L2 distance of the outputs, and of each row of scores: what lies further off is another
            model's, whatever would be decided by it.
        overlap: Smallest intersection over union of each class of a mask.
        edits: Largest edit distance of a sequence of tokens, as a share of its length.
    """

    apart: float = 0.03
    overlap: float = 0.99
    edits: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the reviewer lets pass; nothing of it ever comes from the bundle.

    Attributes:
        own: The reviewer's own tolerance for every float output, in place of all others; None: not given.
        caps: The widest tolerance that a bundle's envelope may ask for, by dtype; wider ones are cut to it.
        envelopes: Whether a bundle's envelope counts at all.
        decisions: What *same decisions* asks for.
    """

    own: Tolerance | None = None
    caps: Mapping[str, Tolerance] = field(default_factory=lambda: CAPS)
    envelopes: bool = True
    decisions: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, kw_only=True)
class Effective:
    """The tolerance that one output is compared with.

    Attributes:
        tolerance: It.
        origin: Where it comes from: what was measured only where it says another thing than the table.
        loosened: Whether it lets more through than this program's table does.
        capped: Whether the bundle asked for more.
        default: What this program's table says; what is close by it needs no wider one.
        narrowed: Whether the reviewer lets less through than that table does, relatively or absolutely.
    """

    tolerance: Tolerance
    origin: Literal["default", "envelope", "reviewer"] = "default"
    loosened: bool = False
    capped: bool = False
    default: Tolerance | None = None
    narrowed: bool = False

    @property
    def times(self) -> float | None:
        """How many times wider than this program's table it is; None where it is not."""
        if self.default is None:
            return None
        both = ((self.tolerance.rtol, self.default.rtol), (self.tolerance.atol, self.default.atol))
        return max((ours / default if default else math.inf for ours, default in both if ours > default), default=None)


def effective(
    dtype: str, envelope: Tolerance | None, policy: Policy, table: Mapping[str, Tolerance] = SAME_DEVICE
) -> Effective | None:
    """The tolerance for an output, and where it comes from; None for a dtype that is compared exactly.

    Args:
        dtype: Of the recorded output, in safetensors' spelling.
        envelope: What was measured at capture; None where nothing was.
        policy: What the reviewer lets pass.
        table: This program's own tolerances.
    """
    default = table.get(dtype)
    if default is None:
        return None
    if policy.own is not None:
        return Effective(
            tolerance=policy.own,
            origin="reviewer",
            loosened=_is_looser(policy.own, default),
            default=default,
            narrowed=_is_looser(default, policy.own),
        )
    cap = policy.caps.get(dtype)
    if envelope is None or cap is None or not policy.envelopes:
        return Effective(tolerance=default, default=default)
    cut = Tolerance(min(envelope.rtol, max(cap.rtol, default.rtol)), min(envelope.atol, max(cap.atol, default.atol)))
    return Effective(
        tolerance=cut,
        origin="default" if cut == default else "envelope",
        loosened=_is_looser(cut, default),
        capped=_is_looser(envelope, cut),
        default=default,
    )


def _is_looser(one: Tolerance, other: Tolerance) -> bool:
    return one.rtol > other.rtol or one.atol > other.atol
