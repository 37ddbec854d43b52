"""What tests of the views through the command line share."""

from __future__ import annotations

from verbs import call

__all__ = ["call"]
