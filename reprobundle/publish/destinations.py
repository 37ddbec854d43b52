"""What every place to publish to has in common: it says what it would do, does it, and says what it did.

A destination holds its own address and wishes. It takes an `Admitted` bundle, never another. After `publish` ended well
the place shows the whole bundle, compared with the manifest; after it raised, what the place showed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from reprobundle.bundle import VerifiedBundle
from reprobundle.publish.admitting import Admitted

Say = Callable[[str], None]
How = Literal["there", "regular", "large"]


def silent(_line: str) -> None:
    """Nobody is watching."""


@dataclass(frozen=True)
class Planned:
    """One file of a bundle that is to be published.

    Attributes:
        path: In the bundle.
        size: Bytes.
        how: ``there``: the place has these bytes under this name; ``regular``: sent with the last step; ``large``: sent
            ahead of it to a storage of large files, where what is there already is not sent again.
    """

    path: str
    size: int
    how: How


@dataclass(frozen=True)
class Plan:
    """What would be done; nothing was sent.

    Attributes:
        target: Where to, as the person named it.
        url: Its page.
        files: Every file of the bundle.
        deleted: What an earlier bundle put there and this one does not have.
        details: What else there is to say, by name, in this order.
        notes: What a person should know first.
    """

    target: str
    url: str
    files: tuple[Planned, ...]
    deleted: tuple[str, ...] = ()
    details: Mapping[str, str | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def sent(self, *hows: How) -> tuple[Planned, ...]:
        """The files that go one of these ways."""
        return tuple(one for one in self.files if one.how in hows)


@dataclass(frozen=True)
class Published:
    """Where a bundle can be found now.

    Attributes:
        target: Where it went, as the person named it.
        version: What names exactly this state of it: a commit, a record.
        url: Its page.
        source: What ``reprobundle pull`` takes to bring exactly this back.
        changed: Whether something was published; False when the same bundle was there already.
        files: How many files were part of the change.
        details: What else there is to say, by name, in this order.
    """

    target: str
    version: str
    url: str
    source: str
    changed: bool
    files: int = 0
    details: Mapping[str, str | None] = field(default_factory=dict)


class Destination(Protocol):
    """A place that bundles are published to."""

    @property
    def target(self) -> str:
        """The place, as the person named it."""

    def plan(self, bundle: VerifiedBundle, *, say: Say) -> Plan:
        """Say what `publish` would do; it only asks, and sends nothing.

        Raises:
            UsageError: The wishes do not fit what is there.
            UnavailableError: The place refuses or does not answer.
        """

    def publish(self, bundle: Admitted, *, say: Say) -> Published:
        """Publish it whole, or leave the place as it was; verify what is there then.

        Raises:
            UsageError: The wishes do not fit what is there.
            UnavailableError: The place refuses or does not answer, or holds something else than was sent.
        """
