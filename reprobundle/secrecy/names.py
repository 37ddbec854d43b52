"""Files that by their name hold secrets: never copied, never in the patch, never in a wheel made here."""

from __future__ import annotations

import re

_SAMPLES = re.compile(r"\.env\.(example|sample|template|dist)", re.IGNORECASE)
_NAMES = re.compile(
    r"\.env(\..*)?|.*\.env|\.envrc|.*\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|salt)"
    r"|id_(rsa|dsa|ecdsa|ed25519)(_.*|-.*)?|[._]netrc|\.pypirc|\.git-credentials|\.htpasswd|\.pgpass|\.dockercfg"
    r"|kaggle\.json|(client_)?secrets?\.(toml|ya?ml|json|ini)|credentials(\.(json|ini|toml|ya?ml))?"
    r"|service[-_]account.*\.json",
    re.IGNORECASE,
)
_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".kube", ".docker"})


def is_secret(path: str) -> bool:
    """Whether the name of a file, or of a folder it lies in, says that it holds keys or passwords."""
    *folders, name = path.split("/")
    if _SAMPLES.fullmatch(name):
        return False
    return bool(_NAMES.fullmatch(name)) or any(folder.lower() in _FOLDERS for folder in folders)
