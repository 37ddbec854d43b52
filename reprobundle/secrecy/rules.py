"""All that keys and tokens look like, in the order in which they are looked for.

The letters of a rule are looked for first, which is a hundred times as fast as the pattern: an ordinary file meets few
patterns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobundle.secrecy.logins import LOGINS
from reprobundle.secrecy.rule import Rule
from reprobundle.secrecy.services import SERVICES
from reprobundle.secrecy.words import Words

RULES = (*SERVICES, *LOGINS)


_OF_NAMES = tuple((number, rule) for number, rule in enumerate(RULES) if not rule.is_word)


def _of_words() -> Sequence[tuple[str, tuple[int, ...]]]:
    """Each anchor of a word once, with the numbers of its rules."""
    of_anchor: dict[str, list[int]] = {}
    for number, rule in enumerate(RULES):
        for anchor in rule.anchors if rule.is_word else ():
            of_anchor.setdefault(anchor, []).append(number)
    return [(anchor, tuple(numbers)) for anchor, numbers in of_anchor.items()]


_OF_WORDS = _of_words()


def possible(lowered: str, words: Words) -> Iterator[Rule]:
    """The rules of which an anchor stands in a text, in their order.

    Args:
        lowered: The text in lower case.
        words: Its long words.
    """
    long = words.text
    numbers = {number for anchor, of_rules in _OF_WORDS if anchor in long for number in of_rules}
    numbers.update(_named(lowered, words))
    yield from (RULES[number] for number in sorted(numbers))


def _named(lowered: str, words: Words) -> Iterator[int]:
    """The same of those known by a name; the value is looked for first, as few texts have one."""
    known: dict[str, bool] = {}
    for number, rule in _OF_NAMES:
        if rule.value is None or words.have(rule.value, numbered=True):
            for anchor in rule.anchors:
                if anchor not in known:
                    known[anchor] = anchor in lowered
                if known[anchor]:
                    yield number
                    break
