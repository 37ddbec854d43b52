"""Seeding: one call at the start of training for every generator, which says what it did and what it could not do.

No library is loaded only to be seeded. What was set last is remembered in the process, and a capture records it.
"""

from __future__ import annotations

import operator
import os
import random
import sys
from collections.abc import Iterator
from typing import Any, Literal, SupportsIndex

from reprobundle.errors import UsageError
from reprobundle.records import Record

MAX_SEED = 2**32 - 1  # numpy's; torch and Python take larger ones
HASH_VARIABLE = "PYTHONHASHSEED"
CUBLAS_VARIABLE = "CUBLAS_WORKSPACE_CONFIG"
CUBLAS_DETERMINISTIC = (":4096:8", ":16:8")
ACCELERATORS = ("cuda", "mps", "xpu")

Deterministic = Literal["no", "warn", "yes"]


class Seeding(Record):
    """What `seed_everything` did.

    Attributes:
        seed: The seed.
        generators: Whose generators were seeded: ``python``, and ``numpy``, ``torch``, ``torch.cuda``, … where loaded.
        variables: Environment variables that were set, which child processes read.
        workers: Whether Lightning is told to seed the workers of its data loaders.
        deterministic: Whether torch was told to use deterministic algorithms only: ``yes``, or to ``warn`` of others.
        not_set: What was asked for and is not in force, in words.
    """

    seed: int
    generators: tuple[str, ...]
    variables: dict[str, str]
    workers: bool
    deterministic: Deterministic
    not_set: tuple[str, ...]


_remembered: list[Seeding] = []  # of this process, the last one only


def seed_everything(
    seed: SupportsIndex, *, deterministic: bool | Literal["warn"] = False, workers: bool = True
) -> Seeding:
    """Seed every random generator of this process, and those of the processes it will start.

    Seeded are Python's ``random``, numpy's global generator and torch's on every device, each where the library is loaded:
    import what you train with before. Set are ``PYTHONHASHSEED`` (for child processes: this one's order of sets was
    settled when it began) and ``PL_GLOBAL_SEED``. Generators of your own are yours to seed.

    Args:
        seed: From 0 to 4,294,967,295.
        deterministic: Whether torch may use deterministic algorithms only: an operation that has none then raises, or with
            ``"warn"`` warns. cuDNN no longer tries out algorithms, and ``CUBLAS_WORKSPACE_CONFIG`` is set, which counts
            only where CUDA has not been used yet.
        workers: Whether Lightning seeds the workers of its data loaders. Elsewhere hand `seed_worker` to the loader.

    Returns:
        What was set and what was not, as a capture records it.

    Raises:
        UsageError: The seed is no whole number, or outside its bounds.
    """
    number = _checked(seed)
    variables = {"PL_GLOBAL_SEED": str(number), "PL_SEED_WORKERS": str(int(workers))}
    not_set = [*_hash_seed(number, variables), *_seed_libraries(number)]
    torch = sys.modules.get("torch")
    if deterministic and torch is None:
        not_set.append("deterministic algorithms: torch was not loaded yet")
    elif deterministic:
        not_set += _be_deterministic(torch, variables, warn=deterministic == "warn")
    os.environ.update(variables)
    kind: Deterministic = "no" if not deterministic or torch is None else "warn" if deterministic == "warn" else "yes"
    made = Seeding(
        seed=number,
        generators=_seeded(),
        variables=variables,
        workers=workers,
        deterministic=kind,
        not_set=tuple(not_set),
    )
    _remembered[:] = [made]
    return made


def seed_worker(worker: int) -> None:
    """Seed Python's and numpy's generators in a worker of a data loader from the seed that torch gave it.

    Hand it over with a generator of the loader's own, which settles the order of the samples:
    ``DataLoader(…, worker_init_fn=seed_worker, generator=torch.Generator().manual_seed(seed))``.

    Args:
        worker: Number of the worker, which the loader says; each has a seed of its own already.
    """
    import torch

    del worker
    seed = torch.initial_seed() & MAX_SEED
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy:
        numpy.random.seed(seed)


def latest() -> Seeding | None:
    """What `seed_everything` did last in this process; None where it was not called."""
    return _remembered[0] if _remembered else None


def _checked(seed: SupportsIndex) -> int:
    hint = f"give a whole number from 0 to {MAX_SEED}"
    try:
        number = operator.index(seed)
    except TypeError as error:
        raise UsageError(f"seed: expected a whole number, found {seed!r:.80}", hint=hint) from error
    if isinstance(seed, bool) or not 0 <= number <= MAX_SEED:
        raise UsageError(f"seed: expected a whole number from 0 to {MAX_SEED}, found {seed!r:.80}", hint=hint)
    return number


def _hash_seed(seed: int, variables: dict[str, str]) -> Iterator[str]:
    """Set the seed of texts' hashes, which orders sets; yields why it does not hold in this process."""
    was_set_here = any(HASH_VARIABLE in made.variables for made in _remembered)
    if os.environ.get(HASH_VARIABLE) == str(seed) and not was_set_here:
        return
    variables[HASH_VARIABLE] = str(seed)
    yield f"{HASH_VARIABLE}: holds for child processes; this one began without it"


def _seed_libraries(seed: int) -> Iterator[str]:
    """Seed what is loaded; yields what is not."""
    random.seed(seed)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy:
        numpy.random.seed(seed)
    if torch:
        torch.manual_seed(seed)  # every device: also one that is first used later
    yield from (f"{name}: was not loaded yet" for name, found in (("numpy", numpy), ("torch", torch)) if not found)


def _seeded() -> tuple[str, ...]:
    torch = sys.modules.get("torch")
    found = ["python", *(name for name in ("numpy", "torch") if name in sys.modules)]
    if torch:
        found += (f"torch.{device}" for device in ACCELERATORS if _is_available(torch, device))
    return tuple(found)


def _is_available(torch: Any, device: str) -> bool:
    module = torch.backends.mps if device == "mps" else getattr(torch, device, None)
    return module is not None and bool(module.is_available())


def _be_deterministic(torch: Any, variables: dict[str, str], *, warn: bool) -> Iterator[str]:
    """Switch torch's choice of algorithms off; yields what came too late."""
    torch.use_deterministic_algorithms(True, warn_only=warn)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    if os.environ.get(CUBLAS_VARIABLE) in CUBLAS_DETERMINISTIC:
        return
    variables[CUBLAS_VARIABLE] = CUBLAS_DETERMINISTIC[0]
    if torch.cuda.is_initialized():
        yield f"{CUBLAS_VARIABLE}: CUDA was in use already; call seed_everything before anything is on a GPU"
