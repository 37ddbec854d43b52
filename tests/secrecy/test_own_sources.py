"""The program's own source, which goes into bundles of whoever works on it, raises no alarm."""

from __future__ import annotations

from pathlib import Path

import reprobundle
from reprobundle.secrecy.searching import search

PACKAGE = Path(reprobundle.__file__).parent


def test_the_own_source_holds_no_secret():
    """A rule that met itself would leave its own file out of the wheel that a replay installs."""
    places = [place for place in PACKAGE.rglob("*") if place.is_file() and "__pycache__" not in place.parts]
    met = {place.name for place in places for _ in search(place.read_bytes(), place.as_posix())}

    assert len(places) > 400
    assert met == set()
