"""``reprobundle sign``."""

from __future__ import annotations

import json
import os
import shlex
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen
from reprobundle.errors import UsageError

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle
    from reprobundle.signing import Signer

PASSWORD_VARIABLE = "REPROBUNDLE_KEY_PASSWORD"  # noqa: S105  # its name, not what it holds
LONGEST_SECRET = 2**16
KEY_LINES = (  # click leaves lines after a backspace as they are
    "\b\n"
    "A key, and its public half for those who check:\n"
    "  openssl ecparam -name prime256v1 -genkey -noout -out key.pem\n"
    "  openssl ec -in key.pem -pubout -out public.pem"
)
PACKED_HINT = "sign the folder, then pack it: reprobundle unpack FILE DIR gives the folder back"


@click.command(epilog=KEY_LINES)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--key", metavar="FILE", type=click.Path(path_type=Path),
              help="Your private key on an elliptic curve, as PEM.")  # fmt: skip
@click.option("--password-file", metavar="FILE", type=click.Path(path_type=Path),
              help=f"A file whose first line is the key's password; else ${PASSWORD_VARIABLE}, else you are asked.")  # fmt: skip
@click.option("--certificate", metavar="FILE", type=click.Path(path_type=Path),
              help="The key's certificate, as PEM.")  # fmt: skip
@click.option("--chain", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
              help="A certificate between that one and the root; may be repeated.")  # fmt: skip
@click.option("--keyless", is_flag=True,
              help="Sign as yourself, through Sigstore: its public log names you for ever. Needs a network.")  # fmt: skip
@click.option("--identity-token", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True),
              help="With --keyless: a token of your identity provider; - reads it from standard input.")  # fmt: skip
@click.option("--staging", is_flag=True, help="With --keyless: Sigstore's instance for tests.")
@click.option("--trust-config", metavar="FILE", type=click.Path(path_type=Path),
              help="With --keyless: another instance of Sigstore, by its file.")  # fmt: skip
@click.option("--name", default="signature", show_default=True, help="The signature's own name.")
@screen.verbosity
def sign(
    bundle: Path,
    *,
    key: Path | None,
    password_file: Path | None,
    certificate: Path | None,
    chain: Sequence[Path],
    keyless: bool,
    identity_token: Path | None,
    staging: bool,
    trust_config: Path | None,
    name: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Sign a bundle, so that others can see that it comes from you.

    The bundle is verified first. The signature covers the contents of every file and stands in signatures/; nothing
    else changes. Whoever has your public key, or trusts your certificate's root, or knows you by the name that your
    identity provider gives you, checks it with verify.
    """
    from reprobundle.bundle import verify
    from reprobundle.exports import archives
    from reprobundle.signing import sign as sign_bundle

    _refuse_mixed(key, (password_file, certificate, *chain), (identity_token, staging, trust_config), keyless=keyless)
    if certificate is None and chain:
        raise UsageError("--chain: belongs to a certificate", hint="name yours with --certificate")
    if archives.is_archive(bundle):
        raise UsageError(f"{str(bundle)!r}: a packed bundle cannot be signed", hint=PACKED_HINT)
    verified = verify(bundle)
    if key is not None:
        signer = _with_key(key, password_file, certificate, chain)
    else:
        signer = _as_yourself(identity_token, trust_config, staging=staging)
    path = sign_bundle(verified, signer, name=name)
    if as_json:
        facts = {"bundle_id": verified.id, "bundle_name": verified.manifest.name, "signature": path}
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(_words(verified, path, signer))
    if key is not None:
        _warn_of_open_key(key)
    return 0


def _words(verified: VerifiedBundle, path: str, signer: Signer) -> str:
    """What was signed, by whom, and how others check it."""
    from reprobundle.phrases import counted
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.signing import CertificateSigner, KeySigner, claimed
    from reprobundle.telling import typed

    page = Page(colour=screen.colours(), width=screen.width())
    page.line("SIGNED", "1", "32")
    page.field("bundle", f"{escape(verified.manifest.name)}  {verified.id}", *screen.folder_field(verified))
    page.field("by", escape(claimed(verified, path), limit=screen.LONGEST_MESSAGE))
    page.field("signature", escape(path), f"of {counted(len(verified.manifest.files), 'file')} and the manifest")
    page.line()
    whose = {KeySigner: screen.ASK_WHOSE, CertificateSigner: " --certificate ROOT.pem"}
    asked = whose.get(type(signer), " --identity NAME --issuer URL")
    page.line(f"check it     reprobundle verify {typed(verified.path)}{asked}")
    return page.text()


def _refuse_mixed(key: Path | None, of_a_key: Sequence[object], of_none: Sequence[object], *, keyless: bool) -> None:
    """Raises: UsageError: It is not clear whether a key signs or a person does."""
    if (key is not None) == keyless:
        raise UsageError("who signs: expected one of --key and --keyless", hint="a key of your own: --key FILE")
    if keyless and any(of_a_key):
        raise UsageError("--password-file, --certificate and --chain: belong to --key, not to --keyless")
    if not keyless and any(of_none):
        raise UsageError("--identity-token, --staging and --trust-config: belong to --keyless, not to --key")


def _with_key(key: Path, password_file: Path | None, certificate: Path | None, chain: Sequence[Path]) -> Signer:
    from reprobundle.signing import CertificateSigner, KeySigner

    if certificate is not None:
        if password_file is not None:
            raise UsageError("--password-file: an encrypted key cannot be used with a certificate")
        return CertificateSigner(key, certificate, chain)
    return KeySigner(key, _password(key, password_file))


def _as_yourself(token: Path | None, trust_config: Path | None, *, staging: bool) -> Signer:
    from reprobundle.signing import IdentitySigner

    secret = None if token is None else _first_line(token, "--identity-token")
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    return IdentitySigner(secret, browser=at_terminal, staging=staging, trust_config=trust_config)


def _password(key: Path, password_file: Path | None) -> str | None:
    """The key's password, from a file, the environment or the person; never from the command line, where others see it."""
    if password_file is not None:
        return _first_line(password_file, "--password-file")
    if not _is_encrypted(key):
        return None
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    password: str = click.prompt(f"password of {key.name}", hide_input=True, err=True)
    return password


def _is_encrypted(key: Path) -> bool:
    try:
        with key.open("rb") as file:
            return b"ENCRYPTED" in file.read(LONGEST_SECRET)
    except OSError:
        return False  # whoever reads it next says why


def _warn_of_open_key(key: Path) -> None:
    """Tell of a private key that other users of this machine can read; whoever signs may have no other."""
    if os.name != "posix" or not key.is_file():
        return
    if key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = f"chmod 600 {shlex.quote(str(key))}"
        screen.complain(f"key {str(key)!r}: others on this machine can use it", hint=hint)


def _first_line(place: Path, option: str) -> str:
    try:
        if str(place) == "-":
            return sys.stdin.readline(LONGEST_SECRET).rstrip("\r\n")
        return place.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"  # the other error quotes the secret
        raise UsageError(f"{option}: {str(place)!r} cannot be read: {why}") from None
