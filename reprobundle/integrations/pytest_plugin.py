"""Replays as tests: ``@pytest.mark.reproduces("my-model")`` on a test, whose fixture ``replay_report`` holds the report.

pytest finds this module by its entry point and loads it at every start, so it imports nothing else of this program: what
replays is loaded by the first test that needs it. A bundle is replayed once for each set of options in a session. Where
the replay could not be done the test ends with an error, where the model or a claim was not reproduced it fails.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reprobundle.asserting import Replayed
    from reprobundle.errors import ReproBundleError
    from reprobundle.report import Report

MARKER = "reproduces"
FIXTURE = "replay_report"
DONE = pytest.StashKey[dict[str, "Replayed | ReproBundleError"]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, also where markers are strict."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(bundle, *, require='close', **options): replay a bundle first, and fail unless its model is reproduced, with every claim that was computed; "
        "the options are those of reprobundle.replay",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a marked test the fixture that replays, also where it does not ask for it."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and item.get_closest_marker(MARKER) is not None and FIXTURE not in names:
            names.insert(0, FIXTURE)


@pytest.fixture
def replay_report(request: pytest.FixtureRequest) -> Report:
    """The report on the bundle that the test's marker names, whatever it says."""
    return _replayed(request.node).report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a marked test whose model was not reproduced, before it runs."""
    if item.get_closest_marker(MARKER) is None:
        return
    done = _replayed(item)
    if not done.holds:
        pytest.fail(done.failure, pytrace=False)


def _replayed(item: pytest.Item) -> Replayed:
    """The replay that a test's marker asks for, done at most once."""
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        pytest.fail(
            f"fixture {FIXTURE!r}: the test names no bundle: mark it @pytest.mark.{MARKER}('PATH')", pytrace=False
        )
    if len(marker.args) != 1:
        pytest.fail(f"marker {MARKER!r}: expected one bundle, found {len(marker.args)} arguments", pytrace=False)
    if not isinstance(marker.args[0], str | os.PathLike):
        found = type(marker.args[0]).__name__
        pytest.fail(f"marker {MARKER!r}: expected the path of a bundle, found {found}", pytrace=False)
    place = os.fspath(item.config.rootpath / marker.args[0])
    known = item.config.stash.setdefault(DONE, {})
    key = _key(place, marker.kwargs)
    if key not in known:
        known[key] = _replay(place, marker.kwargs)
    return _or_fail(known[key])


def _key(place: str, options: Mapping[str, Any]) -> str:
    """What tells replays apart; options that are no plain values are equal only where they are the same marker's."""
    try:
        return json.dumps([place, dict(options)], sort_keys=True, default=os.fspath)
    except TypeError:
        return f"{place} {id(options)}"


def _replay(place: str, options: Mapping[str, Any]) -> Replayed | ReproBundleError:
    from reprobundle.asserting import replayed
    from reprobundle.errors import ReproBundleError

    try:
        return replayed(place, options)
    except ReproBundleError as error:
        return error


def _or_fail(done: Replayed | ReproBundleError) -> Replayed:
    from reprobundle.asserting import Replayed

    if isinstance(done, Replayed):
        return done
    hint = f"\nhint: {done.hint}" if done.hint else ""
    return pytest.fail(f"the replay could not be done: {done}{hint}", pytrace=False)
