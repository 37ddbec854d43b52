"""The whole job on real data: train, capture, verify, replay in a rebuilt environment.

The training runs as its own process in a git repository made for it, as it would for anyone.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reprobundle import bundle, process, replaying
from reprobundle.errors import UnavailableError
from reprobundle.extras import how_to_install
from reprobundle.report import Report
from reprobundle.store.sealing import refuse_existing

PROJECT = Path(__file__).parent / "project"
DATA = {name: f"data/{name}.npz" for name in ("train", "test")}  # as the training writes them; a reviewer may have them
NEEDED = {"torch": "torch", "sklearn": "scikit-learn"}
TRAINING_SECONDS = 600.0
AUTHOR = {"GIT_AUTHOR_NAME": "demo", "GIT_AUTHOR_EMAIL": "demo@example.org"}
COMMITTER = {"GIT_COMMITTER_NAME": "demo", "GIT_COMMITTER_EMAIL": "demo@example.org"}


@dataclass(frozen=True)
class Shown:
    """What the demo made.

    Attributes:
        bundle: The bundle.
        report: The folder of the replay's report.
        result: The report itself.
        accuracy: The line the training printed.
    """

    bundle: Path
    report: Path
    result: Report
    accuracy: str


def run(folder: Path, say: Callable[[str], None]) -> Shown:
    """Train, capture, verify and replay under `folder`.

    Args:
        folder: A new folder for the project, the bundle and the report.
        say: Called with each line of progress.

    Raises:
        UnavailableError: torch or scikit-learn is not installed; the hint is the line that installs them.
        UsageError: The folder exists.
    """
    refuse_missing_extra()
    refuse_existing(folder)
    project, target, report = folder / "digits", folder / "digits-model", folder / "digits-model.replay"
    make_project(project)
    say(f"training a classifier of handwritten digits in {project}, then capturing it (about a minute)")
    printed = train(project, target)
    say(f"{printed}; bundle: {target}")
    verified = bundle.verify(target)
    say(f"verified: {len(verified.manifest.files)} files intact, UNSIGNED; proof before the seal: {proof(verified)}")
    data = {name: project / place for name, place in DATA.items()}
    say(f"replaying with {' '.join(f'--data {name}={place}' for name, place in data.items())}")
    say("rebuilding the environment from the bundle's lock (the longest step)")
    result = replaying.replay(target, report=report, data=data, say=say)
    return Shown(target, report, result, printed)


def refuse_missing_extra() -> None:
    """Make sure that what the training needs is installed.

    Raises:
        UnavailableError: It is not.
    """
    missing = [name for module, name in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        message = f"the demo needs {' and '.join(missing)}"
        raise UnavailableError(message, hint=how_to_install("demo"))


def make_project(project: Path) -> None:
    """A git repository with the training code, one commit."""
    project.mkdir(parents=True)
    for file in sorted(PROJECT.glob("*.py")):
        (project / file.name).write_bytes(file.read_bytes())
    (project / ".gitignore").write_text("data/\n", encoding="ascii")
    env = {**os.environ, **AUTHOR, **COMMITTER}
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "Train on digits"]):
        finished = process.run(["git", "-C", project, *arguments], env=env, timeout=60)
        finished.required(f"git {arguments[0]}", hint="the demo needs git")


def train(project: Path, target: Path) -> str:
    """Run the training script; gives the line with the accuracy."""
    started = time.monotonic()
    finished = process.run([sys.executable, "train.py", target.resolve()], cwd=project, timeout=TRAINING_SECONDS)
    text = finished.required("train.py").stdout.decode("utf-8", "replace")
    return f"{text.strip().splitlines()[-1]} after {time.monotonic() - started:.0f} s"


def proof(verified: bundle.VerifiedBundle) -> str:
    """The proof in words."""
    found = verified.manifest.proof
    return found.status if found.why is None else f"{found.status} ({found.why})"
