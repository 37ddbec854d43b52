"""What a repository answers, as far as anything is believed of it: names, sizes and states of a form that is checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

import pydantic

from reprobundle.errors import UnavailableError
from reprobundle.publish.invenio.refusing import complaints, hidden
from reprobundle.publish.invenio.servers import Server

RECORD = r"[A-Za-z0-9][A-Za-z0-9-]{0,63}"
RecordId = Annotated[str, pydantic.Field(pattern=f"^{RECORD}$")]
Doi = Annotated[str, pydantic.Field(pattern=r"^10\.\d{4,9}(\.\d+)*/[A-Za-z0-9._;()/:-]{1,200}$")]
MAX_ERRORS = 3


class Answer(pydantic.BaseModel):
    """A part of an answer; what is not asked for is ignored."""

    model_config = pydantic.ConfigDict(frozen=True, strict=True, extra="ignore")


class Identifier(Answer):
    """A DOI, and who registers it.

    Attributes:
        identifier: The DOI.
        provider: ``datacite`` where the repository does.
        client: Its account there.
    """

    identifier: Doi
    provider: Annotated[str, pydantic.Field(max_length=100)]
    client: Annotated[str, pydantic.Field(max_length=100)] | None = None


class Pids(Answer):
    """What names a record for ever.

    Attributes:
        doi: Its DOI, if it has one.
    """

    doi: Identifier | None = None


class Described(Answer):
    """A text about a record.

    Attributes:
        description: The text, as HTML.
    """

    description: str = ""


class Metadata(Answer):
    """What of a record's metadata is looked at.

    Attributes:
        additional_descriptions: Where the bundle's id stands.
    """

    additional_descriptions: tuple[Described, ...] = ()


class Parent(Answer):
    """What all versions of a record hang at.

    Attributes:
        id: Its name there.
    """

    id: RecordId


class Deposition(Answer):
    """A draft or a record.

    Attributes:
        id: Its name there.
        is_published: Whether everybody can see it, and nothing of it can be taken back.
        is_draft: Whether it can still be changed.
        pids: What names it.
        metadata: What is said of it.
        errors: What the repository has against its metadata.
        status: Where it stands, such as ``draft``, ``in_review`` or ``published``.
        parent: What all versions of it hang at.
    """

    id: RecordId
    is_published: bool = False
    is_draft: bool = False
    pids: Pids = Pids()
    metadata: Metadata = Metadata()
    errors: tuple[Any, ...] = ()
    status: Annotated[str, pydantic.Field(max_length=100)] | None = None
    parent: Parent | None = None

    @property
    def doi(self) -> str | None:
        """Its DOI, if it has one."""
        return self.pids.doi.identifier if self.pids.doi else None


class File(Answer):
    """A file of a draft or record.

    Attributes:
        key: Its name.
        status: Whether all of it is there: ``completed`` or ``pending``; a record does not tell.
        size: Bytes, once it is there.
        checksum: The repository's own digest of it, such as ``md5:…``.
    """

    key: Annotated[str, pydantic.Field(max_length=1024)]
    status: Literal["completed", "pending", "failed"] | None = None
    size: Annotated[int, pydantic.Field(ge=0)] | None = None
    checksum: Annotated[str, pydantic.Field(max_length=200)] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there."""
        return self.status in (None, "completed") and self.size is not None


class Files(Answer):
    """The files of a draft or record.

    Attributes:
        enabled: Whether it may have any.
        entries: They.
    """

    enabled: bool = True
    entries: tuple[File, ...] = ()


class Hits(Answer):
    """What was found, as far as it fits on a page.

    Attributes:
        hits: Each, not looked at yet.
    """

    hits: tuple[Any, ...] = ()


class Found(Answer):
    """What a search answers.

    Attributes:
        hits: What was found.
    """

    hits: Hits = Hits()


class Named(Answer):
    """A community.

    Attributes:
        id: Its name for requests.
    """

    id: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9-]{1,100}$")]


A = TypeVar("A", bound=Answer)


def read(kind: type[A], value: Any, server: Server, work: str) -> A:
    """An answer in its form.

    Raises:
        UnavailableError: It has another; the message names the path of the first fault.
    """
    try:
        return kind.model_validate(_tupled(value))
    except pydantic.ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the whole"
        message = f"{server.host}: {work}: its answer has another form: {hidden(where, server)[:200]}: {fault['msg']}"
        raise UnavailableError(message, hint="is this an InvenioRDM server?") from None


def refuse_errors(found: Deposition, server: Server, work: str) -> None:
    """Make sure that the repository has nothing against a draft's metadata.

    Raises:
        UnavailableError: It has; the message names the fields.
    """
    told: Sequence[str] = complaints(found.errors) or ("it does not say what",) * bool(found.errors)
    if told:
        words = hidden("; ".join(told[:MAX_ERRORS]), server)[:300]
        hint = "mend documentation/card.yaml by reprobundle document, or the draft on its page"
        raise UnavailableError(f"{server.host}: {work}: the repository has errors in the metadata: {words}", hint=hint)


def _tupled(value: Any) -> Any:
    """The same with tuples for lists, which is what strict models of fixed collections take."""
    if isinstance(value, list):
        return tuple(map(_tupled, value))
    if isinstance(value, dict):
        return {key: _tupled(item) for key, item in value.items()}
    return value
