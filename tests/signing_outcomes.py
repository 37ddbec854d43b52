"""What a reader hears of a signed bundle."""

from __future__ import annotations

from pathlib import Path

from signing_forging import SIGNATURE

from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError
from reprobundle.signing import Trust, check

ACCEPTED = "good"
UNSIGNED = "the bundle is not signed"
BEGINNING = f"no signature is good: {SIGNATURE}: "
OTHER_CONTENTS = BEGINNING + "other contents were signed"


def outcome(folder: Path, trust: Trust) -> str:
    """``good``, or the words of the refusal, be it by our own verify or by the check of the signature."""
    try:
        check(verify(folder), trust)
    except RefusedInputError as error:
        return str(error)
    return ACCEPTED
