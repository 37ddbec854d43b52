"""No call of the Hub while a model is made from a folder: its configuration may name models that lie elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")  # read by libraries that are imported later, or ask each time


@contextmanager
def only() -> Iterator[None]:
    """Let huggingface_hub, and what goes through it, raise rather than ask the network, until the block ends."""
    from huggingface_hub import constants  # what it read when it was imported counts, so that is changed too

    before = {name: os.environ.get(name) for name in SWITCHES}
    flag = constants.HF_HUB_OFFLINE
    try:
        os.environ.update(dict.fromkeys(SWITCHES, "1"))
        constants.HF_HUB_OFFLINE = True
        yield
    finally:
        constants.HF_HUB_OFFLINE = flag
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
