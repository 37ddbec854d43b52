"""What a model was captured with and an environment that was there before has not: often why it does not even load."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.utils import canonicalize_name

from reprobundle.components.environment.differing import grading
from reprobundle.components.environment.section import Section
from reprobundle.phrases import some

SHOWN = 4


def missing_words(section: Section, found: Mapping[str, str] | None) -> str | None:
    """The imported distributions that are not installed, those that change numbers most first; None where all are.

    Args:
        section: The recorded environment.
        found: Version by name of what is installed where the model was to run; None where that is not known.
    """
    if found is None:
        return None
    here = {str(canonicalize_name(name)) for name in found}
    missing = [one for one in section.distributions if one.imported and one.name not in here]
    missing.sort(key=lambda one: (grading.most_first(grading.of_distribution(one.name).grade), one.name))
    if not missing:
        return None
    labels = some([f"{one.name} {one.version}" for one in missing], SHOWN)
    return f"{labels} {'is' if len(missing) == 1 else 'are'} not installed there"


def python_words(section: Section, version: str) -> str | None:
    """That the Python is another minor version than the recorded one, for which compiled packages differ; None if not."""
    recorded = section.interpreter
    if recorded.minor == ".".join(version.split(".")[:2]):
        return None
    return f"it is Python {version}, recorded was {recorded.version}"
