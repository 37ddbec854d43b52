"""``reprobundle publish``."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import interrupting, screen
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError

if TYPE_CHECKING:
    from reprobundle.publish.destinations import Destination, Plan, Published
    from reprobundle.rendering.page import Page

SHOWN = 12
HOW = {"there": "there already", "regular": "with the commit", "large": "to the storage of large files"}
DEPOSITED = {"there": "there already", "regular": "beside it", "large": "as one archive"}
STATES = {"draft": "DRAFT, which only you see", "submitted": "HANDED to the community, which publishes it or does not"}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A destination of the command line.

    Attributes:
        target: What TARGET is there; None: it has none.
        options: The options that only some destinations take, and this one does.
        make: Makes it from the target, whether somebody watches, and the options that were given.
        how: How files go there, in the words of a plan.
        is_final: Whether what it publishes can never be taken back, so that a person has to say yes.
    """

    target: str | None
    options: frozenset[str]
    make: Callable[..., Destination]
    how: Mapping[str, str] = dataclasses.field(default_factory=lambda: HOW)
    is_final: bool = False


def _hub(target: str, *, watched: bool, **options: Any) -> Destination:
    from reprobundle.publish.hub import HubRepository

    return HubRepository(target, bars=watched, **options)


def _zenodo(target: None, *, watched: bool, **options: Any) -> Destination:  # noqa: ARG001  as every destination
    from reprobundle.publish.zenodo import Record

    return Record(**options)


DEPOSIT = {"sandbox", "server", "new_version_of", "draft", "community", "out", "sign_with", "token_file", "yes",
           "allow_other_files"}  # fmt: skip
DESTINATIONS = {  # a further one is a module of `reprobundle.publish`, a line here, and its options below
    "hub": Kind("USER/NAME", frozenset({"private", "branch", "tag", "pull_request", "message"}), _hub),
    "zenodo": Kind(None, frozenset(DEPOSIT), _zenodo, DEPOSITED, is_final=True),
}


@click.command()
@click.argument("destination", type=click.Choice(list(DESTINATIONS)))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("target", required=False)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and what stands against it; send nothing.")
@click.option("--private", is_flag=True, help="hub: Make the repository private; refused when it is there and public.")
@click.option("--branch", "--revision", "branch", metavar="NAME",
              help="hub: The branch; made when it is not there.  [default: main]")  # fmt: skip
