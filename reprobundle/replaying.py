"""Story 2: from a bundle, a stranger's perhaps, to a report that says how exactly it was reproduced, or why not."""

from __future__ import annotations

import datetime
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reprobundle import captures, guest, hosting, process, replies, reporting, wishing
from reprobundle import sandbox as sandboxes
from reprobundle.answers import Answer
from reprobundle.bundle import Bundle, VerifiedBundle, View
from reprobundle.comparison.policy import Policy
from reprobundle.components import COMPONENTS, model, outputs, preprocessing
from reprobundle.components import data as data_splits
from reprobundle.components.environment.differing import existing, vendored
from reprobundle.components.environment.rebuilding import rebuild
from reprobundle.components.interface import Site
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.manifest import Manifest
from reprobundle.report import (
    ReplayedEnvironment,
    Report,
    Rung,
    StageTime,
)
from reprobundle.store.sealing import refuse_existing
from reprobundle.version import version


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the reviewer decides; nothing of it ever comes from the bundle.

    Attributes:
        require: The weakest rung that counts as reproduced.
        sandbox: Which walls: the best that works, bubblewrap, or none.
        data: The reviewer's own copies of data splits, by split name.
        salts: Files with the salts of private splits, by split name.
        wish: The environment to run in.
        policy: How far a bundle's own tolerances may reach.
        probe: A safetensors file with inputs of the reviewer's own, named as the recorded ones; None: none.
        controls: Whether the model is run on other inputs and other weights, too, to see that it computes.
        search_seconds: How long may be searched for the setting that restores outputs that are not bitwise; 0: not at all.
    """

    require: Rung = Rung.CLOSE
    sandbox: sandboxes.Preference = "auto"
    data: Mapping[str, Any] = field(default_factory=dict)
    salts: Mapping[str, Path] = field(default_factory=dict)
    wish: hosting.Wish = field(default_factory=hosting.Wish)
    policy: Policy = field(default_factory=Policy)
    probe: Path | None = None
    controls: bool = True
    search_seconds: float = 120.0


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
    env: str | os.PathLike[str] = "rebuild",
    sync: bool = False,
    sandbox: sandboxes.Preference = "auto",
    data: Mapping[str, Any] | None = None,
    salts: Mapping[str, str | os.PathLike[str]] | None = None,
    index_urls: tuple[str, ...] = (),
    find_links: tuple[Path, ...] = (),
    offline: bool = False,
    allow_build: bool = False,
    install_python: bool = False,
    report: Path | None = None,
    timeout: float = 3600.0,
    say: Callable[[str], None] = hosting.silent,
) -> Report:
    """Check a bundle, rebuild its environment, reload its model in a sandbox, and compare the outputs.

    Args:
        path: The bundle.
        require: The weakest rung that counts as reproduced: ``bitwise`` or ``close``.
        env: ``rebuild`` the environment from the bundle's lock; ``portable``: from its lock for other platforms, which
            proves at most *close*; ``current``: this program's own; or the path of a Python, or of its environment.
        sync: Make the environment of the named Python agree with the lock first; only with ``sandbox='none'``.
        sandbox: ``auto``: bubblewrap, or none for a bundle that this user captured here; ``bwrap``; ``none``.
        data: Your own copies of data splits, by split name, to be compared with the record: paths, globs or URLs, or
            anything that `capture` takes as a split.
        salts: The files with the salts of private splits, by split name.
        index_urls: Package indexes to use beside your own pip configuration.
        find_links: Folders with wheels, likewise.
        offline: Use no index: wheels from the bundle, `find_links` and caches only.
        allow_build: Build from its source, inside the sandbox, what no index offers as a wheel.
        install_python: Let uv install the recorded Python where it is missing.
        report: The folder for the report; default: ``NAME.replay/TIME`` beside the current folder.
        timeout: Seconds the model may run.
        say: Called with each line of progress.

    Returns:
        The report, which also stands in the report folder as JSON, HTML and text.

    Raises:
        RefusedInputError: The bundle breaks a rule of the format, or differs from its manifest.
        UnavailableError: No sandbox works here, or the environment cannot be rebuilt.
        UsageError: An argument is wrong, such as the name of a split that the bundle does not record.
    """
    packages = rebuild.Options(
        index_urls=tuple(index_urls), find_links=tuple(find_links),
        offline=offline, allow_build=allow_build, install_python=install_python,
    )  # fmt: skip
    options = Options(
        require=_rung(require),
        sandbox=sandbox,
        data=dict(data or {}),
        salts={name: Path(place) for name, place in (salts or {}).items()},
        wish=wishing.read_wish(env, packages, sync=sync, timeout=timeout, say=say),
    )
    return replay_with(Path(path), options, report)


def replay_with(path: Path, options: Options, folder: Path | None) -> Report:
    """The whole replay, step by step; arguments as in `replay`."""
    started = datetime.datetime.now(datetime.timezone.utc)
    clock, say = Clock(), options.wish.say
    folder = folder or reporting.default_folder(path)
    reporting.refuse_inside(folder, path)
    refuse_existing(folder)
    with private_folder() as private:
        opened = Bundle.open(path)
        refuse_unknown_splits(opened.manifest, options)
        say("checking every file against the manifest")
        with clock.step("verify", "every file against the manifest"):
            bundle = opened.verify()
            view = bundle.view(subfolder(private, "view"))
        answer, environment = run(bundle, view, options, clock, subfolder(private, "control"))
        with clock.step("compare", "outputs with the record"):
            site = look(bundle, view, answer, options, environment)
            report = conclude(bundle, site, environment, clock, started)
        return reporting.keep(report, answer, folder, clock)


def refuse_unknown_splits(manifest: Manifest, options: Options) -> None:
    """Make sure that data and salts are given for splits that are recorded, before time is spent.

    Raises:
        UsageError: They are not.
    """
    data_splits.refuse_unknown(manifest.data, options.data, "data")
    data_splits.refuse_unknown(manifest.data, options.salts, "salts")


def run(
    bundle: VerifiedBundle, view: View, options: Options, clock: Clock, control: Path
) -> tuple[Answer | None, ReplayedEnvironment | None]:
    """Make the environment and run the recorded model once in it; nothing is made for a bundle that cannot be run.

    Raises:
        UnavailableError: No sandbox works here, the environment is not to be had, or a large file that was used in
            place changed meanwhile.
    """
    reason, wish = guest.why_not(bundle.manifest), options.wish
    if reason is not None:
        wish.say(f"the model cannot be run: {reason}")
        return None, None
    walls = sandboxes.choose(options.sandbox, own=captures.is_own(bundle.bundle.content, bundle.path))
    with clock.step("environment", wish.env if isinstance(wish.env, str) else "python"):
        host, environment = hosting.host(bundle.manifest.environment, view.root, bundle.bundle.content, walls, wish)
    with clock.step("run", "the model on the recorded inputs"):
        wish.say("running the model on the recorded inputs")
        answer = guest.ask(bundle.manifest, view.place, view.root, control, host)
        changed = view.changed()
    if changed:
        raise UnavailableError(f"{changed[0]}: changed while the model was run, so the result proves nothing")
    return answer, environment


def look(
    bundle: VerifiedBundle,
    view: View,
    answer: Answer | None,
    options: Options,
    environment: ReplayedEnvironment | None,
) -> Site:
    """Where the checks may look. What ran on the CPU for want of a GPU is measured with the tolerance between devices."""
    recorded = bundle.manifest.model.device
    other = answer is not None and recorded != "cpu" and answer.device == "cpu"
    return Site(
        root=view.root,
        answer=answer,
        data=options.data,
        salts=options.salts,
        required=options.require,
        other_device=other,
        packages=_packages(options.wish.env, environment),
        own_wheels=environment is None or environment.how in {"rebuild", "portable"} or environment.synced,
        fed=outputs.fed(bundle.manifest.outputs),
        policy=options.policy,
    )


def _packages(env: hosting.Environment | Path, environment: ReplayedEnvironment | None) -> tuple[Path, ...] | None:
    """Where the packages of an environment lie that was there before; None where it was made from the lock."""
    if environment is None or environment.how in {"rebuild", "portable"}:
        return None
    return existing.package_folders(env if isinstance(env, Path) else None, environment.python)


def conclude(
    bundle: VerifiedBundle,
    site: Site,
    environment: ReplayedEnvironment | None,
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
        rung, reason = Rung.NOT_RUN, guest.why_not(manifest) or replies.why_stopped(manifest, site, environment)
    diagnosis = replies.diagnose(manifest, site, rung, reason)
    if environment is not None and environment.how == "portable":
        rung, reason = replies.in_portable(rung, reason)
    findings = [finding for part in COMPONENTS for finding in part.check(getattr(manifest, part.NAME), site)]
    others = model.count_not_recorded(manifest.model, site)
    findings += vendored.check_overlaps(environment.overlaps if environment is not None else ())
    return Report(
        reprobundle=version(),
        bundle_id=bundle.id,
        bundle_name=manifest.name,
        signature="not checked" if bundle.bundle.signatures() else "none",
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        verdict=replies.verdict(
            rung, site.required, reason, others, preprocessing.outcome(manifest.preprocessing, site)
        ),
        diagnosis=diagnosis,
        outputs=compared,
        findings=tuple(findings),
        environment=environment,
        stages=tuple(clock.stages),
    )


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
