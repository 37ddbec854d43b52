"""The state of every random generator: kept while a capture looks around, taken down as bytes, put back.

A state is plain bytes by the name of its generator: ``python`` and ``numpy`` (the Mersenne twister's 624 words and its
position, 32 bits each), ``python.gauss`` and ``numpy.gauss`` (the normal number held back, float64, where there is one),
``torch``, ``cuda/0``, ``xpu/0``, ``mps/0``, … (as torch gives them). Everything is little-endian.
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reprobundle.errors import RefusedInputError

TWISTER_WORDS = 625
PYTHON_VERSION = 3  # of random.getstate(), the same since Python 3.2
WIDTHS = {"python": 4 * TWISTER_WORDS, "numpy": 4 * TWISTER_WORDS, "python.gauss": 8, "numpy.gauss": 8}
ACCELERATORS = ("cuda", "xpu")  # whose modules of torch have the same functions

_TWISTER = struct.Struct(f"<{TWISTER_WORDS}I")
_NORMAL = struct.Struct("<d")


@contextmanager
def kept() -> Iterator[dict[str, bytes]]:
    """Restore the states of Python's, numpy's and torch's generators (each device too) after the block.

    Only libraries that are already imported are touched.

    Yields:
        The states, as `states` gives them.
    """
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    python_state = random.getstate()
    numpy_state = numpy.random.get_state(legacy=False) if numpy else None
    torch_states = _of_torch(torch) if torch else {}
    try:
        yield states()
    finally:
        random.setstate(python_state)
        if numpy:
            numpy.random.set_state(numpy_state)
        for name, state in torch_states.items():
            _set_torch(name, state)


def states() -> dict[str, bytes]:
    """The states of this process's generators, those of libraries that are loaded and devices that are in use."""
    found = _of_python()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy:
        found |= _of_numpy(numpy.random.get_state(legacy=False))
    if torch:
        found |= {name: bytes(state.numpy().tobytes()) for name, state in _of_torch(torch).items()}
    return found


def rank() -> int:
    """Which process of a distributed training this is; 0 where there is one process only."""
    distributed = _distributed()
    return 0 if distributed is None else int(distributed.get_rank())


def ranks() -> int:
    """How many processes train together."""
    distributed = _distributed()
    return 1 if distributed is None else int(distributed.get_world_size())


def _distributed() -> Any:
    """torch's module for distributed training where such a training runs, else None; nothing is imported."""
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed


def restore(recorded: Mapping[str, bytes]) -> tuple[str, ...]:
    """Put generators into recorded states; a library that is not loaded yet is imported.

    Args:
        recorded: As `states` gave them, in this process or another.

    Returns:
        Names of the generators of devices that are not here, which stay as they are.

    Raises:
        RefusedInputError: A state is none of its generator; all stay as they are.
    """
    refuse_unfit(recorded)
    absent = tuple(name for name in sorted(recorded) if "/" in name and not _is_here(name))
    with _taken_back_on_error():
        if "python" in recorded:
            words = _TWISTER.unpack(recorded["python"])
            random.setstate((PYTHON_VERSION, words, _normal(recorded.get("python.gauss"))))
        if "numpy" in recorded:
            _set_numpy(_TWISTER.unpack(recorded["numpy"]), _normal(recorded.get("numpy.gauss")))
        for name in sorted(recorded):
            if name not in WIDTHS and name not in absent:
                _restore_torch(name, recorded[name])
    return absent


@contextmanager
def _taken_back_on_error() -> Iterator[None]:
    before = states()
    try:
        yield
    except RefusedInputError:
        restore(before)
        raise


def refuse_strange(recorded: Mapping[str, bytes]) -> None:
    """Make sure that every state is one of a generator that is known, as far as that can be seen from outside.

    Raises:
        RefusedInputError: One is not.
    """
    for name, state in recorded.items():
        if name in WIDTHS and len(state) != WIDTHS[name]:
            raise RefusedInputError(f"generator {name!r}: expected {WIDTHS[name]} bytes, found {len(state)}")
        if name in {"python", "numpy"} and _TWISTER.unpack(state)[-1] >= TWISTER_WORDS:
            raise RefusedInputError(f"generator {name!r}: its position is beyond its {TWISTER_WORDS - 1} words")
        device, _, number = name.partition("/")
        if name not in {*WIDTHS, "torch"} and not (device in {*ACCELERATORS, "mps"} and number.isdecimal()):
            raise RefusedInputError(f"generator {name[:200]!r}: is not known")


