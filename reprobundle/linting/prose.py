"""Sentences of a card as they are compared: on one line, numbers in one spelling, and what a number in them may mean.

A number is read in every way that a person may have meant it: ``1,234`` is a thousand and more, or one and a bit where commas
are decimal points. Only where no reading fits is anything said.
"""

from __future__ import annotations

import re

from reprobundle.linting.subject import Subject

MOST_CHARACTERS = 10_000  # a card may be hostile
MOST_DIGITS, MOST_EXPONENT = 40, 300
SIZES = {"": 1, "k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "b": 10**9, "bn": 10**9, "billion": 10**9}
WORDS = {
    name: value
    for value, name in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)  # noqa: SIM905  said as one counts
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "eighty": 80, "hundred": 100}  # fmt: skip
NUMBER = (  # no backtracking into another number: what stands before and behind is looked at
    r"(?<![\w.,^])[-+]?\d+(?:[.,_]\d+)*(?:[eE][-+]?\d+|\s?[x\u00d7\u00b7*]\s?10\^[-+]?\d+|\^[-+]?\d+)?(?!\w|[.,]\d)"
)
COUNT = rf"(?:{NUMBER}|(?<![\w.,^])\d+(?:[.,_]\d+)*(?=[kKmMbB]n?\b)|\b(?:{'|'.join(WORDS)})\b)"
SIZE = r"(?:\s?(?P<size>k|thousand|m|million|bn?|billion)\b)?"
HEDGED = re.compile(
    r"(\b(about|around|roughly|approximately|approx\.?|some|nearly|almost|over|under|more than|less than|fewer than|circa|ca\.?"
    r"|up to|at least|at most|close to|order of)|[~\u2248<>\u2264\u2265])\s*$",
    re.IGNORECASE,
)
_HIGH = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a", "0123456789-+")
_RAISED = re.compile(r"(?<=\d)[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207b\u207a]+")
_THIN = re.compile(r"(?<=\d)[\u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))")
_RAISING = re.compile(r"(?<=\d)\*\*(?=[-+]?\d)")  # a power, as Python writes it
_MARKED = re.compile(r"\*\*|__|`|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)")  # what Markdown puts around words
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[,_.]\d{3})+")
_POWER = re.compile(
    r"(?:(?P<factor>[-+]?[\d.,_]+)\s?[x\u00d7\u00b7*]\s?10|(?P<base>[-+]?[\d.,_]+))\^(?P<exponent>[-+]?\d+)"
)


def sentences(subject: Subject, path: str) -> str:
    """A field's text on one line, as far as it is read, with its numbers in one spelling; empty for what capture filled in."""
    if path in subject.captured:
        return ""
    text = _THIN.sub(",", subject.text(path)[:MOST_CHARACTERS]).replace("\u2212", "-")
    text = _MARKED.sub("", _RAISING.sub("^", text))
    return " ".join(_RAISED.sub(lambda found: "^" + found[0].translate(_HIGH), text).split())


def readings(said: str) -> tuple[float, ...]:
    """Every number that a spelling may mean; empty where it is none, as the version ``2.13.0``."""
    word = WORDS.get(said.casefold())
    if word is not None:
        return (float(word),)
    if sum(character.isdigit() for character in said) > MOST_DIGITS:
        return ()
    power = _POWER.fullmatch(said)
    if power is not None:
        return _powers(power)
    mantissa, mark, exponent = said.casefold().partition("e")
    if mark and abs(int(exponent)) > MOST_EXPONENT:
        return ()
    return tuple(dict.fromkeys(value * 10.0 ** int(exponent or 0) if mark else value for value in _plain(mantissa)))


def _powers(found: re.Match[str]) -> tuple[float, ...]:
    exponent = int(found["exponent"])
    if abs(exponent) > MOST_EXPONENT:
        return ()
    if found["factor"] is not None:
        return tuple(value * 10.0**exponent for value in _plain(found["factor"]))
    base = _plain(found["base"])
    return tuple(10.0**exponent if value == 10 else value**exponent for value in base if 0 < value <= 10)


def _plain(said: str) -> tuple[float, ...]:
    """A number without an exponent; a comma groups digits, or is a decimal point, or parts two numbers of a list."""
    digits = said.lstrip("+-")
    sign = -1.0 if said.startswith("-") else 1.0
    grouped = _GROUPED.fullmatch(digits) is not None
    found = [_joined(digits)] if grouped or digits.isdecimal() else []
    if re.fullmatch(r"\d+[.,]\d+", digits):
        found.append(float(digits.replace(",", ".")))
    if re.fullmatch(r"[1-9]\d*(,\d+)+", digits) and not grouped:
        found += [float(part) for part in digits.split(",")]
    if re.fullmatch(r"\d{1,3}(,\d{3})+\.\d+", digits):
        found.append(float(digits.replace(",", "")))
    if re.fullmatch(r"\d+(_\d+)+", digits):
        found.append(_joined(digits))
    return tuple(sign * value for value in found)


def _joined(digits: str) -> float:
    return float(re.sub("[,._]", "", digits))


def places_of(said: str) -> int:
    """Digits behind the point of a plain number."""
    mantissa = said.casefold().partition("e")[0]
    return len(re.split("[.,]", mantissa)[-1]) if re.search("[.,]", mantissa) else 0
