"""``reprobundle sign``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from reprobundle.cli import screen
from reprobundle.errors import UsageError

KEY_LINES = (  # click leaves lines after a backspace as they are
    "\b\n"
    "A key, and its public half for those who check:\n"
    "  openssl ecparam -name prime256v1 -genkey -noout -out key.pem\n"
    "  openssl ec -in key.pem -pubout -out public.pem"
)


@click.command(epilog=KEY_LINES)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--key", metavar="FILE", type=click.Path(path_type=Path), required=True,
              help="Your private key on an elliptic curve, as PEM.")  # fmt: skip
@click.option("--password-file", metavar="FILE", type=click.Path(path_type=Path),
              help="A file whose first line is the key's password.")  # fmt: skip
@click.option("--certificate", metavar="FILE", type=click.Path(path_type=Path),
              help="The key's certificate, as PEM.")  # fmt: skip
@click.option("--chain", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
              help="A certificate between that one and the root; may be repeated.")  # fmt: skip
@click.option("--name", default="signature", show_default=True, help="The signature's own name.")
@screen.verbosity
def sign(
    bundle: Path,
    *,
    key: Path,
    password_file: Path | None,
    certificate: Path | None,
    chain: Sequence[Path],
    name: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Sign a bundle, so that others can see that it comes from you.

    The bundle is verified first. The signature covers the contents of every file and stands in signatures/; nothing
    else changes. Whoever has your public key, or trusts your certificate's root, checks it with verify.
    """
    from reprobundle.bundle import verify
    from reprobundle.rendering import escape
    from reprobundle.signing import sign as sign_bundle

    verified = verify(bundle)
    password = None if password_file is None else _first_line(password_file)
    path = sign_bundle(verified, key=key, password=password, certificate=certificate, chain=chain, name=name)
    if as_json:
        facts = {"bundle_id": verified.id, "bundle_name": verified.manifest.name, "signature": path}
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(f"signed {escape(verified.manifest.name)}  {verified.id}: {escape(path)}")
    return 0


def _first_line(place: Path) -> str:
    try:
        return place.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--password-file: {str(place)!r} cannot be read: {error}") from error
