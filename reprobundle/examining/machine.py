"""The machine beside the record: system and C library, graphics processor, memory; no framework is imported to ask."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprobundle import memory, process
from reprobundle.components.environment.section import Section
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.examining.checklist import Check, ok, warning
from reprobundle.manifest import Manifest
from reprobundle.phrases import sized

ASK_SECONDS = 20.0
PORTABLE = "replay with --env portable, which proves at most close, or with --env current in an environment of your own"
AMD_DEVICE = Path("/dev/kfd")
PROCESS_BYTES = 400 * 10**6  # Python with torch loaded, before it holds any model: measured 220 MB without a GPU
OLDEST_DRIVER = {11: 450, 12: 525, 13: 580}  # major version of CUDA: major version of the driver it needs
QUERY = ("--query-gpu=name,driver_version,memory.free", "--format=csv,noheader,nounits")


@dataclass(frozen=True)
class Gpu:
    """One graphics processor of NVIDIA, as its own tool tells.

    Attributes:
        name: What it is called.
        driver: Version of the driver.
        free: Memory nobody uses, bytes; None where it is not told.
    """

    name: str
    driver: str
    free: int | None


def platform_checks(section: Section) -> Iterator[Check]:
    """Whether the wheels of the record can fit this system at all."""
    recorded, system, machine = section.platform, platform.system(), platform.machine()
    if (recorded.system, recorded.machine.lower()) != (system, machine.lower()):
        message = f"captured on {recorded.system} {recorded.machine}, here is {system} {machine}: the locked wheels may not fit"
        yield warning("platform", message, hint=PORTABLE)
        return
    here = " ".join(part for part in platform.libc_ver() if part)
    if recorded.libc is not None and here and _is_beyond(recorded.libc, here):
        message = f"captured with {recorded.libc}, here is {here}: compiled wheels may need the newer one"
        yield warning("platform", message, hint=PORTABLE)
        return
    yield ok("platform", f"{system} {machine}{f', {here}' if here else ''}, which the recorded wheels fit")


def device_checks(manifest: Manifest) -> Iterator[Check]:
    """Whether the kind of device is here that the model was on; asked of the driver's own tools."""
    device, size = manifest.model.device, _model_bytes(manifest)
    if device == "cpu":
        yield ok("device", "the model was captured on the processor")
    elif device == "cuda" and manifest.environment.numerics.get("torch.hip"):
        yield _present("a graphics processor of AMD", here=AMD_DEVICE.exists())
    elif device == "cuda":
        yield _cuda(nvidia_gpus(), size, str(manifest.environment.numerics.get("torch.cuda") or ""))
    elif device == "mps":
        yield _present("Apple's graphics processor", here=sys.platform == "darwin" and platform.machine() == "arm64")
    else:
        hint = "without it the model runs on the processor, which proves at most close"
        yield warning("device", f"captured on {device!r}: whether there is one here was not found out", hint=hint)


def memory_checks(manifest: Manifest) -> Iterator[Check]:
    """Whether the model fits into the memory that is free."""
    size, free = _model_bytes(manifest), memory.host_bytes()
    if size == 0:  # a plain function: what it takes is not known
        return
    needed = int(memory.NEEDED * size) + PROCESS_BYTES
    if free is None:
        yield warning("memory", f"about {sized(needed)} are needed; how much is free, this system does not say")
    elif needed > free:
        message = f"about {sized(needed)} are needed, {sized(free)} are free"
        yield warning("memory", message, hint="end other programs, or replay on a larger machine")
    else:
        yield ok(
            "memory",
            f"about {sized(needed)} are needed for the model and its process, {sized(free)} are free",
        )


def nvidia_gpus() -> tuple[Gpu, ...]:
    """The graphics processors that NVIDIA's own tool lists; none where it is not installed or finds none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    try:
        finished = process.run([tool, *QUERY], timeout=ASK_SECONDS)
    except (ProcessError, UnavailableError):
        return ()
    if finished.code != 0:
        return ()
    lines = finished.stdout.decode("utf-8", "replace").splitlines()
    return tuple(_gpu(parts) for parts in (line.split(",") for line in lines) if len(parts) == 3)


def _gpu(parts: list[str]) -> Gpu:
    name, driver, free = (part.strip() for part in parts)
    return Gpu(name, driver, int(free) * 2**20 if free.isdecimal() else None)


def _cuda(gpus: tuple[Gpu, ...], size: int, built_for: str) -> Check:
    if not gpus:
        return _present("a graphics processor of NVIDIA", here=False)
    oldest = OLDEST_DRIVER.get(_major(built_for))
    if oldest is not None and _major(gpus[0].driver) < oldest:
        message = f"CUDA {built_for} needs a driver from {oldest} on, here is {gpus[0].driver}"
        return warning("device", message, hint="update the driver; else the model runs on the processor")
    needed, free = int(memory.NEEDED * size), max((gpu.free for gpu in gpus if gpu.free is not None), default=None)
    if free is not None and free < needed:
        message = (
            f"{gpus[0].name} is here, but the model needs about {sized(needed)} of its memory, {sized(free)} are free"
        )
        return warning(
            "device", message, hint="end what uses it, or hide it with CUDA_VISIBLE_DEVICES= to use the processor"
        )
    return ok("device", f"{gpus[0].name} is here, driver {gpus[0].driver}")


def _present(what: str, *, here: bool) -> Check:
    if here:
        return ok("device", f"{what} is here")
    hint = (
        "the model will run on the processor, slower and compared with a wider tolerance; bitwise is not to be expected"
    )
    return warning("device", f"captured on {what}, and none is here", hint=hint)


def _model_bytes(manifest: Manifest) -> int:
    model = manifest.model
    return sum(entry.bytes for entry in model.tensors if entry.name not in model.aliases)


def _is_beyond(recorded: str, here: str) -> bool:
    """Whether the recorded C library is another one, or newer than this system's."""
    (name, version), (own_name, own_version) = (text.partition(" ")[::2] for text in (recorded, here))
    return name != own_name or _numbers(version) > _numbers(own_version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _major(version: str) -> int:
    return next(iter(_numbers(version)), 0)
