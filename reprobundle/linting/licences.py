"""Licences: valid, current, the same wherever the same thing is meant, and with the terms that what they rest on asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.linting.lints import Level, Lint
from reprobundle.linting.rules import in_card, in_manifest
from reprobundle.linting.sources import Original, Said, of_bases, of_code, of_splits, original_of
from reprobundle.linting.spdx import canonical, choices, deprecated_in
from reprobundle.linting.subject import Subject
from reprobundle.linting.terms import Family, dropped, family_of, together
from reprobundle.linting.weighing import weigh, words_of
from reprobundle.phrases import some

Source = Literal["data", "base"]
RIGHTS = "ethics.intellectual_property"
REASON_WORDS = 8  # besides the names of the licences
SAY_WHY = f"name both in {RIGHTS} with the reason that allows it; --allow RULE lets the rule go this once"
EXPLAINED = f"{RIGHTS} says why it may be so"
LIST = "https://spdx.org/licenses lists them"
FIELDS = {"license": "the model", "training_data.license": "the training data"}
GRAVE: Mapping[Source, Mapping[str, Level]] = {  # that a model is made from another is plain; from data, it is disputed
    "data": {
        "non-commercial": "error",
        "no-derivatives": "warning",
        "share-alike": "warning",
        "use restrictions": "warning",
        "attribution": "advice",
    },
    "base": {
        "non-commercial": "error",
        "no-derivatives": "error",
        "share-alike": "error",
        "use restrictions": "error",
        "attribution": "warning",
    },
}


def licences(subject: Subject) -> Iterator[Lint]:
    """Everything about licences."""
    for path in FIELDS:
        yield from _spelling(subject, path)
    splits = tuple(of_splits(subject))
    yield from _data_differs(subject, splits)
    yield from _upstream(subject, splits)
    yield from _code(subject)


def _spelling(subject: Subject, path: str) -> Iterator[Lint]:
    said = subject.text(path)
    if not said:
        return
    known = canonical(said)
    if known is None:
        message = f"{path}: {said!r:.80} is no licence expression of SPDX"
        hint = f"write an identifier such as Apache-2.0 or CC-BY-4.0, or LicenseRef-NAME for your own: {LIST}"
        yield in_card(subject, "licence-invalid", path, message, hint=hint)
        return
    for old, new in deprecated_in(known):
        hint = f"write {new}" + (f" or {old.removesuffix('+')}-or-later" if new.endswith("-only") else "")
        yield in_card(subject, "licence-deprecated", path, f"{path}: SPDX has deprecated {old}", hint=hint)


def _data_differs(subject: Subject, splits: tuple[Said, ...]) -> Iterator[Lint]:
    said = subject.text("training_data.license")
    own = canonical(said) if said else None
    others = [split for split in splits if split.trains and own is not None and not _is_within(split.expression, own)]
    if others:
        told = some([f"{other.of} {other.expression}" for other in others])
        message = f"training_data.license says {own}, but recorded is {told}"
        hint = "one of the two is wrong; where several licences hold together, join them with AND"
        yield in_card(subject, "licence-data-differs", "training_data.license", message, hint=hint)


def _is_within(part: str, whole: str) -> bool:
    """Whether one expression says no more than the other, which may join it with further licences."""
    return part == whole or all(any(piece <= choice for choice in choices(whole)) for piece in choices(part))


def _upstream(subject: Subject, splits: tuple[Said, ...]) -> Iterator[Lint]:
    said_of_data = canonical(subject.text("training_data.license") or "-")
    data = list(splits)
    if not data and said_of_data is not None:
        data = [Said("the training data", said_of_data, "training_data.license")]
    original = original_of(subject)
    bases = tuple(of_bases(subject, original))
    found = [*_original(subject, original)]
    for base in bases:
        found += _judged(subject, base, "base")
    for said in data:
        found += _judged(subject, said, "data")
    yield from found
    yield from _inputs(subject, [*bases, *(said for said in data if said.trains)])


def _original(subject: Subject, original: Original | None) -> Iterator[Lint]:
    """What the README that came with the weights says, and the card does not."""
    if original is None:
        return
    if original.fault is not None:
        message = f"the README that came with the weights was not compared: {original.fault}"
        yield in_card(
            subject, "licence-unknown", "license", message, hint="compare its licence with the card's yourself"
        )
        return
    own = _own(subject)
    if original.licence is not None and own is not None and _modern(original.licence) != _modern(own):
        message = f"license says {own}, {original.path} says {original.licence}"
        hint = f"one of the two is wrong, unless you may give another licence; then {SAY_WHY}"
        told = explained(subject, own, original.licence)
        message = f"{message}; {EXPLAINED}" if told else message
        level: Level = "advice" if told else "warning"
        yield in_card(subject, "licence-original", "license", message, hint=None if told else hint, level=level)
    unnamed = [name for name in original.bases if name not in subject.card.base_model]
    if unnamed:
        message = f"{original.path} says that the model was made from {some(unnamed)}; base_model does not name it"
        yield in_card(subject, "base-model", "base_model", message, hint="name it in base_model")


def _own(subject: Subject) -> str | None:
    """The model's licence; None where there is none, or none that is valid."""
    said = subject.text("license")
    return canonical(said) if said else None


