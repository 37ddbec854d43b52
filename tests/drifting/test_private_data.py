"""New data that is private leaves nothing behind on the machine it is compared on."""

import drift_bundles
import pytest

from reprobundle import DataSplit
from reprobundle.components.data.files import cache, trusting
from reprobundle.components.data.given import How
from reprobundle.drifting import drift


@pytest.mark.parametrize("private", [True, False])
def test_digests_of_private_data_are_not_kept(tmp_path, monkeypatch, private):
    """No names, digests or statistics of it stand in the user's cache, as they do of other data."""
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))
    monkeypatch.delenv(cache.OFF, raising=False)
    monkeypatch.setattr(cache, "WORTH_FILES", 1)
    monkeypatch.setattr(trusting, "settling_time", lambda: -(10**10))
    monkeypatch.setattr(trusting, "keeps_times", lambda _: True)
    folder = tmp_path / "people"
    folder.mkdir()
    for number in range(5):
        (folder / f"zebulon{number}.txt").write_text("word " * (number + 1), encoding="ascii")
    bundle = drift_bundles.bundle_of(tmp_path / "bundle", folder, how=How(cached=False))

    drift(bundle, "test", DataSplit(folder, private=tmp_path / "salt" if private else None))

    kept = [place.read_bytes() for place in (tmp_path / "cache").rglob("*") if place.is_file()]
    assert any(b"zebulon" in content for content in kept) is not private
