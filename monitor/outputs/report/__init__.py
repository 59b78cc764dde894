"""The report of a session, as HTML and PDF pages. No diagnosis."""

from __future__ import annotations

from monitor.outputs.report.writing import write_report

__all__ = ["write_report"]
