"""Why outputs are not bitwise: a chain of checks that stops at the first that explains.

Weights after load, the preprocessing, the first module that leaves its envelope, what differs between the environments, and
the setting that restores what was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reprobundle.components import model, preprocessing
from reprobundle.components.interface import Site
from reprobundle.components.outputs import documents
from reprobundle.diagnosing import candidates, diverging, looking, paragraph, ranking
from reprobundle.diagnosing.asking import Asking
from reprobundle.diagnosing.candidates import Candidate
from reprobundle.diagnosing.case import Case
from reprobundle.diagnosing.proposing import BUNDLE
from reprobundle.diagnosing.searching import Search, reached
from reprobundle.frameworks import SELF_CONTAINED
from reprobundle.manifest import Manifest
from reprobundle.records import Json
from reprobundle.replies import BROKEN, NOT_FINISHED
from reprobundle.report import Diagnosis, Finding, Rung, Status

__all__ = ["Asking", "diagnose"]

GROSS = 0.05  # relative: beyond, no setting that only rounds otherwise explains it
CPU = "cpu"
UNSTEADY = frozenset({"nondeterministic", "stateful"})


@dataclass(frozen=True, kw_only=True)
class Given:
    """What `diagnose` was given, and what it saw of weights and preprocessing.

    Attributes:
        manifest: What is recorded.
        site: What was run and may be looked at.
        rung: The rung over all outputs.
        findings: What the checks found.
        asking: Runs the model again; None: it is not run again.
        evidence: One line for each check of weights and preprocessing.
        weights: Whether weights were compared, and agree.
    """

    manifest: Manifest
    site: Site
    rung: Rung
    findings: Sequence[Finding]
    asking: Asking | None
    evidence: tuple[str, ...]
    weights: bool


def diagnose(
    manifest: Manifest,
    site: Site,
    rung: Rung,
    reason: str | None,
    findings: Sequence[Finding] = (),
    asking: Asking | None = None,
) -> Diagnosis | None:
    """Say where recorded and replayed part, most likely because of what, and what to try.

    Args:
        manifest: What is recorded.
        site: What was run and may be looked at.
        rung: The rung over all outputs.
        reason: Why it is not bitwise.
        findings: What the checks found, differences between the environments among them.
        asking: Runs the model again; None: it is not run again.

    Returns:
        The diagnosis; None where outputs, weights and preprocessing are the recorded ones.
    """
    weights = tuple(model.check_values(manifest.model, site))
    if rung is Rung.BITWISE:
        return _of_agreeing_outputs(manifest, site, weights)
    if site.answer is None or site.answer.error is not None:
        stage: Literal["weights", "not run"] = "weights" if _differs(weights) else "not run"
        evidence = () if stage == "not run" else _told(weights)
        return Diagnosis(stage=stage, paragraph=_stopped(site, reason), evidence=evidence)
    pairs = tuple(preprocessing.check(manifest.preprocessing, site))
    evidence = _told((*weights, *pairs))
    if _differs(weights):
        return Diagnosis(stage="weights", paragraph=paragraph.of_weights(weights), evidence=evidence)
    prepared = preprocessing.outcome(manifest.preprocessing, site)
    if prepared.state in BROKEN or (prepared.state == "not compared" and rung is Rung.CLOSE):
        words = paragraph.of_preparing(prepared, rung)
        return Diagnosis(stage="preprocessing", paragraph=words, evidence=evidence)
    if rung is Rung.NOT_RUN:
        return Diagnosis(stage="not run", paragraph=f"Nothing was compared: {reason}.", evidence=evidence)
    agree = any(finding.status is Status.SAME for finding in weights)
    given = Given(
        manifest=manifest, site=site, rung=rung, findings=findings, asking=asking, evidence=evidence, weights=agree
    )  # fmt: skip
    return _of_computation(given)


def _of_computation(given: Given) -> Diagnosis:
    """Right weights, right preprocessing: the first module, the environment, and what restores the outputs."""
    manifest, site, asking = given.manifest, given.site, given.asking
    seen = looking.look(manifest, site, asking)
    causes = ranking.ranked(given.findings, seen.kind)
    differing = () if asking is None else _differing(given, seen, asking)
    search = None if asking is None or not asking.searches else _search(given, seen, causes, asking, differing)
    restoring = None if search is None else search.restoring
    trials = () if search is None else tuple(search.trials)
    case = Case(
        rung=given.rung,
        model=manifest.model.entry or "the model",
        weights=given.weights,
        typed=BUNDLE if asking is None else asking.typed,
        whole_file=manifest.model.loader in SELF_CONTAINED,
        rebuilt=site.packages is None,
        seen=seen,
        unsteady_there=_unsteady_there(given),
        causes=causes,
        restoring=restoring,
        tried=len(trials),
        unfinished=search is not None and search.unfinished,
        untried=[one for one in differing if one.needs_process and not any(one.words == trial.settings for trial in trials)],
        wider=candidates.wider_there(manifest.environment.numerics, _facts(site), {} if asking is None else asking.host.environment),
        other_device=site.other_device,
    )  # fmt: skip
    broken = case.broken
    return Diagnosis(
        stage="computation" if restoring is None else "environment",
        paragraph=paragraph.of_computation(case),
        evidence=(*given.evidence, looking.told(seen), *_of_search(search)),
        module=None if broken is None else broken.module,
        layers=() if seen.divergence is None else diverging.thinned(seen.divergence.layers),
        causes=ranking.told(causes),
        trials=trials,
    )


def _differing(given: Given, seen: looking.Seen, asking: Asking) -> tuple[Candidate, ...]:
    """What is set otherwise here than at capture and may move numbers as far as they moved; none where no setting does."""
    site, found = given.site, seen.divergence
    if seen.unsteady or site.other_device or (seen.is_ended and given.rung is not Rung.CLOSE):
        return ()
    if found is not None and found.broken is not None and found.broken.is_structural:
        return ()
    own, device = asking.host.environment, CPU if site.answer is None else site.answer.device or CPU
    listed = candidates.from_differences(given.manifest.environment.numerics, _facts(site), own, device=device)
    return tuple(one for one in listed if one.is_coarse) if found is not None and found.is_sudden else listed


def _search(
    given: Given, seen: looking.Seen, causes: Sequence[ranking.Cause], asking: Asking, differing: Sequence[Candidate]
) -> Search:
    """Look for what restores the outputs: what differs from the record, then, where it may be rounding, what often helps."""
    site = given.site
    facts, own, device = (
        _facts(site),
        asking.host.environment,
        CPU if site.answer is None else site.answer.device or CPU,
    )
    search = Search(asking=asking, site=site)
    search.run(differing)
    search.run_together(differing)
    if search.restoring is None and _is_worth_more(given, seen, causes, asking):
        known = {one.words for one in differing}
        search.run([one for one in candidates.standard(facts, own, device=device) if one.words not in known])
    return search


def _is_worth_more(given: Given, seen: looking.Seen, causes: Sequence[ranking.Cause], asking: Asking) -> bool:
    """Whether what differs may be rounding, by the same torch, on a processor that has what the one at capture had."""
    site, found, own = given.site, seen.divergence, asking.host.environment
    if seen.unsteady or site.other_device or seen.is_ended or any(cause.name == "torch" for cause in causes):
        return False
    if candidates.wider_there(given.manifest.environment.numerics, _facts(site), own) is not None:
        return False
    if found is not None and (found.is_sudden or (found.broken is not None and found.broken.is_structural)):
        return False
    if given.rung is Rung.CLOSE:
        return True
    if found is not None and found.broken is None and found.unequal is None:
        return False
    size = found.size if found is not None and found.broken is not None else _distance(asking, site)
    return size is not None and size < GROSS


def _unsteady_there(given: Given) -> str | None:
    """How the model was found at capture to give something else when it is asked again, in words; None where it was not."""
    measured = documents.calibration_of(given.manifest.outputs, given.site.root)
    if measured is None or measured.steadiness not in UNSTEADY:
        return None
    return measured.steadiness + (f": {measured.why}" if measured.why else "")


def _distance(asking: Asking, site: Site) -> float | None:
    """How far the outputs are from the record."""
    return None if site.answer is None else reached(asking, site, site.answer)[1]


def _of_search(search: Search | None) -> tuple[str, ...]:
    """One line on what was tried; none where nothing was."""
    if search is None or not search.trials:
        return ()
    over = "; there was no time for more" if search.unfinished else ""
    if search.restoring is not None:
        return (f"settings: {' and '.join(search.restoring.words)} restores every output bit for bit",)
    return (f"settings: none of {len(search.trials)} restores the outputs bit for bit{over}",)


def _facts(site: Site) -> dict[str, Json]:
    return {} if site.answer is None else dict(site.answer.facts)


def _of_agreeing_outputs(manifest: Manifest, site: Site, weights: tuple[Finding, ...]) -> Diagnosis | None:
    """What differs although the model gives the recorded outputs bit for bit: nothing, other weights, the preprocessing."""
    if model.count_not_recorded(manifest.model, site) > 0:
        return Diagnosis(stage="weights", paragraph=paragraph.HIDDEN_WEIGHTS, evidence=_told(weights))
    prepared = preprocessing.outcome(manifest.preprocessing, site)
    if prepared.state in {"none", "agrees"}:
        return None
    evidence = _told((*weights, *preprocessing.check(manifest.preprocessing, site)))
    words = paragraph.of_preparing(prepared, Rung.BITWISE)
    return Diagnosis(stage="preprocessing", paragraph=words, evidence=evidence)


def _stopped(site: Site, reason: str | None) -> str:
    if site.answer is None:
        return f"The model was not run: {reason}."
    where = f" It came from {site.answer.at.words}." if site.answer.at is not None else ""
    stopped = f"The model stopped at the stage {site.answer.stage!r}: {site.answer.error}.{where}"
    stopped += " The log has the whole message."
    if (site.answer.error or "").startswith("UnfitWeights"):
        return f"{stopped} {paragraph.UNFIT}"
    if (site.answer.error or "").startswith("MemoryError"):
        stopped += " The sandbox lets it use so much memory and no more: --memory SIZE lets it use more."
    if reason is None or not reason.startswith(f"{NOT_FINISHED}: "):
        return stopped
    way_out = "install what the bundle's lock names (--sync, for a Python that you name), or replay with --env rebuild"
    return f"{stopped} Likely because {reason.removeprefix(NOT_FINISHED + ': ')}: {way_out}."


def _told(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(f"{finding.kind}: {finding.message}" for finding in findings)


def _differs(findings: Sequence[Finding]) -> bool:
    return any(finding.status is Status.DIFFERS for finding in findings)
