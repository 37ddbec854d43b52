"""What may be the answer to a question, for a person to check: never filled in, only shown beside the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reprobundle.initialising.base_models import bases_of
from reprobundle.initialising.known_data import KNOWN
from reprobundle.initialising.project import Module


def suggestions(modules: Sequence[Module], folder: Path) -> Mapping[str, str]:
    """Something to check by the field that it may answer; the first one for a field.

    Args:
        modules: The project.
        folder: Its folder.
    """
    found: dict[str, str] = {}
    for module in modules:
        for call in module.calls():
            known = KNOWN.get(module.full_name(call.func))
            for path, words in known.check.items() if known is not None else ():
                found.setdefault(path, words)
    for base in bases_of(modules, folder):
        if not base.sure:
            words = (
                f"{base.name!r}, which {base.place} loads: a name on the Hub, or a folder or checkpoint of your own?"
            )
            found.setdefault("base_model", words)
    return found
