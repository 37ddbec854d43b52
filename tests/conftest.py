"""Every test runs apart from the person's own settings, quick files come first, and processes share what is costly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hub_server  # noqa: F401  its settings of huggingface_hub, which reads them once, when it is imported
import hypothesis
import pytest

from reprobundle.components.hyperparameters import seeds
from reprobundle.worker import variables

hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("house")

PERSON = {
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
LONGEST = {  # a minute and more: whichever began last would leave the other processes idle
    "test_calibrating.py",
    "test_capturing.py",
    "test_cheats.py",
    "test_faults.py",
    "test_honest.py",
    "test_instruction_sets.py",
    "test_lesson.py",
    "test_lesson_transformers.py",
    "test_lightning.py",
    "test_mixed_installs.py",
    "test_mutants.py",
    "test_preprocessing.py",
    "test_published_weights.py",
    "test_trainer.py",
}


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share; under pytest-xdist each has a temporary folder of its own in it."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    shared.mkdir(mode=0o700, exist_ok=True)
    return shared


@pytest.fixture(autouse=True, scope="session")
def nobodys_settings(of_all_workers: Path) -> Iterator[Path]:
    """Give git an author of its own, the program a cache and a capture log of its own; the person's stay untouched."""
    cache = of_all_workers / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPROBUNDLE_CACHE", str(cache))
        patch.setenv("XDG_STATE_HOME", str(of_all_workers / "state"))
        for name, value in PERSON.items():
            patch.setenv(name, value)
        yield cache


@pytest.fixture(autouse=True)
def environment_as_before() -> Iterator[None]:
    """A variable that a test leaves behind would stand in what the next one captures: the test that left it fails."""
    watched = [*variables.ALLOWED_VARIABLES, *variables.RECORDED_VARIABLES, *seeds.VARIABLES]
    before = {name: os.environ[name] for name in watched if name in os.environ}
    yield
    left = sorted({name for name, _ in before.items() ^ {(n, os.environ[n]) for n in watched if n in os.environ}})
    for name in left:
        os.environ.pop(name, None)
    os.environ.update(before)
    if left:
        pytest.fail(f"left behind in the environment: {', '.join(left)}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files that fail fast first, then what takes longest; a file stays whole, for what its tests share."""
    network, slow = ({item.path for item in items if item.get_closest_marker(name)} for name in ("network", "slow"))
    later = network | slow
    items.sort(key=lambda item: (item.path in later, item.path.name not in LONGEST, item.path not in network))
