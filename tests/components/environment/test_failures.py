"""What installers print becomes one line: each text here was printed by a real pip or uv."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from reprobundle.components.environment.rebuilding import building, failures
from reprobundle.components.environment.rebuilding.places import Place
from reprobundle.errors import ProcessError, RefusedInputError, UnavailableError
from reprobundle.process import Finished

TEXTS = [
    (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
        UnavailableError,
        "there is no space left on the disk to build the environment on",
    ),
    (
        "error: Failed to install: alpha-1.0-py3-none-any.whl (alpha==1.0)\n  Caused by: No space left on device (os error 28)\n",
        UnavailableError,
        "there is no space left on the disk to build the environment on",
    ),
    (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n    alpha==1.0 from http://x/a.whl:\n"
        "        Expected sha256 00\n             Got        11\n",
        RefusedInputError,
        "alpha==1.0: the archive offered does not match any hash in the lock",
    ),
    (
        "  × Failed to download `alpha==1.0`\n  ╰─▶ Hash mismatch for `alpha==1.0`\n\n      Expected:\n        sha256:00\n",
        RefusedInputError,
        "alpha==1.0: the archive offered does not match any hash in the lock",
    ),
    (
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because there is no version of alpha==1.0+cu128 and you require\n"
        "      alpha==1.0+cu128, we can conclude that your requirements are unsatisfiable.\n",
        UnavailableError,
        "alpha==1.0+cu128: no wheel of it is offered that fits this machine",
    ),
    (
        "error: Request failed after 3 retries\n  cause: error sending request for url (http://x/)\n  cause: dns error\n",
        UnavailableError,
        "no package index was reached",
    ),
    (
        "WARNING: a\nCollecting alpha==1.0\n  ERROR: HTTP error 404 while getting http://x/alpha.whl\n"
        "ERROR: 404 Client Error: Not Found for url: http://x/alpha.whl\n",
        UnavailableError,
        "alpha==1.0: a package index answered 404",
    ),
    (
        "Looking in links: /wheels\nsomething odd about alpha==1.0\nERROR: and then nothing\n",
        ProcessError,
        "fetching 2 packages: alpha==1.0: exit status 1: ERROR: and then nothing",
    ),
    ("", ProcessError, "fetching 2 packages: exit status 1: it printed nothing"),
    (
        "ERROR: evil_b is asked for by an address\n",
        RefusedInputError,
        "evil_b: a package asks for it by an address, expected a name",
    ),
    (
        "error: Package `evil-b` attempted to resolve via URL: http://x/e.tar.gz. URL dependencies must be expressed as\n",
        RefusedInputError,
        "evil-b: a package asks for it by an address, expected a name",
    ),
    (
        "error: cannot read https://user:s3cret/pw@host/page?token=t0ken#t0ken, and http://t0ken@host:80/a\n",
        ProcessError,
        "fetching 2 packages: exit status 1: error: cannot read https://host/page and http://host:80/a",
    ),
]


@pytest.mark.parametrize(("text", "kind", "message"), TEXTS)
def test_each_failure_is_one_line(text: str, kind: type[Exception], message: str) -> None:
    """The requirement, what happened, and what the caller would do differently as the kind of error."""
    error = failures.explain(text, "fetching 2 packages", 1)

    assert (type(error) is kind or isinstance(error, kind), str(error)) == (True, message)


def test_a_full_disk_is_final() -> None:
    """Another installer would meet the same, and an address is nobody's to follow; anything else is worth another try."""
    assert failures.is_final(failures.explain("No space left on device", "fetching", 1))
    assert failures.is_final(failures.explain("a is asked for by an address", "fetching", 1))
    assert not failures.is_full(failures.explain("a is asked for by an address", "fetching", 1))
    assert not failures.is_final(failures.explain("connection refused", "fetching", 1))


def test_a_label_is_looked_for_where_it_is_offered_and_never_built() -> None:
    """No source gives a build that only its publisher makes."""
    labelled, plain = failures.NotOfferedError("a==1+cpu"), failures.NotOfferedError("a==1")

    assert labelled.hint == failures.LABEL_WAY_OUT
    assert plain.hint == f"{failures.OWN_WAY_OUT}; {failures.BUILD_WAY_OUT}"


def test_no_password_is_kept(tmp_path: Path) -> None:
    """The log that stands beside a failed environment holds addresses without what is nobody's business."""
    failures.note(Finished(("uv",), 2, b"", b"at https://user:s3cret@host/a?b=t0ken twice"), Place(tmp_path))

    assert Place(tmp_path).log.read_text() == "at https://host/a twice"


def test_nothing_is_kept_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be finished for want of room would only take more of it."""
    place = tmp_path / "place"
    (place / "environment").mkdir(parents=True)
    (place / "log.txt").write_text("No space left on device")
    task = SimpleNamespace(place=Place(place))

    def fail(task: object) -> str:
        raise failures.explain("No space left on device", "fetching", 1)

    monkeypatch.setattr(building, "_install", fail)
    with pytest.raises(UnavailableError):
        building.build(task)  # type: ignore[arg-type]

    assert list(place.iterdir()) == []
