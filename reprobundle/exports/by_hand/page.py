"""``replay/REPLAY.md``: how a stranger replays the bundle without this program, also when much of today's is gone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from reprobundle.exports.by_hand import texts
from reprobundle.exports.by_hand.commands import FOLDER, commands, interpreter, why_not
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted
from reprobundle.rendering.markdown import block, code, inline

WIDTH = 100
INSTALL, RUN = 2, 5  # the numbers of two commands of which more is to be said


def page(manifest: Manifest, worker: str) -> str:
    """The text of ``replay/REPLAY.md``.

    Args:
        manifest: What was captured; its table of files is not used, for this file stands in it.
        worker: How large the copy of the worker is, in words.
    """
    runs = why_not(manifest) is None
    parts = (
        *_opening(manifest),
        texts.INTRODUCTION.format(worker=worker),
        *_proof(manifest),
        *_needs(manifest),
        *_steps(manifest),
        *((texts.ANSWER, *_measured(manifest)) if runs else ()),
        *_gone(manifest),
        texts.FORMATS,
        *_limits(manifest),
    )
    return "\n\n".join(parts) + "\n"


def _opening(manifest: Manifest) -> Iterator[str]:
    yield "# Replaying this model by hand"
    yield _paragraph(
        f"This folder is a *bundle*: a trained model, {code(manifest.name)}, with its weights, its source, the list of the "
        "packages it ran with, sample inputs, and the outputs it gave for them. This page says how to find out, with Python "
        "and pip alone, whether it still gives these outputs. The program that made the folder, reprobundle "
        f"{inline(manifest.reprobundle)}, is not needed for it."
    )


def _proof(manifest: Manifest) -> Iterator[str]:
    status, why = manifest.proof.status, manifest.proof.why
    if manifest.proof.proven:
        yield _paragraph(
            f"Before the folder was sealed, a fresh process reloaded it and its outputs agreed: **{status}**."
        )
    else:
        reason = f": {inline(why)}" if why else ""
        yield _paragraph(f"**Unproven**: the reload before the folder was sealed came to *{status}*{reason}.")


def _needs(manifest: Manifest) -> Iterator[str]:
    section = manifest.environment
    python, system = section.interpreter, section.platform
    libc = f", {inline(system.libc)}" if system.libc else ""
    yield "## What you need"
    yield _points(
        f"Python {python.minor}, with its module `venv`; recorded is {inline(python.implementation)} {inline(python.version)}.",
        f"{inline(system.system)} on {inline(system.machine)}{libc}, or what runs its programs.",
        "A package index that pip can reach, such as pypi.org, or a folder with the wheels of the packages.",
        "A terminal **in the folder that holds `manifest.json`**, and the right to write beside it, since all that is made "
        f"goes to `{FOLDER}`. Write nothing into the folder itself: with one file more it is no longer what was sealed.",
    )


def _steps(manifest: Manifest) -> Iterator[str]:
    found, reason = commands(manifest), why_not(manifest)
    if reason is None:
        yield texts.COMMANDS
    else:
        yield "## What can be done by hand"
        yield _paragraph(
            f"**The model cannot be replayed by hand: {inline(reason)}.** What can be done is to make its environment, and to "
            "check that the folder is whole."
        )
    for number, (command, (title, told)) in enumerate(zip(found, texts.STEPS, strict=False), start=1):
        yield f"### {number}. {title}"
        yield block([command.line], "sh")
        yield told
        if number == INSTALL:
            yield from _of_packages(manifest)
        if number == RUN and command.variables:
            yield texts.VARIABLES


def _of_packages(manifest: Manifest) -> Iterator[str]:
    section = manifest.environment
    told = []
    if section.lock is None:
        told.append(
            "No lock was made: these are the packages that were imported, and what they need in turn may be newer than it was. "
            "`environment.distributions` in `manifest.json` names all that was installed."
        )
    elif section.lock.hashes == "complete":
        told.append("The lock holds SHA-256 hashes of every package, which pip checks.")
    else:
        told.append("The lock holds no hashes, so pip can check versions only.")
    if section.wheels:
        told.append(f"Out of `environment/wheels/` {_come(len(section.wheels))} that no index has as a fitting wheel.")
    told += [
        f"{code(name)} is a build for {code(hint.partition('/')[2])}: what stands after `||` asks the index of its makers, too, "
        "where yours does not have it."
        for name, hint in sorted(section.index_hints.items())
    ]
    if section.left_out:
        names = ", ".join(code(f"{part.name} {part.version}") for part in section.left_out)
        told.append(f"Installed once, but in no lock, so to be had by other means if it is missed: {names}.")
    yield _paragraph(" ".join(told))


def _come(number: int) -> str:
    return f"{'comes' if number == 1 else 'come'} {counted(number, 'package')}"


def _measured(manifest: Manifest) -> Iterator[str]:
    if manifest.outputs.calibration is not None:
        yield texts.MEASURED


def _gone(manifest: Manifest) -> Iterator[str]:
    section = manifest.environment
    minor, system = section.interpreter.minor, section.platform.distribution or section.platform.system
    found = (
        f"`{interpreter(section)}` is not found: Python {minor} is to be had from python.org, conda, uv or pyenv, as source, or "
        f"in a container or an emulator of {inline(system)}."
    )
    points = [found]
    if section.portable is not None:
        points.append(
            f"Python {minor} or the platform is not to be had at all: take another one, and type command 2 with "
            f"`--requirement {section.portable}` and without `--no-deps`. This names public versions of what was imported."
        )
    yield "## If something is gone"
    yield f"{_points(*points)}\n{texts.GONE}"


def _limits(manifest: Manifest) -> Iterator[str]:
    claims = manifest.claims.claims
    told = (
        f"{counted(len(claims), 'claimed number')} under `claims.claims` in `manifest.json`: not computed. Where a function or "
        "a command computes one, it stands beside it."
    )
    yield texts.LIMITS + (f"\n{_points(told)}" if claims else "")


def _points(*points: str) -> str:
    return "\n".join(_filled(f"- {point}", "  ") for point in points)


def _paragraph(text: str) -> str:
    return _filled(text, "")


def _filled(text: str, indent: str) -> str:
    """In lines that are read without a viewer; a command or an address is not broken."""
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
