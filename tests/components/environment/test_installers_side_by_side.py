"""Both installers against a real index on loopback: the same environments, and one clear line for each thing that is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from rebuilds import HASHED, build, paths, said_by, section, with_lock
from wheelhouse import lock_of, make_wheel, serving

from reprobundle import process, sandbox
from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.rebuilding import rebuild, wanted, with_uv
from reprobundle.errors import ProcessError, RefusedInputError, ReproBundleError, UnavailableError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nobodys_packages")]

PAIRS = [("uv", "bwrap"), ("uv", "none"), ("pip", "bwrap")]


@pytest.fixture(params=["uv", "pip"])
def installer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of each installer in turn."""
    if request.param == "uv" and find_uv() is None:
        pytest.skip("uv is not installed")
    if request.param == "pip":
        monkeypatch.setattr(rebuild, "find_uv", lambda: None)
    return str(request.param)


@pytest.fixture
def wheels(tmp_path: Path) -> tuple[Path, Path]:
    """Two small wheels."""
    return make_wheel(tmp_path / "offered", "alpha"), make_wheel(tmp_path / "offered", "beta_pkg", needs=("alpha",))


@pytest.mark.parametrize(("installer", "kind"), PAIRS, indirect=["installer"])
def test_what_an_index_offers_is_installed(
    installer: str, kind: str, wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    """Fetched, checked, installed and, the second time under another key, taken from what was kept: nothing is asked for."""
    bundle = with_lock(tmp_path / "b", lock_of(*wheels))
    with serving(tmp_path / "offered") as index:
        built = build(bundle, section(lock=HASHED), kind, index_urls=(index.address,))  # type: ignore[arg-type]
        fetched = [path for path in index.asked if path.startswith("/files/")]
        shutil.rmtree(tmp_path / "cache" / "environments")
        again = build(bundle, section(lock=HASHED), kind, index_urls=(index.address,))  # type: ignore[arg-type]

        assert len(set(fetched)) == 2
        assert [path for path in index.asked if path.startswith("/files/")] == fetched
    assert (built.packages, built.vendored, built.hashes, built.installer.split()[0]) == (2, 0, True, installer)
    assert said_by(again, "import alpha, beta_pkg; print(alpha.WORD, beta_pkg.WORD)", kind) == "alpha beta_pkg\n"  # type: ignore[arg-type]


def test_what_was_kept_needs_no_network(installer: str, wheels: tuple[Path, Path], tmp_path: Path) -> None:
    """Offline, from the cache of the installer alone."""
    bundle = with_lock(tmp_path / "b", lock_of(*wheels))
    with serving(tmp_path / "offered") as index:
        build(bundle, section(lock=HASHED), index_urls=(index.address,))
        shutil.rmtree(tmp_path / "cache" / "environments")
        index.asked.clear()
        again = build(bundle, section(lock=HASHED), index_urls=(index.address,), offline=True)

        assert index.asked == []
    assert again.cached is False


def test_a_withdrawn_release_is_installed_and_told(installer: str, wheels: tuple[Path, Path], tmp_path: Path) -> None:
    """A yanked version that is pinned exactly is still what was locked; the person learns of it."""
    said: list[str] = []
    with serving(tmp_path / "offered") as index:
        index.yanked.add(wheels[0].name)
        build(with_lock(tmp_path / "b", lock_of(*wheels)), section(lock=HASHED), said=said, index_urls=(index.address,))

    assert "alpha==1.0 was withdrawn by its authors since it was locked" in said


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("missing", "alpha==1.0: no wheel of it is offered that fits this machine"),
        ("page not JSON", "a package index answered with what is no list of archives"),
        ("404 for the file", "alpha==1.0: a package index answered 404"),
        ("500 for the page", "alpha==1.0: a package index answered 500"),
        ("401", "alpha==1.0: a package index answered 401: it wants to know who asks"),
        ("another archive", "alpha==1.0: the archive offered does not match any hash in the lock"),
        ("nobody listens", "no package index was reached"),
    ],
)
def test_what_is_wrong_with_an_index_is_one_line(
    wrong: str, message: str, wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    """Whatever an index answers, to uv and then to pip, requirement and reason are named, with a way out."""
    page, file = "/simple/alpha/", f"/files/{wheels[0].name}"
    bundle = with_lock(tmp_path / "b", lock_of(wheels[0]))
    if wrong == "another archive":
        make_wheel(tmp_path / "offered", "alpha", files={"alpha.py": "WORD = 'evil'\n"})
    with serving(tmp_path / "offered") as index:
        index.answers = {
            "missing": {page: (404, "text/plain", b"")},
            "page not JSON": {page: (200, "application/vnd.pypi.simple.v1+json", b'{"files": [')},
            "404 for the file": {file: (404, "text/plain", b"")},
            "500 for the page": {page: (500, "text/plain", b"oops")},
            "401": {page: (401, "text/plain", b"")},
        }.get(wrong, {})
        address = index.address
        if wrong != "nobody listens":
            with pytest.raises(ReproBundleError) as caught:
                build(bundle, section(lock=HASHED), index_urls=(address,))
    if wrong == "nobody listens":
        with pytest.raises(ReproBundleError) as caught:
            build(bundle, section(lock=HASHED), index_urls=(address,))

    assert str(caught.value) == message
    assert "what was built so far is kept in" in str(caught.value.hint)


def test_another_build_than_the_pin_is_refused(installer: str, tmp_path: Path) -> None:
    """A label of another build that a version specifier would let pass is not what was locked."""
    make_wheel(tmp_path / "offered", "alpha", "1.0+cpu")
    bundle = with_lock(tmp_path / "b", b"alpha==1.0\n")
    with serving(tmp_path / "offered") as index, pytest.raises(RefusedInputError) as caught:
        build(bundle, section(), index_urls=(index.address,))

    assert str(caught.value).startswith("alpha==1.0: expected a wheel of exactly this build, found ")


def test_a_known_label_is_looked_for_at_its_public_index(
    installer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the reviewer's own index lacks and a known label names comes from that build's index, and only then."""
    wheel = make_wheel(tmp_path / "public", "alpha", "1.0+cpu")
    other = make_wheel(tmp_path / "offered", "beta_pkg")
    bundle = with_lock(tmp_path / "b", lock_of(wheel, other))
    said: list[str] = []
    hinted = section(lock=HASHED, index_hints={"alpha": "pytorch/cpu"})
    with serving(tmp_path / "offered") as index, serving(tmp_path / "public") as public:
        monkeypatch.setattr(
            "reprobundle.components.environment.rebuilding.wanted.address_of", lambda hint: public.address
        )
        with pytest.raises(UnavailableError):
            build(bundle, hinted, index_urls=(index.address,), offline=True)
        built = build(bundle, hinted, index_urls=(index.address,), said=said)

    assert built.packages == 2
    assert "looking for alpha at the public index of its build too" in said
    if installer == "pip":
        assert [path for path in public.asked if "beta" in path] == []


def test_a_hint_that_contradicts_the_label_is_not_followed(tmp_path: Path) -> None:
    """What stands beside the lock decides nothing: the pin's own label must say the same."""
    from reprobundle.components.environment.rebuilding.wanted import read_wanted

    bundle = with_lock(tmp_path / "b", b"alpha==1.0+cpu\nbeta==2.0\n")
    hints = {"alpha": "pytorch/cu128", "beta": "pytorch/cpu"}

    assert read_wanted(section(index_hints=hints), bundle, portable=False).hints == {}
    right = read_wanted(section(index_hints={"alpha": "pytorch/cpu"}), bundle, portable=False)
    assert right.hints == {"alpha": "https://download.pytorch.org/whl/cpu"}


def test_a_portable_environment_takes_what_else_is_needed(
    installer: str, wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    """Public versions, any build of them, the dependencies of this platform resolved, and own pure wheels beside."""
    own = make_wheel(tmp_path / "own", "mine")
    make_wheel(tmp_path / "offered", "gamma", "2.0+cpu")
    bundle = with_lock(tmp_path / "b", b"unused==1\n", [own])
    (bundle / "environment" / "requirements.portable.txt").write_bytes(b"beta-pkg==1.0\ngamma==2.0\nmine==1.0\n")
    recorded = section(portable="environment/requirements.portable.txt", wheels=paths(own))
    with serving(tmp_path / "offered") as index:
        built = build(bundle, recorded, portable=True, index_urls=(index.address,))

    assert (built.packages, built.vendored, built.hashes) == (4, 1, False)
    assert said_by(built, "import alpha, beta_pkg, gamma, mine; print(mine.WORD)") == "mine\n"


def test_a_bundle_without_a_portable_lock_says_so(tmp_path: Path) -> None:
    """One clear line, and the other ways."""
    with pytest.raises(UnavailableError) as caught:
        build(with_lock(tmp_path / "b", b"alpha==1\n"), section(), portable=True)

    assert str(caught.value) == "the bundle has no lock for other platforms"
    assert caught.value.hint == "replay with --env rebuild, or in an environment of your own: --env current"


@pytest.mark.parametrize(("installer", "kind"), PAIRS, indirect=["installer"])
def test_a_hostile_wheel_leaves_the_honest_environment_clean(
    installer: str, kind: str, wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    """Under the same lock, a bundle whose own wheel writes over another's files and runs at every start changes nothing.

    The honest environment stays as it is, one made again from the same kept files is as clean, and what is shared
    between bundles holds nothing of the hostile wheel.
    """
    honest_own = make_wheel(tmp_path / "honest", "extra")
    rewrite = "import pathlib, sys; [p.write_text('EVIL = 1') for p in pathlib.Path(sys.prefix).rglob('beta_pkg.py')]"
    started = {"evil.pth": f"import sys; exec({rewrite!r})\n"}
    evil = {"alpha.py": "WORD = 'EVIL'\n", "extra.py": "WORD = 'EVIL'\n", **started}
    hostile_own = make_wheel(tmp_path / "hostile", "extra", files=evil)
    chosen = make_wheel(
        tmp_path / "offered", "chosen", files={"chosen.pth": started["evil.pth"]}
    )  # by whoever wrote the lock
    lock = lock_of(*wheels, honest_own, hashes=False)
    recorded = section(wheels=paths(honest_own))
    honest = with_lock(tmp_path / "honest-bundle", lock, [honest_own])
    hostile = with_lock(tmp_path / "hostile-bundle", lock, [hostile_own])
    worse = with_lock(tmp_path / "worse", lock_of(*wheels, chosen, hostile_own), [hostile_own])
    say = "import alpha, beta_pkg, extra; print(alpha.WORD, beta_pkg.WORD, extra.WORD)"
    with serving(tmp_path / "offered") as index:
        where = (index.address,)
        first = build(honest, recorded, kind, identity=b"honest", index_urls=where)  # type: ignore[arg-type]
        bad = build(hostile, recorded, kind, identity=b"hostile", index_urls=where)  # type: ignore[arg-type]
        said_by(bad, "print('started')", kind)  # type: ignore[arg-type]
        with pytest.raises(ProcessError, match="beta_pkg.py' has 8 bytes") if installer == "uv" else nullcontext():
            # uv starts the environment once more for the bundle's own wheels, and what it then wrote over is noticed
            build(worse, section(lock=HASHED, wheels=paths(hostile_own)), kind, index_urls=where)  # type: ignore[arg-type]
        plain = build(
            with_lock(tmp_path / "plain", lock_of(*wheels)), section(lock=HASHED), kind, index_urls=where  # type: ignore[arg-type]
        )  # fmt: skip

    assert said_by(first, say, kind) == "alpha beta_pkg extra\n"  # type: ignore[arg-type]
    assert said_by(plain, "import alpha, beta_pkg; print(beta_pkg.WORD)", kind) == "beta_pkg\n"  # type: ignore[arg-type]
    assert bad.python != first.python
    shared = [place for name in (f"uv-{kind}", "wheels") for place in (tmp_path / "cache" / name).rglob("*")]
    assert [
        place for place in shared if place.is_file() and place.suffix == ".py" and b"EVIL" in place.read_bytes()
    ] == []
    assert [place for place in shared if "extra" in place.name] == []


def test_files_are_shared_only_where_nothing_can_write(wheels: tuple[Path, Path], tmp_path: Path) -> None:
    """Hard links to uv's cache where all comes from an index; copies where a wheel of the bundle came after."""
    if find_uv() is None:
        pytest.skip("uv is not installed")
    own = make_wheel(tmp_path / "own", "extra")
    with serving(tmp_path / "offered") as index:
        where = (index.address,)
        pure = build(with_lock(tmp_path / "1", lock_of(*wheels)), section(lock=HASHED), index_urls=where)
        mixed = build(
            with_lock(tmp_path / "2", lock_of(*wheels, own), [own]),
            section(lock=HASHED, wheels=paths(own)),
            index_urls=where,
        )
    links = [next(one.python.parent.parent.rglob("alpha.py")).stat().st_nlink for one in (pure, mixed)]

    assert links == [2, 1]


def test_what_uv_cannot_reach_pip_may(
    wheels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where uv fails for want of the reviewer's other settings, pip fetches with all of them."""
    if find_uv() is None:
        pytest.skip("uv is not installed")
    said: list[str] = []

    def nothing(*arguments: object) -> None:
        raise with_uv.NotThisWayError("no package index was reached")

    monkeypatch.setattr(with_uv, "_from_indexes", nothing)
    with serving(tmp_path / "offered") as index:
        built = build(
            with_lock(tmp_path / "b", lock_of(*wheels)), section(lock=HASHED), said=said, index_urls=(index.address,)
        )

    assert built.installer.startswith("pip")
    assert "uv: no package index was reached; asking pip, with all its settings" in said


def test_what_a_failed_try_left_is_not_taken_for_installed(
    wheels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel that cannot be unpacked whole fails at every try; half of it is never kept as an environment."""
    if find_uv() is None:
        pytest.skip("uv is not installed")
    files = {"half.py": "", "half-1.0+cpu.data/platdata/x": "", "half-1.0+cpu.data/data/y": ""}
    half = make_wheel(tmp_path / "offered", "half", "1.0+cpu", files=files)
    bundle = with_lock(tmp_path / "b", lock_of(*wheels, half))
    said: list[str] = []
    with serving(tmp_path / "offered") as index:
        monkeypatch.setattr(wanted, "address_of", lambda hint: index.address)
        with pytest.raises(ReproBundleError):
            build(
                bundle,
                section(lock=HASHED, index_hints={"half": "pytorch/cpu"}),
                said=said,
                index_urls=(index.address,),
            )

    assert "looking for half at the public index of its build too" in said


def test_no_address_stands_on_a_command_line(
    wheels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other users can list command lines; a folder whose name has a comma is still one folder."""
    if find_uv() is None:
        pytest.skip("uv is not installed")
    started: list[str] = []
    real = sandbox.Sandbox.run

    def run(walls: sandbox.Sandbox, argv: Sequence[str | Path], **options: Any) -> process.Finished:
        started.extend(map(str, argv))
        return real(walls, argv, **options)

    monkeypatch.setattr(sandbox.Sandbox, "run", run)
    make_wheel(tmp_path / "a,b", "extra")
    bundle = with_lock(tmp_path / "b", lock_of(*wheels, tmp_path / "a,b" / "extra-1.0-py3-none-any.whl"))
    with serving(tmp_path / "offered") as index:
        index.answers["/page?token=t0ken"] = (200, "text/html", b"")
        page = index.address.replace("//", "//user:s3cret@").replace("/simple", "/page?token=t0ken")
        monkeypatch.setenv("PIP_FIND_LINKS", f"{page} {tmp_path / 'a,b'}")
        built = build(bundle, section(lock=HASHED), index_urls=(index.address,))

        assert "/page?token=t0ken" in index.asked
    assert built.packages == 3
    assert built.installer.startswith("uv")
    assert not any("s3cret" in word or "t0ken" in word for word in started)
