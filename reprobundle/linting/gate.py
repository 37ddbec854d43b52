"""The gate before publishing: a bundle whose documentation cannot be so is refused, unless a rule is let go by name."""

from __future__ import annotations

from collections.abc import Iterable

from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import RefusedInputError
from reprobundle.linting import lint_bundle
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
    errors = lint_bundle(bundle, secrets=False, allow=allowed).of("error")
    if errors:
        told = [f"{lint.home}{lint.place}: {lint.message} ({lint.rule})" for lint in errors[:SHOWN]]
        told += [f"and {len(errors) - SHOWN} more"] if len(errors) > SHOWN else []
        message = f"{counted(len(errors), 'error')} in the documentation of {bundle.manifest.name}"
        rules = some(sorted({lint.rule for lint in errors}), len(errors))
        hint = f"reprobundle lint BUNDLE tells all; --allow-lint RULE lets one go: {rules}"
        raise RefusedInputError(message, findings=tuple(told), hint=hint)
