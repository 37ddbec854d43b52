"""The search for the setting that gives recorded outputs back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import asked
import numpy as np
import pytest
from asked import Worker

from reprobundle.components.interface import Site
from reprobundle.diagnosing.candidates import Candidate
from reprobundle.diagnosing.searching import Search
from reprobundle.report import Rung

MKL, ISA, UNSET = (
    Candidate(why="mkl", variables={"MKL_CBWR": "AVX2"}),
    Candidate(why="isa", variables={"ONEDNN_MAX_CPU_ISA": "AVX2"}),
    Candidate(why="set here", without=("OMP_NUM_THREADS",)),
)
THREAD, NO_ONEDNN = (
    Candidate(why="t", settings={"torch.threads": 1}),
    Candidate(why="o", settings={"mkldnn.enabled": False}),
)


@pytest.fixture
def worker(tmp_path: Path) -> Callable[..., Worker]:
    """Makes one whose bundle holds the recorded outputs."""
    return lambda *given, **more: asked.worker(tmp_path, *given, **more)


def search(worker: Worker) -> Search:
    """A search that has not begun."""
    return Search(asking=worker, site=Site(root=worker.root))


def test_the_first_that_restores_it_ends_the_search(worker: Callable[..., Worker]) -> None:
    """Each is tried by itself in order, and nothing after the one that gives every bit."""
    asking = worker(lambda variables, _: variables.get("ONEDNN_MAX_CPU_ISA") == "AVX2")
    found = search(asking)
    found.run([MKL, ISA, UNSET])

    assert found.restoring == ISA
    assert [(trial.settings, trial.rung) for trial in found.trials] == [
        (("MKL_CBWR=AVX2",), Rung.CLOSE),
        (("ONEDNN_MAX_CPU_ISA=AVX2",), Rung.BITWISE),
    ]
    assert found.trials[0].max_relative == pytest.approx(1e-6 / np.sqrt(14 / 3), rel=0.2)
    assert len(asking.starts) == 2


def test_a_variable_of_the_reviewer_is_taken_away(worker: Callable[..., Worker]) -> None:
    """A variable that is set here can be what is in the way: the process is started without it."""
    found = search(worker(lambda variables, _: "OMP_NUM_THREADS" not in variables))
    found.run([UNSET])

    assert found.restoring == UNSET


def test_settings_share_one_process(worker: Callable[..., Worker]) -> None:
    """All settings of the running process are asked for in one start of a worker."""
    asking = worker(lambda _, settings: settings == {"mkldnn.enabled": False})
    found = search(asking)
    found.run([THREAD, NO_ONEDNN, MKL])

    assert found.restoring == NO_ONEDNN
    assert [start["settings"] for start in asking.starts] == [[{"torch.threads": 1}, {"mkldnn.enabled": False}]]
    assert [trial.rung for trial in found.trials] == [Rung.CLOSE, Rung.BITWISE]


def test_several_that_are_needed_are_found_and_the_others_left_out(worker: Callable[..., Worker]) -> None:
    """Where none helps alone, all are set together, and the smallest set that restores the outputs is told."""

    def right(variables: Mapping[str, str], settings: Mapping[str, Any]) -> bool:
        return variables.get("MKL_CBWR") == "AVX2" and "OMP_NUM_THREADS" not in variables

    found = search(worker(right))
    found.run([MKL, ISA, UNSET, THREAD])
    found.run_together([MKL, ISA, UNSET, THREAD])

    assert found.restoring is not None
    assert found.restoring.words == ("MKL_CBWR=AVX2", "OMP_NUM_THREADS unset")
    assert found.trials[4].settings == (
        "MKL_CBWR=AVX2",
        "ONEDNN_MAX_CPU_ISA=AVX2",
        "OMP_NUM_THREADS unset",
        "torch.threads=1",
    )


def test_nothing_restores_it(worker: Callable[..., Worker]) -> None:
    """A search that finds nothing says what it tried and ends."""
    found = search(worker())
    found.run([MKL, THREAD])
    found.run_together([MKL, THREAD])

    assert (found.restoring, found.unfinished) == (None, False)
    assert [trial.rung for trial in found.trials] == [Rung.CLOSE] * 3


def test_the_time_is_kept(worker: Callable[..., Worker]) -> None:
    """When the time is over nothing more is started, and the search says that it is unfinished."""
    asking = worker(seconds=0)
    found = search(asking)
    found.run([MKL, ISA])
    found.run_together([MKL, ISA])

    assert (asking.starts, found.trials, found.unfinished) == ([], [], True)


def test_a_run_that_fails_is_no_end(worker: Callable[..., Worker]) -> None:
    """A setting with which the worker fails is a trial that was not run."""
    found = search(worker(fails=True))
    found.run([THREAD, NO_ONEDNN, MKL])

    assert [trial.rung for trial in found.trials] == [Rung.NOT_RUN] * 3
    assert found.restoring is None
