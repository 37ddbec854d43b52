"""What every place to publish to has in common: it says what it would do, does it, and says what it did.

A destination holds its own address and wishes. It takes an `Admitted` bundle, never another. After `publish` ended well
the place shows the whole bundle, compared with the manifest; after it raised, what the place showed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import UnavailableError
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
class Unasked:
    """What of a plan is not known, because the place could not be asked.

    Attributes:
        why: What went wrong.
        hint: The way out, if there is one.
        questions: What only the place knows.
    """

    why: str
    hint: str | None
    questions: tuple[str, ...]


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
        unasked: Why the place could not be asked, and for what; None: it was, as far as that is needed.
    """

    target: str
    url: str
    files: tuple[Planned, ...]
    deleted: tuple[str, ...] = ()
    details: Mapping[str, str | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unasked: Unasked | None = None

    def sent(self, *hows: How) -> tuple[Planned, ...]:
        """The files that go one of these ways."""
        return tuple(one for one in self.files if one.how in hows)


@dataclass
class Trail:
    """How far a publication has come, for who has to say what an interruption left; the destination writes it.

    Attributes:
        stays: What was made and stays, each as the rest of a sentence, such as ``the draft 1001``.
        last: Where to look, once the step that makes it public was begun.
        done: Whether that step was done.
    """

    stays: list[str] = field(default_factory=list)
    last: str | None = None
    done: bool = False

    def begin_anew(self) -> None:
        """Forget what an earlier run left."""
        self.stays, self.last, self.done = [], None, False

    def words(self) -> str:
        """What is public, what stays, and how it goes on, in one line."""
        again = "the same command goes on from there"
        if self.done:
            return f"it is published, at {self.last}; {again}"
        if self.last is not None:
            return f"it may be published already: look at {self.last}; {again}"
        return f"nothing is public; {f'{self.left}; {again}' if self.stays else 'nothing was made'}"

    @property
    def left(self) -> str:
        """What was made and stays, or nothing."""
        return f"{', '.join(self.stays)} {'stays' if len(self.stays) == 1 else 'stay'}" if self.stays else ""


@dataclass(frozen=True)
class Published:
    """Where a bundle can be found now.

    Attributes:
        target: Where it went, as the person named it.
        version: What names exactly this state of it: a commit, a record.
        url: Its page.
        source: What ``reprobundle pull`` takes to bring exactly this back.
        changed: Whether something was published; False when the same bundle was there already.
        files: Names of the files that were part of the change.
        details: What else there is to say, by name, in this order.
        deleted: What an earlier bundle had put there, and is gone now.
        notes: What a person should know of it.
        bundle_id: Id of the bundle that is there; None where the place does not say.
    """

    target: str
    version: str
    url: str
    source: str
    changed: bool
    files: tuple[str, ...] = ()
    details: Mapping[str, str | None] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bundle_id: str | None = None


class Destination(Protocol):
    """A place that bundles are published to."""

    @property
    def target(self) -> str:
        """The place, as the person named it."""

    @property
    def trail(self) -> Trail:
        """How far the last `publish` came."""

    def refuse_wrong_wishes(self, *, sending: bool) -> None:
        """Find out what cannot be, before the bundle is read; nothing is asked.

        Args:
            sending: Whether it is meant to be published, and not only planned.

        Raises:
            UsageError: The place or a wish is one that cannot be.
            UnavailableError: Something that publishing needs is not here.
        """

    def plan(self, bundle: VerifiedBundle, *, say: Say) -> Plan:
        """Say what `publish` would do; it only asks, and sends nothing.

        Raises:
            UsageError: The wishes do not fit what is there.
            UnavailableError: The place refuses or does not answer.
        """

    def outline(self, bundle: VerifiedBundle) -> Plan:
        """As much of the plan as is known without asking: what would be sent to a place that has nothing of it.

        Raises:
            UsageError: A wish is one that cannot be fulfilled anywhere.
        """

    @property
    def questions(self) -> tuple[str, ...]:
        """What such an outline leaves open, each as the rest of a sentence that begins with ``not known:``."""

    def publish(self, bundle: Admitted, *, say: Say) -> Published:
        """Publish it whole, or leave the place as it was; verify what is there then.

        Raises:
            UsageError: The wishes do not fit what is there.
            UnavailableError: The place refuses or does not answer, or holds something else than was sent.
        """


def planned(place: Destination, bundle: VerifiedBundle, *, say: Say = silent) -> Plan:
    """What a destination would do, as far as it can be told: where it cannot be asked, what is known without it.

    Args:
        place: The destination.
        bundle: What is to be published.
        say: Is told each step.

    Raises:
        UsageError: The wishes do not fit what is there.
    """
    try:
        return place.plan(bundle, say=say)
    except UnavailableError as error:
        unasked = Unasked(str(error), error.hint, place.questions)
    return replace(place.outline(bundle), unasked=unasked)
