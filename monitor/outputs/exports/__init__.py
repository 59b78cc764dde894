"""Export a session in formats of other programs: EDF+, BIDS, CSV, XDF."""

from __future__ import annotations

from monitor.outputs.exports.writing import FORMS, Exported, export_session

__all__ = ["FORMS", "Exported", "export_session"]
