"""Whether the weights of a replay are the recorded ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reprobundle.components.interface import Site, differs, not_run, same
from reprobundle.components.model.section import NAME, Section
from reprobundle.report import Finding

MISSING_SHOWN = 5


def findings(section: Section, site: Site) -> Iterator[Finding]:
    """Compare the tensors after load with the recorded digests: are these the right weights?"""
    if section.loader == "for_callable":
        yield not_run(NAME, "a plain function has no weights to compare")
    elif site.answer is None or not site.answer.digests:
        yield not_run(NAME, "the weights were not loaded, so they were not compared")
    else:
        yield from _check_digests({entry.name: entry.xxh3_128 for entry in section.tensors}, site.answer.digests)


def _check_digests(recorded: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Finding]:
    wrong = [name for name in recorded if found.get(name) != recorded[name]]
    wrong += [name for name in found if name not in recorded]
    if not wrong:
        yield same(NAME, f"weights after load: {len(recorded)} tensors, all as recorded")
    for name in wrong[:MISSING_SHOWN]:
        expected, now = recorded.get(name, "no such tensor"), found.get(name, "no such tensor")
        yield differs(NAME, f"tensor {name!r} after load: digest differs", expected=expected, found=now)
    if len(wrong) > MISSING_SHOWN:
        more = len(wrong) - MISSING_SHOWN
        yield differs(NAME, f"and {more} more tensors after load", expected="as recorded", found="other digests")
