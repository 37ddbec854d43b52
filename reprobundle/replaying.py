"""Story 2: from a bundle, a stranger's perhaps, to a report that says how exactly it was reproduced, or why not."""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import controlling, hosting, reporting, wishing
from reprobundle import sandbox as sandboxes
from reprobundle.bundle import Bundle, VerifiedBundle
from reprobundle.clock import Clock
from reprobundle.components import data as data_splits
from reprobundle.components.data.given import DataSplit
from reprobundle.components.environment.rebuilding import rebuild
from reprobundle.concluding import conclude
from reprobundle.drifts import DriftReport
from reprobundle.errors import ReproBundleError
from reprobundle.exports import archives
from reprobundle.manifest import Manifest
from reprobundle.options import SEARCH_SECONDS, Options, read_policy, read_probe, read_rung, refuse_idle_bounds
from reprobundle.private_folders import private_folder
from reprobundle.report import Report, Rung, Status
from reprobundle.running import Case, Ran, refuse_changed, run
from reprobundle.store.sealing import refuse_existing

if TYPE_CHECKING:
    import numpy as np

    from reprobundle.signing import Trust


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
    rtol: float | None = None,
    atol: float | None = None,
    envelopes: bool = True,
    controls: bool = True,
    probe: str | os.PathLike[str] | None = None,
    search_seconds: float = SEARCH_SECONDS,
    memory: int | None = None,
    devices: bool = False,
    trust: Trust | None = None,
    say: Callable[[str], None] = hosting.silent,
) -> Report:
    """Check a bundle, rebuild its environment, reload its model in a sandbox, and compare the outputs.

    Args:
        path: The bundle; or an archive of it, which is unpacked into a temporary folder.
        require: The weakest rung that counts as reproduced: ``bitwise``, ``close``, ``same decisions`` or ``same metrics``.
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
        rtol: Your own tolerance for every float output, relative to each recorded element, in place of all others.
        atol: The same, as a fraction of the recorded output's root mean square; of the two, what is not given is 0.
        envelopes: Whether the tolerance that was measured at capture counts, up to this program's caps.
        controls: Whether the model is run on other inputs and with other weights, too, to see that it computes.
        probe: A safetensors file with inputs of your own, its tensors named as the recorded ones; where it also holds
            ``expected/OUTPUT``, these must come of them.
        search_seconds: How long may be searched for the setting that restores outputs which are not bitwise; 0: not at all.
        memory: Bytes that the model may use inside the sandbox; default: nearly all of this machine's.
        devices: Whether the sandbox shows the graphics processors, whose driver can then be attacked.
        trust: Whose signature the bundle must have, such as ``reprobundle.signing.PublicKey(path)``, from a source other than
            the bundle; it is checked before anything of the bundle is run. None: no signature is looked at.
        say: Called with each line of progress.

    Returns:
        The report, which also stands in the report folder as JSON, HTML and text.

    Raises:
        RefusedInputError: The bundle breaks a rule of the format, differs from its manifest, or has no good signature of whom
            it must be from.
        UnavailableError: No sandbox works here, or the environment cannot be rebuilt.
        UsageError: An argument is wrong, such as the name of a split that the bundle does not record.
    """
    refuse_idle_bounds(sandbox, memory, devices=devices)
    packages = rebuild.Options(
        index_urls=tuple(index_urls), find_links=tuple(find_links),
        offline=offline, allow_build=allow_build, install_python=install_python,
    )  # fmt: skip
    wish = wishing.read_wish(env, packages, sync=sync, timeout=timeout, say=say)
    options = Options(
        require=read_rung(require),
        sandbox=sandbox,
        data=dict(data or {}),
        salts={name: Path(place) for name, place in (salts or {}).items()},
        wish=dataclasses.replace(wish, limits=_limits(memory), devices=devices),
        policy=read_policy(rtol, atol, envelopes=envelopes),
        probe=read_probe(probe, controls=controls),
        controls=controls,
        search_seconds=search_seconds,
        trust=trust,
    )
    return replay_with(Path(path), options, report)


def _limits(memory: int | None) -> sandboxes.Limits | None:
    return None if memory is None else dataclasses.replace(sandboxes.usual(), memory=memory)


def replay_with(path: Path, options: Options, folder: Path | None) -> Report:
    """The whole replay, step by step; arguments as in `replay`."""
    started = datetime.datetime.now(datetime.timezone.utc)
    clock, say = Clock(), options.wish.say
    folder = folder or reporting.default_folder(path)
    reporting.refuse_inside(folder, path)
    refuse_existing(folder)
    with private_folder() as folders:
        opened = Bundle.open(archives.unfolded(path, folders, say))
        refuse_unknown_splits(opened.manifest, options)
        say("checking every file against the manifest")
        with clock.step("verify", "every file against the manifest"):
            bundle = opened.verify()
            signer = signer_of(bundle, options)
            view = bundle.view(folders())
        case = Case(
            bundle=bundle, view=view, options=options, clock=clock, folder=folders, started=started, signer=signer
        )
        ran = run(case)
        report = conclude(case, ran)
        refuse_changed(view)
        drifts = compare_data(case, report)
        return reporting.keep(report, ran.answer, folder, clock, drifts=drifts, beside=beside(ran))


def signer_of(bundle: VerifiedBundle, options: Options) -> str | None:
    """Whose signature of the bundle is good, in words; None where the reviewer asked for none.

    Raises:
        RefusedInputError: It has no good signature of whom it must be from.
        UnavailableError: The library that checks signatures is not installed.
    """
    if options.trust is None:
        return None
    from reprobundle.signing import check  # most replays need it not

    options.wish.say("checking the signature")
    return check(bundle, options.trust).who


def refuse_unknown_splits(manifest: Manifest, options: Options) -> None:
    """Make sure that data and salts are given for splits that are recorded, before time is spent.

    Raises:
        UsageError: They are not.
    """
    data_splits.refuse_unknown(manifest.data, options.data, "data")
    data_splits.refuse_unknown(manifest.data, options.salts, "salts")


def compare_data(case: Case, report: Report) -> tuple[DriftReport, ...]:
    """How the reviewer's copies that are not the recorded data differ from it, feature by feature, where that is recorded."""
    from reprobundle import drifting  # few replays need it

    copies = data_splits.copies(case.manifest.data, report.findings)
    found = []
    for split in case.manifest.data.splits:
        if copies.get(split.name) is not Status.DIFFERS or split.statistics is None:
            continue
        given = case.options.data[split.name]
        try:
            compared = given if isinstance(given, DataSplit) else DataSplit(given)
            found.append(drifting.between(case.bundle, split.name, compared, started=report.started))
        except ReproBundleError as error:
            case.options.wish.say(f"split {split.name!r} was not compared feature by feature: {error}")
    return tuple(found)


def beside(ran: Ran) -> Mapping[str, Mapping[str, np.ndarray[Any, Any]]]:
    """What is kept beside the report: what the model gave for the reviewer's own inputs."""
    given = {} if ran.answer is None else controlling.probed(ran.plan, ran.answer)
    return {"probe": given} if given else {}
