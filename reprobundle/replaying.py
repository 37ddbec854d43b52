"""Story 2: from a bundle, a stranger's perhaps, to a report that says how exactly it was reproduced, or why not."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reprobundle import captures, guest, process, replies, reporting
from reprobundle import sandbox as sandboxes
from reprobundle.bundle import Bundle, VerifiedBundle, View
from reprobundle.components import COMPONENTS, outputs
from reprobundle.components.environment import rebuild
from reprobundle.components.interface import Answer, Site
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.report import (
    ReplayedEnvironment,
    Report,
    Rung,
    StageTime,
    Verdict,
)
from reprobundle.store.sealing import refuse_existing
from reprobundle.version import version
from reprobundle.worker import numerics

Environment = Literal["rebuild", "current"]
INHERITED = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")  # without walls, the reviewer's own libraries and devices


def silent(line: str) -> None:
    """Say nothing: for a caller who wants no progress."""
    del line


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the reviewer decides; nothing of it ever comes from the bundle.

    Attributes:
        require: The weakest rung that counts as reproduced.
        env: Rebuild the environment from the lock, or run in this interpreter's.
        sandbox: Which walls: the best that works, bubblewrap, or none.
        data: The reviewer's own copies of data splits, by split name.
        rebuild: Where packages may come from.
        timeout: Seconds the model may run.
        say: Called with a line of progress.
    """

    require: Rung = Rung.CLOSE
    env: Environment = "rebuild"
    sandbox: sandboxes.Preference = "auto"
    data: Mapping[str, Path] = field(default_factory=dict)
    rebuild: rebuild.Options = field(default_factory=rebuild.Options)
    timeout: float = 3600.0
    say: Callable[[str], None] = silent


@dataclass
class Clock:
    """How long each step took."""

    stages: list[StageTime] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, detail: str) -> Iterator[None]:
        """Time one step."""
        started = time.monotonic()
        yield
        self.stages.append(StageTime(name=name, seconds=round(time.monotonic() - started, 3), detail=detail))


def replay(
    path: str | os.PathLike[str],
    *,
    require: Rung | str = Rung.CLOSE,
    env: Environment = "rebuild",
    sandbox: sandboxes.Preference = "auto",
    data: Mapping[str, str | os.PathLike[str]] | None = None,
    index_urls: tuple[str, ...] = (),
    find_links: tuple[Path, ...] = (),
    offline: bool = False,
    report: Path | None = None,
    timeout: float = 3600.0,
    say: Callable[[str], None] = silent,
) -> Report:
    """Check a bundle, rebuild its environment, reload its model in a sandbox, and compare the outputs.

    Args:
        path: The bundle.
        require: The weakest rung that counts as reproduced: ``bitwise`` or ``close``.
        env: ``rebuild`` the environment from the bundle's lock, or use the ``current`` one.
        sandbox: ``auto``: bubblewrap, or none for a bundle that this user captured here; ``bwrap``; ``none``.
        data: Your own copies of data splits, by split name, to be compared with the record.
        index_urls: Package indexes to use beside your own pip configuration.
        find_links: Folders with wheels, likewise.
        offline: Use no index: wheels from the bundle, `find_links` and caches only.
        report: The folder for the report; default: ``NAME.replay/TIME`` beside the current folder.
        timeout: Seconds the model may run.
        say: Called with each line of progress.

    Returns:
        The report, which also stands in the report folder as JSON, HTML and text.

    Raises:
        RefusedInputError: The bundle breaks a rule of the format, or differs from its manifest.
        UnavailableError: No sandbox works here, or the environment cannot be rebuilt.
    """
    options = Options(
        require=_rung(require),
        env=env,
        sandbox=sandbox,
        data={name: Path(place) for name, place in (data or {}).items()},
        rebuild=rebuild.Options(index_urls=index_urls, find_links=find_links, offline=offline),
        timeout=timeout,
        say=say,
    )
    return replay_with(Path(path), options, report)


def replay_with(path: Path, options: Options, folder: Path | None) -> Report:
    """The whole replay, step by step; arguments as in `replay`."""
    started = datetime.datetime.now(datetime.timezone.utc)
    clock = Clock()
    folder = folder or reporting.default_folder(path)
    refuse_existing(folder)
    with private_folder() as private:
        options.say("checking every file against the manifest")
        with clock.step("verify", "every file against the manifest"):
            bundle = Bundle.open(path).verify()
            view = bundle.view(subfolder(private, "view"))
        walls = sandboxes.choose(options.sandbox, own=captures.is_own(bundle.bundle.content, bundle.path))
        with clock.step("environment", options.env):
            host, environment = prepare(bundle, view, walls, options)
        with clock.step("run", "the model on the recorded inputs"):
            options.say("running the model on the recorded inputs")
            answer = run(bundle, view, host, subfolder(private, "control"))
        with clock.step("compare", "outputs with the record"):
            site = look(bundle, view, answer, options)
            report = conclude(bundle, site, environment, clock, started)
        return reporting.keep(report, answer, folder, clock)


