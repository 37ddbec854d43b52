"""``reprobundle publish``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.publish.hub import Published


@click.command()
@click.argument("destination", type=click.Choice(["hub"]))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("repository")
@click.option("--private", is_flag=True, help="Make the repository private; refused when it is there and public.")
@click.option("--branch", default="main", show_default=True, help="The branch; made when it is not there.")
@click.option("--message", help="First line of the commit's message.")
@click.option("--allow-lint", multiple=True, metavar="RULE", help="Publish though this rule of lint is broken.")
@click.option("--allow", multiple=True, metavar="RULE:PATH", help="Publish what looks like a secret and is none.")
@screen.verbosity
def publish(
    destination: str,
    bundle: Path,
    repository: str,
    *,
    private: bool,
    branch: str,
    message: str | None,
    allow_lint: tuple[str, ...],
    allow: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> int:
    """Publish a bundle where others find it; verified on both ends.

    DESTINATION is hub; REPOSITORY is USER/NAME there. The bundle appears in one commit or not at all. The token is the
    one of hf auth login or HF_TOKEN, the Hub that of HF_ENDPOINT.
    """
    del destination  # the one there is
    from reprobundle.bundle import verify
    from reprobundle.publish import hub

    verified = verify(bundle)
    published = hub.publish(
        verified,
        repository,
        private=private,
        branch=branch,
        message=message,
        allow_lint=allow_lint,
        allow=allow,
        say=screen.progress(quiet=quiet),
    )
    if as_json:
        document = {
            "bundle_id": verified.id,
            "repository": repository,
            "branch": branch,
            "commit": published.commit,
            "url": published.url,
            "changed": published.changed,
        }
        screen.document(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(_words(verified.id, repository, published))
    return 0


def _words(bundle_id: str, repository: str, published: Published) -> str:
    """What was done, and how exactly this commit is fetched again."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page

    page = Page(colour=screen.colours(), width=screen.width())
    page.line("PUBLISHED" if published.changed else "UNCHANGED, it is there already", "1", "32")
    page.field("bundle", bundle_id)
    page.field("page", escape(published.url))
    page.field("pull it", escape(f"reprobundle pull hub://{repository}@{published.commit} DIR"))
    return page.text()
