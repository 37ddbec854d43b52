"""A recorded environment as tables that a stranger can read: interpreter and system, distributions, every fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reprobundle.components.environment.section import Distribution, Edited, Section
from reprobundle.phrases import counted
from reprobundle.records import Json
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import NARROWEST, Page, Row
from reprobundle.rendering.wording import lock_words

NONE = "-"
VARIABLES = "variables"
SHOWN_VALUE = 300
SHOWN_COMMIT = 12
_DIM, _YELLOW, _RED = "2", "33", "31"


def render(section: Section, *, colour: bool, width: int) -> str:
    """The whole section, without a newline at the end.

    Args:
        section: The recorded environment.
        colour: Whether to use ANSI colours.
        width: Columns of the terminal; tables take what they need, from 60 on.
    """
    page = Page(colour=colour, width=max(width, NARROWEST))
    _around(page, section)
    _lock(page, section)
    _distributions(page, section.distributions)
    _facts(page, section.numerics)
    _table(page, "Conda packages", ("name", "version", "build", "channel"),
           [(one.name, one.version, one.build, one.channel) for one in section.conda])  # fmt: skip
    _table(page, "Installed, but not in the lock", ("name", "version", "reason"),
           [(one.name, one.version, one.reason) for one in section.left_out])  # fmt: skip
    return page.text()


def _around(page: Page, section: Section) -> None:
    python, platform = section.interpreter, section.platform
    page.field("interpreter", _joined(f"{python.implementation} {python.version}", python.abi or python.cache_tag))
    if python.build:
        page.field("", prose(f"build: {python.build}"))
    page.field("system", _joined(f"{platform.system} {platform.machine}", platform.libc, platform.distribution))
    page.field("container", escape(platform.container or "none"))
    if platform.slurm is not None:
        sizes = [f"{value} {name.replace('_', ' ')}" for name, value in platform.slurm.model_dump().items() if value]
        page.field("Slurm job", ", ".join(sizes) or "of an unknown size")
    page.field("conda", counted(len(section.conda), "package") if section.conda else "none")


def _lock(page: Page, section: Section) -> None:
    weak = section.lock is None or section.lock.hashes == "none"
    by = f", by {section.lock.by}" if section.lock is not None and section.lock.by != "none" else ""
    page.field("lock", lock_words(section.lock) + by, codes=(_RED,) if weak else ())
    beside = [path for path in (section.pylock, section.portable) if path is not None]
    if beside:
        page.field("", f"beside it {' and '.join(beside)}")
    if section.wheels:
        page.field("wheels", f"{counted(len(section.wheels), 'wheel')} in the bundle itself")
        page.field("", *(escape(path.rpartition("/")[2]) for path in section.wheels))
    if section.index_hints:
        page.field(
            "indexes", *(f"{escape(name)}: {escape(hint)}" for name, hint in sorted(section.index_hints.items()))
        )


def _distributions(page: Page, distributions: Sequence[Distribution]) -> None:
    rows = [
        (one.name, one.version, _origin(one), _yes(one.imported), _yes(one.requested), _edited(one.edited))
        for one in distributions
    ]
    header = ("name", "version", "origin", "imported", "requested", "edited since")
    _table(page, "Distributions", header, rows)


def _origin(one: Distribution) -> str:
    return one.origin.kind + (f" {one.origin.commit[:SHOWN_COMMIT]}" if one.origin.commit else "")


def _edited(edited: Edited | None) -> str:
    if edited is None:
        return NONE
    more = ", …" if edited.count > 1 else ""
    return (
        f"{counted(edited.count, 'file')}: {edited.paths[0]}{more}" if edited.paths else counted(edited.count, "file")
    )


def _facts(page: Page, numerics: Mapping[str, Json]) -> None:
    _table(
        page, "Facts that change numbers", ("fact", "value"), [(name, _value(value)) for name, value in _flat(numerics)]
    )


def _flat(numerics: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Every fact with its value; each variable is a fact of its own, and that there is none is said."""
    for name, value in sorted(numerics.items()):
        if not isinstance(value, dict):
            yield name, value
        elif value:
            yield from ((f"{name}.{key}", part) for key, part in sorted(value.items()))
        else:
            yield name, "none set" if name == VARIABLES else "none"


def _table(page: Page, title: str, header: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    if not rows:
        return
    page.heading(f"{title} ({len(rows):,})")
    shown = [tuple(escape(cell, limit=SHOWN_VALUE) if cell else NONE for cell in row) for row in rows]
    page.folded([Row(tuple(header), (_DIM,)), *(Row(cells) for cells in shown)])


def _yes(answer: bool | None) -> str:  # noqa: FBT001  the recorded value itself
    return NONE if answer is None else "yes" if answer else "no"


def _value(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value) or "none"
    return str(value)


def _joined(*parts: str | None) -> str:
    return prose(", ".join(part for part in parts if part))
