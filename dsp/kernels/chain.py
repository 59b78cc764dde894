"""Where a movement begins: with the flagged burst, or with the first of a chain of bursts before it.

Bursts that are less than 0.5 s apart belong to one movement, even if each of them is too short to be one, or
to be flagged. So each that was withdrawn, or was not flagged, is remembered until the next.
"""

from __future__ import annotations

from dsp.events import BURSTS
from dsp.jit import compiled
from dsp.state import Config, Leg

RISE_SHARE = 0.6  # by how much of the rise the short RMS reaches a level later than the signal


@compiled
def onset_index(leg: Leg, cfg: Config) -> float:
    """Return where a movement that is flagged now began."""
    envelope, n = leg.envelope, leg.signal.index
    if envelope.is_short_high and n - envelope.short_up_at <= cfg.look_back_n:
        # A slow rise fills the sub-block later than a sudden one.
        rise = min(envelope.short_up_at - envelope.short_low_at, cfg.rise_max_n)
        return float(envelope.short_up_at - cfg.onset_lag_n - RISE_SHARE * rise)
    return float(n - cfg.trimmed_onset_lag_n)


@compiled
def join_chain(leg: Leg, cfg: Config) -> None:
    """Set the onset of a new movement: that of its chain, if it follows on other bursts.

    A burst less than 0.5 s after another belongs to the same movement. When one of those before was no spike,
    the movement needs no verification; when all were, it is dated back once it is confirmed.
    """
    movement = leg.movement
    before = movement.onset_index
    movement.onset_index = onset_index(leg, cfg)
    if movement.onset_index - movement.chain_end >= cfg.hold_n or movement.has_heart:
        movement.chain_onset = movement.onset_index
        movement.chain_run_n = 0
    movement.longest_n = movement.chain_run_n
    if movement.chain_run_n >= cfg.spike_run_n:
        movement.verified = True
        movement.onset_index = min(movement.chain_onset, movement.onset_index)
        shift_bursts(leg, before - movement.onset_index)
    else:
        movement.bursts_n = 0
        movement.bursts[:] = 0.0


@compiled
def shift_bursts(leg: Leg, later_n: float) -> None:
    """Let the bursts so far begin so many samples later after the onset: it is dated back."""
    movement = leg.movement
    for k in range(2 * min(movement.bursts_n, BURSTS)):
        movement.bursts[k] += later_n


@compiled
def date_back(leg: Leg) -> None:
    """Let a movement begin with the first spike of its chain."""
    movement = leg.movement
    if movement.chain_onset < movement.onset_index:
        shift_bursts(leg, movement.onset_index - movement.chain_onset)
        movement.onset_index = movement.chain_onset


@compiled
def remember_burst(leg: Leg, end: float) -> None:
    """Record a withdrawn burst as the last one of its chain: it may be the start of a movement."""
    movement = leg.movement
    movement.chain_end = end
    movement.chain_run_n = max(movement.chain_run_n, movement.longest_n, movement.run_n)


@compiled
def note_burst(leg: Leg, cfg: Config) -> None:
    """Record a burst that was too short to be flagged as the last one of its chain."""
    movement = leg.movement
    start = onset_index(leg, cfg)
    if start - movement.chain_end >= cfg.hold_n:
        movement.chain_onset = start
        movement.chain_run_n = 0
    movement.chain_end = max(start, leg.signal.index - cfg.offset_lag_n - cfg.offset_ring_n)
