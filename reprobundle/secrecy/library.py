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
from reprobundle.store import digest_bytes

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
_KEY = r"[_-]?(?:ap.{1,2})?[_-]?(?:key|pw|pass|token)"  # an i may be a Turkish one, which folds into two characters
NEEDED = {
    "5f496211c30d9bff951618ee4f0fb9a8": r"akc[a-z0-9]{10}",
    "210bb7c4e3b1c86fec8718e1b48bac29": r"ap[\da-f][a-z0-9]{8}",
    "ecbf7f92882522c24f0af0305b0b3836": rf"cl(?:ou)?(?:dant)?{_KEY}",
    "0bb40c370283a9d6d1af783415efb3e6": rf"cl(?:ou)?(?:dant)?{_KEY}",
    "717e544cc34072c1a9bdd0c2276940d7": r"\.cloudant\.com",
    "67022969a8247b20fc138e70586946d2": r"\.cloudant\.com",
    "2ca7f0db9d2c507dc2dccdd31f56b135": r"secret[-_]?(?:access)?[-_]?key",
    "3224a6aa883188c6d8ad5146ef678ada": r"-us[0-9]",
    "1069b2f4f0fe1aa89427edf44513ab8b": rf"s(?:oft)?l(?:ayer)?{_KEY}",
    "4c9fc97558b092e464d62a0ece1c160a": r"softlayer.com/soap",
}
"""By the digest of a pattern that is slow by itself: what any text that it matches holds, in folded case, and what is found fast.

A pattern of another version of the library has another digest, and is searched for by itself.
"""


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
    patterns = [(pattern, _needed(pattern)) for pattern in detector.denylist]
    rule = f"{LIBRARY}{module.replace('_', '-')}"

    def find(text: str) -> Iterator[tuple[str, int, int]]:
        folded = text.casefold()
        for pattern in [one for one, needed in patterns if needed is None or needed.search(folded)]:
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


def _needed(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """What a text must hold for a pattern to match, where that is known."""
    needed = NEEDED.get(digest_bytes(pattern.pattern.encode("utf-8")))
    return None if needed is None else re.compile(needed)


def _is_within(module: str, text: str, start: int, end: int) -> bool:
    """Whether a match is a part of a longer word, where the format has no borders of its own."""
    around = text[max(start - 1, 0) : start] + text[end : end + 1]
    return module in BORDERED and WORD.search(around) is not None
