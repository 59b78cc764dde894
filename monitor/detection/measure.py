"""What the microvolts of the rules are measured on, in words: stored with every result."""

from __future__ import annotations

from dsp import DetectorSettings


def measure_name(settings: DetectorSettings) -> str:
    """Name the envelope that onset, offset and resting level refer to."""
    kept = settings.sub_blocks_n - settings.dropped_n
    return (
        f"RMS of the {settings.low_hz:g}-{settings.high_hz:g} Hz EMG over {settings.sub_blocks_n} blocks of "
        f"{settings.sub_block_s * 1e3:g} ms, the {kept} smallest kept, corrected for its lag"
    )
