"""How long a network is waited for: a few tries, each after a longer pause, or after the pause that the server asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from reprobundle.errors import UnavailableError

T = TypeVar("T")


class PassingError(UnavailableError):
    """What may be otherwise in a moment: no connection, a server in trouble, or one that asks to wait.

    Attributes:
        wait: Seconds that the server asks to wait, or None.
    """

    def __init__(self, message: str, *, hint: str | None = None, wait: float | None = None) -> None:
        """Keep what the server asks for."""
        super().__init__(message, hint=hint)
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """How often and how long.

    Attributes:
        tries: How often a thing is tried in all.
        pause: Seconds after the first try; twice as long after each further one.
        longest: Seconds at most that a server may ask for; whoever asks for more is told to the person instead.
    """

    tries: int = 4
    pause: float = 1.0
    longest: float = 120.0

    def through(self, action: Callable[[], T], say: Callable[[str], None]) -> T:
        """Do something that may be done twice, until it is done or does not pass.

        Args:
            action: What to do.
            say: Is told why there is a pause.

        Raises:
            UnavailableError: It could not be done.
        """
        for done in range(self.tries):
            try:
                return action()
            except PassingError as error:  # noqa: PERF203  trying again is what this is for
                if done + 1 == self.tries or not self.waits_for(error):
                    raise
                self.rest(error, done, say)
        raise AssertionError("the last try returns or raises")

    def waits_for(self, error: PassingError) -> bool:
        """Whether a server asks for no more than is granted."""
        return error.wait is None or error.wait <= self.longest

    def rest(self, error: PassingError, done: int, say: Callable[[str], None]) -> None:
        """Wait before the next try.

        Args:
            error: Why.
            done: How many tries came before this one.
            say: Is told.
        """
        seconds = max(self.pause * 2**done, error.wait or 0.0)
        say(f"{error}; trying again in {seconds:g} s")
        time.sleep(seconds)