def refuse_unfit(recorded: Mapping[str, bytes]) -> None:
    """Make sure that every state is one of its generator: torch's are tried on generators that are thrown away.

    Args:
        recorded: As `states` gave them; those of devices that are not here cannot be tried.

    Raises:
        RefusedInputError: One is not; no generator was touched.
    """
    refuse_strange(recorded)
    for name in sorted(recorded.keys() - WIDTHS.keys()):
        if name == "torch" or _is_here(name):
            _try_torch(name, recorded[name])


def _try_torch(name: str, state: bytes) -> None:
    import torch

    device = "cpu" if name == "torch" else name.replace("/", ":")
    with _told_by_torch(name):
        torch.Generator(device).set_state(_bytes_of(state))


def _of_python() -> dict[str, bytes]:
    version, words, normal = random.getstate()
    if version != PYTHON_VERSION:
        return {}
    return {"python": _TWISTER.pack(*words)} | ({} if normal is None else {"python.gauss": _NORMAL.pack(normal)})


def _of_numpy(state: Mapping[str, Any]) -> dict[str, bytes]:
    """The global generator's state; nothing where somebody put another kind than the Mersenne twister there."""
    if state["bit_generator"] != "MT19937":
        return {}
    inner = state["state"]
    found = {"numpy": _TWISTER.pack(*inner["key"].tolist(), int(inner["pos"]))}
    return found | ({"numpy.gauss": _NORMAL.pack(state["gauss"])} if state["has_gauss"] else {})


def _of_torch(torch: Any) -> dict[str, Any]:
    """torch's states as tensors of bytes on the CPU: its own, and those of devices in use."""
    found = {"torch": torch.random.get_rng_state()}
    for device in ACCELERATORS:
        module = getattr(torch, device, None)
        if module is not None and module.is_initialized():
            found |= {f"{device}/{number}": state for number, state in enumerate(module.get_rng_state_all())}
    if torch.backends.mps.is_available():
        found["mps/0"] = torch.mps.get_rng_state()
    return found


def _normal(state: bytes | None) -> float | None:
    return None if state is None else float(_NORMAL.unpack(state)[0])


def _set_numpy(words: tuple[int, ...], normal: float | None) -> None:
    import numpy as np

    key = np.array(words[:-1], dtype=np.uint32)
    state = ("MT19937", key, words[-1], int(normal is not None), normal or 0.0)
    np.random.set_state(state)  # noqa: NPY002  the global generator is the one that was recorded


def _is_here(name: str) -> bool:
    import torch

    device, _, number = name.partition("/")
    if device == "mps":
        return torch.backends.mps.is_available() and number == "0"
    module: Any = getattr(torch, device, None)
    return module is not None and bool(module.is_available()) and int(number) < module.device_count()


def _restore_torch(name: str, state: bytes) -> None:
    with _told_by_torch(name):
        _set_torch(name, _bytes_of(state))


def _bytes_of(state: bytes) -> Any:
    """A state as torch takes it: a tensor of bytes."""
    import numpy as np
    import torch

    return torch.from_numpy(np.frombuffer(state, dtype=np.uint8).copy())


@contextmanager
def _told_by_torch(name: str) -> Iterator[None]:
    """Say which generator it is where torch's own check of a state fails."""
    try:
        yield
    except (RuntimeError, TypeError) as error:
        raise RefusedInputError(f"generator {name!r}: torch refuses its state: {error}") from error


def _set_torch(name: str, state: Any) -> None:
    import torch

    device, _, number = name.partition("/")
    if device == "torch":
        torch.random.set_rng_state(state)
        return
    set_state: Callable[..., None] = getattr(torch, device).set_rng_state
    set_state(state) if device == "mps" else set_state(state, int(number))
