"""What a person is told who ends a verb with Ctrl-C: what there is now, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


class Interrupted(click.Abort):
    """A person ended the verb.

    Attributes:
        hint: What there is now, and how it goes on.
    """

    def __init__(self, hint: str) -> None:
        """Keep the words."""
        super().__init__(hint)
        self.hint = hint


@contextmanager
def told(words: Callable[[], str]) -> Iterator[None]:
    """Tell what an interruption left.

    Args:
        words: Gives it, when there was one.

    Raises:
        Interrupted: There was one.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(words()) from error
