"""The state of one bed, from the data of its outlets since the ward was started."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from monitor.model.facts import LEGS, Fact
from monitor.model.wording import minutes_seconds
from monitor.session.alert_priority import RANK
from monitor.session.current_alerts import Alert, alerts
from monitor.session.journal import fact_of, parse
from monitor.session.recorder_status import LiveStatus, RecorderStatus, SourceStatus
from monitor.session.state import SessionState
from monitor.ward import texts
from monitor.ward.health import Health, health_of, is_silent, shortened
from monitor.ward.tile import (
    EARLY_MIN,
    GONE_S,
    STALE_S,
    STATE_OLD_S,
    STRIP_S,
    Movement,
    Received,
    Tile,
    bare_tile,
    tile_of,
)

_MAX_FACTS = 500
_MAX_UNHEARD = 50
_CURVE_STEP_S, _CURVE_N = 60.0, 120
# No recording is as long as a year.
_MOST_MINUTES = 525_600
_MOST_EARLIER = 20
_MOST_CHARS = 200_000
# No recorder has so many streams, and each one is a text on the screen and may be an alert.
_MOST_SOURCES = 50
# Between two samples of the index.
_USUAL_S = 2.0
_SNAPSHOT = '{"kind":"snapshot"'
# The bed scores its movements itself; here they are only listed.
_NOT_FOLDED = frozenset({"movement"})


class Bed:
    """One bed, from its received data.

    Whatever is received, nothing is raised: an error of one bed would stop the others.

    Parameters
    ----------
    name, host : str
        Names of the bed and of the computer that records it.
    clock : callable
        Monotonic clock (s).

    Attributes
    ----------
    log : deque of Fact
        The latest received facts, oldest first.
    """

    def __init__(self, name: str, host: str, clock: Callable[[], float]) -> None:
        self.name, self.host, self._clock = name, host, clock
        # The outlets of this recorder and, before it, of earlier ones; when data of one of these was ignored.
        self._recorders: list[dict[str, str]] = [{}]
        self._other_at_s = -math.inf
        self._n_received = 0
        self._tile: Tile | None = None
        self._made_for = (0, 0, False)
        self._reset()

    def _reset(self) -> None:
        self.log: deque[Fact] = deque(maxlen=_MAX_FACTS)
        self._state = SessionState()
        self._index: dict[str, float] = {}
        self._curve: dict[int, float | None] = {}
        self._shown_curve: tuple[tuple[int, float | None], ...] | None = ()
        self._snapshot: dict[str, Any] = {}
        self._movements: dict[tuple[str, str], Movement] = {}
        # Spans of the session (s) in which facts were not received: before the first snapshot, and later.
        self._unheard: deque[tuple[float, float]] = deque(maxlen=_MAX_UNHEARD)
        self._heard_to_s = 0.0
        self._last_movement: Fact | None = None
        self._snapshot_at_s = self._received_at_s = self._returned_at_s = self._clock()
        self._lost_at_s = -math.inf
        self._problem = ""
        self._forget_derived()

    def _forget_derived(self) -> None:
        """Compute what follows from the state and the snapshot again: both change rarely."""
        self._speed_now: float | None = None
        self._health_now: tuple[Health, ...] | None = None
        self._status_now: tuple[RecorderStatus, RecorderStatus] | None = None

    def connected(self, outlet: str, uid: str) -> bool:
        """Note from which outlet data comes; a new recording resets the state.

        Returns
        -------
        bool
            Whether to apply the data. Of two recorders that send at the same time under the same names, only
            the one that came last is shown.
        """
        self._n_received += 1
        shown = self._recorders[-1]
        if shown.setdefault(outlet, uid) == uid:
            return True
        is_earlier = any(one.get(outlet) == uid for one in self._recorders)
        if is_earlier and not self.has_ended and self._lost_at_s != self._received_at_s:
            self._other_at_s = self._clock()
            return False
        self._recorders = [] if is_earlier else self._recorders[-_MOST_EARLIER:]
        self._recorders.append({outlet: uid})
        self._reset()
        return True

    def add_index(self, labels: Sequence[str], values: Sequence[float]) -> None:
        """Apply a sample of the index outlet; what cannot be read is reported."""
        self._n_received += 1
        try:
            self._apply_index(labels, values)
        except Exception as err:  # noqa: BLE001
            self._note_problem(err)

    def _apply_index(self, labels: Sequence[str], values: Sequence[float]) -> None:
        self._index = dict(zip(labels, map(float, values), strict=False))
        silent_s, self._received_at_s = self._clock() - self._received_at_s, self._clock()
        if silent_s > STALE_S:
            self._returned_at_s = self._received_at_s
        # A snapshot may have come before this sample: it is ahead of what was heard.
        if silent_s > STALE_S and self._snapshot:
            self._unheard.append((self._heard_to_s, self.recorded_s))
        self._heard_to_s = self.recorded_s
        rate = self._index.get("plm_rate_30min", math.nan)
        self._note_rate(int(self.recorded_s // _CURVE_STEP_S), rate if math.isfinite(rate) else None)

    def add_line(self, line: str) -> None:
        """Apply a line of the facts outlet; an unreadable one is skipped and reported."""
        self._n_received += 1
        try:
            if len(line) > _MOST_CHARS:
                raise ValueError(f"a line of {len(line)} characters")
            if line.startswith(_SNAPSHOT):
                self._apply_snapshot(json.loads(line))
            else:
                self._apply_fact(fact_of(parse(line.encode() + b"\n")))
        except Exception as err:  # noqa: BLE001
            self._note_problem(err)

    def _note_problem(self, err: Exception) -> None:
        self._problem = _unreadable(err)

    def _apply_fact(self, fact: Fact) -> None:
        self.log.append(fact)
        if fact.kind not in _NOT_FOLDED:
            self._forget_derived()
            self._state.apply(fact)
            return
        self._apply_movement(fact)

    def _apply_movement(self, fact: Fact) -> None:
        leg, phase, onset_s = fact.data["leg"], fact.data["phase"], float(fact.data["onset"])
        if leg not in LEGS:
            raise ValueError(f"a movement of the leg {leg!r}")
        end_s = float(fact.data["end"]) if phase == "closed" else None
        # A leg has one running movement; the end of an earlier one may have been missed.
        self._movements = {
            key: one
            for key, one in self._movements.items()
            if one.leg != leg or (one.end_s is not None and one.end_s > onset_s - STRIP_S)
        }
        self._movements.pop((leg, str(fact.data["id"])), None)
        if phase != "withdrawn":
            self._movements[leg, str(fact.data["id"])] = Movement(leg, onset_s, end_s)
        if phase == "closed":
            self._last_movement = fact

    def _apply_snapshot(self, whole: dict[str, Any]) -> None:
        # A snapshot replaces all state, because facts may have been missed during a network failure.
        state = SessionState.of(_fact_of(row) for row in whole["standing"])
        n_sources = len((whole.get("health") or {}).get("sources") or ())
        if n_sources > _MOST_SOURCES:
            raise ValueError(f"{n_sources} streams")
        if not math.isfinite(float(whole["recorded_s"])):
            raise ValueError("recorded_s is not finite")
        curve = [
            (int(minute), None if rate is None else float(rate))
            for minute, rate in whole["curve"]["rate_30min"]
        ]
        self._state = state
        self._forget_derived()
        for one in curve:
            self._note_rate(*one)
        if not self._snapshot:
            heard_s = self._speed * (self._clock() - self._snapshot_at_s)
            self._unheard.append((0.0, max(0.0, float(whole["recorded_s"]) - heard_s)))
        self._snapshot, self._snapshot_at_s = whole, self._clock()

    def _note_rate(self, minute: int, rate: float | None) -> None:
        if not 0 <= minute < _MOST_MINUTES or not math.isfinite(rate or 0.0):
            raise ValueError(f"a rate of {rate} in minute {minute}")
        if rate == self._curve.get(minute, math.nan):
            return
        self._curve[minute] = rate
        self._shown_curve = None
        if len(self._curve) > _CURVE_N:
            del self._curve[min(self._curve)]

    def _curve_now(self) -> tuple[tuple[int, float | None], ...]:
        """Return the curve by minute; it changes rarely."""
        if self._shown_curve is None:
            self._shown_curve = tuple(
                (minute, None if minute < EARLY_MIN else rate) for minute, rate in sorted(self._curve.items())
            )
        return self._shown_curve

    @property
    def recorded_s(self) -> float:
        """End of the recording as far as it is known here (s); it does not advance without data."""
        if not self._snapshot:
            return self._state.last_s
        passed_s = max(0.0, self._received_at_s - self._snapshot_at_s)
        return max(float(self._snapshot["recorded_s"]) + self._speed * passed_s, self._state.last_s)

    @property
    def _speed(self) -> float:
        """Seconds of signal in one second."""
        if self._speed_now is None:
            speeds = (float(fact.data.get("speed") or 1.0) for fact in self._state.facts("stream"))
            self._speed_now = max(speeds, default=1.0)
        return self._speed_now

    def _health(self) -> tuple[Health, ...]:
        if self._health_now is None:
            self._health_now = health_of(self._state, self._snapshot)
        return self._health_now

    @property
    def _status(self) -> tuple[RecorderStatus, RecorderStatus]:
        """The status of the recorder as received, and with all of its sources sending."""
        if self._status_now is None:
            received = RecorderStatus.of(self._snapshot.get("health") or {})
            sending = (replace(one, last_arrival_s_ago=None) for one in received.sources)
            self._status_now = received, replace(received, sources=tuple(sending))
        return self._status_now

    @property
    def has_ended(self) -> bool:
        """Whether the recording has ended."""
        return self._state.stopped_s is not None or self._index.get("state") == 4

    def tile(self, listening_since_s: float = -math.inf) -> Tile:
        """Return the current tile; it changes with what is received, and each half second of silence.

        Parameters
        ----------
        listening_since_s : float
            Since when the ward has listened without a break: the time before makes no bed a lost one.
        """
        now_s = self._clock()
        silent_s = now_s - self._received_at_s
        if now_s - max(self._received_at_s, listening_since_s) > GONE_S:
            self._lost_at_s = self._received_at_s
        is_gone = self._lost_at_s == self._received_at_s
        made_for = self._n_received, int(2.0 * silent_s) if silent_s > _USUAL_S else 0, is_gone
        if self._tile is None or self._made_for != made_for:
            self._tile, self._made_for = self._make_tile(now_s, is_gone=is_gone), made_for
        return self._tile

    def _make_tile(self, now_s: float, *, is_gone: bool) -> Tile:
        silent_s = now_s - self._received_at_s
        # While data arrives once a second, all ages change with it and not in between.
        seen_s = now_s if silent_s > STALE_S else self._received_at_s
        try:
            received = Received(
                name=self.name,
                host=self.host,
                state=self._state,
                index=self._index,
                snapshot=self._snapshot,
                snapshot_age_s=max(0.0, seen_s - self._snapshot_at_s),
                silent_s=silent_s,
                is_gone=is_gone,
                recorded_s=self.recorded_s,
                has_ended=self.has_ended,
                curve=self._curve_now(),
                movements=tuple(self._movements.values()),
                unheard=tuple(self._unheard),
                last_movement=self._last_movement,
                health=self._health,
                alerts=self._alerts(silent_s, is_gone=is_gone),
            )
            return tile_of(received)
        except Exception as err:  # noqa: BLE001
            alert = Alert("high", _unreadable(err), "unreadable")
            return bare_tile(self.name, self.host, alert)

    def _alerts(self, silent_s: float, *, is_gone: bool) -> tuple[Alert, ...]:
        if self.has_ended:
            return ()
        if is_gone:
            text = texts.GONE.format(age=minutes_seconds(silent_s))
            return (Alert("high", text, "gone"),)
        age_s = self._clock() - self._snapshot_at_s
        found = self._state_old(age_s) if age_s > STATE_OLD_S else self._state_alerts()
        if self._clock() - self._other_at_s < GONE_S:
            found = (*found, Alert("high", texts.TWICE.format(bed=self.name), "twice"))
        if self._problem:
            found = (*found, Alert("low", self._problem, "unreadable"))
        return tuple(sorted(found, key=lambda alert: RANK[alert.priority]))

    def _state_old(self, age_s: float) -> tuple[Alert, ...]:
        """Numbers come, but what is wrong at the bed is not known. After a silence the state is awaited."""
        if self._received_at_s - self._returned_at_s <= STATE_OLD_S:
            return ()
        return (Alert("high", texts.STATE_OLD.format(age=minutes_seconds(age_s)), "unknown"),)

    def _state_alerts(self) -> tuple[Alert, ...]:
        """Return what the bed's own window would show."""
        received, status = self._status
        silent_s = [self._arrival_s_ago(one) for one in received.sources]
        if any(one is not None for one in silent_s):
            pairs = zip(status.sources, silent_s, strict=True)
            sources = tuple(replace(one, last_arrival_s_ago=since_s) for one, since_s in pairs)
            status = replace(status, sources=sources)
        live_status = LiveStatus(status, saved_s_ago=status.saved_s_ago)
        found = alerts(self._state, live_status, "recording", self.recorded_s)
        return tuple(replace(alert, text=shortened(alert.text)) for alert in found)

    def _arrival_s_ago(self, source: SourceStatus) -> float | None:
        """Return how long a source has been silent, None while its legs have data.

        The age in the snapshot is old. It still grows while the quality of the legs says that nothing comes,
        because a return is sent at once. Without it the alert would be as late as the snapshot was.
        """
        ago_s = source.last_arrival_s_ago
        if ago_s is None or ago_s < STALE_S or not source.legs:
            # Of a snapshot from before the silence the age says nothing.
            return None
        is_still = is_silent(self._state, source.legs)
        return ago_s + self._clock() - self._snapshot_at_s if is_still else None


def _unreadable(err: Exception) -> str:
    return shortened(texts.UNREADABLE.format(problem=f"{type(err).__name__}: {err}"))


def _fact_of(row: dict[str, Any]) -> Fact:
    data = {
        key: value
        for key, value in row.items()
        if key not in ("v", "seq", "kind", "t", "source", "supersedes")
    }
    # A fact that it superseded is not part of the snapshot.
    return Fact(row["kind"], row["t"], row["source"], data, None, int(row["seq"]))
