"""The rules by name: what each says, and how grave it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from reprobundle.errors import UsageError
from reprobundle.linting.lints import Level, Lint

if TYPE_CHECKING:
    from reprobundle.linting.subject import Subject
    from reprobundle.secrecy import Leak

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: Stable name.
        levels: How grave it is, gravest first where that depends.
        says: What is found.
    """

    name: str
    levels: tuple[Level, ...]
    says: str


RULES = (
    Rule("missing", ("warning", "advice"), "a question has no answer"),
    Rule("weak", ("warning",), "an answer says too little: too few words, or `n/a` without the reason"),
    Rule(
        "placeholder",
        ("error",),
        "a template's text, `TODO`, `XX%`, `coming soon` or an example's address stands for an answer",
    ),
    Rule(
        "left-out", ("error", "warning"), "a secret was taken out at capture, and a mark or a gap stands in its place"
    ),
    Rule("repeated", ("warning",), "an answer repeats its question, or the answer to another one"),
    Rule("form", ("error",), "the card breaks its form, so that a part of it cannot be read"),
    Rule("date-future", ("warning",), "a date lies in the future"),
    Rule("orcid", ("error",), "an ORCID is mistyped: its check digit does not fit"),
    Rule("doi", ("error",), "a DOI is a template's"),
    Rule("licence-invalid", ("error",), "a licence is no identifier of SPDX"),
    Rule("licence-deprecated", ("warning",), "SPDX has replaced an identifier"),
    Rule("licence-unknown", ("advice",), "nothing is known of a licence's terms, so that it was not compared"),
    Rule("licence-data-differs", ("error",), "the card names another licence of the data than the splits do"),
    Rule("licence-data", ("error", "warning", "advice"), "the model's licence drops terms of its training data"),
    Rule("licence-base", ("error", "warning"), "the model's licence drops terms of the model it was made from"),
    Rule("licence-inputs", ("warning",), "data and base model each ask for a licence of their own"),
    Rule("licence-code", ("warning",), "the code's licence file says another licence than the card"),
    Rule(
        "licence-original",
        ("warning", "advice"),
        "the README that came with the weights says another licence than the card",
    ),
    Rule("base-model", ("advice",), "the README that came with the weights names a base model, the card does not"),
    Rule("secret", ("error",), "a token, key or password stands in the bundle: docs/secrets.md"),
    Rule("overlap", ("error", "warning"), "a number is measured on a split that holds samples of a training split"),
    Rule("overlap-splits", ("warning", "advice"), "two splits hold the same samples"),
    Rule("claim-split", ("warning",), "a number does not say what it was measured on"),
    Rule("claim-unrecorded", ("warning",), "a number was measured on a split that is not recorded"),
    Rule("claim-train-only", ("warning",), "every number was measured on training data"),
    Rule("claim-differs", ("error",), "a number is another than the one that the reloaded model gave at capture"),
    Rule("claim-failed", ("warning",), "what computes a number failed at capture with the reloaded model"),
    Rule(
        "claim-contradicted",
        ("error", "warning"),
        "a number is another than its own samples or groups give, or has other samples than its split",
    ),
    Rule("claim-uncomputed", ("advice",), "nothing in the bundle computes a number again, or it holds none"),
    Rule("uncertainty", ("warning",), "numbers stand without their uncertainty"),
    Rule("runs", ("warning",), "numbers stand without the number of runs"),
    Rule("metrics-differ", ("error", "warning"), "a number in the card's text is another than the recorded one"),
    Rule("parameters-differ", ("error",), "the number of parameters in the card's text is another than the model's"),
    Rule(
        "hyperparameters-differ", ("warning",), "a hyperparameter in the card's text is another than the recorded one"
    ),
    Rule("counts-differ", ("warning",), "a number of samples, classes or features in the card's text is another"),
    Rule("use-missing", ("warning",), "the card says what the model is not for, but not what for"),
    Rule("use-same", ("error",), "the same use is intended and out of scope"),
    Rule("personal-data", ("error", "warning"), "the data is about people, and consent or privacy is not answered"),
    Rule(
        "personal-data-denied", ("warning",), "the card says there is no personal data; a column's name says otherwise"
    ),
    Rule(
        "groups-personal",
        ("warning",),
        "the groups of a number tell of single persons, by their names or by their size",
    ),
    Rule("proof-failed", ("error",), "the bundle did not give the same outputs from its own files"),
    Rule("proof-missing", ("warning",), "the bundle was never reloaded from its own files"),
    Rule("replay-refused", ("error",), "capture found that no replay will call the model reproduced"),
    Rule(
        "preprocessing-missing",
        ("warning",),
        "samples are changed before the model sees them, and what changes them is not packed",
    ),
    Rule("data-left-out", ("warning",), "a data split was given and could not be recorded"),
    Rule("lock", ("warning",), "the environment cannot be rebuilt with every hash checked"),
    Rule("code-changed", ("warning",), "source files changed after the training began"),
    Rule(
        "code-left-out",
        ("error", "warning"),
        "a source file or configuration is not in the bundle; of tests, pages and all else a warning",
    ),
    Rule("code-patch", ("warning",), "the source differs from its commit, and no patch says in what"),
    Rule("code-commit", ("advice",), "the source has no commit, or lies beside it"),
    Rule("advisory", ("advice",), "a vulnerability is known of a distribution; asked with `--advisories` only"),
    Rule("advisory-unasked", ("advice",), "the index of advisories could not be asked"),
    Rule("calibration", ("advice",), "how far honest runs lie apart was not measured"),
)
BY_NAME = {rule.name: rule for rule in RULES}


def refuse_unknown(names: Sequence[str]) -> None:
    """Make sure that rules which are to be let go are rules.

    Raises:
        UsageError: One is not; the hint names the nearest.
    """
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        near = get_close_matches(unknown[0], BY_NAME, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "reprobundle lint BUNDLE names the rule of each finding"
        raise UsageError(f"there is no rule {unknown[0]!r} of lint", hint=hint)


def in_card(
    subject: Subject, rule: str, path: str, message: str, *, hint: str | None = None, level: Level | None = None
) -> Lint:
    """A finding in the card, at the line of the field; the gravest level of the rule unless told otherwise."""
    made = _made(rule, level, subject.section_of(path), message, hint, subject.file, subject.line(path), path)
    return made if subject.manifest is not None else made.model_copy(update={"within": "project"})


def in_manifest(rule: str, path: str, message: str, *, hint: str | None = None, level: Level | None = None) -> Lint:
    """A finding in what was captured."""
    return _made(rule, level, path.partition(".")[0].partition("[")[0], message, hint, MANIFEST, None, path)


def of_leak(leak: Leak) -> Lint:
    """A finding where a secret stands, which is not told."""
    hint = "capture without it, and revoke what others may have seen; docs/secrets.md says how one is allowed"
    message = f"a secret stands here ({leak.rule})"
    return _made("secret", None, "secrets", message, hint, leak.path, leak.line, leak.path)


def _made(  # noqa: PLR0917  one for each field
    rule: str, level: Level | None, section: str, message: str, hint: str | None, file: str, line: int | None, path: str
) -> Lint:
    levels = BY_NAME[rule].levels
    assert level is None or level in levels  # so the page of the rules tells every level
    return Lint(
        rule=rule,
        level=level or levels[0],
        section=section,
        message=message,
        hint=hint,
        file=file,
        line=line,
        path=path,
    )
