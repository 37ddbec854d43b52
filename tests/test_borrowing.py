"""Large weights are used where they lie, and digested once where nothing can have changed since they were verified."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from reprobundle import bundle as bundles
from reprobundle.bundle import Bundle, VerifiedBundle
from reprobundle.errors import RefusedInputError

GOLDEN = Path(__file__).parent / "golden" / "bundle-v1"
WEIGHTS = "model.safetensors"


@pytest.fixture
def digested(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were digested, where any weights are large."""
    names: list[str] = []
    whole = bundles.digest_file

    def noting(place: Path) -> Any:
        names.append(place.name)
        return whole(place)

    monkeypatch.setattr(bundles, "digest_file", noting)
    monkeypatch.setattr(bundles, "BORROWED_BYTES", 1)
    return names


def verified(folder: Path, *, settled: bool = True) -> VerifiedBundle:
    """A copy of a bundle, as if it had been there for a while or written just now."""
    shutil.copytree(GOLDEN, folder)
    if settled:
        time.sleep(bundles.SETTLED_SECONDS + 0.1)
    else:
        os.utime(folder / WEIGHTS)
    return Bundle.open(folder).verify()


@pytest.mark.slow
def test_weights_that_lie_still_are_digested_once(tmp_path: Path, digested: list[str]) -> None:
    """They are used in place, and no second copy is made."""
    found = verified(tmp_path / "bundle")
    (tmp_path / "view").mkdir(mode=0o700)
    view = found.view(tmp_path / "view")

    assert digested.count(WEIGHTS) == 1
    assert view.place(WEIGHTS) == (tmp_path / "bundle" / WEIGHTS).resolve()
    assert not (tmp_path / "view" / WEIGHTS).exists()
    assert view.changed() == ()


def test_weights_written_a_moment_ago_are_digested_again(tmp_path: Path, digested: list[str]) -> None:
    """Within one tick of the clock a change would not show."""
    found = verified(tmp_path / "bundle", settled=False)
    (tmp_path / "view").mkdir(mode=0o700)
    found.view(tmp_path / "view")

    assert digested.count(WEIGHTS) == 2


@pytest.mark.slow
def test_weights_that_changed_since_are_refused(tmp_path: Path, digested: list[str]) -> None:
    """Also with the old size and the old time of the last change put back."""
    found = verified(tmp_path / "bundle")
    place = tmp_path / "bundle" / WEIGHTS
    before, content = place.stat(), bytearray(place.read_bytes())
    content[-1] ^= 1
    place.write_bytes(content)
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    (tmp_path / "view").mkdir(mode=0o700)
    with pytest.raises(RefusedInputError) as caught:
        found.view(tmp_path / "view")

    assert str(caught.value) == f"{WEIGHTS}: changed since the bundle was verified"
    assert digested.count(WEIGHTS) == 2
