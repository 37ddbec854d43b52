"""The runs that a crate tells of: the capture that made the bundle, and replays of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from reprobundle.exports.rocrate import programs
from reprobundle.exports.rocrate.contents import CODE, identity
from reprobundle.exports.rocrate.entities import Entity, pointing, present, references
from reprobundle.manifest import Manifest, Proof
from reprobundle.rendering.escaping import escape, prose
from reprobundle.report import Report

STATUS = "http://schema.org/{}ActionStatus"
SOURCES = (CODE, "data/", "environment/", "preprocessing/")


@dataclass(frozen=True)
class Replay:
    """A replay that is joined to a crate.

    Attributes:
        report: What came of it.
        path: Where the report lies in the crate.
    """

    report: Report
    path: str


def capture(manifest: Manifest, agents: Iterable[Entity], folders: Iterable[str], prefix: str) -> Entity:
    """The run that recorded the trained model: the training process, in which this program packed what it found.

    Args:
        manifest: What was captured.
        agents: The authors.
        folders: The folders that the bundle has, each with a slash at its end.
        prefix: Where the bundle lies in the crate.
    """
    held = set(folders)
    ran = [programs.SOURCE] if CODE in held else []
    given = [identity(prefix + name) for name in SOURCES if name in held]
    made = [identity(prefix + path) for path in manifest.model.files] or [prefix or "./"]
    entity = {
        "@id": "#capture",
        "@type": "CreateAction",
        "name": f"Training and capture of {escape(manifest.name)}",
        "description": _told(manifest.proof),
        "instrument": pointing([*ran, programs.own(manifest.reprobundle)["@id"]]),
        "object": pointing(given),
        "result": pointing(made),
        "agent": references(list(agents)),
        "actionStatus": STATUS.format("Completed"),
    }
    return present(entity)


def _told(proof: Proof) -> str:
    """What the proof before the seal was, in a sentence."""
    why = f" ({prose(proof.why)})" if proof.why else ""
    return (
        "The training process recorded the model with its source, environment, data and outputs. "
        f"Before the bundle was sealed a fresh process loaded it and compared its outputs: {proof.status}{why}."
    )


def replayed(replay: Replay, number: int, bundle: str) -> Entity:
    """A later run that loaded the model and compared its outputs; it fails where they were not reproduced.

    Args:
        replay: The replay.
        number: Which one, from 1.
        bundle: What refers to the bundle's folder.
    """
    report, sentence = replay.report, prose(replay.report.verdict.sentence)
    reproduced = report.verdict.reproduced
    entity = {
        "@id": f"#replay-{number}",
        "@type": "CreateAction",
        "name": f"Replay of {escape(report.bundle_name)}",
        "description": sentence,
        "instrument": {"@id": programs.own(report.reprobundle)["@id"]},
        "object": {"@id": bundle},
        "result": {"@id": identity(replay.path)},
        "startTime": escape(report.started),
        "actionStatus": STATUS.format("Completed" if reproduced else "Failed"),
        "error": None if reproduced else sentence,
    }
    return present(entity)


def report_place(number: int) -> str:
    """Where the report of a replay lies in a crate."""
    return str(PurePosixPath("replays") / str(number) / "report.json")
