"""The alerts of all beds: which are new, unseen for long, acknowledged here; and their sound. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.dashboard.viewmodel.alarm import Sounding, still_seen
from monitor.dashboard.viewmodel.sound import SoundState
from monitor.session.alert_priority import RANK, Priority
from monitor.session.current_alerts import Alert
from monitor.ward import texts
from monitor.ward.places import Key
from monitor.ward.tile import Tile

UNSEEN_S = 300.0
# The screen itself, among the beds.
OWN: Key = ("", "")
# These are found by the ward: no recorder knows them.
_OF_THE_WARD = frozenset({"gone", "unknown", "unreadable", "twice"})
_BY_RANK: Mapping[int, Priority] = {rank: priority for priority, rank in RANK.items()}


@dataclass(frozen=True, slots=True)
class BedAlert:
    """An alert of a bed, or of the ward itself if `bed` is `OWN`.

    Attributes
    ----------
    bed : tuple of (name, host)
    alert : Alert
        `is_seen` once it was acknowledged here or at the bed.
    unseen_s : float
        How long it has not been acknowledged.
    name : str
        Name of the bed on the screen.
    """

    bed: Key
    alert: Alert
    unseen_s: float
    name: str

    @property
    def key(self) -> str:
        """Name of the cause, unique among all beds."""
        return "\0".join((*self.bed, self.alert.key))


class WardAlerts:
    """The alerts of all beds, and their sound by priority.

    An alert that nobody acknowledges rises by one priority after each `unseen_s`; of high priority it then
    sounds louder.

    Parameters
    ----------
    sounding : Sounding
        Started and stopped by the caller.
    unseen_s : float
    clock : callable
        Monotonic seconds.

    Attributes
    ----------
    now : tuple of BedAlert
        Not acknowledged ones first, then by priority.
    """

    def __init__(
        self, sounding: Sounding, unseen_s: float = UNSEEN_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.sounding, self._unseen_s, self._clock = sounding, unseen_s, clock
        self._seen: dict[str, Priority] = {}
        self._since_s: dict[str, float] = {}
        self.now: tuple[BedAlert, ...] = ()

    def update(self, tiles: Sequence[Tile], problem: str) -> list[Tile]:
        """Take the current alerts and sound them; return the tiles with what was acknowledged.

        Parameters
        ----------
        tiles : sequence of Tile
        problem : str
            Why the ward receives nothing, empty if it does.
        """
        now_s = self._clock()
        own = own_alerts(tiles, problem, self.sounding.state)
        found = [BedAlert(OWN, alert, 0.0, texts.THIS_SCREEN) for alert in own]
        found += [
            BedAlert((tile.bed, tile.host), alert, 0.0, tile.name) for tile in tiles for alert in tile.alerts
        ]
        keyed = {one.key: one for one in found}
        self._seen = still_seen(self._seen, [replace(one.alert, key=key) for key, one in keyed.items()])
        self._since_s = {key: self._since_s.get(key, now_s) for key in keyed if key not in self._seen}
        self.now = tuple(sorted(map(self._with_age, keyed.values()), key=_order))
        self._sound()
        return [self._marked(tile) for tile in tiles]

    def _with_age(self, one: BedAlert) -> BedAlert:
        since_s = self._since_s.get(one.key)
        is_seen = since_s is None
        unseen_s = 0.0 if since_s is None else self._clock() - since_s
        return replace(one, alert=replace(one.alert, is_seen=is_seen), unseen_s=unseen_s)

    def _sound(self) -> None:
        loud = [
            replace(one.alert, key=one.key, priority=self._raised(one))
            for one in self.now
            if not one.alert.is_seen
        ]
        loud.sort(key=lambda alert: RANK[alert.priority])
        is_overdue = any(self._rise(one) > RANK[one.alert.priority] for one in self.now)
        self.sounding.update(loud, (), is_recording=True, is_loud=is_overdue)

    def _rise(self, one: BedAlert) -> int:
        return int(one.unseen_s // self._unseen_s)

    def _raised(self, one: BedAlert) -> Priority:
        return _BY_RANK[max(0, RANK[one.alert.priority] - self._rise(one))]

    def _marked(self, tile: Tile) -> Tile:
        mine = [one for one in self.now if one.bed == (tile.bed, tile.host)]
        if not mine:
            return tile
        longest_s = max(one.unseen_s for one in mine)
        long = texts.UNSEEN.format(minutes=int(longest_s // 60)) if longest_s >= 60.0 else texts.UNSEEN_SHORT
        unseen = long if longest_s >= self._unseen_s else ""
        return replace(tile, alerts=tuple(one.alert for one in mine), unseen=unseen)

    def acknowledge(self, bed: Key | None = None) -> dict[Key, dict[str, Priority]]:
        """Acknowledge the alerts of a bed, or all of them.

        Returns
        -------
        dict
            For each bed the alerts that were new, by the keys and with the priorities of its recorder; empty
            for alerts that no recorder knows.
        """
        new = [one for one in self.now if not one.alert.is_seen and bed in (None, one.bed)]
        self._seen |= {one.key: one.alert.priority for one in new}
        found: dict[Key, dict[str, Priority]] = {one.bed: {} for one in new}
        for one in new:
            if one.bed != OWN and one.alert.key not in _OF_THE_WARD:
                found[one.bed][one.alert.key] = one.alert.priority
        return found


def _order(one: BedAlert) -> tuple[bool, int]:
    return one.alert.is_seen, RANK[one.alert.priority]


def own_alerts(tiles: Iterable[Tile], problem: str, sound: SoundState) -> list[Alert]:
    """List what is wrong with the ward's own receiving and sound."""
    found = []
    if problem:
        found.append(Alert("high", texts.NO_RECEPTION.format(problem=problem), "reception"))
    expected = [tile for tile in tiles if tile.phase not in ("ended", "waiting")]
    if len(expected) > 1 and all(tile.phase == "not heard" for tile in expected):
        found.append(Alert("high", texts.NO_NETWORK.format(n=len(expected)), "network"))
    if sound.works is False:
        found.append(Alert("medium", texts.SOUND_LOST.format(state=sound.text), "sound"))
    return found
