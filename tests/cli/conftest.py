"""What tests of several verbs share."""

from __future__ import annotations

from verbs import call

__all__ = ["call"]
