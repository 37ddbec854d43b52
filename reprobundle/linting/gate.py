"""The gate before publishing: a bundle whose documentation cannot be so is refused, unless a rule is let go by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.linting import lint_bundle
from reprobundle.linting.rules import BY_NAME
from reprobundle.phrases import counted, some

SHOWN = 3


def refuse_errors(bundle: VerifiedBundle, *, allowed: Iterable[str] = ()) -> None:
    """Make sure that nothing is published which cannot be so.

    Args:
        bundle: The bundle.
        allowed: Names of rules that may be broken.

    Raises:
        UsageError: There is no rule of such a name.
        RefusedInputError: There are errors; the message names the first with file and line.
    """
    let_go = tuple(allowed)
    _refuse_unknown(let_go)
    errors = [lint for lint in lint_bundle(bundle, secrets=False).of("error") if lint.rule not in let_go]
    if errors:
        told = [f"{lint.place}: {lint.message} ({lint.rule})" for lint in errors[:SHOWN]]
        more = f"; and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
        message = (
            f"{bundle.manifest.name}: has {counted(len(errors), 'error')} in its documentation: {'; '.join(told)}{more}"
        )
        rules = some(sorted({lint.rule for lint in errors}), len(errors))
        hint = f"reprobundle lint BUNDLE tells all; --allow-lint RULE lets one go: {rules}"
        raise RefusedInputError(message, hint=hint)


def _refuse_unknown(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        near = get_close_matches(unknown[0], BY_NAME, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "reprobundle lint BUNDLE names the rule of each finding"
        raise UsageError(f"there is no rule {unknown[0]!r} of lint", hint=hint)
