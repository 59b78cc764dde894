"""Version, configuration and measure of a scoring, as the ``session`` fact holds them."""

from __future__ import annotations

from typing import Any

from monitor import __version__
from monitor.config import Config
from monitor.detection.measure import measure_name


def scored_with(config: Config) -> dict[str, Any]:
    """Return program version, configuration digest, main profile and measure."""
    return {
        "version": __version__,
        "config_sha256": config.sha256,
        "main_profile": config.main_profile,
        "measure": measure_name(config.detector),
    }
