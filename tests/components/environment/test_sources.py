"""What is offered as source only is built when the reviewer asks for it: inside the walls, without a network, or not at all."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from rebuilds import HASHED, build, said_by, section, with_lock
from wheelhouse import lock_of, make_source, make_wheel, serving

from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.rebuilding import source_needs
from reprobundle.components.environment.rebuilding.sources import _built, _plain
from reprobundle.errors import RefusedInputError, UnavailableError

pytestmark = pytest.mark.usefixtures("nobodys_packages")


@pytest.mark.slow
@pytest.mark.parametrize("hashed", [True, False])
def test_a_source_is_built_inside_the_walls_only_when_asked(hashed: bool, tmp_path: Path) -> None:
    """Never by itself; then without reaching even the index it came from, and what its build needs comes as wheels."""
    offered = tmp_path / "offered"
    wheel = make_wheel(offered, "alpha")
    make_wheel(offered, "tool", files={"tool.py": ""})
    with serving(offered) as index:
        source = make_source(offered, "gamma", needs=("tool>=1",), port=int(index.address.split(":")[2].split("/")[0]))
        bundle = with_lock(tmp_path / "b", lock_of(wheel, source, hashes=hashed))
        recorded = section(lock=HASHED) if hashed else section()
        with pytest.raises(UnavailableError) as caught:
            build(bundle, recorded, "bwrap", index_urls=(index.address,))
        said: list[str] = []
        built = build(bundle, recorded, "bwrap", said=said, index_urls=(index.address,), allow_build=True)

    assert str(caught.value) == "gamma==1.0: no wheel of it is offered that fits this machine"
    assert "let it be built from its source, inside the sandbox: --allow-build" in str(caught.value.hint)
    assert "building gamma==1.0 from its source, inside the sandbox" in said
    assert said_by(built, "import alpha, gamma; print(gamma.REACHED)", "bwrap") == "False\n"
    assert built.packages == 2


@pytest.mark.slow
def test_a_source_that_was_not_locked_is_refused(tmp_path: Path) -> None:
    """Where the lock holds hashes, the source archive must have one of them."""
    offered = tmp_path / "offered"
    make_source(offered, "gamma")
    bundle = with_lock(tmp_path / "b", b"gamma==1.0 --hash=sha256:" + b"0" * 64 + b"\n")
    with serving(offered) as index, pytest.raises(UnavailableError) as caught:
        build(bundle, section(lock=HASHED), index_urls=(index.address,), allow_build=True)

    assert str(caught.value) == (
        "gamma==1.0: neither a wheel that fits this machine nor a source archive with a hash of the lock is offered"
    )


@pytest.mark.parametrize(
    "need",
    [
        "tool @ https://evil/tool.whl",
        "tool@https://evil/tool.whl",
        "-r /etc/passwd",
        "tool @ file:///etc",
        "",
        "tool>=1\n-r /etc/passwd",
        "tool>=1\n",
        "tool===1",
        "tool>=${HOME}",
        'tool; python_version < "2+ACI- #\\n# coding: utf-7\\n./evil-1.0.tar.gz\\n#"',
        "tool # coding: utf-7",
        "tool[a b]",
        "t\u00f6\u00f6l",
        "tool>=\u0661",
    ],
)
def test_what_a_build_needs_is_a_name_and_a_version(need: str) -> None:
    """An archive cannot make an installer fetch from an address, nor hand it an option."""
    with pytest.raises(RefusedInputError):
        _plain(need)


@pytest.mark.parametrize(
    ("need", "told"),
    [
        ("Tool [b, a] >= 1, < 2 ; python_version >= '3'", "Tool[a,b]<2,>=1"),
        ("tool; python_version < '3'", None),
        (r'tool; platform_system == "2+ACI- #\n# coding: utf-7\n./evil-1.0.tar.gz\n#"', None),
        (r'tool; platform_system != "2+ACI- #\n# coding: utf-7\n./evil-1.0.tar.gz\n#"', "tool"),
        ("tool; extra == 'dev'", None),
        ("tool~=1.0", "tool~=1.0"),
        ("tool @ https://evil/tool.whl", "tool @ https://evil/tool.whl"),
        ("-r /etc/passwd", "-r /etc/passwd"),
    ],
)
def test_what_a_build_needs_is_told_for_this_python(need: str, told: str | None) -> None:
    """Markers are decided, never passed on; what is no name and version stays as it is, to be refused."""
    assert source_needs.plain(need) == told


def test_only_the_wheel_of_the_pin_is_taken_from_a_build(tmp_path: Path) -> None:
    """A link that a hostile build leaves under the wheel's name is not followed, another distribution not taken."""
    one = Pin("gamma", "1.0")
    (tmp_path / "other-1.0-py3-none-any.whl").write_bytes(b"")
    (tmp_path / "gamma-1.0-py3-none-any.whl").symlink_to("/etc/passwd")
    with pytest.raises(RefusedInputError) as caught:
        _built(one, tmp_path)
    (tmp_path / "gamma-1.0-py2.py3-none-any.whl").write_bytes(b"")

    assert str(caught.value) == "gamma==1.0: its source was built to another distribution or version"
    assert _built(one, tmp_path).name == "gamma-1.0-py2.py3-none-any.whl"


def test_what_a_source_needs_is_read_from_its_top_folder(tmp_path: Path) -> None:
    """The project's own file counts, not one of a folder deeper; a project without one needs what old ones do."""
    named = make_source(tmp_path, "gamma", needs=("tool>=1",))
    old = tmp_path / "old-1.0.tar.gz"
    with tarfile.open(old, "w:gz") as archive:
        archive.add(tmp_path / "gamma-1.0.tar.gz", "old-1.0/examples/pyproject.toml")

    assert source_needs.needs(source_needs.project_file(str(named))) == ["tool>=1"]
    assert source_needs.needs(source_needs.project_file(str(old))) == source_needs.LEGACY
