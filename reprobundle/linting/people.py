"""What concerns people: personal data without an answer on consent or privacy, uses that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reprobundle.components import claims
from reprobundle.linting.lints import Lint
from reprobundle.linting.rules import in_card, in_manifest
from reprobundle.linting.subject import Subject
from reprobundle.linting.weighing import same_words
from reprobundle.phrases import some

COLUMNS = frozenset(
    """
    age birthdate birthday city date_of_birth dob email ethnicity first_name firstname full_name gender iban income ip ip_address
    last_name lastname marital_status nationality passport patient patient_id phone phone_number postcode race religion sex ssn
    surname user_id username zip zipcode
    """.split()  # noqa: SIM905  forty quotes would hide the names
)
_PERSONAL = re.compile(
    r"\b(personal data|personally identifiable|personal information|pii|patients?|medical records?|health records?|faces"
    r"|interviews?|survey respondents?|study participants?)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(no|not|without|never|neither|free of|contains? no|does not contain|n/a)\b[^.;]{0,60}$", re.IGNORECASE
)
_NO_PERSONAL = re.compile(
    r"\b(no|not any|without|free of)\b[^.;]{0,30}\b(personal (data|information)|pii|personally identifiable)",
    re.IGNORECASE,
)
BEFORE = 80  # characters in which what follows is denied
ABOUT_DATA = (
    "training_data.collection",
    "training_data.statistics",
    "training_data.terms",
    "ethics.privacy",
    "description",
)


def people(subject: Subject) -> Iterator[Lint]:
    """Everything about people: whose data it is, and for whom the model is."""
    yield from _uses(subject)
    yield from _personal(subject)
    yield from _of_groups(subject)


def _of_groups(subject: Subject) -> Iterator[Lint]:
    found = subject.manifest.claims.claims if subject.manifest is not None else ()
    for number, claim in enumerate(found):
        for told in claims.remarks(claim, {}):  # whose names would be those of whoever lints
            message = f"{claim.id!r}: {told.words}"
            yield in_manifest("groups-personal", f"claims.claims[{number}].groups", message, hint=told.hint)


def _uses(subject: Subject) -> Iterator[Lint]:
    intended, out = subject.text("use.intended"), subject.text("use.out_of_scope")
    if out and not intended:
        message = "use.out_of_scope is answered, use.intended is not: a reader cannot tell what the model is for"
        yield in_card(subject, "use-missing", "use.intended", message, hint="say what it was made for")
    if intended and same_words(intended) == same_words(out):
        message = "use.out_of_scope says what use.intended says: one use cannot be both"
        yield in_card(subject, "use-same", "use.out_of_scope", message, hint="say what it must not be used for")


def _personal(subject: Subject) -> Iterator[Lint]:
    columns = _columns(subject)
    if columns and _NO_PERSONAL.search(subject.text("ethics.privacy")):
        message = f"ethics.privacy says that there is no personal data; the data has {some(columns)}"
        hint = "say what these columns hold, or leave them out"
        yield in_card(subject, "personal-data-denied", "ethics.privacy", message, hint=hint)
    open_ = [path for path in ("ethics.privacy", "ethics.consent") if subject.standing.states[path] == "open"]
    if not open_:
        return
    asked = f"{' and '.join(open_)} {'is' if len(open_) == 1 else 'are'} not answered"
    said = _said(subject)
    hint = "say how the data is protected, and what the people agreed to; or why neither is needed"
    if said is not None:
        path, words = said
        message = f"{path} speaks of {words!r}, and {asked}"
        yield in_card(subject, "personal-data", open_[0], message, hint=hint)
    elif columns:
        message = f"the data has {some(columns)}, which may be about people, and {asked}"
        yield in_manifest("personal-data", "data.splits", message, hint=hint, level="warning")


def _said(subject: Subject) -> tuple[str, str] | None:
    """The first field that speaks of personal data and does not deny it."""
    for path in ABOUT_DATA:
        text = subject.text(path)
        for found in _PERSONAL.finditer(text):
            if not _DENIED.search(text[max(found.start() - BEFORE, 0) : found.start()]):
                return path, found[0]
    return None


def _columns(subject: Subject) -> list[str]:
    """Columns of the recorded splits whose names are those of personal data."""
    splits = subject.manifest.data.splits if subject.manifest is not None else ()
    names = {leaf.name for split in splits for leaf in split.leaves}
    return sorted(name for name in names if re.sub(r"[\s-]+", "_", name.casefold()) in COLUMNS)
