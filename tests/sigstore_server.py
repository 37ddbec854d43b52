"""A Sigstore on the loopback: an authority for certificates of minutes, the log of those, and the log of signatures.

sigstore's own client asks it and checks each of its answers against the roots in `Sigstore.trust_config`.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://issuer.example.org"
AUDIENCE = "sigstore"
ISSUER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
SCT_OID = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
MINUTES = datetime.timedelta(minutes=10)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority on the loopback")])


def token_of(identity: str, *, issuer: str = ISSUER, seconds: int = 600, audience: str = AUDIENCE) -> str:
    """What an identity provider gives somebody who logged in there."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": audience, "sub": identity, "iat": now - 10, "exp": now + seconds}
    return jwt.encode(claims, "a secret of the provider, nobody's business", algorithm="HS256")


class Sigstore(ThreadingHTTPServer):
    """The server. `refuse` gives the status for a path, where it shall not answer as it should."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.authority, self.certificates, self.log = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        self.root = _root(self.authority)
        self.refuse: Callable[[str], int | None] = lambda path: None
        self.entries: list[bytes] = []
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def trust_config(self, place: Path) -> Path:
        """Write its roots and addresses into a file, as sigstore reads them."""
        valid = {"start": "2020-01-01T00:00:00Z"}
        service = {"url": self.url, "majorApiVersion": 1, "validFor": valid, "operator": "loopback"}
        chain = {"certificates": [{"rawBytes": _text(self.root.public_bytes(serialization.Encoding.DER))}]}
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_log(self.url, self.log)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "o", "commonName": "c"},
                    "uri": self.url,
                    "certChain": chain,
                    "validFor": valid,
                }
            ],
            "ctlogs": [_log(self.url, self.certificates)],
            "timestampAuthorities": [],
        }
        places = {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service],
            "oidcUrls": [service],
            "rekorTlogUrls": [service],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": [],
            "tsaConfig": {"selector": "ANY"},
        }
        kind = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
        place.write_text(json.dumps({"mediaType": kind, "trustedRoot": root, "signingConfig": places}))
        return place

    def certify(self, request: bytes, token: str) -> dict[str, Any]:
        """A certificate for minutes, which its log has seen."""
        claims = jwt.decode(token, options={"verify_signature": False, "verify_aud": False})
        key = x509.load_pem_x509_csr(request).public_key()
        builder = _leaf(key, self.authority, claims["sub"], claims["iss"])
        seen = builder.sign(self.authority, hashes.SHA256())
        stamp = self._stamp(seen.tbs_certificate_bytes)
        made = builder.add_extension(x509.UnrecognizedExtension(SCT_OID, stamp), critical=False)
        chain = [made.sign(self.authority, hashes.SHA256()), self.root]
        pems = [certificate.public_bytes(serialization.Encoding.PEM).decode() for certificate in chain]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": pems}}}

    def _stamp(self, tbs: bytes) -> bytes:
        now = int(time.time()) * 1000
        entry = _key_id(self.authority) + len(tbs).to_bytes(3, "big") + tbs
        signed = _sign(self.certificates, struct.pack("!BBQH", 0, 0, now, 1) + entry + b"\0\0")
        head = b"\0" + _key_id(self.certificates) + struct.pack("!QH", now, 0) + b"\4\3"
        stamp = head + struct.pack("!H", len(signed)) + signed
        listed = struct.pack("!H", len(stamp) + 2) + struct.pack("!H", len(stamp)) + stamp
        size = bytes([len(listed)]) if len(listed) < 0x80 else bytes([0x81, len(listed)])
        return b"\4" + size + listed

    def enter(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """An entry of the log: a tree of one leaf, signed."""
        content = proposed["spec"]["proposedContent"]
        envelope, payload = content["envelope"], base64.b64decode(json.loads(content["envelope"])["payload"])
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(envelope.encode()).hexdigest()},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [
                {"signature": signature["sig"], "verifier": content["verifiers"][0]}
                for signature in json.loads(envelope)["signatures"]
            ],
        }
        body = json.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}, separators=(",", ":")).encode()
        self.entries.append(body)
        when, root = int(time.time()), hashlib.sha256(b"\0" + body).digest()
        facts = {"body": _text(body), "integratedTime": when, "logID": _key_id(self.log).hex(), "logIndex": 0}
        promise = _sign(self.log, json.dumps(facts, separators=(",", ":"), sort_keys=True).encode())
        note = f"loopback\n1\n{_text(root)}\n"
        mark = _text(_key_id(self.log)[:4] + _sign(self.log, note.encode()))
        proof = {
            "checkpoint": f"{note}\n\u2014 loopback {mark}\n",
            "hashes": [],
            "logIndex": 0,
            "rootHash": root.hex(),
            "treeSize": 1,
        }
        return {"one": {**facts, "verification": {"inclusionProof": proof, "signedEntryTimestamp": _text(promise)}}}


class Handler(BaseHTTPRequestHandler):
    """Answers sigstore's client."""

    server: Sigstore

    def do_GET(self) -> None:
        """Where somebody would log in."""
        self._answer(lambda _: {"authorization_endpoint": self.server.url, "token_endpoint": self.server.url})

    def do_POST(self) -> None:
        """A certificate, or an entry of the log."""
        if self.path.endswith("/signingCert"):
            token = self.headers["Authorization"].removeprefix("Bearer ")
            self._answer(lambda body: self.server.certify(base64.b64decode(body["certificateSigningRequest"]), token))
        else:
            self._answer(self.server.enter)

    def _answer(self, give: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(self.path)
        refused = self.server.refuse(self.path)
        content = b"{}" if refused else json.dumps(give(json.loads(body or b"{}"))).encode()
        self.send_response(refused or 201)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def sigstore() -> Iterator[Sigstore]:
    """A running server."""
    server = Sigstore()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _builder(name: x509.Name, key: Any, authority: Any, *, ca: bool) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = dict.fromkeys(
        [
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ],
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(NAME)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - MINUTES)
        .not_valid_after(now + MINUTES)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
    )


def _root(authority: Any) -> x509.Certificate:
    return _builder(NAME, authority.public_key(), authority, ca=True).sign(authority, hashes.SHA256())


def _leaf(key: Any, authority: Any, identity: str, issuer: str) -> x509.CertificateBuilder:
    return (
        _builder(x509.Name([]), key, authority, ca=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(identity)]), critical=True)
        .add_extension(x509.UnrecognizedExtension(ISSUER_OID, issuer.encode()), critical=False)
    )


def _log(url: str, key: Any) -> dict[str, Any]:
    public = {
        "rawBytes": _text(_public(key)),
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": {"start": "2020-01-01T00:00:00Z"},
    }
    return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": public, "logId": {"keyId": _text(_key_id(key))}}


def _public(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def _key_id(key: Any) -> bytes:
    return hashlib.sha256(_public(key)).digest()


def _sign(key: Any, content: bytes) -> bytes:
    return key.sign(content, ec.ECDSA(hashes.SHA256()))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
