"""Run a bundle's model at a replay: as it was recorded, then otherwise, to see that it computes; and what it claims."""

from __future__ import annotations

import dataclasses
import datetime
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from reprobundle import captures, claiming, controlling, guest, hosting, reporting
from reprobundle import sandbox as sandboxes
from reprobundle.answers import Answer
from reprobundle.bundle import VerifiedBundle, View
from reprobundle.clock import Clock
from reprobundle.components import claims
from reprobundle.components.environment.differing import existing
from reprobundle.controlling import Plan
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.manifest import Manifest
from reprobundle.options import Options
from reprobundle.report import ReplayedEnvironment

T = TypeVar("T")
MUCH_SLOWER = 20  # times: what a further run may take longer than the first
WHOLE = 0.9  # of the time: who had less is not blamed for needing more
FURTHER = 2 / 3  # of the time: the worker begins no further run after that


@dataclass(frozen=True, kw_only=True)
class Case:
    """What one replay works with.

    Attributes:
        bundle: The verified bundle.
        view: Its files, as they were verified.
        options: What the reviewer decides.
        clock: Takes the time of each step.
        folder: Makes an empty private folder, another one at each call.
        started: When the replay began.
        signer: Whose signature was found good, in words; None: none was looked at.
    """

    bundle: VerifiedBundle
    view: View
    options: Options
    clock: Clock
    folder: Callable[[], Path]
    started: datetime.datetime
    signer: str | None = None

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self.bundle.manifest

    def wanted(self) -> tuple[claims.Wanted, ...]:
        """The claims that can be computed."""
        return claims.wanted(self.manifest.claims, self.options.data)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What was run, and what came of it.

    Attributes:
        answer: What the worker did; None where the bundle cannot be run.
        environment: Where; None likewise.
        host: The same, for those who ask again; None likewise.
        plan: The further runs that were asked for.
        packages: Folders of packages of an environment that was there before; None: it was made from the lock.
        looked: Gives what `existing.look_at` read of them, which was begun beside the model; None where there are none.
        out_of_time: Whether it took so long that further runs had to be left out.
        anew: What came of processes that began with something else, where the model was not steady.
    """

    answer: Answer | None = None
    environment: ReplayedEnvironment | None = None
    host: guest.Host | None = None
    plan: Plan = field(default_factory=Plan)
    packages: tuple[Path, ...] | None = None
    looked: Callable[[], existing.Looked] | None = None
    out_of_time: bool = False
    anew: tuple[controlling.Begun, ...] = ()


def run(case: Case) -> Ran:
    """Make the environment and run the recorded model in it; nothing is made for a bundle that cannot be run.

    Raises:
        UnavailableError: No sandbox works here, or the environment is not to be had.
        UsageError: The reviewer's own inputs do not fit the recorded ones.
    """
    bundle, view, wish = case.bundle, case.view, case.options.wish
    reason = guest.why_not(bundle.manifest)
    if reason is not None:
        wish.say(f"the model cannot be run: {reason}")
        return Ran()
    walls = sandboxes.choose(case.options.sandbox, own=captures.is_own(bundle.bundle.content, bundle.path))
    with case.clock.step("environment", wish.env if isinstance(wish.env, str) else "python"):
        host, environment = hosting.host(bundle.manifest.environment, view.root, bundle.bundle.content, walls, wish)
    return _with_commands(case, _ask(case, _with_packages(wish, Ran(environment=environment, host=host))))


def _with_packages(wish: hosting.Wish, ran: Ran) -> Ran:
    """The same, with where the packages of an environment lie that was there before."""
    environment = ran.environment
    if environment is None or environment.how in {"rebuild", "portable"}:
        return ran
    python = wish.env if isinstance(wish.env, Path) else None
    return dataclasses.replace(ran, packages=existing.package_folders(python, environment.python))


def in_background(action: Callable[[], T]) -> Callable[[], T]:
    """Begin something beside what follows; a call of what is returned waits for it, and gives or raises what came of it."""
    pool = ThreadPoolExecutor(max_workers=1)
    future = pool.submit(action)
    pool.shutdown(wait=False)
    return future.result


def refuse_changed(view: View) -> None:
    """Make sure that no file that was used in place has changed since it was verified.

    Raises:
        UnavailableError: One has.
    """
    changed = view.changed()
    if changed:
        raise UnavailableError(f"{changed[0]}: changed while the model was run, so the result proves nothing")


def _ask(case: Case, ran: Ran) -> Ran:
    """One process: the recorded inputs, the controls in random order, the claims that functions compute."""
    assert ran.host is not None
    control, view, options, plan = case.folder(), case.view, case.options, ran.plan
    if options.controls:
        draw = random.SystemRandom()
        plan = controlling.plan(case.manifest, view.root, view.place, control, options.probe, draw)
    others = " and on others" if plan.decoys else ""
    asked = claiming.asked(case.wanted())
    with case.clock.step("run", f"the model on the recorded inputs{others}"):
        options.wish.say(f"running the model on the recorded inputs{others}")
        packages = ran.packages or ()
        looked = in_background(lambda: existing.look_at(packages)) if packages else None
        in_background(reporting.ready)
        started = time.monotonic()
        answer = guest.ask(
            case.manifest,
            view.place,
            view.root,
            control,
            ran.host,
            first=plan.first,
            questions=plan.questions,
            claims=asked,
            in_place=True,
        )
        late = time.monotonic() - started > FURTHER * ran.host.timeout and not _is_quick(answer, plan, ran.host)
    anew = _ask_anew(case, ran.host, plan, answer)
    return dataclasses.replace(ran, answer=answer, plan=plan, looked=looked, out_of_time=late, anew=anew)


def _ask_anew(case: Case, host: guest.Host, plan: Plan, answer: Answer) -> tuple[controlling.Begun, ...]:
    """Where the recorded inputs, asked again, gave something else: processes that begin with something else."""
    if not plan.decoys or not controlling.is_unsteady(plan, answer):
        return ()
    with case.clock.step("run anew", "the model begun with other inputs and weights, as it is not steady"):
        case.options.wish.say("the model is not steady: beginning anew with other inputs and weights")
        chosen = controlling.beginnings(plan, answer, random.SystemRandom())
        until = time.monotonic() + host.timeout
        found = (_begun(case, host, one, until - time.monotonic()) for one in chosen)
        return tuple(one for one in found if one is not None)


def _begun(case: Case, host: guest.Host, one: controlling.Beginning, seconds: float) -> controlling.Begun | None:
    """One process in the time that is left of all of them; None where an honest model may not have had enough."""
    view, whole = case.view, seconds > host.timeout * WHOLE
    if seconds <= 0:
        return None
    try:
        answer = guest.ask(
            case.manifest,
            view.place,
            view.root,
            case.folder(),
            dataclasses.replace(host, timeout=seconds),
            first=one.first,
            questions=one.questions,
            in_place=True,
        )
    except ProcessError as error:
        return controlling.Begun(beginning=one, error=str(error)) if whole else None
    return controlling.begun(one, answer)


def _is_quick(answer: Answer, plan: Plan, host: guest.Host) -> bool:
    """Whether the first run was so short that the others cannot honestly have taken all the time."""
    runs = len(plan.decoys) + 1
    return answer.seconds is not None and answer.seconds * runs * MUCH_SLOWER < host.timeout


def _with_commands(case: Case, ran: Ran) -> Ran:
    """The claims that commands compute, each in a process of its own."""
    wanted = [one for one in case.wanted() if one.command]
    if not wanted or ran.answer is None or ran.host is None:
        return ran
    view = case.view
    with case.clock.step("claims", "the commands of the claims"):
        case.options.wish.say("computing what is claimed")
        found = claiming.run(wanted, claiming.Scene(case.manifest, view.place, view.root, case.folder, ran.host))
    answer = dataclasses.replace(ran.answer, claims={**ran.answer.claims, **found})
    return dataclasses.replace(ran, answer=answer)
