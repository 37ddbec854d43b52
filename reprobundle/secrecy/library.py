"""The rules of detect-secrets, beside our own: formats of services that few models meet.

Only its regular expressions are used, on a text, without its settings, its files and its questions to the services. Rules
that our own say better, and those that alarm on ordinary text, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec

from reprobundle.errors import UnavailableError
from reprobundle.extras import how_to_install
from reprobundle.secrecy.allowing import LIBRARY
from reprobundle.secrecy.placeholders import is_placeholder, is_varied
from reprobundle.secrecy.searching import Further

DETECTORS = {
    "artifactory": "ArtifactoryDetector",
    "cloudant": "CloudantDetector",
    "discord": "DiscordBotTokenDetector",
    "ibm_cos_hmac": "IbmCosHmacDetector",
    "mailchimp": "MailchimpDetector",
    "softlayer": "SoftlayerDetector",
    "square_oauth": "SquareOAuthDetector",
    "twilio": "TwilioKeyDetector",
}
"""Modules of its plugins, with the class of each."""
BORDERED = frozenset({"artifactory", "mailchimp", "twilio"})  # they would match within a longer word
WORD = re.compile(r"[A-Za-z0-9_+/-]")


def library_rules() -> Sequence[Further]:
    """The rules, to be searched for beside our own.

    Raises:
        UnavailableError: The library is not installed.
    """
    if find_spec("detect_secrets") is None:
        message = "secrets cannot be looked for by all rules before publishing: detect-secrets is not installed"
        raise UnavailableError(message, hint=how_to_install("hub"))
    return tuple(_rule(module, name) for module, name in DETECTORS.items())


def _rule(module: str, name: str) -> Further:
    detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
    patterns: tuple[re.Pattern[str], ...] = tuple(detector.denylist)
    rule = f"{LIBRARY}{module.replace('_', '-')}"

    def find(text: str) -> Iterator[tuple[str, int, int]]:
        for pattern in patterns:
            for found in pattern.finditer(text):
                start, end = found.span(1 if pattern.groups else 0)
                secret = text[start:end].strip(" \t\r\n=:\"'")
                if (
                    secret
                    and is_varied(secret)
                    and not is_placeholder(secret)
                    and not _is_within(module, text, start, end)
                ):
                    yield rule, start, end

    return find


def _is_within(module: str, text: str, start: int, end: int) -> bool:
    """Whether a match is a part of a longer word, where the format has no borders of its own."""
    around = text[max(start - 1, 0) : start] + text[end : end + 1]
    return module in BORDERED and WORD.search(around) is not None
