"""The rules of detect-secrets find the same whether or not a text is first looked through for what they need."""

from __future__ import annotations

import random
import re
from importlib import import_module

import hypothesis.strategies as st
import planted
import pytest
from hypothesis import HealthCheck, given, settings

pytest.importorskip("detect_secrets")

from reprobundle.secrecy import library
from reprobundle.secrecy.library import DETECTORS, NEEDED, _needed, library_rules
from reprobundle.store import digest_bytes

PATTERNS = [
    pattern
    for module, name in DETECTORS.items()
    for pattern in getattr(import_module(f"detect_secrets.plugins.{module}"), name).denylist
]
HASTY = [pattern for pattern in PATTERNS if digest_bytes(pattern.pattern.encode()) in NEEDED]
ALIKE = [  # which a pattern that heeds no case takes for k, s and i
    str.maketrans({"k": "\u212a", "s": "\u017f", "i": i}) for i in ("\u0131", "\u0130")
]


def test_the_installed_version_is_the_one_that_is_known():
    """Of another version, slow patterns would be searched for by themselves: right, and slow."""
    assert len(HASTY) == len(NEEDED)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(data=st.data(), around=st.text(max_size=5))
@pytest.mark.parametrize("pattern", HASTY, ids=[str(number) for number in range(len(HASTY))])
def test_whatever_a_pattern_matches_holds_what_it_needs(pattern, data, around):
    """Texts drawn from the pattern itself, in every case of letters and among others."""
    text = around + data.draw(st.from_regex(pattern)) + around
    changed = [text.translate(alike) for alike in ALIKE if pattern.flags & re.IGNORECASE]

    for one in (text, text.upper(), text.swapcase(), *changed):
        if pattern.search(one):
            assert _needed(pattern).search(one.casefold())


def _planted() -> dict[str, str]:
    """One text for each pattern, drawn anew, so that no secret stands in a file."""
    source = random.Random("library")

    def some(count, letters=planted.LETTERS):
        return "".join(source.choice(letters) for _ in range(count))

    low = planted.LETTERS[:26] + "0123456789"
    return {
        "artifactory": f'key = "AKC{some(20)}"\n',
        "artifactory again": f'key = "AP6{some(20)}"\n',
        "cloudant": f'cloudant_apikey = "{some(64, planted.HEX)}"\n',
        "cloudant pass": f'clou-pwd: "{some(24, planted.LETTERS[:26])}"\n',
        "cloudant address": f"https://me:{some(64, planted.HEX)}@my.cloudant.com\n",
        "cloudant address again": f"https://me:{some(24, planted.LETTERS[:26])}@my.Cloudant.com\n",
        "ibm_cos_hmac": f'COS_HMAC_SECRET_ACCESS_KEY="{some(48, planted.HEX)}"\n',
        "mailchimp": f"{some(32, low)}-us12\n",
        "softlayer": f'SL_API_TOKEN="{some(64, low)}"\n',
        "softlayer alike": f'SL_API_TOKEN="{some(64, low)}"\n'.translate({ord("S"): "\u017f", ord("K"): "\u212a"}),
        "softlayer address": f"https://api.softlayer.com/soap/v3/{some(64, low)}\n",
    }


@pytest.mark.parametrize("kind", _planted())
def test_each_is_found_with_and_without(kind, monkeypatch):
    """One secret for each hasty pattern, behind much ordinary text."""
    text = "def f(api_key): return sl + cl\n" * 50 + _planted()[kind]
    hasty = [hit for rule in library_rules() for hit in rule(text)]
    monkeypatch.setattr(library, "NEEDED", {})
    alone = [hit for rule in library_rules() for hit in rule(text)]

    assert hasty == alone
    assert {rule for rule, _, _ in hasty} >= {f"{library.LIBRARY}{kind.split()[0].replace('_', '-')}"}
