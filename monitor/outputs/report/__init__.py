"""Write the report of a session as HTML or PDF. It contains no diagnosis."""

from __future__ import annotations

from monitor.outputs.report.writing import write_report

__all__ = ["write_report"]
