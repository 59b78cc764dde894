"""The report of a night: what was recorded and counted, as pages to hand over. No diagnosis."""

from monitor.report.writing import write_report

__all__ = ["write_report"]
