"""``reprobundle show``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import screen
from reprobundle.errors import UsageError
from reprobundle.rendering import escape

if TYPE_CHECKING:
    from reprobundle.bundle import Bundle
    from reprobundle.exports.archives import PackedBundle

INLINE_KEYS = 6
INDENT = "  "
UNSIGNED = "UNSIGNED: nothing proves who made it"
PACKED = "whether it is signed is what verify says of a packed file"


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("section", required=False)
@screen.verbosity
def show(bundle: Path, section: str | None, *, as_json: bool, quiet: bool) -> int:
    """Show what is inside a bundle; nothing of it is run.

    BUNDLE may be a file that pack wrote. SECTION is a part of the manifest, such as environment, model, notes or files.
    The manifest is read, the files are not: whether they are what it lists is what verify checks.
    """
    from reprobundle.exports import archives

    opened = archives.opened(bundle)
    content: dict[str, Any] = opened.manifest.model_dump(mode="json")
    if section is not None and section not in content:
        sections = ", ".join(key for key, value in content.items() if isinstance(value, dict | list))
        raise UsageError(f"there is no section {section!r}", hint=f"the sections are {sections}")
    if as_json:
        screen.document(opened.content if section is None else _document(content[section]))
    elif not quiet:
        lines = _lines(opened, content, section)
        screen.text("\n".join(lines) or "nothing")
    return 0


def _lines(opened: Bundle | PackedBundle, content: dict[str, Any], section: str | None) -> Iterator[str]:
    if section is None:
        return _overview(opened, content)
    if section == "environment":
        return _environment(opened)
    if section == "data":
        return _splits(opened)
    if section == "claims":
        return _claims(opened)
    if section == "documentation":
        return _questions(opened, content)
    return _notes(opened) if section == "notes" else _tree(content[section], "")


def _environment(opened: Bundle | PackedBundle) -> Iterator[str]:
    """Tables in place of a tree: hundreds of distributions and facts are read by column."""
    from reprobundle.rendering import environment

    yield environment.render(opened.manifest.environment, colour=screen.colours(), width=screen.width())


def _splits(opened: Bundle | PackedBundle) -> Iterator[str]:
    """The data splits as tables: who reads them looks for counts, leakage and origin, not for keys."""
    from reprobundle.rendering import splits

    yield splits.render(opened.manifest.data, colour=screen.colours(), width=screen.width())


def _claims(opened: Bundle | PackedBundle) -> Iterator[str]:
    """Each number with its interval and groups, and what in it contradicts another."""
    from reprobundle.rendering import stated

    yield stated.render(opened.manifest.claims, opened.manifest.data, colour=screen.colours(), width=screen.width())


def _questions(opened: Bundle | PackedBundle, content: dict[str, Any]) -> Iterator[str]:
    """How far the card is answered, and what is open."""
    from reprobundle.rendering import questions

    yield questions.render(opened.manifest.documentation, content, colour=screen.colours(), width=screen.width())


def _document(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"


def _overview(opened: Bundle | PackedBundle, content: dict[str, Any]) -> Iterator[str]:
    """Name, id, and a few lines for each section."""
    from reprobundle import bundle as bundles

    yield f"{escape(opened.manifest.name)}  {opened.id}"
    yield "read, not verified: reprobundle verify checks the files"
    if not isinstance(opened, bundles.Bundle):  # signatures stand at its end
        yield PACKED
    else:
        yield "signed, not checked: verify --key" if opened.signatures() else UNSIGNED
    yield from _worth_knowing(opened)
    for key, value in content.items():
        if isinstance(value, dict):
            yield ""
            yield key
            width = max((len(name) for name in value), default=0)
            yield from (f"{INDENT}{escape(name):<{width}}  {_brief(part)}" for name, part in value.items())
        elif isinstance(value, list) and value:
            yield ""
            yield f"{key}  {_brief(value)}"


def _worth_knowing(opened: Bundle | PackedBundle) -> Iterator[str]:
    """What nobody should have to look for: another name, an earlier bundle, no proof, a lock without hashes, notes."""
    from reprobundle.frameworks import SELF_CONTAINED
    from reprobundle.phrases import counted
    from reprobundle.rendering import stated
    from reprobundle.rendering.wording import lock_words, proof_words

    manifest, lock = opened.manifest, opened.manifest.environment.lock
    other = screen.other_name(opened.path, manifest.name)
    if other is not None:
        yield other
    if manifest.previous:
        yield f"resealed from {manifest.previous[-1]}"
    if manifest.model.loader in SELF_CONTAINED:
        yield SELF_CONTAINED[manifest.model.loader]
    if not manifest.proof.proven:
        yield proof_words(manifest.proof.status, manifest.proof.why)
    if lock is None or lock.hashes == "none":
        yield f"lock: {lock_words(lock)}"
    yield from stated.warnings(manifest.claims, manifest.data)
    if manifest.notes:
        yield f"{counted(len(manifest.notes), 'note')} of the capture: reprobundle show BUNDLE notes"


def _notes(opened: Bundle | PackedBundle) -> Iterator[str]:
    """Each note of the capture with its way out."""
    from reprobundle.rendering.wording import found_lines

    for note in found_lines(opened.manifest.notes):
        yield f"{note.kind}: {note.text}"
        if note.hint:
            yield f"{INDENT}hint: {note.hint}"


def _brief(value: Any) -> str:
    """A value on one line: as it is where it is small, else how much of it there is."""
    if isinstance(value, dict):
        if len(value) <= INLINE_KEYS and not any(isinstance(part, dict | list) for part in value.values()):
            return ", ".join(f"{escape(name)} {_scalar(part)}" for name, part in value.items()) or "none"
        return f"{len(value):,} entries"
    if isinstance(value, list):
        if len(value) <= INLINE_KEYS and not any(isinstance(part, dict | list) for part in value):
            return ", ".join(_scalar(part) for part in value) or "none"
        return f"{len(value):,} entries" if len(value) != 1 else "1 entry"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None or value == "":
        return "-"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else escape(value)


def _tree(value: Any, indent: str) -> Iterator[str]:
    """The whole of a value, one line a leaf, indented by depth."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _branch(f"{indent}{escape(name)}:", part, indent)
    elif isinstance(value, list):
        for part in value:
            yield from _item(part, indent)
    else:
        yield indent + _scalar(value)


def _branch(start: str, part: Any, indent: str) -> Iterator[str]:
    """A name with its value: beside it where it fits, else below."""
    if _is_small(part):
        yield f"{start} {_brief(part)}"
    else:
        yield start
        yield from _tree(part, indent + INDENT)


def _item(part: Any, indent: str) -> Iterator[str]:
    """An entry of a list, marked where it begins."""
    lines = [_brief(part)] if _is_small(part) else list(_tree(part, ""))
    for number, line in enumerate(lines):
        yield f"{indent}{'- ' if number == 0 else INDENT}{line}"


def _is_small(part: Any) -> bool:
    if not isinstance(part, dict | list):
        return True
    inner = list(part.values()) if isinstance(part, dict) else part
    return len(inner) <= INLINE_KEYS and not any(isinstance(value, dict | list) or _is_long(value) for value in inner)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 60  # a sentence deserves its own line
