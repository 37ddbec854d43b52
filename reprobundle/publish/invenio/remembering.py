"""Which draft belongs to which bundle, kept in this user's state folder; no token, and nothing the repository said.

What is lost here costs little: drafts are also found by the bundle's id, which stands in each.
"""

from __future__ import annotations

import os
from pathlib import Path

from reprobundle import captures
from reprobundle.errors import RefusedInputError
from reprobundle.publish.destinations import Say
from reprobundle.publish.invenio.answers import RecordId
from reprobundle.records import Record, from_bytes, to_bytes
from reprobundle.store import digest_bytes
from reprobundle.store.digests import Digest


class Deposited(Record):
    """A deposit that was begun.

    Attributes:
        server: Address of the repository.
        bundle: Id of the bundle that it was begun for.
        record: Its name there.
    """

    server: str
    bundle: Digest
    record: RecordId


def folder() -> Path:
    """Where deposits are remembered: ``$XDG_STATE_HOME/reprobundle/deposits``."""
    return captures.folder().parent / "deposits"


def remember(deposited: Deposited, *ids: str, say: Say) -> None:
    """Remember a deposit by the ids of the bundles that it may be taken up with."""
    for bundle_id in ids:
        place = _place(deposited.server, bundle_id)
        made = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(to_bytes(deposited))
            made.replace(place)
        except OSError as error:
            say(f"the deposit cannot be remembered in {place.parent}: {error.strerror}; it is found by its search")
            return


def remembered(server: str, bundle_id: str, *, say: Say) -> Deposited | None:
    """The deposit that was begun with a bundle, if one is known."""
    place = _place(server, bundle_id)
    try:
        found = from_bytes(Deposited, place.read_bytes(), name=place.name)
    except FileNotFoundError:
        return None
    except (OSError, RefusedInputError) as error:
        say(f"what was remembered of a deposit cannot be read: {error}")
        return None
    return found if found.server == server else None


def forget(server: str, bundle_id: str) -> None:
    """Forget a deposit that is no longer there."""
    _place(server, bundle_id).unlink(missing_ok=True)


def _place(server: str, bundle_id: str) -> Path:
    return folder() / f"{digest_bytes(f'{server} {bundle_id}'.encode())}.json"
