"""The six commands that replay a bundle with Python and pip alone, as they are typed in the bundle's folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from reprobundle import frameworks
from reprobundle.components.environment.labels import address_of
from reprobundle.components.environment.section import WHEELS_FOLDER, Section
from reprobundle.manifest import Manifest
from reprobundle.worker import numerics

FOLDER = "../by-hand"
PYTHON = f"{FOLDER}/bin/python"
SCRIPT = "replay/by_hand.py"
WORKER = "replay/worker"
ALONE = "-I"  # nothing is imported from the bundle's folder, nor from where PYTHONPATH points
READERS = ("safetensors", "xxhash")  # what the worker and the script need, besides what the model needs
COMMANDS = {"cpython": "python", "pypy": "pypy"}  # how an interpreter is started, before its version


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        words: The program and its arguments.
        variables: Environment variables it is started with.
        otherwise: What is done where it fails; empty where there is no second way.
    """

    words: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    otherwise: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """As a shell takes it."""
        before = [f"{name}={shlex.quote(value)}" for name, value in sorted(self.variables.items())]
        after = ["||", shlex.join(self.otherwise)] if self.otherwise else []
        return " ".join((*before, shlex.join(self.words), *after))


def commands(manifest: Manifest) -> tuple[Command, ...]:
    """What is typed, in this order; the last three are left out where the model cannot be run, or nothing was recorded.

    Args:
        manifest: What was captured.
    """
    section = manifest.environment
    prepared = (
        Command(_module(interpreter(section), "venv", FOLDER)),
        _installing(section),
        Command((PYTHON, ALONE, SCRIPT, "verify")),
    )
    if why_not(manifest) is not None:
        return prepared
    return (
        *prepared,
        Command((PYTHON, ALONE, SCRIPT, "job", FOLDER)),
        Command((PYTHON, "-s", "-B", WORKER, f"{FOLDER}/job.json"), numerics.environment(section.numerics, {})),
        Command((PYTHON, ALONE, SCRIPT, "compare", FOLDER)),
    )


def _installing(section: Section) -> Command:
    """From the reader's own index; where that fails, with the public one that has a build which a local label names.

    Not with both at once: pip asks each index for every package, and waits long for one that is gone.
    """
    install = _module(PYTHON, "pip", "install", *_packages(section))
    addresses = sorted({address_of(hint) for hint in section.index_hints.values()})
    sources = tuple(word for address in addresses for word in ("--extra-index-url", address))
    return Command(install, otherwise=(*install, *sources) if sources else ())


def _module(python: str, *words: str) -> tuple[str, ...]:
    return (python, ALONE, "-m", *words)


def interpreter(section: Section) -> str:
    """The recorded Python as it is usually started, e.g. ``python3.11``."""
    return COMMANDS.get(section.interpreter.implementation, "python") + section.interpreter.minor


def why_not(manifest: Manifest) -> str | None:
    """Why the model cannot be run by hand to any purpose, in words; None where it can."""
    reason = frameworks.why_not(manifest.model, manifest.outputs.inputs)
    if reason is None and manifest.outputs.expected is None:
        return "no outputs are recorded, so there is nothing to compare with"
    return reason


def _packages(section: Section) -> tuple[str, ...]:
    """What pip is told; without a lock, what was imported, by name and version."""
    sources = ("--find-links", WHEELS_FOLDER) if section.wheels else ()
    if section.lock is not None:
        return ("--no-deps", "--only-binary", ":all:", *sources, "--requirement", section.lock.path)
    imported = [f"{part.name}=={part.version}" for part in section.distributions if part.imported]
    return (
        *sources,
        *imported,
        *(name for name in READERS if not any(pin.startswith(f"{name}==") for pin in imported)),
    )
