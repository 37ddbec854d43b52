"""Names of people in their parts, as citations want them: family, given, particle and suffix.

The rules are those of BibTeX: ``First von Last``, ``von Last, First`` and ``von Last, Jr, First``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_UNPARTED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # written with the family's name first, or unparted


def parted(name: str) -> Mapping[str, str]:
    """The parts of a person's name by the names that ``CITATION.cff`` has for them; a single word is an alias.

    Args:
        name: As it should be cited.
    """
    if "," in name:
        return _by_comma([part.strip() for part in name.split(",")])
    words = name.split()
    if len(words) < 2 or _UNPARTED.search(name):
        return {"alias": " ".join(words)}
    suffix = words.pop() if len(words) > 2 and _is_suffix(words[-1]) else ""
    begin = next((place for place, word in enumerate(words) if place and word[0].islower()), len(words) - 1)
    return _present(words[begin:], " ".join(words[:begin]), suffix)


def _by_comma(parts: list[str]) -> Mapping[str, str]:
    family, *others = parts
    suffix = others.pop(0) if len(others) > 1 else others.pop() if others and _is_suffix(others[0]) else ""
    return _present(family.split(), ", ".join(filter(None, others)), suffix)


def _is_suffix(word: str) -> bool:
    return word.rstrip(".").lower() in SUFFIXES


def _present(family: list[str], given: str, suffix: str) -> Mapping[str, str]:
    """The parts that are there; small words before the family's name are its particle."""
    begin = next((place for place, word in enumerate(family) if not word[0].islower()), 0)
    parts = {
        "family-names": " ".join(family[begin:]),
        "given-names": given,
        "name-particle": " ".join(family[:begin]),
        "name-suffix": suffix,
    }
    return {field: text for field, text in parts.items() if text}


def family_and_given(name: str) -> tuple[str, str]:
    """A person's name in the two parts that records of archives have; the second is empty where there is one word only.

    Args:
        name: As it should be cited.
    """
    parts = parted(name)
    if "alias" in parts:
        return parts["alias"], ""
    family = " ".join(filter(None, (parts.get("name-particle"), parts.get("family-names"))))
    given = " ".join(filter(None, (parts.get("given-names"), parts.get("name-suffix"))))
    return (family, given) if family else (given, "")
