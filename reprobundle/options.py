"""What the reviewer decides at a replay; nothing of it ever comes from the bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import hosting
from reprobundle import sandbox as sandboxes
from reprobundle.comparison.policy import Policy, Tolerance
from reprobundle.errors import UsageError
from reprobundle.report import Rung

if TYPE_CHECKING:
    from reprobundle.signing import Trust

REQUIRED = (Rung.BITWISE, Rung.CLOSE, Rung.SAME_DECISIONS, Rung.SAME_METRICS)
SEARCH_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """What counts, what is looked at, and where it is run.

    Attributes:
        require: The weakest rung that counts as reproduced.
        sandbox: Which walls: the best that works, bubblewrap, or none.
        data: The reviewer's own copies of data splits, by split name.
        salts: Files with the salts of private splits, by split name.
        wish: The environment to run in.
        policy: How far a bundle's own tolerances may reach.
        probe: A safetensors file with inputs of the reviewer's own, named as the recorded ones; None: none.
        controls: Whether the model is run on other inputs and other weights, too, to see that it computes.
        search_seconds: How long may be searched for the setting that restores outputs that are not bitwise; 0: not at all.
        trust: Whose signature the bundle must have; None: none is looked at.
    """

    require: Rung = Rung.CLOSE
    sandbox: sandboxes.Preference = "auto"
    data: Mapping[str, Any] = field(default_factory=dict)
    salts: Mapping[str, Path] = field(default_factory=dict)
    wish: hosting.Wish = field(default_factory=hosting.Wish)
    policy: Policy = field(default_factory=Policy)
    probe: Path | None = None
    controls: bool = True
    search_seconds: float = 120.0
    trust: Trust | None = None


def read_rung(required: Rung | str) -> Rung:
    """The weakest rung that counts as reproduced.

    Raises:
        UsageError: It is none.
    """
    name = str(getattr(required, "value", required))
    rung = next((rung for rung in REQUIRED if rung.value == name.replace("-", " ")), None)
    if rung is None:
        known = ", ".join(rung.value.replace(" ", "-") for rung in REQUIRED)
        raise UsageError(f"require: expected one of {known}, found {name!r}")
    return rung


def read_policy(rtol: float | None, atol: float | None, *, envelopes: bool) -> Policy:
    """What the reviewer lets pass.

    Raises:
        UsageError: A tolerance is negative, infinite or no number.
    """
    given = rtol is not None or atol is not None
    return Policy(own=Tolerance(rtol or 0.0, atol or 0.0) if given else None, envelopes=envelopes)


def read_probe(probe: object, *, controls: bool) -> Path | None:
    """The file with the reviewer's own inputs.

    Raises:
        UsageError: It is not there, or nothing is to be run but the recorded inputs.
    """
    if probe is None:
        return None
    place = Path(str(probe))
    if not place.is_file():
        raise UsageError(f"probe: no file {str(place)!r}", hint="a safetensors file, its tensors named as the inputs")
    if not controls:
        raise UsageError("probe: cannot be run without the controls", hint="leave out --no-controls")
    return place


def refuse_idle_bounds(sandbox: sandboxes.Preference, memory: int | None, *, devices: bool) -> None:
    """Make sure that there are walls for what only walls can do.

    Args:
        sandbox: The walls that were typed.
        memory: Bytes that the model may use; None: not said.
        devices: Whether the graphics processors are to be shown.

    Raises:
        UsageError: It was said that there shall be none.
    """
    if sandbox != "none":
        return
    if memory is not None:
        hint = "leave one of them out; outside of this program a container or systemd-run can bound it"
        raise UsageError("memory: only a sandbox bounds it, found sandbox 'none'", hint=hint)
    if devices:
        hint = "leave out --gpu: without a sandbox they are in sight"
        raise UsageError("devices: only a sandbox hides graphics processors, found sandbox 'none'", hint=hint)
