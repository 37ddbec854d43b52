"""The person's own pip configuration, read from its files as pip documents them, which asking pip takes 100 times as long.

Precedence as in pip: the machine's files, the person's, the environment's, the file named by ``PIP_CONFIG_FILE``, then
variables; within the files the section of the command wins over ``global``. Where anything is unusual, pip is asked.
"""

from __future__ import annotations

import configparser
import os
import sys
from dataclasses import replace
from pathlib import Path

from reprobundle.components.environment.installers import Configuration, read_configuration
from reprobundle.components.environment.rebuilding.places import Options

SECTIONS = ("global", "install")
ONLY_PIP_KNOWS = ("proxy", "trusted-host", "client-cert", "keyring-provider", "use-feature", "no-index")
YES = frozenset({"1", "true", "yes", "on", "y", "t"})


def read_sources(options: Options) -> Configuration:
    """Where the reviewer's packages come from: their own pip's configuration, and on top what they typed."""
    found = read_files()
    own = read_configuration() if found is None else found
    typed = options.index_urls
    return replace(
        own,
        index_url=typed[0] if typed else own.index_url,
        extra_index_urls=(*own.extra_index_urls, *typed[1:]),
        find_links=(*own.find_links, *(str(folder.absolute()) for folder in options.find_links)),
    )


def read_files() -> Configuration | None:
    """The configuration; None where only pip itself can tell."""
    if sys.platform != "linux":  # elsewhere pip looks in more places
        return None
    values: dict[str, str] = {}
    try:
        layers = [_read(file) for file in _files()]
    except (configparser.Error, UnicodeDecodeError, OSError):
        return None
    for section in SECTIONS:
        for layer in layers:
            values.update(layer.get(section, {}))
    values.update(_variables())
    if any(values.get(name, "").lower() not in {"", "0", "false", "no", "off"} for name in ONLY_PIP_KNOWS):
        return None
    return Configuration(
        index_url=values.get("index-url"),
        extra_index_urls=tuple(values.get("extra-index-url", "").split()),
        find_links=tuple(values.get("find-links", "").split()),
        certificate=values.get("cert"),
    )


def _files() -> list[Path]:
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    home = os.path.expanduser("~")
    shared = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    machine = [Path(folder, "pip", "pip.conf") for folder in shared.split(os.pathsep) if folder]
    own = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    person = [Path(home, ".pip", "pip.conf"), Path(own, "pip", "pip.conf")]
    alone = named is not None and os.path.exists(named)  # such a file takes the place of the person's own
    every = [*machine, Path("/etc/pip.conf"), *([] if alone else person), Path(sys.prefix, "pip.conf")]
    return [*every, Path(named)] if named else every


def _read(file: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    if file.is_file():
        parser.read_string(file.read_text(encoding="utf-8"))
    return {
        name: {_spelt(key): value for key, value in parser.items(name)} for name in SECTIONS if parser.has_section(name)
    }


def _variables() -> dict[str, str]:
    return {
        _spelt(name.removeprefix("PIP_")): value
        for name, value in os.environ.items()
        if name.startswith("PIP_") and value
    }


def _spelt(name: str) -> str:
    return name.lower().replace("_", "-")
