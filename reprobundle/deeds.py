"""What a model's constructor does besides making the model: told at capture, with the line, since no replay can do it."""

from __future__ import annotations

from reprobundle.answers import Answer, Deed
from reprobundle.components import model
from reprobundle.components.interface import Stage
from reprobundle.phrases import some

SHOWN = 5
MOST_NOTES = 10
NEEDS_NETWORK = (
    "fetch such weights before capture, so that they are part of the model's state, and keep the constructor from asking "
    "for them: init={'pretrained': False} or the like"
)
HINTS = {
    "network": NEEDS_NETWORK,
    "read": "a replay does not have it: pass what is in it as an argument, or put it beside the source and let git track it",
    "change": "a replay may not be able to, and has no use for it: keep a constructor to making the model",
    "process": "a replay may not be able to: keep a constructor to making the model",
}


def note(answer: Answer, stage: Stage) -> None:
    """Note what the source did while the model was made, one note for each line and kind of deed.

    Args:
        answer: What the worker left, with its deeds; what stopped it is not told here.
        stage: Takes the notes.
    """
    groups: dict[tuple[str, str, str], list[str]] = {}
    for deed in answer.deeds:
        groups.setdefault((deed.kind, deed.does, deed.at.words), []).append(deed.name)
    for (kind, does, where), names in list(groups.items())[:MOST_NOTES]:
        if kind == "network" and answer.error is not None:
            continue  # the proof itself says so
        done = " ".join(filter(None, [does, some([repr(name) for name in names if name], SHOWN)]))
        went_on = " and goes on without" if kind == "network" else ""
        outside = ", which is not in the bundle" if kind == "read" else ""
        message = f"while its model is made, the source {done}{outside}{went_on}: {where}"
        stage.note(model.NAME, message, hint=HINTS.get(kind))
    if len(groups) > MOST_NOTES:
        stage.note(model.NAME, f"while its model is made, the source does {len(groups) - MOST_NOTES} more such things")


def file_need(answer: Answer) -> str | None:
    """Which file of the author's disk the source reads while its model is made, and where; None where it reads none."""
    read = next((deed for deed in answer.deeds if deed.kind == "read"), None)
    if read is None:
        return None
    return f"needs {read.name!r}, which is not in the bundle: {read.at.words}; {HINTS['read']}"


def network_need(answer: Answer) -> str | None:
    """Which line needs the network, where one asked for it and the worker did not finish; None otherwise."""
    asked: Deed | None = next((deed for deed in answer.deeds if deed.kind == "network"), None)
    if asked is None or answer.error is None:
        return None
    return f"needs the network: {asked.at.words}; {NEEDS_NETWORK}"
