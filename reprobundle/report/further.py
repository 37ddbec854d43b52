"""What else was run: controls that show whether a model computes, and the claims it is said to reach."""

from __future__ import annotations

from typing import Literal

from reprobundle.records import Record

PROBE = "your own inputs"
PROBE_ALONE = "your own inputs, nothing expected"


class Control(Record):
    """One run that shows whether the model computes what it says: another input or other weights, and what came of it.

    Attributes:
        name: Short name, such as ``weights changed`` or ``inputs moved a little``.
        what: ``weights`` or ``inputs`` that were changed, the recorded inputs again (``repeat``), with
            another seed (``seed``), or the reviewer's (``probe``).
        scale: How much was changed, relative to the size of what was changed; None for a repeat or a probe.
        distance: Relative L2 distance of the outputs from those of the recorded inputs and weights, the largest over all
            outputs; None where nothing could be compared.
        outcome: ``as expected``; ``insensitive``: nothing changed where something must; ``jumps``: a small change changed as
            much as a large one; ``unexpected``: the reviewer's inputs did not give what the reviewer says must come of them;
            ``unsteady``: the recorded inputs gave something else when asked again; ``drawn``: with another seed they do;
            ``not run``.
        why: In words, for anything but ``as expected``.
    """

    name: str
    what: Literal["weights", "inputs", "repeat", "seed", "probe"]
    scale: float | None = None
    distance: float | None = None
    outcome: Literal["as expected", "insensitive", "jumps", "unexpected", "unsteady", "drawn", "not run"]
    why: str | None = None


class GroupResult(Record):
    """One group's number of the paper beside the one computed here.

    Attributes:
        name: The group.
        claimed: Its number.
        got: The number computed here; None when it was not.
        verdict: ``agrees`` or ``differs``, by the rule of the whole claim; ``not run``.
        count: How many samples it has; None: not said.
    """

    name: str
    claimed: float
    got: float | None = None
    verdict: Literal["agrees", "differs", "not run"]
    count: int | None = None


class ClaimResult(Record):
    """One number of the paper beside the one computed here.

    Attributes:
        id: The claim's id.
        text: What the number says.
        claimed: The number.
        got: The number computed here; None when it was not.
        verdict: ``agrees``, ``differs``, ``not run`` (it could not be computed) or ``failed`` (its code raised).
        rule: In words, how the two were compared, such as ``within 0.005`` or ``to 3 decimals``.
        split: The data split it is measured on.
        data: Whether the reviewer's copy of the split is the recorded one: ``same``, ``differs``, ``not checked``.
        loose: Whether so much is let pass that nearly any number would agree: a tenth of the claimed number or more.
        why: In words, for anything but ``agrees``.
        seconds: How long it took.
        decimals: Digits after the point that the number was given with; None where that is not known.
        computable: Whether the bundle names a function or a command for it; without one nothing ever computes it.
        group: What its samples are grouped by; None: not said.
        groups: The number on each group of them; a claim with a group that differs does so itself.
        groups_why: In words, why its groups were not compared, where the claim itself was.
        split_guessed: Whether the split was read from the text at capture; no data was given to what computes the number then.
    """

    id: str
    text: str
    claimed: float
    got: float | None = None
    verdict: Literal["agrees", "differs", "not run", "failed"]
    rule: str
    split: str | None = None
    data: Literal["same", "differs", "not checked"] = "not checked"
    loose: bool = False
    why: str | None = None
    seconds: float | None = None
    decimals: int | None = None
    computable: bool = True
    group: str | None = None
    groups: tuple[GroupResult, ...] = ()
    groups_why: str | None = None
    split_guessed: bool = False
