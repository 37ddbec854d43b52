"""What stands for an answer that is still to be given: a whole answer, or a piece of one, that no reader is helped by.

The same words stand in honest sentences, too: a decision to be confirmed by a doctor, a tag such as TODO in scanned pages,
``<name>`` in an XML file. So a piece counts only where its sentence is made of it or ends with it.
"""

from __future__ import annotations

import re

from reprobundle.components.documentation.unanswered import DONE, MOST_CHARACTERS, stands_for_nothing

COMMANDS = frozenset({"examples"})  # fields in which `<your file>` tells what a reader types
ADDRESSES = frozenset({"contact", "training_data.distribution"})

_TEMPLATE = re.compile(
    r"\blorem ipsum\b|\[more information needed\]|\{\{.*?\}\}"
    r"|[<\[{]\s*(insert|add|todo|describe|fill[ -]in)\b[^<>\[\]{}]{0,80}[>\]}]",
    re.IGNORECASE | re.DOTALL,
)
_YOURS = re.compile(r"[<\[{]\s*your\b[^<>\[\]{}]{0,80}[>\]}]|\bYOUR_[A-Z_]+\b", re.IGNORECASE)
_MARK = re.compile(r"^\W*(TODO|TBD|TBA|FIXME|XXX+)\b|\b(TODO|TBD|TBA|FIXME|XXX+)\s*[:!)\]]")
_LATE = re.compile(
    r"(?:[:=(\u2013\u2014]\s*|\b(?:is|are|still|yet)\s+)(?:TODO|TB[DAC]|FIXME|tb[dac]|XX+|N\. ?N\.|\?\?+)(?=\W*(?:$|[.;)]))"
    r"|\b(?:of|by|from|was|were|at)\s+(?:XX+|N\. ?N\.|\?\?+)(?=\W*(?:$|[.;)]))|\?{2,}(?=\s*(?:%|$))|\?{3,}"
)
_NUMBER = re.compile(
    r"(?<![\w.])(?:\d*X{2,}(?:\.X+)?|X\.X+|\d+\.X{2,})\s*(?:%|percent\b|(?:\w+ )?(?:samples|examples|images|pictures|epochs|hours|runs|seeds"
    r"|GPUs?|parameters|kWh|GB|classes)\b)|(?<![\w.])(?:0\.XX+|X\.XX+)(?!\w)|\b(?:19|20)XX\b"
)
_LATER = re.compile(
    rf"\b(?:still|yet) to be (?:{DONE})\b|\bto be (?:{DONE}) (?:later|soon|here)\b"
    r"|\b(?:is|are) to be (?:added|announced|filled[ -]?in)(?=\W*(?:$|[.;)]\s*))"
    r"|\b(?:coming|follows?) soon(?=\W*(?:$|[.;)]))"
    r"|\b(?:details|information|description|text|more)\s+(?:(?:is|are) )?(?:to (?:follow|come)|will (?:follow|be added)|needed)(?=\W*(?:$|[.;)]))",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"(?:^|[.:;!?(\[<{]\s*)(?:please\s+)?(?:insert|add|enter|paste|write|describe|put|fill in)\s[^.:;!?]{1,80}?\bhere(?=\W*(?:$|[.)\]>}]))",
    re.IGNORECASE,
)
_MENTIONED = re.compile(
    r"(\b(such as|like|called|named|marked|read as|tags?|words?|tokens?|strings?|texts?|labels?|class(es)?|say(ing)?)\s*|[\"'`\u201c\u2018])$",
    re.IGNORECASE,
)
BEFORE = 24  # characters in which a word is told to be one
_NOWHERE = re.compile(
    r"(@|://|\bwww\.|^)(\w[\w-]*\.)*(example\.(com|org|net|edu)|(?<=@)(email|domain|mail|company)\.com)\b",
    re.IGNORECASE,
)


def placeholder(answer: str, path: str) -> str | None:
    """What in an answer stands for one that is still to be given; None where nothing does.

    Args:
        answer: The answer as it stands.
        path: The field.
    """
    begins = answer[:MOST_CHARACTERS]
    if stands_for_nothing(answer):
        return begins
    patterns = [_TEMPLATE, _MARK, _LATE, _NUMBER, _LATER, _HERE]
    patterns += [] if path in COMMANDS else [_YOURS]
    patterns += [_NOWHERE] if path in ADDRESSES else []
    for pattern in patterns:
        for found in pattern.finditer(begins):
            if not _MENTIONED.search(begins[max(found.start() - BEFORE, 0) : found.start()]):
                return found[0]
    return None
