"""Where an answer is better mended than in the bundle's copy: the project's own card, where it is at hand.

No path of a machine stands in a bundle, so the card is looked for below the current folder: where `reprobundle init` writes
it, where ``reprobundle.yaml`` says it is, or where the captured source has it. It is taken for the bundle's own where it says
nothing else in the title and shares an answer; and for each finding only where it says the same as the bundle there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import widened
from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.errors import RefusedInputError
from reprobundle.linting.lints import Lint, LintReport
from reprobundle.linting.subject import line_of
from reprobundle.records import Json
from reprobundle.store import inside
from reprobundle.yaml_reading import MAX_BYTES, Document, read_yaml

SPECIFICATIONS = ("reprobundle.yaml", "reprobundle.yml")
USUAL = ("documentation/card.yaml", "card.yaml")
SOURCE = "code/source/"
SUFFIXES = (".yaml", ".yml")
MOST_FILES = 50
FIELD = "documentation"


@dataclass(frozen=True)
class OwnCard:
    """A card of the project.

    Attributes:
        file: As a person in the current folder writes it.
        value: What it says.
        lines: The line of each path.
    """

    file: str
    value: Mapping[str, Any]
    lines: Mapping[str, int]

    def line(self, path: str) -> int | None:
        """The line on which a field, or else what it lies in, stands."""
        return line_of(self.lines, path)


def in_project(report: LintReport, bundle: VerifiedBundle) -> LintReport:
    """The report with the places of findings in the project's own card, where that is at hand and says the same.

    Args:
        report: Of the bundle; its findings name the bundle's copy.
        bundle: The bundle.
    """
    card = bundle.manifest.documentation.path
    if not any(lint.file == card for lint in report.lints):
        return report
    packed = _read(inside(bundle.path, card), card)
    own = next(_own(bundle, packed), None) if packed is not None else None
    if own is None or packed is None:
        return report
    said = _mapping(packed.value)
    lints = tuple(_moved(lint, own, said) if lint.file == card else lint for lint in report.lints)
    return report.model_copy(update={"lints": lints})


def _moved(lint: Lint, own: OwnCard, packed: Mapping[str, Any]) -> Lint:
    path = lint.path or ""
    if at(own.value, path) != at(packed, path):
        return lint
    return lint.model_copy(update={"file": own.file, "line": own.line(path), "within": "project"})


def _own(bundle: VerifiedBundle, packed: Document) -> Iterator[OwnCard]:
    """The cards below the current folder that are this bundle's, the likeliest first."""
    said = _mapping(packed.value)
    for name, field in _candidates(bundle):
        place = Path(name)
        if bundle.path.resolve() in place.resolve().parents:
            continue
        document = _read(place, name)
        value = _mapping(document.value) if document is not None else {}
        inner = value.get(field) if field else value
        if document is None or not isinstance(inner, dict) or not _is_same_model(inner, said):
            continue
        lines = (
            {path.removeprefix(f"{field}."): line for path, line in document.lines.items()} if field else document.lines
        )
        yield OwnCard(name, _mapping(inner), lines)


def _candidates(bundle: VerifiedBundle) -> Iterator[tuple[str, str]]:
    """Files that may be the card, each with the field it stands in."""
    for name in SPECIFICATIONS:
        document = _read(Path(name), name)
        named = _mapping(document.value).get(FIELD) if document is not None else None
        if isinstance(named, str):
            yield PurePosixPath(named).as_posix(), ""
        elif isinstance(named, dict):
            yield name, FIELD
    yield from ((name, "") for name in USUAL)
    sources = (entry.path for entry in bundle.manifest.files if entry.path.startswith(SOURCE))
    cards = [
        path.removeprefix(SOURCE) for path in sources if path.endswith(SUFFIXES) and "card" in path.rpartition("/")[2]
    ]
    yield from ((name, "") for name in cards[:MOST_FILES])


def _read(place: Path, name: str) -> Document | None:
    """A YAML file; None where there is none that can be read: then it is nobody's card."""
    try:
        if not place.is_file() or place.stat().st_size > MAX_BYTES:
            return None
        return read_yaml(place.read_bytes(), name=name)
    except (OSError, ValueError, RefusedInputError):  # ValueError: a zero byte in a name
        return None


def _mapping(value: Json) -> dict[str, Any]:
    wide = widened(value)
    return wide if isinstance(wide, dict) else {}


def _is_same_model(own: Mapping[str, Any], packed: Mapping[str, Any]) -> bool:
    """Whether a card says nothing else in the title, and shares an answer."""
    titles = {value for value in (own.get("title"), packed.get("title")) if value}
    shared = (path for path in QUESTIONS if at(own, path) and at(own, path) == at(packed, path))
    return len(titles) < 2 and any(shared)


def at(value: Any, path: str) -> Any:
    """What stands at a path such as ``authors[0].name``; None where nothing does, and for what is empty."""
    for step in path.replace("[", ".[").split(".") if path else ():
        if step.startswith("["):
            number = int(step[1:-1]) if step[1:-1].isdecimal() else None
            value = value[number] if number is not None and isinstance(value, list) and number < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value or None
