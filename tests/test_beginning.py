"""What is done while the model runs: begun at once, asked for later, its errors with it."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reprobundle import guest, reporting, running
from reprobundle.rendering import templating
from reprobundle.running import in_background


def test_what_is_begun_runs_beside_and_is_waited_for() -> None:
    """The caller goes on; the answer comes of the call, as often as it is asked."""
    free = threading.Event()
    found = in_background(lambda: free.wait(10))
    free.set()

    assert found() is found() is True


def test_an_error_comes_where_the_answer_is_asked_for() -> None:
    """Nothing is lost in the thread."""

    def failing() -> None:
        raise OSError("gone")

    found = in_background(failing)
    with pytest.raises(OSError, match="gone"):
        found()


def test_a_report_finds_its_pages_read() -> None:
    """The same templates, compiled once."""
    reporting.ready()

    assert templating.template("report.html") is templating.template("report.html")


def test_no_process_is_begun_anew_without_time() -> None:
    """All of them have the time of one start together, and who gets none of it is not asked and not blamed."""
    case: Any = SimpleNamespace(view=None)

    assert running._begun(case, guest.Host(python=Path("python"), sandbox=None), None, 0.0) is None  # type: ignore[arg-type]
