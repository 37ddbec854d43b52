"""A replay as one would type it again: what the reviewer asked for, where it is not what is done anyway."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.policy import Tolerance
from reprobundle.components.data.credentials import without_credentials
from reprobundle.diagnosing.proposing import Words
from reprobundle.hosting import Wish
from reprobundle.options import Options

if TYPE_CHECKING:
    from reprobundle.signing import Trust

UNITS = (("T", 2**40), ("G", 2**30), ("M", 2**20), ("K", 2**10))
USUAL = Options()


def retype(bundle: Path, options: Options) -> Words:
    """What follows ``reprobundle replay``: the bundle, then each option that is not as usual, with its value.

    No secret is repeated: addresses stand without user, password and signature. What cannot be typed, such as a data split that
    is an object of Python, is left out, and so is the folder for the report, which is there by then.
    """
    return ((str(bundle),), *_of_what_counts(options), *_of_the_environment(options.wish), *_of_the_run(options))


def _of_what_counts(options: Options) -> Iterator[tuple[str, ...]]:
    """What is compared, and what is enough."""
    if options.require is not USUAL.require:
        yield "--require", options.require.value.replace(" ", "-")
    yield from _by_name("--data", options.data)
    yield from _by_name("--salt", options.salts)
    yield from _of_tolerance(options.policy.own)
    if not options.policy.envelopes:
        yield ("--no-envelope",)
    yield from _of_trust(options.trust)


def _of_the_environment(wish: Wish) -> Iterator[tuple[str, ...]]:
    """Where it is run, and where packages come from."""
    packages = wish.packages
    if wish.env != USUAL.wish.env:
        yield "--env", str(wish.env)
    yield from (("--index-url", without_credentials(url)) for url in packages.index_urls)
    yield from (("--find-links", str(folder)) for folder in packages.find_links)
    switches = {"--sync": wish.sync, "--offline": packages.offline, "--allow-build": packages.allow_build}
    switches |= {"--install-python": packages.install_python, "--gpu": wish.devices}
    yield from ((name,) for name, given in switches.items() if given)
    if wish.timeout != USUAL.wish.timeout:
        yield "--timeout", f"{wish.timeout:g}"
    if wish.limits is not None and wish.limits.memory is not None:
        yield "--memory", _sized(wish.limits.memory)


def _of_the_run(options: Options) -> Iterator[tuple[str, ...]]:
    """Walls, controls and the search."""
    if options.sandbox != USUAL.sandbox:
        yield "--sandbox", options.sandbox
    if options.probe is not None:
        yield "--probe", str(options.probe)
    if not options.controls:
        yield ("--no-controls",)
    if options.search_seconds != USUAL.search_seconds:
        yield "--search", f"{options.search_seconds:g}"


def _by_name(option: str, places: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """What is given by the names of splits, where a text says it."""
    for name, place in places.items():
        if isinstance(place, (str, os.PathLike)):
            yield option, f"{name}={without_credentials(str(os.fspath(place)))}"


def _of_tolerance(own: Tolerance | None) -> Iterator[tuple[str, ...]]:
    if own is None:
        return
    given = {"--rtol": own.rtol, "--atol": own.atol}
    yield from ((name, f"{value:g}") for name, value in given.items() if value or not any(given.values()))


def _of_trust(trust: Trust | None) -> Iterator[tuple[str, ...]]:
    """Whose signature it must have."""
    if trust is None:
        return
    from reprobundle.signing import Identity, PublicKey, Roots

    if isinstance(trust, PublicKey):
        yield "--key", str(trust.path)
    elif isinstance(trust, Roots):
        yield from (("--certificate", str(path)) for path in trust.paths)
        yield from [("--allow-expired",)] * trust.allow_expired
    elif isinstance(trust, Identity):
        yield from (("--identity", trust.identity), ("--issuer", trust.issuer))
        yield from [("--staging",)] * trust.staging
        yield from [("--trust-config", str(trust.trust_config))] * (trust.trust_config is not None)


def _sized(size: int) -> str:
    """Bytes in the largest unit that divides them."""
    return next((f"{size // unit}{letter}" for letter, unit in UNITS if size % unit == 0), str(size))
