"""pip fetches without starting anything: no archive is built on the way, and no address of a package's choice is asked."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest
from rebuilds import build, section, with_lock
from wheelhouse import lock_of, make_source, make_wheel, serving

from reprobundle import process
from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.rebuilding import rebuild
from reprobundle.components.environment.rebuilding.downloading import download_command
from reprobundle.components.environment.rebuilding.failures import NO_WAY_OUT, explain
from reprobundle.components.environment.rebuilding.pip_alone import NO_PROGRAM
from reprobundle.components.environment.section import PORTABLE_PATH
from reprobundle.errors import RefusedInputError

pytestmark = pytest.mark.usefixtures("nobodys_packages")


def hostile_source(folder: Path, proof: Path) -> Path:
    """A source archive whose build back end writes a file as soon as it is started."""
    source = make_source(folder, "evil_b")
    (folder / "tree").mkdir()
    with tarfile.open(source) as archive:
        archive.extractall(folder / "tree")
    (folder / "tree" / "evil_b-1.0" / "backend.py").write_text(f"open({str(proof)!r}, 'w').close()\n")
    with tarfile.open(source, "w:gz") as archive:
        archive.add(folder / "tree" / "evil_b-1.0", "evil_b-1.0")
    return source


def test_pip_cannot_start_a_build(tmp_path: Path) -> None:
    """Even where pip itself is told to take an archive that it would have to build, nothing of it runs."""
    source = hostile_source(tmp_path / "other", tmp_path / "proof")
    command = [*download_command(Path(sys.executable)), "--no-index", "--no-deps", "--dest", tmp_path / "house", source]
    finished = process.run(command, cwd=tmp_path, timeout=60)

    assert finished.code != 0
    assert NO_PROGRAM in finished.text
    assert str(explain(finished.text, "fetching", 1)) == "a package could only be had by building it"
    assert not (tmp_path / "proof").exists()


@pytest.mark.slow
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_an_address_that_a_package_asks_for_is_never_asked(
    installer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel that needs another package from an address ends the rebuild, whatever installer looks what else is needed."""
    if installer == "uv" and find_uv() is None:
        pytest.skip("uv is not installed")
    if installer == "pip":
        monkeypatch.setattr(rebuild, "find_uv", lambda: None)
    hostile_source(tmp_path / "other", tmp_path / "proof")
    with serving(tmp_path / "offered") as index, serving(tmp_path / "other") as evil:
        address = evil.address.replace("/simple", "/files/evil_b-1.0.tar.gz")
        wheel = make_wheel(tmp_path / "offered", "alpha", needs=(f"evil_b @ {address}",))
        bundle = with_lock(tmp_path / "b", lock_of(wheel, hashes=False))
        (bundle / PORTABLE_PATH).write_bytes(lock_of(wheel, hashes=False))
        with pytest.raises(RefusedInputError) as caught:
            build(bundle, section(portable=PORTABLE_PATH), portable=True, index_urls=(index.address,))

        assert evil.asked == []
    assert str(caught.value).replace("_", "-") == "evil-b: a package asks for it by an address, expected a name"
    assert str(caught.value.hint).startswith(NO_WAY_OUT)
    assert not (tmp_path / "proof").exists()


@pytest.mark.slow
def test_an_extra_that_nobody_wants_may_name_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is needed here counts: many honest packages name addresses for their developers."""
    monkeypatch.setattr(rebuild, "find_uv", lambda: None)
    wheel = make_wheel(
        tmp_path / "offered", "alpha", needs=('tool @ https://example.org/t.zip ; extra == "dev"', "beta")
    )
    make_wheel(tmp_path / "offered", "beta")
    bundle = with_lock(tmp_path / "b", lock_of(wheel, hashes=False))
    (bundle / PORTABLE_PATH).write_bytes(lock_of(wheel, hashes=False))
    with serving(tmp_path / "offered") as index:
        built = build(bundle, section(portable=PORTABLE_PATH), portable=True, index_urls=(index.address,))

    assert built.packages == 2
