"""The peers that are libraries, called at their best settings, each in its own environment."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.acts.clock import timed

THREADS = os.cpu_count() or 1


def main() -> None:
    """Do one act."""
    acts: dict[str, Callable[[Path], None]] = {
        "bagit-make": bagit_make,
        "bagit-validate": bagit_validate,
        "model-signing-sha256": lambda place: model_signing_digest(place, "sha256"),
        "model-signing-blake3": lambda place: model_signing_digest(place, "blake3"),
        "model-signing-sign-sha256": lambda place: model_signing_sign(place, "sha256"),
        "model-signing-sign-blake3": lambda place: model_signing_sign(place, "blake3"),
        "model-signing-verify-sha256": lambda place: model_signing_verify(place, "sha256"),
        "model-signing-verify-blake3": lambda place: model_signing_verify(place, "blake3"),
        "huggingface-hub": huggingface_hub_digest,
        "blake3": blake3_digest,
        "importlib-metadata": importlib_metadata,
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("act", choices=acts)
    parser.add_argument("place", type=Path)
    given = parser.parse_args()
    acts[given.act](given.place)


def bagit_make(place: Path) -> None:
    """Make a bag of a folder, in place."""
    bagit = importlib.import_module("bagit")
    bagit.make_bag(str(place), processes=THREADS, checksums=["sha256"])


def bagit_validate(place: Path) -> None:
    """Check every file of a bag."""
    bagit = importlib.import_module("bagit")
    timed(lambda: bagit.Bag(str(place)).validate(processes=THREADS))


def model_signing_digest(place: Path, algorithm: str) -> None:
    """The digest of a file or folder, without a signature."""
    hashing = importlib.import_module("model_signing").hashing
    options: dict[str, Any] = {"hashing_algorithm": algorithm, "max_workers": THREADS}
    timed(
        lambda: hashing.Config().use_file_serialization(**options).hash(place),
        first=lambda: hashing.Config().use_file_serialization(**options).hash(Path(__file__)),
    )


def model_signing_sign(place: Path, algorithm: str) -> None:
    """Make a key and sign a folder; key and signature go beside it."""
    ec = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ec")
    forms = importlib.import_module("cryptography.hazmat.primitives.serialization")
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    beside(place, algorithm, "key").write_bytes(private)
    beside(place, algorithm, "public").write_bytes(public)
    model_signing = importlib.import_module("model_signing")
    options: dict[str, Any] = {"hashing_algorithm": algorithm, "max_workers": THREADS}
    hashing = model_signing.hashing.Config().use_file_serialization(**options)
    signer = model_signing.signing.Config().use_elliptic_key_signer(private_key=beside(place, algorithm, "key"))
    signer.set_hashing_config(hashing).sign(place, beside(place, algorithm, "sig"))


def model_signing_verify(place: Path, algorithm: str) -> None:
    """Check a folder against the signature beside it."""
    verifying = importlib.import_module("model_signing").verifying
    config = verifying.Config().use_elliptic_key_verifier(public_key=beside(place, algorithm, "public"))
    timed(lambda: config.verify(place, beside(place, algorithm, "sig")))


def beside(place: Path, algorithm: str, ending: str) -> Path:
    """A key or a signature of a folder."""
    return place.with_name(f"{place.name}.{algorithm}.{ending}")


def huggingface_hub_digest(place: Path) -> None:
    """What the Hub's client digests before an upload."""
    sha = importlib.import_module("huggingface_hub.utils.sha")

    def digest() -> None:
        with place.open("rb") as file:
            sha.sha_fileobj(file)

    timed(digest)


def blake3_digest(place: Path) -> None:
    """With all threads, over a memory map."""
    blake3 = importlib.import_module("blake3")
    timed(lambda: blake3.blake3(max_threads=blake3.blake3.AUTO).update_mmap(place).hexdigest())


def importlib_metadata(place: Path) -> None:
    """Names and versions as the standard library reads them."""
    metadata = importlib.import_module("importlib.metadata")
    timed(lambda: sorted((one.metadata["Name"], one.version) for one in metadata.distributions(path=[str(place)])))


if __name__ == "__main__":
    main()
