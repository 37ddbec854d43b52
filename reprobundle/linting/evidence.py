"""What the numbers stand on: their splits, overlaps with training data, error bars, and how far the bundle is proven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobundle.components.claims import Claim
from reprobundle.components.data.roles import is_held_back, trains
from reprobundle.components.data.section import Overlap, Split
from reprobundle.components.documentation.card import Result
from reprobundle.exports.leakage import Leak, leaks_of
from reprobundle.linting.lints import Level, Lint
from reprobundle.linting.rules import in_card, in_manifest
from reprobundle.linting.subject import Subject
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, percent, some

SHOWN = 3


def evidence(subject: Subject) -> Iterator[Lint]:
    """Everything about numbers and what they stand on."""
    manifest = subject.manifest
    if manifest is not None:
        yield from _splits_of_claims(manifest)
        yield from _overlaps(manifest)
        yield from _computed(manifest)
        yield from _proven(manifest)
    yield from _error_bars(subject)


def _splits_of_claims(manifest: Manifest) -> Iterator[Lint]:
    recorded = {split.name for split in manifest.data.splits}
    for number, claim in enumerate(manifest.claims.claims):
        path = f"claims.claims[{number}].split"
        if claim.split is None:
            hint = "name it: claims: [{id: …, split: test}]; docs/claims.md shows how"
            yield in_manifest("claim-split", path, f"{_called(claim)} does not say on which split", hint=hint)
        elif claim.split not in recorded:
            left_out = claim.split in manifest.data.left_out
            why = "which was given and could not be recorded" if left_out else "which is none of the recorded splits"
            hint = (
                "the notes of the capture say why" if left_out else f"recorded are: {some(sorted(recorded)) or 'none'}"
            )
            message = f"{_called(claim)} was measured on {claim.split!r}, {why}"
            yield in_manifest("claim-unrecorded", path, message, hint=hint)
    named = [claim for claim in manifest.claims.claims if claim.split in recorded]
    if named and len(named) == len(manifest.claims.claims) and all(trains(claim.split or "") for claim in named):
        message = f"every number was measured on training data: {some(sorted({claim.split or '' for claim in named}))}"
        yield in_manifest("claim-train-only", "claims.claims", message, hint="measure on data that was held back")


def _called(claim: Claim) -> str:
    return f"the number {claim.id!r}"


def _overlaps(manifest: Manifest) -> Iterator[Lint]:
    told: set[frozenset[str]] = set()
    for number, claim in enumerate(manifest.claims.claims):
        for leak in leaks_of(claim, manifest.data):
            told.add(frozenset({leak.split.name, leak.overlap.split}))
            yield _measured_on_training_data(claim, number, leak)
    for number, split in enumerate(manifest.data.splits):
        for overlap in split.overlaps:
            pair = frozenset({split.name, overlap.split})
            if overlap.count and pair not in told:
                told.add(pair)
                yield _shared(number, split, overlap)


def _measured_on_training_data(claim: Claim, number: int, leak: Leak) -> Lint:
    split, overlap = leak.split, leak.overlap
    level: Level = "error" if leak.grave else "warning"
    by = ", as its text says" if claim.split_guessed else ""
    message = (
        f"{_called(claim)} is measured on {split.name!r}{by}, of which {_of(overlap, leak.share)} stand in {overlap.split!r}"
        f"{_where(overlap)}"
    )
    hint = f"take them out of {overlap.split!r} or of {split.name!r}, and measure again"
    return in_manifest("overlap", f"claims.claims[{number}]", message, hint=hint, level=level)


def _shared(number: int, split: Split, overlap: Overlap) -> Lint:
    share = overlap.count / split.count if split.count else 1.0
    held_back = is_held_back(split.name) or is_held_back(overlap.split)
    message = f"{_of(overlap, share)} of {split.name!r} stand in {overlap.split!r}, too{_where(overlap)}"
    return in_manifest(
        "overlap-splits",
        f"data.splits[{number}].overlaps",
        message,
        hint="whatever is measured on the one is partly known from the other",
        level="warning" if held_back else "advice",
    )


def _of(overlap: Overlap, share: float) -> str:
    return f"{counted(overlap.count, 'sample')} ({percent(share)})"


def _where(overlap: Overlap) -> str:
    places = [f"{_place(place.here)} is {_place(place.there)} there" for place in overlap.places]
    return f": {some(places, SHOWN)}" if places else ""


def _place(place: int | str) -> str:
    return f"row {place}" if isinstance(place, int) else f"{place!r:.80}"


def _computed(manifest: Manifest) -> Iterator[Lint]:
    if not manifest.claims.claims:
        hint = "give claims= to capture, each with the function (entry) or command that computes it: docs/claims.md"
        yield in_manifest("claim-uncomputed", "claims.claims", "the bundle holds no number", hint=hint)
    for number, claim in enumerate(manifest.claims.claims):
        if claim.entry is None and not claim.command:
            hint = "name the function (entry) or command that does: docs/claims.md"
            message = f"nothing computes {_called(claim)} again"
            yield in_manifest("claim-uncomputed", f"claims.claims[{number}]", message, hint=hint)


def _error_bars(subject: Subject) -> Iterator[Lint]:
    claims = subject.manifest.claims.claims if subject.manifest is not None else ()
    results = subject.card.evaluation.results
    if not (claims or results or subject.text("evaluation.metrics")):
        return
    if not subject.text("evaluation.uncertainty") and not (_all_told(results) or _all_told(claims)):
        hint = "say it in evaluation.uncertainty: which error bars, and how they were computed"
        yield in_card(subject, "uncertainty", "evaluation.uncertainty", "the numbers have no uncertainty", hint=hint)
    if not subject.text("evaluation.runs") and not (results and all(result.runs for result in results)):
        hint = "say it in evaluation.runs: how many, and what varied between them; one run is an answer, too"
        yield in_card(subject, "runs", "evaluation.runs", "the numbers do not say of how many runs they are", hint=hint)


def _all_told(numbers: Sequence[Claim | Result]) -> bool:
    """Whether there are numbers, and each says how far it may lie from the true one."""
    told = [one.low if isinstance(one, Claim) else one.uncertainty for one in numbers]
    return bool(told) and None not in told


def _proven(manifest: Manifest) -> Iterator[Lint]:
    proof, lock, code = manifest.proof, manifest.environment.lock, manifest.code
    why = f": {proof.why}" if proof.why else ""
    if proof.status == "failed":
        hint = "reprobundle show BUNDLE notes says what is missing; then capture again"
        yield in_manifest("proof-failed", "proof", f"the bundle was not proven, the proof failed{why}", hint=hint)
    elif proof.status == "not run":
        yield in_manifest("proof-missing", "proof", f"the bundle was not proven, the proof was not run{why}")
    if lock is None:
        yield in_manifest("lock", "environment.lock", "there is no lock: the environment cannot be rebuilt")
    elif lock.hashes != "complete":
        why = f": {lock.why}" if lock.why else ""
        hint = "reprobundle lock BUNDLE adds them, in a new bundle"
        yield in_manifest("lock", "environment.lock.hashes", f"the lock has no hashes{why}", hint=hint)
    if code.changed_since_start:
        message = (
            f"{some(code.changed_since_start)} changed after the training began: what ran may differ from what is here"
        )
        yield in_manifest("code-changed", "code.changed_since_start", message, hint="train again from what is here")
    if code.repository is None:
        hint = "git init, and commit before training"
        yield in_manifest("code-commit", "code.repository", "the source has no commit to point at", hint=hint)
    elif code.repository.dirty and code.patch is not None:
        message = f"the source differs from commit {code.repository.commit[:12]}; the difference is in the bundle"
        yield in_manifest("code-commit", "code.repository.dirty", message, hint="commit before training")
    if manifest.outputs.expected is not None and manifest.outputs.calibration is None:
        hint = "reprobundle calibrate BUNDLE does it, in a new bundle"
        message = "how far honest runs lie apart was not measured"
        yield in_manifest("calibration", "outputs.calibration", message, hint=hint)