def _judged(subject: Subject, said: Said, source: Source) -> Iterator[Lint]:
    """What one licence upstream asks for, and the model's licence leaves out."""
    own = _own(subject)
    options = [families for families in map(_families, choices(said.expression)) if families is not None]
    if not options:
        message = f"nothing is known of the terms of {said.expression!r:.80}, the licence of {said.of}: not compared"
        yield _placed(subject, "licence-unknown", said, message, hint="compare it with the model's licence yourself")
        return
    if own is None:
        return
    models = [_families(choice) for choice in choices(own)]
    known = [families for families in models if families is not None]
    if not known:
        message = (
            f"nothing is known of the terms of {own!r:.80}, the model's licence: not compared with that of {said.of}"
        )
        yield in_card(subject, "licence-unknown", "license", message, hint="compare them yourself")
        return
    lost = min((_lost(option, known) for option in options), key=len)
    if source == "data" and not said.trains:
        return  # what was only measured on leaves nothing in the weights
    if lost:
        yield _contradiction(subject, own, said, source, lost)


def _contradiction(subject: Subject, own: str, said: Said, source: Source, lost: tuple[str, ...]) -> Lint:
    levels = [GRAVE[source][name] for name in lost]
    level: Level = "error" if "error" in levels else "warning" if "warning" in levels else "advice"
    words = {
        "non-commercial": "allows no commercial use",
        "no-derivatives": "allows nothing changed to be shared",
        "share-alike": "asks for the same licence again",
        "use restrictions": "asks for its restrictions of use to be passed on",
        "attribution": "asks for its source to be named",
    }
    asked = some([words[name] for name in lost], len(lost))
    message = f"license says {own}, but {said.of} is under {said.expression}, which {asked}"
    hint: str | None = f"take a licence that keeps these terms, or {SAY_WHY}"
    if explained(subject, own, said.expression):
        level = "warning" if level == "error" else level
        message, hint = f"{message}; {EXPLAINED}", "whoever publishes it answers for that reason"
    return in_card(subject, f"licence-{source}", "license", message, hint=hint, level=level)


def explained(subject: Subject, *expressions: str) -> bool:
    """Whether a person names every licence of these expressions in the card, by its identifier, and gives a reason.

    What capture filled in names licences, too, and gives no reason.
    """
    text = subject.text(RIGHTS)
    if not text or RIGHTS in subject.captured or weigh(text, path=RIGHTS, asks=QUESTIONS[RIGHTS], least=0) is not None:
        return False
    names = {name for expression in expressions for choice in choices(expression) for name in choice}
    left = text
    for name in sorted(names, key=len, reverse=True):
        plain = re.escape(name.removeprefix("LicenseRef-"))
        found = re.compile(rf"(?<![\w.-])(?:LicenseRef-)?{plain}(?![\w+]|[.-]\w)", re.IGNORECASE)
        if not found.search(text):
            return False
        left = found.sub(" ", left)
    return words_of(left) >= REASON_WORDS


def _lost(upstream: tuple[Family, ...], models: list[tuple[Family, ...]]) -> tuple[str, ...]:
    """Terms of licences that hold together which any of the model's choices leaves out."""
    found = (name for family in upstream for model in models for name in dropped(family, model))
    return tuple(dict.fromkeys(found))


def _families(choice: frozenset[str]) -> tuple[Family, ...] | None:
    found = [family_of(identifier) for identifier in choice]
    known = [family for family in found if family is not None]
    return together(known) if len(known) == len(found) and known else None


def _inputs(subject: Subject, inputs: list[Said]) -> Iterator[Lint]:
    """Two inputs that each ask for a licence of their own cannot both be content."""
    asking: dict[str, Said] = {}
    for said in inputs:
        options = [families for families in map(_families, choices(said.expression)) if families is not None]
        wanted = [{family.terms.family for family in option if family.terms.family} for option in options]
        if wanted and all(wanted):
            asking.setdefault(min(wanted[0]), said)
    if len(asking) > 1:
        told = some([f"{said.of} ({said.expression})" for said in asking.values()])
        message = f"no licence keeps the terms of all: {told} each ask for their own"
        hint = "leave one of them out, or ask its owner for another licence"
        yield in_card(subject, "licence-inputs", "license", message, hint=hint)


def _code(subject: Subject) -> Iterator[Lint]:
    said, own = of_code(subject), _own(subject)
    if said is None or own is None or _is_within(_modern(said.expression), _modern(own)):
        return
    message = f"license says {own}, the code's licence file {said.path} is {said.expression}"
    hint = "license covers weights and code: write both, joined with AND, or change one"
    yield in_card(subject, "licence-code", "license", message, hint=hint)


def _modern(expression: str) -> str:
    """Versions of one licence told apart only where its text tells them apart."""
    made = expression
    for old, new in deprecated_in(expression):
        made = made.replace(old, new)
    return made.replace("-or-later", "-only")


def _placed(subject: Subject, rule: str, said: Said, message: str, *, hint: str) -> Lint:
    if said.path.startswith("data."):
        return in_manifest(rule, said.path, message, hint=hint)
    return in_card(subject, rule, "license", message, hint=hint)
