"""The errors of a bundle's documentation in the file that a person wrote its card in, where they will be mended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reprobundle.bundle import VerifiedBundle
from reprobundle.linting import lint_bundle
from reprobundle.linting.lints import Lint
from reprobundle.linting.subject import line_of
from reprobundle.yaml_reading import read_yaml


def errors_in(bundle: VerifiedBundle, card: Path) -> tuple[Lint, ...]:
    """What `publish` would refuse, each with the file in which it stands.

    Args:
        bundle: The bundle, which holds this card.
        card: The file that the card was read from.

    Returns:
        The errors; those of the card name this file and the line in it, all others a file of the bundle.

    Raises:
        RefusedInputError: The file is no strict YAML any more.
        OSError: It cannot be read any more.
    """
    found = lint_bundle(bundle, secrets=False).of("error")
    lines = read_yaml(card.read_bytes(), name=str(card)).lines if found else {}
    section = bundle.manifest.documentation.path
    return tuple(_placed(one, card, lines) if one.within == "project" or one.file == section else one for one in found)


def _placed(lint: Lint, card: Path, lines: Mapping[str, int]) -> Lint:
    line = line_of(lines, lint.path or "")
    return lint.model_copy(update={"file": str(card), "line": line, "within": "project"})
