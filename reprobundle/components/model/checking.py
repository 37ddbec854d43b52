"""Whether the weights of a replay are the recorded ones: names and forms, bytes, and which of them are one tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reprobundle.answers import Answer, Misfit
from reprobundle.components.interface import Site, differs, not_run, same
from reprobundle.components.model.section import NAME, Section, TensorEntry
from reprobundle.frameworks import SELF_CONTAINED
from reprobundle.phrases import counted, some
from reprobundle.report import Finding

SHOWN = 5
SHOWN_DIGITS = 8
BEFORE_LOAD = frozenset({"start", "build", "load"})
UNTIED = "a further training would change one and not the other, which it did not before"
TIED = "a further training would change both, which it did not before"


def findings(section: Section, site: Site) -> Iterator[Finding]:
    """Compare what is in memory after load with the record."""
    yield from values(section, site)
    if site.answer is not None and site.answer.sharing is not None:
        yield from _ties(section, site.answer.sharing)


def values(section: Section, site: Site) -> Iterator[Finding]:
    """Compare the tensors after load with the recorded digests: are these the right weights?"""
    answer = site.answer
    if section.loader == "for_callable":
        yield not_run(NAME, "a plain function has no weights to compare")
    elif answer is not None and answer.misfit is not None:
        yield _unfit(answer.misfit)
    elif answer is None or answer.stage in BEFORE_LOAD:
        yield not_run(NAME, "the weights were not loaded, so they were not compared")
    elif section.loader in SELF_CONTAINED and not section.tensors and not answer.digests:
        yield not_run(NAME, "the weights stand in the model's own file and were not compared one by one")
    else:
        yield _tensors(section, answer)
        yield from _buffers(section, answer)


def not_recorded(section: Section, site: Site) -> int:
    """How many tensors after load, buffers outside the state too, are not the recorded ones; 0 where none was compared.

    A buffer that the class makes no more is not counted: where it matters, the outputs show it.
    """
    answer = site.answer
    if section.loader == "for_callable" or answer is None or answer.stage in BEFORE_LOAD:
        return 0
    return len(_wrong_tensors(section, answer)) + len(_wrong_buffers(section, answer))


def _unfit(misfit: Misfit) -> Finding:
    told = {
        "missing": ("missing from the weights", [repr(name) for name in misfit.missing]),
        "unexpected": ("unknown to the class", [repr(name) for name in misfit.unexpected]),
        "other": ("of another form", [repr(name) for name, _, _ in misfit.other]),
    }
    message = "; ".join(
        f"{counted(max(misfit.counts.get(key, 0), len(names)), 'tensor')} {title}: {_listed(names, misfit, key)}"
        for key, (title, names) in told.items()
        if names
    )
    return differs(
        NAME,
        f"the weights do not fit the class: {message or 'no name was given'}",
        expected="the names and shapes that the class makes" if not misfit.other else some(_forms(misfit, 1), SHOWN),
        found="others" if not misfit.other else some(_forms(misfit, 2), SHOWN),
        hint="nothing is left at a random value here; loaders that are not strict, such as from_pretrained, would go on",
    )


def _listed(names: list[str], misfit: Misfit, key: str) -> str:
    hidden = max(misfit.counts.get(key, 0), len(names)) - min(len(names), SHOWN)
    return ", ".join(names[:SHOWN]) + (f" and {hidden:,} more" if hidden else "")


def _forms(misfit: Misfit, place: int) -> list[str]:
    return [f"{entry[0]!r} {entry[place]}" for entry in misfit.other]


def _tensors(section: Section, answer: Answer) -> Finding:
    recorded = {entry.name: entry for entry in section.tensors}
    wrong = _wrong_tensors(section, answer)
    if not wrong:
        return same(NAME, _as_recorded(section))
    how = [f"{name!r} ({_how(recorded.get(name), answer.digests, answer.forms, name)})" for name in wrong]
    return differs(
        NAME,
        f"{len(wrong):,} of {counted(len({*recorded, *answer.digests}), 'tensor')} after load differ: {some(how, SHOWN)}",
        expected=some([_told(recorded.get(name)) for name in wrong], SHOWN),
        found=some([_found(answer, name) for name in wrong], SHOWN),
    )


def _wrong_tensors(section: Section, answer: Answer) -> list[str]:
    """Names with another digest than the recorded one, recorded ones first."""
    recorded = {entry.name: entry for entry in section.tensors}
    wrong = [name for name, entry in recorded.items() if answer.digests.get(name) != entry.xxh3_128]
    return [*wrong, *(name for name in answer.digests if name not in recorded)]


def _as_recorded(section: Section) -> str:
    """What agrees, and no more than was looked at: a file with the computation in it holds numbers outside tensors too."""
    tensors = counted(len(section.tensors), "tensor")
    if section.loader in SELF_CONTAINED:
        return f"weights after load: {tensors} as recorded; what else stands in the model's own file was not looked at"
    return f"weights after load: {tensors}, all as recorded"


def _how(entry: TensorEntry | None, digests: Mapping[str, str], forms: Mapping[str, str], name: str) -> str:
    """What kind of difference it is."""
    if entry is None:
        return "not recorded"
    if name not in digests:
        return "not there"
    dtype, _, shape = forms.get(name, _form(entry)).partition(" ")
    if shape != str(entry.shape):
        return "another shape"
    return "another dtype" if dtype != entry.dtype else "other bytes"


def _form(entry: TensorEntry) -> str:
    return f"{entry.dtype} {entry.shape}"


def _told(entry: TensorEntry | None) -> str:
    return "no such tensor" if entry is None else f"{_form(entry)} {entry.xxh3_128[:SHOWN_DIGITS]}"


def _found(answer: Answer, name: str) -> str:
    if name not in answer.digests:
        return "no such tensor"
    return f"{answer.forms.get(name, '')} {answer.digests[name][:SHOWN_DIGITS]}".strip()


def _buffers(section: Section, answer: Answer) -> Iterator[Finding]:
    """Buffers that are no part of the state: what the class makes no more, and what did not take its values."""
    gone = [repr(entry.name) for entry in section.buffers if entry.name not in answer.buffers]
    wrong = [repr(name) for name in _wrong_buffers(section, answer)]
    if gone:
        message = f"{counted(len(gone), 'buffer')} that the class makes no more: {some(gone, SHOWN)}"
        yield differs(NAME, message, expected="a buffer outside the state, as at capture", found="none of that name")
    if wrong:
        message = f"{counted(len(wrong), 'buffer')} outside the state after load: {some(wrong, SHOWN)}"
        yield differs(NAME, f"{message}: other values", expected="the recorded digests", found="others")
    if section.buffers and not gone and not wrong:
        yield same(NAME, f"buffers outside the state: {counted(len(section.buffers), 'buffer')}, all as recorded")


def _wrong_buffers(section: Section, answer: Answer) -> list[str]:
    """Names of those that are there with other values."""
    return [e.name for e in section.buffers if e.name in answer.buffers and answer.buffers[e.name] != e.xxh3_128]


def _ties(section: Section, sharing: Mapping[str, str]) -> Iterator[Finding]:
    """Which names are one tensor; only names whose tensors were loaded count."""
    recorded, found = _groups(section.aliases), _groups(sharing)
    untied = [f"{kept!r} and {alias!r}" for alias, kept in section.aliases.items() if not _one(found, alias, kept)]
    tied = [f"{kept!r} and {alias!r}" for alias, kept in sharing.items() if not _one(recorded, alias, kept)]
    if untied:
        message = f"tied weights came back untied: {some(untied, SHOWN)}"
        yield differs(NAME, message, expected="one tensor", found=f"two with memory of their own: {UNTIED}")
    if tied:
        message = f"weights of their own came back tied: {some(tied, SHOWN)}"
        yield differs(NAME, message, expected="two tensors", found=f"one: {TIED}")
    if section.aliases and not untied and not tied:
        yield same(NAME, f"tied weights: {counted(len(section.aliases), 'name')} shared, all as recorded")


def _groups(aliases: Mapping[str, str]) -> dict[str, str]:
    """The one name that stands for all that share a tensor, by each of them."""
    return {**{kept: kept for kept in aliases.values()}, **aliases}


def _one(groups: Mapping[str, str], first: str, second: str) -> bool:
    return first in groups and groups[first] == groups.get(second)
