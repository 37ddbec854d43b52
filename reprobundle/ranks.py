"""Several processes that train one model: rank 0 captures, and the others wait and hear what came of it.

They speak through the store in which they found each other when training began, and use no collective: a process that does
not call holds nobody up for ever, and no device's watchdog, which ends a process after minutes, counts the time.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any, TypeVar

from reprobundle import rng
from reprobundle.errors import UnavailableError

WAITING_SECONDS = 7200.0  # longer than any capture: who gives up early ends the whole job
GATHERING_SECONDS = 120.0
TOLD_SECONDS = 60.0
PAUSE_SECONDS = 0.2
PIECE_CHARACTERS = 2**20  # a store takes at most 8 MiB at once

T = TypeVar("T")


def once(name: str, make: Callable[[], T], *, dump: Callable[[T], str], load: Callable[[str], T]) -> T:
    """Let rank 0 make something that every rank asked for, and give it to all.

    The n-th call of a rank belongs to the n-th call of rank 0. Ranks that ask for things of other names make their own: each
    of them may have trained a model for itself. In one process this is ``make()``.

    Args:
        name: What is made.
        make: Makes it.
        dump: Turns it into text, to be sent to the other ranks.
        load: Turns the text back.

    Raises:
        UnavailableError: On another rank than 0: rank 0 failed, or nothing was heard of it.
    """
    store = _store()
    if store is None:
        return make()
    number = store.add(f"calls/{rng.rank()}", 1)
    if rng.rank() == 0:
        store.set(f"{number}/name", name)
        return _lead(store, number, make, dump)
    if _heard(store, f"{number}/name", WAITING_SECONDS) != name:
        return make()
    return load(_outcome(store, number))


def follow(name: str) -> str | None:
    """What rank 0 makes in a call of `once` that it is sure to come to, on another rank; None in one process.

    Calls of rank 0 for other things, which the other ranks may have left out, are passed over.

    Args:
        name: What is made; of a path only the last part counts, since ranks may run in different folders.

    Raises:
        UnavailableError: Rank 0 failed, or nothing was heard of it.
    """
    store = _store()
    if store is None:
        return None
    number = store.add(f"calls/{rng.rank()}", 1)
    while PurePath(_heard(store, f"{number}/name", WAITING_SECONDS)).name != PurePath(name).name:
        number = store.add(f"calls/{rng.rank()}", 1)
    return _outcome(store, number)


def generator_states() -> dict[int, dict[str, bytes]]:
    """The states of the random generators of every rank, on rank 0; on another rank its own.

    Every rank has to call it. Rank 0 waits two minutes at most and goes on without the ranks that it did not hear of.
    """
    own, store = rng.states(), _store()
    if store is None:
        return {rng.rank(): own}
    number = store.add(f"gathers/{rng.rank()}", 1)
    if rng.rank() > 0:
        encoded = {name: base64.b64encode(state).decode("ascii") for name, state in own.items()}
        store.set(f"gathered/{number}/{rng.rank()}", json.dumps(encoded))
        return {rng.rank(): own}
    deadline = time.monotonic() + GATHERING_SECONDS
    found = {0: own}
    for rank in range(1, rng.ranks()):
        with suppress(UnavailableError):  # said by the capture: the states of that rank are missing
            heard = _heard(store, f"gathered/{number}/{rank}", max(0.0, deadline - time.monotonic()))
            found[rank] = _decoded(json.loads(heard))
    return found


def _decoded(states: Mapping[str, str]) -> dict[str, bytes]:
    return {name: base64.b64decode(text) for name, text in states.items()}


def _store() -> Any:
    """The store of a training on several ranks, in a corner of its own; None in one process."""
    if rng.ranks() == 1:
        return None
    distributed: Any = sys.modules["torch.distributed"]
    own = distributed.distributed_c10d._get_default_store()  # noqa: SLF001  there is no public name
    return distributed.PrefixStore("reprobundle", own)


def _lead(store: Any, number: int, make: Callable[[], T], dump: Callable[[T], str]) -> T:
    try:
        made = make()
    except BaseException as error:
        _tell(store, number, "failed", f"{type(error).__name__}: {error}")
        raise
    _tell(store, number, "made", dump(made))
    return made


def _tell(store: Any, number: int, outcome: str, text: str) -> None:
    with suppress(RuntimeError):  # the store is gone, and with it whoever would have listened; what was made stands
        pieces = [text[start : start + PIECE_CHARACTERS] for start in range(0, len(text), PIECE_CHARACTERS)]
        for index, piece in enumerate(pieces):
            store.set(f"{number}/text/{index}", piece)
        store.set(f"{number}/outcome", f"{outcome} {len(pieces)}")


def _outcome(store: Any, number: int) -> str:
    outcome, pieces = _heard(store, f"{number}/outcome", WAITING_SECONDS).split()
    text = "".join(store.get(f"{number}/text/{index}").decode() for index in range(int(pieces)))
    if outcome == "failed":
        raise UnavailableError(f"rank 0 failed: {text}")
    return text


def _heard(store: Any, key: str, seconds: float) -> str:
    """The text under a key, once somebody has set it.

    Raises:
        UnavailableError: Nobody did in time, or the store is gone.
    """
    begun, told = time.monotonic(), False
    try:
        while not store.check([key]):
            waited = time.monotonic() - begun
            if waited > seconds:
                hint = "call it on every rank, or on rank 0 only"
                raise UnavailableError(f"rank {rng.rank()}: nothing was heard of rank 0 for {seconds:g} s", hint=hint)
            if waited > TOLD_SECONDS and not told:
                told = True
                _say(f"reprobundle: rank {rng.rank()} waits for the capture on rank 0")
            time.sleep(PAUSE_SECONDS)
        return str(store.get(key).decode())
    except RuntimeError as error:
        raise UnavailableError(f"rank {rng.rank()}: the other ranks cannot be reached: {error}") from error


def _say(text: str) -> None:
    with suppress(OSError, ValueError, AttributeError):  # closed, or None in a program without a console
        sys.stderr.write(f"{text}\n")
