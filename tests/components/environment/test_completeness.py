"""An environment is kept only when every file that its distributions list stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprobundle.components.environment.rebuilding.completeness import check_whole
from reprobundle.components.environment.rebuilding.places import site_of
from reprobundle.errors import ProcessError, RefusedInputError, ReproBundleError


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A folder as an installer leaves it: a module of five bytes, and a program beside Python."""
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    for place, text in {"alpha.py": "x = 1", "alpha-1.0.dist-info/METADATA": "", "../../../bin/run": "run"}.items():
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        (site / place).write_text(text)
    (site / "alpha-1.0.dist-info/RECORD").write_text(
        "alpha.py,sha256=x,5\n../../../bin/run,,3\n__pycache__/alpha.pyc,,9\nalpha-1.0.dist-info/RECORD,,\n"
    )
    return tmp_path


def test_a_whole_environment_passes(environment: Path) -> None:
    """Sizes agree; what has none need only be there; compiled files come and go."""
    check_whole(environment)

    assert site_of(environment).is_dir()


def test_two_may_list_one_file(environment: Path) -> None:
    """The one that was installed last has written it, and its size is right."""
    other = site_of(environment) / "beta-1.0.dist-info"
    other.mkdir()
    (other / "RECORD").write_text("alpha.py,,4\n")
    check_whole(environment)
    (site_of(environment) / "alpha.py").write_text("x = 10")

    with pytest.raises(ProcessError, match="has 6 bytes"):
        check_whole(environment)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (
            "gone",
            ProcessError,
            "alpha-1.0: is not installed whole: 'lib/python3.11/site-packages/alpha.py' is not there",
        ),
        (
            "link",
            ProcessError,
            "alpha-1.0: is not installed whole: 'lib/python3.11/site-packages/alpha.py' is not there",
        ),
        ("short", ProcessError, "'lib/python3.11/site-packages/alpha.py' has 2 bytes, which is not its size"),
        ("no list", ProcessError, "alpha-1.0: is not installed whole: it has no list of files"),
        ("empty list", ProcessError, "alpha-1.0: is not installed whole: its list of files has 0 bytes"),
        ("outside", RefusedInputError, "alpha-1.0: lists '../../../../x', which is outside the environment"),
        ("absolute", RefusedInputError, "alpha-1.0: lists '/etc/passwd', which is outside the environment"),
        ("long number", RefusedInputError, f"alpha-1.0: lists 'alpha.py' with the size {'9' * 200!r}"),
        ("long field", RefusedInputError, "alpha-1.0: its list of files cannot be read: field larger than field limit"),
        ("long name", ProcessError, "aaa' is not there"),
        ("no text", ProcessError, r"'lib/python3.11/site-packages/\udcff' is not there"),
        ("no name", ProcessError, r"'lib/python3.11/site-packages/a\x00' is not there"),
    ],
)
def test_half_an_environment_is_told(
    change: str, kind: type[ReproBundleError], message: str, environment: Path
) -> None:
    """A file that is not there or of another size; a list that is missing or hostile."""
    module = site_of(environment) / "alpha.py"
    record = site_of(environment) / "alpha-1.0.dist-info" / "RECORD"
    if change in {"gone", "link", "no list"}:
        (record if change == "no list" else module).unlink()
    if change == "link":
        module.symlink_to(record)
    if change == "short":
        module.write_text("x ")
    contents = {
        "empty list": b"",
        "outside": b"../../../../x,,1\n",
        "absolute": b"/etc/passwd,,1\n",
        "long number": b"alpha.py,," + b"9" * 5000 + b"\n",
        "long field": b'"' + b"a" * 200_000 + b'",,1\n',
        "long name": b"a" * 200_000 + b",,1\n",
        "no text": b"\xff,,1\n",
        "no name": b"a\0,,1\n",
    }
    if change in contents:
        record.write_bytes(contents[change])
    with pytest.raises(kind) as caught:
        check_whole(environment)

    assert message in str(caught.value)
