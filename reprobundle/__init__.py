"""Capture, verify, replay and compare trained models.

Every public name is loaded when it is first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself would cost more than this whole module; type checkers know the name
if TYPE_CHECKING:
    from reprobundle.asserting import assert_reproduces
    from reprobundle.bundle import Bundle, VerifiedBundle, verify
    from reprobundle.calling import begin, capture
    from reprobundle.comparing import compare
    from reprobundle.components.data.given import DataSplit, Splitting
    from reprobundle.components.model.opening import Checkpoint
    from reprobundle.components.preprocessing import Preprocessing
    from reprobundle.drifting import drift
    from reprobundle.drifts import DriftReport
    from reprobundle.errors import (
        NewerSchemaError,
        ProcessError,
        RefusedInputError,
        ReproBundleError,
        UnavailableError,
        UsageError,
    )
    from reprobundle.examining import Examination, examine
    from reprobundle.finishing import calibrate, document, lock
    from reprobundle.initialising import init
    from reprobundle.manifest import Manifest
    from reprobundle.ranks import generator_states
    from reprobundle.replaying import replay
    from reprobundle.report import Finding, Report, Rung, Status, Verdict
    from reprobundle.resuming import Resumed, resume
    from reprobundle.seeding import seed_everything, seed_worker

    __version__: str

__all__ = [
    "Bundle",
    "Checkpoint",
    "DataSplit",
    "DriftReport",
    "Examination",
    "Finding",
    "LintReport",
    "Manifest",
    "NewerSchemaError",
    "Preprocessing",
    "ProcessError",
    "RefusedInputError",
    "Report",
    "ReproBundleError",
    "Resumed",
    "Rung",
    "Splitting",
    "Status",
    "UnavailableError",
    "UsageError",
    "Verdict",
    "VerifiedBundle",
    "__version__",
    "assert_reproduces",
    "begin",
    "calibrate",
    "capture",
    "compare",
    "document",
    "drift",
    "examine",
    "generator_states",
    "init",
    "lint",
    "lock",
    "replay",
    "resume",
    "seed_everything",
    "seed_worker",
    "verify",
]

_HOMES = {
    "assert_reproduces": "asserting",
    "Bundle": "bundle",
    "VerifiedBundle": "bundle",
    "verify": "bundle",
    "begin": "calling",
    "capture": "calling",
    "compare": "comparing",
    "DataSplit": "components.data.given",
    "Splitting": "components.data.given",
    "Checkpoint": "components.model.opening",
    "Preprocessing": "components.preprocessing",
    "drift": "drifting",
    "DriftReport": "drifts",
    "NewerSchemaError": "errors",
    "ProcessError": "errors",
    "RefusedInputError": "errors",
    "ReproBundleError": "errors",
    "UnavailableError": "errors",
    "UsageError": "errors",
    "Examination": "examining",
    "examine": "examining",
    "calibrate": "finishing",
    "document": "finishing",
    "init": "initialising",
    "lock": "finishing",
    "LintReport": "linting.lints",
    "lint": "linting",
    "Manifest": "manifest",
    "generator_states": "ranks",
    "replay": "replaying",
    "Finding": "report",
    "Report": "report",
    "Rung": "report",
    "Status": "report",
    "Verdict": "report",
    "Resumed": "resuming",
    "resume": "resuming",
    "seed_everything": "seeding",
    "seed_worker": "seeding",
}


def __getattr__(name: str) -> object:
    """Load a public name from the module it lives in, once."""
    if name == "__version__":
        value: object = _version()
    elif name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name what can be used, loaded or not."""
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("reprobundle")
    except metadata.PackageNotFoundError:
        return "0+unknown"  # run from a source tree that was never installed