def prepare(
    bundle: VerifiedBundle, view: View, walls: sandboxes.Sandbox, options: Options
) -> tuple[guest.Host, ReplayedEnvironment]:
    """Make the environment the model is run in."""
    section = bundle.manifest.environment
    variables = numerics.environment(section.numerics, os.environ)
    if walls.kind == "none":
        variables |= {name: os.environ[name] for name in INHERITED if name in os.environ}
    if options.env == "current":
        here, reads = Path(sys.executable), rebuild.interpreter_folders(Path(sys.executable))
        used = ReplayedEnvironment(
            how="current",
            python=sys.version.split()[0],
            sandbox=walls.kind,
            packages=0,
            cached=False,
            installer=None,
            hashes=False,
        )
    else:
        rebuilt = rebuild.rebuild(
            section,
            bundle=view.root,
            identity=bundle.bundle.content,
            sandbox=walls,
            options=options.rebuild,
            say=options.say,
        )
        here, reads = rebuilt.python, rebuilt.reads
        used = ReplayedEnvironment(
            how="rebuild",
            python=rebuilt.version,
            sandbox=walls.kind,
            packages=rebuilt.packages,
            vendored=rebuilt.vendored,
            cached=rebuilt.cached,
            installer=rebuilt.installer,
            hashes=rebuilt.hashes,
        )
    host = guest.Host(python=here, sandbox=walls, reads=reads, environment=variables, timeout=options.timeout)
    return host, used


def run(bundle: VerifiedBundle, view: View, host: guest.Host, control: Path) -> Answer | None:
    """Run the recorded model once; None when the bundle cannot be run at all.

    Raises:
        UnavailableError: A large file that was used in place changed meanwhile.
    """
    if guest.why_not(bundle.manifest) is not None:
        return None
    answer = guest.ask(bundle.manifest, view.place, view.root, control, host)
    changed = view.changed()
    if changed:
        raise UnavailableError(f"{changed[0]}: changed while the model was run, so the result proves nothing")
    return answer


def look(bundle: VerifiedBundle, view: View, answer: Answer | None, options: Options) -> Site:
    """Where the checks may look. What ran on the CPU for want of a GPU is measured with the tolerance between devices."""
    recorded = bundle.manifest.model.device
    other = answer is not None and recorded != "cpu" and answer.device == "cpu"
    return Site(root=view.root, answer=answer, data=options.data, required=options.require, other_device=other)


def conclude(
    bundle: VerifiedBundle,
    site: Site,
    environment: ReplayedEnvironment,
    clock: Clock,
    started: datetime.datetime,
) -> Report:
    """Let every kind check its part, and come to a verdict."""
    manifest = bundle.manifest
    compared = outputs.compare(manifest.outputs, site)
    rung, reason = replies.weakest(compared)
    if site.other_device and rung is not Rung.BITWISE:
        reason = f"{reason}; measured with the wider tolerance between a {manifest.model.device} device and the CPU"
    if site.answer is None or site.answer.error is not None:
        rung, reason = Rung.NOT_RUN, guest.why_not(manifest) or "the worker did not finish"
    findings = [finding for part in COMPONENTS for finding in part.check(getattr(manifest, part.NAME), site)]
    return Report(
        reprobundle=version(),
        bundle_id=bundle.id,
        bundle_name=manifest.name,
        signature="not checked" if bundle.bundle.signatures() else "none",
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        verdict=verdict(rung, site.required, reason),
        diagnosis=replies.diagnose(manifest, site, rung, reason),
        outputs=compared,
        findings=tuple(findings),
        environment=environment,
        stages=tuple(clock.stages),
    )


def verdict(rung: Rung, required: Rung, reason: str | None) -> Verdict:
    """The verdict in one line."""
    reproduced = rung is not Rung.NOT_RUN and rung.reaches(required)
    if reproduced:
        sentence = f"reproduced, {rung.value}" + (f": {reason}" if reason else "")
    elif rung is Rung.NOT_RUN:
        sentence = f"not reproduced: not run: {reason}"
    else:
        sentence = f"not reproduced: {rung.value}" + (f": {reason}" if reason else "")
    return Verdict(reproduced=reproduced, rung=rung, required=required, sentence=sentence)


def _rung(required: Rung | str) -> Rung:
    rung = next(
        (rung for rung in (Rung.BITWISE, Rung.CLOSE) if rung.value == str(getattr(required, "value", required))), None
    )
    if rung is None:
        raise UsageError(f"require: expected 'bitwise' or 'close', found {str(required)!r}")
    return rung


@contextmanager
def private_folder() -> Iterator[Path]:
    """A temporary folder that only this user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="reprobundle-replay-")).resolve()
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder, whatever a guest made of it: folders without rights, or nested deeper than Python can follow."""
    if os.name == "posix":
        process.run(["chmod", "-R", "u+rwX", folder], timeout=300)
        process.run(["rm", "-rf", "--", folder], timeout=300)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def subfolder(parent: Path, name: str) -> Path:
    """A new private folder in another."""
    folder = parent / name
    folder.mkdir(mode=0o700)
    return folder
