"""Details that can be checked by themselves: the card's form, check digits of ORCIDs, templates' DOIs, dates."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from reprobundle.components.documentation.card import Card, values
from reprobundle.faults import NO_FIELD
from reprobundle.linting.lints import Lint
from reprobundle.linting.rules import in_card, in_manifest
from reprobundle.linting.subject import Subject
from reprobundle.phrases import likely

HINTS = {
    "license": "write an identifier of SPDX, such as Apache-2.0: https://spdx.org/licenses lists them",
    "training_data.license": "write an identifier of SPDX, such as CC-BY-4.0: https://spdx.org/licenses lists them",
    "doi": "write it without https://doi.org/, such as 10.5281/zenodo.3678171",
}
FORM = "docs/format.md and schemas/documentation.schema.json say what stands where"
BEFORE = 60  # characters in which a date is said to be planned
_DATE = re.compile(r"(?<![\d.-])(\d{4})-(\d{2})(?:-(\d{2}))?(?![\d-])")
_YEAR = re.compile(
    r"\b(?:in|since|until|from|on|during|collected|released|published|©|\(c\))\s+(?:\w+\s+)?((?:19|20)\d{2})\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"(\bwill\b[^.;]*|\b(until|till|planned|scheduled|expected|expires?|embargo(ed)?|valid|by)\b\s*(on|in|for|until|to)?\s*)$",
    re.IGNORECASE,
)
_TEMPLATE_DOI = re.compile(
    r"10\.(x+|0000|1234|12345|5555)/.*|10\.\d+/(zenodo\.)?(x+|0+|1234567|12345|todo|placeholder).*", re.IGNORECASE
)


def details(subject: Subject) -> Iterator[Lint]:
    """Everything that one field tells by itself."""
    for fault in subject.faults:
        hint = _nearest(fault.path) if fault.message == NO_FIELD else HINTS.get(fault.path, FORM)
        rule = "licence-invalid" if fault.path in {"license", "training_data.license"} else "form"
        yield in_card(subject, rule, fault.path, f"{fault.path or 'the card'}: {fault.message}", hint=hint)
    yield from _orcids(subject)
    if subject.card.doi and _TEMPLATE_DOI.fullmatch(subject.card.doi):
        message = f"doi: {subject.card.doi!r:.80} is a template's"
        yield in_card(subject, "doi", "doi", message, hint="leave it out until there is one")
    yield from _dates(subject)


def _nearest(path: str) -> str:
    return likely(path, (known for known, _ in values(Card()))) or FORM


def _orcids(subject: Subject) -> Iterator[Lint]:
    for number, author in enumerate(subject.card.authors):
        path = f"authors[{number}].orcid"
        if author.orcid is not None and not _is_orcid(author.orcid):
            message = f"{path}: {author.orcid!r} is mistyped: its last digit does not fit the others"
            yield in_card(subject, "orcid", path, message, hint="copy it from https://orcid.org")


def _is_orcid(orcid: str) -> bool:
    """Whether the last digit is that of ISO 7064, MOD 11-2."""
    digits = orcid.rpartition("/")[2].replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[-1] == ("X" if check == 10 else str(check))


def _dates(subject: Subject) -> Iterator[Lint]:
    for path, text in subject.texts():
        late = next((date for date in _dates_in(text) if date > subject.today.isoformat()[: len(date)]), None)
        if late is not None:
            message = f"{path}: {late} lies in the future"
            yield in_card(subject, "date-future", path, message, hint="correct the date, or write that it is planned")
    for number, split in enumerate(subject.manifest.data.splits if subject.manifest is not None else ()):
        said = split.provenance.collection if split.provenance is not None else None
        late = next((date for date in _dates_in(said or "") if date > subject.today.isoformat()[: len(date)]), None)
        if late is not None:
            path = f"data.splits[{number}].provenance.collection"
            yield in_manifest("date-future", path, f"data split {split.name!r}: {late} lies in the future")


def _dates_in(text: str) -> Iterator[str]:
    """Days, months and years as ISO 8601 writes them, of what is said to have happened."""
    for found in _DATE.finditer(text):
        year, month, day = found.groups()
        if not _PLANNED.search(text[max(found.start() - BEFORE, 0) : found.start()]) and _is_date(year, month, day):
            yield found[0]
    for found in _YEAR.finditer(text):
        if not _PLANNED.search(text[max(found.start() - BEFORE, 0) : found.start(1)]):
            yield found[1]


def _is_date(year: str, month: str, day: str | None) -> bool:
    try:
        datetime.date(int(year), int(month), int(day or 1))
    except ValueError:
        return False
    return True
