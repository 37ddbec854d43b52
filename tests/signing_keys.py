"""Keys and certificates for tests of signatures, made in this process; nobody trusts them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TODAY = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
YEAR = datetime.timedelta(days=365)
CODE_SIGNING = (ExtendedKeyUsageOID.CODE_SIGNING,)
Issuer = tuple[x509.Name, Any]


def write_key(folder: Path, name: str, made: Any = None, password: bytes | None = None) -> Any:
    """A private key that only its owner can read, and its public half, as PEM files."""
    key = made or ec.generate_private_key(ec.SECP256R1())
    guard = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, guard)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / f"{name}.key").touch(mode=0o600)
    (folder / f"{name}.key").write_bytes(secret)
    (folder / f"{name}.pub").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    return key


def rsa_key() -> rsa.RSAPrivateKey:
    """A key of a kind that signs no bundle."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certify(
    folder: Path,
    name: str,
    key: Any,
    issuer: Issuer | None = None,
    *,
    authority: bool | None = None,
    since: datetime.datetime = TODAY - YEAR / 2,
    until: datetime.datetime = TODAY + YEAR / 2,
    extended: tuple[x509.ObjectIdentifier, ...] = CODE_SIGNING,
    digital_signature: bool | None = None,
) -> Issuer:
    """A certificate for a key, by another or by itself; gives what certifies others with it."""
    authority = issuer is None if authority is None else authority
    signs = not authority if digital_signature is None else digital_signature
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_name, issuer_key = issuer or (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs,
                key_cert_sign=authority,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    made = builder.sign(issuer_key, hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return subject, key
