"""Whether an environment holds exactly what was wanted, told by the names of its folders: nothing of it is started."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.rebuilding.places import site_of
from reprobundle.components.environment.rebuilding.watching import METADATA
from reprobundle.errors import RefusedInputError


def check_installed(environment: Path, pins: Sequence[Pin], *, exact: bool) -> int:
    """Make sure that every pin is installed, at exactly its version.

    Args:
        environment: A virtual environment.
        pins: What is to be in it.
        exact: Whether a local label counts too; else any build of the public version will do.

    Returns:
        Number of distributions in it.

    Raises:
        RefusedInputError: One is missing or of another version or build.
    """
    found = installed_versions(environment)
    for one in pins:
        version = found.get(one.name)
        if version is None:
            raise RefusedInputError(f"{one.requirement}: expected to be installed, found nothing")
        if version != one.version and (exact or version.partition("+")[0] != one.version):
            raise RefusedInputError(f"{one.requirement}: expected a wheel of exactly this build, found {version!r}")
    return len(found)


def installed_versions(environment: Path) -> dict[str, str]:
    """Normalised version by normalised name of every distribution installed in an environment."""
    site = site_of(environment)
    folders = sorted(os.listdir(site)) if site.is_dir() else []
    parts = (name.removesuffix(METADATA).partition("-") for name in folders if name.endswith(METADATA))
    return {str(canonicalize_name(name)): _normal(version) for name, _, version in parts}


def _normal(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version