@click.option("--tag", metavar="NAME", help="hub: A name for the commit that stays, such as v1.0.")
@click.option("--pull-request", is_flag=True, help="hub: Propose the commit to whom the repository belongs.")
@click.option("--message", help="hub: First line of the commit's message.")
@click.option("--sandbox", is_flag=True, help="zenodo: Zenodo's own place for trying; its DOIs lead nowhere.")
@click.option("--server", metavar="URL", help="zenodo: Another repository that runs InvenioRDM.")
@click.option("--new-version-of", metavar="DOI", help="zenodo: The record that this is the next version of.")
@click.option("--draft", is_flag=True, help="zenodo: Stop before publishing, so that you can look at the draft.")
@click.option("--community", metavar="NAME", help="zenodo: Who shall look at the record and publish it.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="zenodo: The bundle with its DOI. Default: NAME-deposited beside NAME.")  # fmt: skip
@click.option("--sign-with", metavar="KEY", type=click.Path(path_type=Path),
              help="zenodo: Sign that bundle with your private key.")  # fmt: skip
@click.option("--token-file", metavar="FILE", type=click.Path(path_type=Path),
              help="zenodo: A file with the token, which nobody else can read.")  # fmt: skip
@click.option("--allow-other-files", is_flag=True, help="zenodo: Publish what else the draft holds, for ever.")
@click.option("--yes", is_flag=True, help="zenodo: Publish without being asked; a published record stays for ever.")
@click.option("--allow-lint", multiple=True, metavar="RULE", help="Publish though this rule of lint is broken.")
@click.option("--allow", multiple=True, metavar="RULE:PATH", help="Publish what looks like a secret and is none.")
@screen.verbosity
def publish(
    destination: str,
    bundle: Path,
    target: str | None,
    *,
    dry_run: bool,
    allow_lint: tuple[str, ...],
    allow: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Publish a bundle where others find it; verified on both ends.

    --dry-run ends with 2 where the bundle would be refused, and with 3 where the place could not be asked: it then tells all
    that is known without it.

    DESTINATION hub: TARGET is USER/NAME there. The bundle appears in one commit or not at all. The token is the
    one of hf auth login or HF_TOKEN, the Hub that of HF_ENDPOINT.

    DESTINATION zenodo has no TARGET: the bundle becomes a new record under a DOI of its own, which is first written into
    a new bundle, its card and its citation. A published record stays for ever. The token is that of ZENODO_TOKEN, for
    the sandbox of ZENODO_SANDBOX_TOKEN, for any other server of REPROBUNDLE_DEPOSIT_TOKEN.
    """
    from reprobundle.bundle import verify
    from reprobundle.publish import admitting
    from reprobundle.publish.destinations import planned

    say = screen.progress(quiet=quiet)
    place = _destination(destination, target, options, watched=screen.watched(quiet=quiet))
    place.refuse_wrong_wishes(sending=not dry_run)
    admitting.refuse_unknown(allow_lint=allow_lint, allow=allow)
    if not dry_run:
        _refuse_unanswerable(destination, options)
    say("verify")
    verified = verify(bundle)
    if not dry_run:
        _agree(destination, place, options, verified.manifest.name)
    if dry_run:
        against = admitting.objections(verified, allow_lint=allow_lint, allow=allow)
        plan = planned(place, verified, say=say)
        how = DESTINATIONS[destination].how
        _show(_planned(destination, verified.id, plan, against), lambda: _plan_words(verified.id, plan, against, how),
              as_json=as_json, quiet=quiet)  # fmt: skip
        return _exit_code(plan, against)
    with interrupting.told(place.trail.words):
        published = place.publish(admitting.admit(verified, allow_lint=allow_lint, allow=allow), say=say)
    _show(_document(destination, verified.id, published), lambda: _words(verified.id, published),
          as_json=as_json, quiet=quiet)  # fmt: skip
    return 0


def _document(destination: str, given: str, published: Published) -> dict[str, Any]:
    """What was done; ``bundle_id`` is that of the bundle that is there, ``made_from`` that of another it was made from."""
    told = {"destination": destination, **dataclasses.asdict(published)}
    return {"bundle_id": told.pop("bundle_id"), "made_from": _made_from(given, published), **told}


def _made_from(given: str, published: Published) -> str | None:
    """The bundle that was given, where another one was made from it."""
    return None if published.bundle_id == given else given


def _exit_code(plan: Plan, against: tuple[RefusedInputError, ...]) -> int:
    """What a plan ends with: a bundle that would be refused is so wherever it goes."""
    if against:
        return RefusedInputError.exit_code
    return UnavailableError.exit_code if plan.unasked else 0


def _agree(name: str, place: Destination, options: dict[str, Any], bundle: str) -> None:
    """Ask a person before what cannot be undone.

    Raises:
        UsageError: Nobody said yes.
    """
    from reprobundle.rendering import escape

    if not _is_asked(name, options):
        return
    question = f"Publish {escape(bundle)} at {escape(place.target)}? It stays for ever, and nobody can take it back"
    if not click.confirm(question, err=True):
        raise UsageError("nothing was published", hint="--draft stops before, so that you can look at it")


def _is_asked(name: str, options: dict[str, Any]) -> bool:
    return DESTINATIONS[name].is_final and not options["draft"] and not options["yes"]


def _refuse_unanswerable(name: str, options: dict[str, Any]) -> None:
    """Make sure that there is somebody to ask, before the bundle is read.

    Raises:
        UsageError: There is nobody.
    """
    if _is_asked(name, options) and not (sys.stdin.isatty() and sys.stderr.isatty()):
        message = f"publish {name}: a published record stays for ever: expected --yes, found nobody to ask"
        raise UsageError(message, hint="--draft stops before, --dry-run says what would be done")


def _destination(name: str, target: str | None, options: dict[str, Any], *, watched: bool) -> Destination:
    """The place, with the options that were given.

    Raises:
        UsageError: One of them is of another destination, or it is not said where to.
    """
    kind = DESTINATIONS[name]
    if (target is None) != (kind.target is None):
        expected = f"expected TARGET, such as {kind.target}" if kind.target else f"has no TARGET, found {target!r}"
        raise UsageError(f"publish {name}: {expected}")
    given = {option: value for option, value in options.items() if value not in (None, False)}
    foreign = sorted(given.keys() - kind.options)
    if foreign:
        raise UsageError(f"--{foreign[0].replace('_', '-')} does not go with {name}")
    given.pop("yes", None)
    return kind.make(target, watched=watched, **given)


def _show(document: dict[str, Any], words: Callable[[], str], *, as_json: bool, quiet: bool) -> None:
    if as_json:
        screen.document(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(words())


def _planned(destination: str, bundle_id: str, plan: Plan, against: tuple[RefusedInputError, ...]) -> dict[str, Any]:
    refusals = [{"message": str(error), "hint": error.hint} for error in against]
    return {"bundle_id": bundle_id, "destination": destination, **dataclasses.asdict(plan), "refusals": refusals}


FIELDS = (("repository", "repository"), ("branch", "branch"), ("tag", "tag"), ("doi", "DOI"), ("made", "with the DOI"))


def _words(given: str, published: Published) -> str:
    """What was done, and how exactly this is fetched again."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.escaping import prose
    from reprobundle.telling import files_words

    page = _page()
    proposed = published.details.get("pull_request") is not None
    done = STATES.get(published.details.get("state") or "", "PROPOSED" if proposed else "PUBLISHED")
    page.line(done if published.changed else "UNCHANGED, it is there already", "1", "32")
    for name, value in (("bundle", published.bundle_id), ("made from", _made_from(given, published))):
        if value is not None:
            page.field(name, value)
    page.field("page", escape(published.url))
    for name, told in FIELDS:
        if published.details.get(name):
            page.field(told, escape(published.details[name] or ""))
    if published.changed:
        page.field("changed", f"{files_words(published.files)}, compared with the bundle")
    if published.deleted:
        page.field("deleted", escape(_some_deleted(published.deleted), limit=screen.LONGEST_MESSAGE))
    if published.source:
        page.field("pull it", escape(f"reprobundle pull {published.source} DIR"))
    for note in published.notes:
        page.paragraph(f"note: {prose(note)}", indent=0, codes=("2",))
    return page.text()


def _some_deleted(paths: Sequence[str]) -> str:
    from reprobundle.phrases import counted, some

    return f"{counted(len(paths), 'file')}: {some(paths, SHOWN)}"


def _plan_words(bundle_id: str, plan: Plan, against: tuple[RefusedInputError, ...], how: Mapping[str, str]) -> str:
    """What would be sent, how, and what stands against it."""
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape
    from reprobundle.rendering.escaping import prose
    from reprobundle.telling import files_words

    page, sent = _page(), plan.sent("regular", "large")
    colour = "31" if against else "33" if plan.unasked else "32"
    page.paragraph(prose(_headline(plan, against)), indent=0, codes=("1", colour))
    for error in against:
        screen.show_refusal(page, error)
    if against:
        page.heading("What it would send")
    page.field("bundle", bundle_id)
    page.field("page", escape(plan.url))
    for name, value in plan.details.items():
        if value is not None:
            page.field(name, escape(value))
    large = plan.sent("large")
    size, of_large = (sized(sum(one.size for one in some)) for some in (sent, large))
    words = f"{files_words(one.path for one in sent)}; {size}"
    page.field("to send", f"{words}, of it {of_large} in {counted(len(large), 'large file')}" if large else words)
    if not against:
        page.field("checked", "lint finds no error, the gate no secret")
    for heading, lines in _lists(plan, how):
        page.heading(heading)
        for line in lines:
            page.line(f"  {escape(line)}")
    _show_unasked(page, plan)
    for note in plan.notes:
        page.paragraph(f"note: {prose(note)}", indent=0, codes=("2",))
    return page.text()


def _show_unasked(page: Page, plan: Plan) -> None:
    """Why the place could not be asked, and what is therefore not known."""
    from reprobundle.rendering.escaping import prose

    if plan.unasked is None:
        return
    page.heading("Not asked")
    page.paragraph(prose(plan.unasked.why))
    if plan.unasked.hint:
        page.paragraph(f"hint: {prose(plan.unasked.hint)}", codes=("2",))
    for question in plan.unasked.questions:
        page.paragraph(f"not known: {prose(question)}")


def _headline(plan: Plan, against: tuple[RefusedInputError, ...]) -> str:
    if against:
        return f"WOULD BE REFUSED: {'; '.join(error.summary for error in against)}; nothing was sent"
    if plan.unasked is not None:
        return f"NOT ALL IS KNOWN, {plan.target} could not be asked; nothing was sent"
    changes = plan.sent("regular", "large") or plan.deleted
    return "WOULD BE PUBLISHED; nothing was sent" if changes else "UNCHANGED, it is there already; nothing was sent"


def _lists(plan: Plan, ways: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """The files by the way they go, largest first, and those that are deleted; the first few of many."""
    from reprobundle.phrases import sized

    found = [(ways[how].capitalize(), [f"{sized(one.size):>12}  {one.path}" for one in
              sorted(plan.sent(how), key=lambda one: -one.size)]) for how in ("large", "regular", "there")]  # fmt: skip
    found.append(("Deleted", list(plan.deleted)))
    return [
        (f"{heading} ({len(lines)})", [*lines[:SHOWN], *([f"and {len(lines) - SHOWN} more"] * (len(lines) > SHOWN))])
        for heading, lines in found
        if lines
    ]


def _page() -> Page:
    from reprobundle.rendering.page import Page

    return Page(colour=screen.colours(), width=screen.width())
