"""From what was run at a replay to the report: what agrees, whether the model computes, where it parts and why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from reprobundle import controlling, diagnosing, guest, hosting, replies
from reprobundle.components import COMPONENTS, claims, model, outputs, preprocessing
from reprobundle.components import data as data_splits
from reprobundle.components.environment.differing import vendored
from reprobundle.components.interface import Site
from reprobundle.exports import by_hand
from reprobundle.report import (
    ClaimResult,
    Control,
    Finding,
    OutputComparison,
    ReplayedEnvironment,
    Report,
    Rung,
)
from reprobundle.report.bounds import findings_within, outputs_within
from reprobundle.retyping import retype
from reprobundle.running import Case, Ran
from reprobundle.version import version


def conclude(case: Case, ran: Ran) -> Report:
    """Let every kind check its part, find out where recorded and replayed part, and come to a verdict."""
    manifest, clock = case.manifest, case.clock
    with clock.step("compare", "outputs with the record"):
        site = look(case, ran)
        compared = outputs.compare(manifest.outputs, site)
        controls = _controls(case, ran, compared)
        findings = _findings(case, site, ran.environment)
        claimed = claims.results(manifest.claims, site, data_splits.copies(manifest.data, findings))
    rung, reason = _rung(case, site, compared, ran.environment)
    asking = _asking(case, ran, rung)
    with clock.step("diagnosis", "why it is not bitwise") if asking is not None else nullcontext():
        diagnosis = diagnosing.diagnose(manifest, site, rung, reason, findings, asking)
    rung, reason = _counted(rung, reason, ran.environment, claimed)
    verdict = replies.verdict(
        rung,
        site.required,
        reason,
        model.count_not_recorded(manifest.model, site),
        preprocessing.outcome(manifest.preprocessing, site),
        controls=controls,
        outcome=controlling.outcome(controls),
        refused=controlling.refuses_all(controls),
        loosened=replies.widest(compared),
        claims=claimed,
    )
    return Report(
        reprobundle=version(),
        bundle_id=case.bundle.id,
        bundle_name=manifest.name,
        signature="good" if case.signer is not None else "not checked" if case.bundle.signatures else "none",
        signed_by=case.signer,
        started=case.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        verdict=verdict,
        diagnosis=diagnosis,
        outputs=outputs_within(compared),
        findings=findings_within(findings),
        environment=ran.environment,
        stages=tuple(clock.stages),
        controls=controls,
        claims=claimed,
    )


def look(case: Case, ran: Ran) -> Site:
    """Where the checks may look. What ran on the CPU for want of a GPU is measured with the tolerance between devices."""
    recorded, answer, environment, options = case.manifest.model.device, ran.answer, ran.environment, case.options
    return Site(
        root=case.view.root,
        answer=answer,
        data=options.data,
        salts=options.salts,
        required=options.require,
        other_device=answer is not None and recorded != "cpu" and answer.device == "cpu",
        packages=ran.packages,
        looked=ran.looked,
        own_wheels=environment is None or environment.how in {"rebuild", "portable"} or environment.synced,
        fed=outputs.fed(case.manifest.outputs),
        policy=options.policy,
    )


def _controls(case: Case, ran: Ran, compared: tuple[OutputComparison, ...]) -> tuple[Control, ...]:
    if ran.answer is None:
        return ()
    return controlling.judge(
        ran.plan,
        case.manifest,
        ran.answer,
        compared,
        out_of_time=ran.out_of_time,
        anew=ran.anew,
        policy=case.options.policy,
    )


def _findings(case: Case, site: Site, environment: ReplayedEnvironment | None) -> list[Finding]:
    findings: list[Finding] = []
    for part in COMPONENTS:
        if part is claims:  # which sample is in which group is known of the recorded data only
            site = replace(site, copies=data_splits.copies(case.manifest.data, findings))
        findings += part.check(getattr(case.manifest, part.NAME), site)
    overlaps = vendored.check_overlaps(environment.overlaps if environment is not None else ())
    told = (*hosting.told(environment, case.options.wish), *by_hand.check(case.manifest))
    return [*findings, *overlaps, *told]


def _rung(
    case: Case, site: Site, compared: tuple[OutputComparison, ...], environment: ReplayedEnvironment | None
) -> tuple[Rung, str | None]:
    """The weakest rung over all outputs, and why it is not the highest."""
    manifest = case.manifest
    if site.answer is None or site.answer.error is not None:
        return Rung.NOT_RUN, guest.why_not(manifest) or replies.why_stopped(manifest, site, environment)
    rung, reason = replies.weakest(compared)
    if site.other_device and rung is not Rung.BITWISE:
        reason = f"{reason}; measured with the wider tolerance between a {manifest.model.device} device and the CPU"
    return rung, reason


def _asking(case: Case, ran: Ran, rung: Rung) -> diagnosing.Asking | None:
    """A way to run the model again and see where and why it differs, for as long as the reviewer allows."""
    if ran.host is None or rung is Rung.BITWISE:
        return None
    options = case.options
    options.wish.say("looking for the first module that differs, and for the setting that restores it")
    return diagnosing.Asking(
        manifest=case.manifest,
        place=case.view.place,
        root=case.view.root,
        folder=case.folder,
        host=ran.host,
        deadline=time.monotonic() + (options.search_seconds or ran.host.timeout),
        typed=retype(case.bundle.path, options),
        searches=options.search_seconds > 0,
        say=options.wish.say,
    )


def _counted(
    rung: Rung, reason: str | None, environment: ReplayedEnvironment | None, claimed: Sequence[ClaimResult]
) -> tuple[Rung, str | None]:
    """The rung that counts: a portable environment proves less, and claims that agree prove something of other outputs."""
    if environment is not None and environment.how == "portable":
        rung, reason = replies.in_portable(rung, reason)
    return replies.with_metrics(rung, reason, claimed)
