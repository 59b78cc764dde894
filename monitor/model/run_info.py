"""Version, configuration and measure of a scoring, as stored in the ``session`` fact.

The measure names the envelope of the uV rules; it is stored with every result.
"""

from __future__ import annotations

from typing import Any

from dsp import DetectorSettings
from monitor import __version__
from monitor.model.config import Config


def measure_name(settings: DetectorSettings) -> str:
    """Name the envelope that onset, offset and resting level refer to."""
    used_n = settings.sub_blocks_n - settings.dropped_n
    return (
        f"RMS of the {settings.low_hz:g}-{settings.high_hz:g} Hz EMG over {settings.sub_blocks_n} blocks of "
        f"{settings.sub_block_s * 1e3:g} ms, the {used_n} smallest kept, corrected for its lag"
    )


def scored_with(config: Config) -> dict[str, Any]:
    """Return program version, configuration digest, main profile, measure and further thresholds."""
    further_uv = list(config.detector.further_onset_uv)
    return {
        "version": __version__,
        "config_sha256": config.sha256,
        "main_profile": config.main_profile,
        "measure": measure_name(config.detector),
        **({"further_onset_uv": further_uv} if further_uv else {}),
    }
