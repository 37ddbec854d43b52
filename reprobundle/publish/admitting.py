"""The gate that stands before every destination: only an `Admitted` bundle leaves this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reprobundle import bundle as bundles
from reprobundle import secrecy, withholding
from reprobundle.bundle import HUB_ATTRIBUTES, VerifiedBundle
from reprobundle.errors import RefusedInputError
from reprobundle.linting import gate, rules
from reprobundle.store import Listed, list_files


@dataclass(frozen=True)
class Admitted:
    """A bundle that may be published.

    Attributes:
        bundle: The bundle, verified just now.
        files: What of it is published: what is listed, the manifest, the signatures; never what a Hub itself put there.
        let_through: What looked like a secret and was allowed, each as ``RULE:PATH``.
        allow_lint: Rules that were let go.
        allow: What was allowed, needed or not.
    """

    bundle: VerifiedBundle
    files: tuple[Listed, ...]
    let_through: tuple[str, ...]
    allow_lint: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()

    def again(self, made: VerifiedBundle) -> Admitted:
        """Another bundle that was made from this one, looked at with the same allowances.

        Args:
            made: The other one; this one itself is not looked at twice.

        Raises:
            RefusedInputError: As for `admit`.
        """
        if made.path == self.bundle.path:
            return self
        return admit(made, allow_lint=self.allow_lint, allow=self.allow)


def admit(bundle: VerifiedBundle, *, allow_lint: Iterable[str] = (), allow: Iterable[str] = ()) -> Admitted:
    """Look at a bundle once more before others can read it.

    Args:
        bundle: The bundle; it is verified afresh.
        allow_lint: Rules of `reprobundle.lint` that may be broken; every other error refuses the bundle.
        allow: What looks like a secret and may be published, each as ``RULE:PATH``.

    Raises:
        RefusedInputError: It has changed since it was verified, or its documentation has errors.
        SecretsError: It holds what looks like a secret.
        UsageError: There is no such rule.
        UnavailableError: detect-secrets is not installed.
    """
    fresh, rules_let_go, allowed = verified_again(bundle), tuple(allow_lint), tuple(allow)
    gate.refuse_errors(fresh, allowed=rules_let_go)
    let_through = withholding.refuse_published(fresh, allowed)
    return Admitted(fresh, published_files(fresh), let_through, rules_let_go, allowed)


def refuse_unknown(*, allow_lint: Iterable[str] = (), allow: Iterable[str] = ()) -> None:
    """Make sure that what may be broken or let through names rules that there are; no bundle is needed for it.

    Raises:
        UsageError: There is no such rule.
    """
    rules.refuse_unknown(tuple(allow_lint))
    secrecy.allowances(allow)


def objections(
    bundle: VerifiedBundle, *, allow_lint: Iterable[str] = (), allow: Iterable[str] = ()
) -> tuple[RefusedInputError, ...]:
    """Everything for which `admit` would refuse a bundle, where `admit` tells the first only.

    Raises:
        UsageError: There is no such rule.
        UnavailableError: detect-secrets is not installed.
    """
    found: list[RefusedInputError] = []
    try:
        gate.refuse_errors(bundle, allowed=allow_lint)
    except RefusedInputError as error:
        found.append(error)
    try:
        withholding.refuse_published(bundle, allow)
    except RefusedInputError as error:
        found.append(error)
    return tuple(found)


def published_files(bundle: VerifiedBundle) -> tuple[Listed, ...]:
    """The files of a bundle that others get, sorted by path."""
    return tuple(found for found in list_files(bundle.path) if found.path != HUB_ATTRIBUTES)


def verified_again(bundle: VerifiedBundle) -> VerifiedBundle:
    """Verify a bundle once more, and that it is still the same.

    Raises:
        RefusedInputError: It is not.
    """
    fresh = bundles.verify(bundle.path)
    if fresh.id != bundle.id:
        raise RefusedInputError(f"{bundle.path.name}: is another bundle now: expected {bundle.id}, found {fresh.id}")
    return fresh
