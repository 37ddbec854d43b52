"""A report as a document: the same bytes wherever it is asked for."""

from __future__ import annotations

from reprobundle import records
from reprobundle.report import Report


def render(report: Report) -> bytes:
    """The report as JSON: UTF-8, fields in their declared order, a newline at the end."""
    return records.to_bytes(report)
