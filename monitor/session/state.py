"""The fold: from the facts of a session, in the order they were written, to its present state.

Fact by fact or all at once, over a prefix or after a crash, the same facts give the same state. Corrections
replace the fact they name; nothing is ever patched.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast

from monitor.model.facts import LEGS, NOT_SCORED, SCORED, Fact, Leg, detection_kinds
from monitor.scoring.inputs import Epoch, LegSpan, Movement, Night, Span, split_at
from monitor.scoring.sit import LENGTH_US
from monitor.session.biocal import Biocal, biocals
from monitor.session.conditions import HOLE_S, Condition, conditions
from monitor.session.facts_by_kind import FactsByKind
from monitor.session.leg_movements import LegMovements
from monitor.session.manual_movements import with_manual
from monitor.session.movement_parts import (
    bounds_us,
    damaged_spans,
    epochs_before,
    further_movement_of,
    movement_of,
    n_lost,
    number_of,
    to_us,
    unusable_spans,
    without_lost_endings,
)
from monitor.session.stages import ResolvedStages, StagingAgreement, agreement

if TYPE_CHECKING:
    from monitor.model.payloads import (
        AuthorData,
        ClockData,
        ConditionData,
        LimbData,
        MovementData,
        QualityData,
        RejectData,
        SignData,
    )

_SCORED = frozenset(
    {"movement", "stage", "respiratory", "arousal", "artifact", "lights", "gap", "quality", "stop", "session"}
    | {"manual", "reject", "accept", "segment", "calibration", "biocal", "sit", "discomfort", "damaged"}
)
_ALERTING = frozenset(
    {"session", "trouble", "gap", "late", "quality", "lights", "warning", "stream", "stage", "acknowledged"}
    | {"damaged"}
)
_BY_HAND = "person"
# What a person says of movements changes them or how they count: cached movements are outdated.
_KEPT_AS = {"reject": "movement", "accept": "movement", "manual": "movement"}
_Made = TypeVar("_Made")


class SessionState(FactsByKind):
    """The state after the facts so far.

    Attributes
    ----------
    last_s : float
        The latest time in any fact (s).
    revision : int
        Grows with every fact that can change a score.
    alert_revision : int
        Grows with every fact that can change an alert.
    newest_seq : int
        Number of the last fact applied, -1 before the first.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kind_of: dict[int, str] = {}
        self._leg_movements = LegMovements()
        # The latest fact of each movement of the limbs that are not scored, by its name.
        self._limb_movements: dict[str, Fact[LimbData]] = {}
        self._moved: Mapping[str, dict[str, Any]] = {
            SCORED.movement: self._leg_movements.latest,
            NOT_SCORED.movement: self._limb_movements,
        }
        self._stages = ResolvedStages()
        self._cache: dict[str, Any] = {}
        self._memo: dict[str, tuple[int, Any]] = {}
        self.revision = self.alert_revision = 0
        self.last_s = 0.0
        self.newest_seq = -1

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> SessionState:
        """Fold a whole list."""
        state = cls()
        for fact in facts:
            state.apply(fact)
        return state

    def apply(self, fact: Fact) -> None:
        """Take in the next fact of the journal (with its ``seq``)."""
        if fact.seq is None:
            raise ValueError("only facts that are in the journal can be folded")
        if fact.supersedes is not None:
            kind = self._kind_of.pop(fact.supersedes, None)
            if kind is not None:
                del self._facts[kind][fact.supersedes]
                self._outdate(kind)
                self.revision += kind in _SCORED
                self.alert_revision += kind in _ALERTING
        if fact.kind == SCORED.movement:
            self._leg_movements.add(cast("Fact[MovementData]", fact))
        elif fact.kind == NOT_SCORED.movement:
            self._limb_movements[fact.data["id"]] = cast("Fact[LimbData]", fact)
        else:
            self._facts.setdefault(fact.kind, {})[fact.seq] = fact
            self._kind_of[fact.seq] = fact.kind
        if fact.kind == "author":
            self._name(cast("Fact[AuthorData]", fact))
        self._outdate(fact.kind)
        self.newest_seq = fact.seq
        if fact.t is not None:
            self.last_s = max(self.last_s, fact.t)
        if fact.kind == "clock":
            self.last_s = max(self.last_s, cast("Fact[ClockData]", fact).data["recorded_s"])
        self.revision += fact.kind in _SCORED
        self.alert_revision += fact.kind in _ALERTING

    def _outdate(self, kind: str) -> None:
        """Drop what was computed from facts of this kind."""
        self._cache.pop(_KEPT_AS.get(kind, kind), None)
        if kind in _KEPT_AS:
            self._leg_movements.outdate()
        if kind == "stage":
            self._cache.pop("agreement", None)

    def _name(self, fact: Fact[AuthorData]) -> None:
        """Add the author to entries of persons that have none."""
        for seq in fact.data["of"]:
            entry = self.fact(seq)
            if entry is not None and entry.source.startswith(_BY_HAND) and not entry.data.get("author"):
                named = {**entry.data, "author": fact.data.get("author", "")}
                self._facts[entry.kind][seq] = replace(entry, data=named)

    def fact(self, seq: int) -> Fact | None:
        """Return a fact by its number, None if it was replaced or is a movement."""
        kind = self._kind_of.get(seq)
        return None if kind is None else self._facts[kind][seq]

    def movement(self, key: str) -> Fact[MovementData] | None:
        """Return the latest fact of a movement of a leg, None without one or if it was withdrawn."""
        fact = self.leg_movements().get(key)
        return None if fact is None or fact.data["phase"] == "withdrawn" else fact

    def leg_movements(self, *, is_automatic: bool = False) -> Mapping[str, Fact[MovementData]]:
        """Return the latest fact of each movement of a leg by its name, those that came to nothing included.

        Parameters
        ----------
        is_automatic : bool
            As detected, without the movements that a person entered.
        """
        manual = [] if is_automatic else self.facts("manual")
        detected = self._leg_movements.latest
        return with_manual(detected, manual) if manual else detected

    def movements(self, *, is_automatic: bool = False) -> list[Fact[MovementData]]:
        """List the latest fact of each movement of a leg, those that came to nothing left out."""
        found = self.leg_movements(is_automatic=is_automatic).values()
        return [fact for fact in found if fact.data["phase"] != "withdrawn"]

    def limb_movements(self) -> list[Fact[LimbData]]:
        """List the same of the limbs that are not scored."""
        return [fact for fact in self._limb_movements.values() if fact.data["phase"] != "withdrawn"]

    def further_movements(self) -> Mapping[float, tuple[Movement, ...]] | None:
        """Return the movements at each further onset threshold (uV); None if the legs are not followed there.

        Rejections by a person are applied by `monitor.scoring.uncertainty.amplitude_band`.
        """
        onsets_uv = self.session.get("further_onset_uv")
        if not onsets_uv:
            return None
        found: Mapping[float, tuple[Movement, ...]] = self._cached("further_movement", self._further)
        return {onset_uv: found.get(onset_uv, ()) for onset_uv in onsets_uv}

    def _further(self) -> dict[float, tuple[Movement, ...]]:
        found: dict[float, list[Movement]] = {}
        for fact in self.facts("further_movement"):
            found.setdefault(fact.data["onset_uv"], []).append(further_movement_of(fact))
        return {onset_uv: tuple(movements) for onset_uv, movements in found.items()}

    def rejection(self, key: str) -> Fact[RejectData] | None:
        """Return the current fact by which a person rejected a movement, None if it counts."""
        return next((fact for fact in self.facts("reject") if key in fact.data["movements"]), None)

    @property
    def restored(self) -> frozenset[str]:
        """Movements that a person made leg movements although they look like something else."""
        # An acceptance that supersedes a rejection restores that movement only as what it looks like.
        return frozenset(
            key for fact in self.facts("accept") if fact.supersedes is None for key in fact.data["movements"]
        )

    @property
    def signature(self) -> Fact[SignData] | None:
        """The valid signature: None without one, or if facts were added since."""
        signed = self.facts("sign")
        return signed[-1] if signed and signed[-1].seq == self.newest_seq else None

    @property
    def session(self) -> Mapping[str, Any]:
        """Data of the ``session`` fact."""
        first = self.facts("session")
        return first[0].data if first else {}

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs that have a channel."""
        named = set(self.session.get("legs", ()))
        return tuple(leg for leg in LEGS if leg in named)

    @property
    def limbs(self) -> tuple[str, ...]:
        """The other limbs that are watched: no rule and no index has them."""
        return tuple(self.session.get("limbs", ()))

    @property
    def is_sit(self) -> bool:
        """Whether it is a suggested immobilisation test instead of a night."""
        return self.session.get("mode") == "sit"

    @property
    def is_sit_ended(self) -> bool:
        """Whether a person ended the immobilisation test before its hour."""
        return any(fact.data["state"] == "end" for fact in self.facts("sit")[-1:])

    def sit_bounds(self, now_s: float) -> tuple[float, float] | None:
        """Return begin and end (s) of the immobilisation test, up to now; None if it has not begun.

        The latest begin holds: a test that was begun anew replaces the one before.
        """
        marks = self.facts("sit")
        begun = [i for i, fact in enumerate(marks) if fact.data["state"] == "begin"]
        if not begun:
            return None
        start_s = marks[begun[-1]].t or 0.0
        ends = [fact.t or 0.0 for fact in marks[begun[-1] + 1 :]]
        return start_s, max(start_s, min([start_s + LENGTH_US / 1e6, now_s, *ends]))

    @property
    def stopped_s(self) -> float | None:
        """Where the recording ended, None while it runs or if it was cut off."""
        stops = self.facts("stop")
        return stops[-1].t if stops else None

    def leg_state(self, leg: str) -> str:
        """Return ``ok``, ``warn``, ``bad``, ``learning``, ``lost`` or ``absent`` for a leg as it is now."""
        return self.memo(f"state of {leg}", self.alert_revision, lambda: self._leg_state(leg))

    def _leg_state(self, leg: str) -> str:
        if leg not in self.legs:
            return "absent"
        if any(leg in fact.data["legs"] and fact.data["end"] is None for fact in self.facts("gap")):
            return "lost"
        latest = self._quality_of(leg)
        return latest.data["state"] if latest else "learning"

    def leg_causes(self, leg: str) -> list[str]:
        """Return why a leg is not ``ok``."""
        latest = self._quality_of(leg)
        return list(latest.data["causes"]) if latest else []

    def conditions(self, limb: str) -> list[Condition]:
        """List the conditions of a limb's signal: when it was not usable, or with a warning."""
        kinds = detection_kinds(limb)

        def made() -> list[Condition]:
            own = (
                cast("Fact[ConditionData]", f)
                for f in self.facts(kinds.quality)
                if f.data[kinds.limb] == limb
            )
            return conditions(own)

        newest = next(reversed(self._facts.get(kinds.quality, {})), -1)
        return self.memo(f"conditions {limb}", newest, made)

    def condition(self, limb: str, now_s: float) -> Condition | None:
        """Return the condition because of which a limb is not usable now, None if it is."""
        found = [one for one in self.conditions(limb) if one.is_bad]
        return found[-1] if found and now_s < found[-1].end_s + HOLE_S else None

    def _quality_of(self, leg: str) -> Fact[QualityData] | None:
        ratings = (
            cast("Fact[QualityData]", fact) for fact in reversed(self._facts.get("quality", {}).values())
        )
        return next((fact for fact in ratings if fact.data["leg"] == leg), None)

    def stage_at(self, t_s: float) -> str | None:
        """Return the stage of the latest epoch that began at or before `t_s`, None without one."""
        epochs = self._epochs()
        n = bisect.bisect_right(epochs, to_us(t_s), key=attrgetter("start_us"))
        return epochs[n - 1].stage if n else None

    def night(self, now_s: float | None = None, *, is_automatic: bool = False) -> Night:
        """Return the input of the scorer.

        Parameters
        ----------
        now_s : float, optional
            How far the recording has come; the latest moment known if None.
        is_automatic : bool
            Ignore movements, rejections, restored look-alikes, arousals, respiratory events and artifacts
            entered by a person.
        """
        end_s = self.stopped_s
        if end_s is None:
            end_s = self.last_s if now_s is None else now_s
        end_us = to_us(end_s)
        return Night(
            movements=(
                self._leg_movements.read(self.movements(is_automatic=True), {})
                if is_automatic
                else self._cached("movement", self._judged)
            ),
            epochs=epochs_before(self._epochs(), end_us),
            respiratory=self._spans("respiratory", end_us, is_automatic=is_automatic),
            arousals=self._spans("arousal", end_us, is_automatic=is_automatic),
            artifacts=tuple(self._artifacts(end_us, is_automatic=is_automatic)),
            unusable={leg: self.unusable(leg, end_us) for leg in LEGS},
            lights_off_us=min(self._lights("off"), default=None),
            lights_on_us=max(self._lights("on"), default=None),
            end_us=end_us,
            legs=self.legs,
            segments=split_at(
                ((to_us(fact.t or 0.0), str(fact.data.get("label", ""))) for fact in self.facts("segment")),
                end_us,
            ),
            twitches=self._leg_movements.twitches(),
            limbs=self._cached(NOT_SCORED.movement, self._moved_limbs),
        )

    def movement_numbers(self) -> dict[str, int]:
        """Return the highest number of a movement by leg or limb: a resumed recorder must use none twice."""
        highest: dict[str, int] = {}
        for kinds in (SCORED, NOT_SCORED):
            for name, fact in self._moved[kinds.movement].items():
                limb = str(fact.data[kinds.limb])
                highest[limb] = max(highest.get(limb, 0), number_of(name))
        lost = n_lost(self.facts("damaged"))
        return {
            limb: highest.get(limb, 0) + lost for limb in ((*self.legs, *self.limbs) if lost else highest)
        }

    def open_movements(self) -> list[Fact]:
        """List the latest fact of each movement, of any limb, that has been flagged and has not ended."""
        moved: Iterable[Fact] = chain(self._leg_movements.latest.values(), self._limb_movements.values())
        return [fact for fact in moved if fact.data["phase"] in ("onset", "confirmed")]

    def memo(self, name: str, version: int, make: Callable[[], _Made]) -> _Made:
        """Return the cached result under a name, computed again when its version has changed."""
        at = self._memo.get(name)
        if at is None or at[0] != version:
            at = self._memo[name] = (version, make())
        made: _Made = at[1]
        return made

    def _cached(self, kind: str, make: Any) -> Any:
        if kind not in self._cache:
            self._cache[kind] = make()
        return self._cache[kind]

    def _judged(self) -> tuple[Movement, ...]:
        rejected = {
            key: str(fact.data["reason"]) for fact in self.facts("reject") for key in fact.data["movements"]
        }
        if self.facts("manual"):
            facts = self.movements()
            # What a person entered is an LM, whatever it looks like.
            by_hand = {fact.data["id"] for fact in facts if fact.source.startswith(_BY_HAND)}
            return self._leg_movements.read(facts, rejected, self.restored | by_hand)
        return self._leg_movements.scored(rejected, self.restored)

    def _moved_limbs(self) -> Mapping[str, tuple[Movement, ...]]:
        moved: dict[str, list[Movement]] = {limb: [] for limb in self.limbs}
        for fact in self.limb_movements():
            if fact.data["limb"] in moved:
                moved[fact.data["limb"]].append(movement_of(fact))
        return {limb: tuple(own) for limb, own in moved.items()}

    def _artifacts(self, end_us: int, *, is_automatic: bool) -> Iterator[LegSpan]:
        for fact in self.facts("artifact"):
            if not (is_automatic and fact.source.startswith(_BY_HAND)):
                yield LegSpan(*bounds_us(fact, end_us), legs=frozenset(fact.data.get("legs") or LEGS))
        for each in self.biocals(end_us / 1e6):
            # A movement that has just begun is not counted either while one is running.
            end_s = each.limit_s if each.is_running else each.end_s
            yield LegSpan(
                to_us(each.start_s), to_us(end_s), frozenset(LEGS), "bio-calibration", is_requested=True
            )

    def biocals(self, now_s: float) -> tuple[Biocal, ...]:
        """Return the bio-calibrations, of a recording that has come to `now_s`."""
        marks, verdicts = self.facts("biocal"), self.facts("calibration")
        if not marks and not verdicts:
            return ()
        lights, stages = self.facts("lights"), self.facts("stage")
        return biocals(marks, lights, stages, verdicts, now_s, self.stopped_s)

    def _epochs(self) -> tuple[Epoch, ...]:
        found: tuple[Epoch, ...] = self._cached("stage", lambda: self._stages.of(self.facts("stage")))
        return found

    def staging_agreement(self) -> StagingAgreement | None:
        """Compare the estimated stages with all others; None where no epoch has both."""
        agreed: StagingAgreement | None = self._cached("agreement", lambda: agreement(self.facts("stage")))
        return agreed

    def _spans(self, kind: str, end_us: int, *, is_automatic: bool) -> tuple[Span, ...]:
        return tuple(
            Span(*bounds_us(fact, end_us), label=fact.data.get("label", kind))
            for fact in self.facts(kind)
            if not (is_automatic and fact.source.startswith(_BY_HAND))
        )

    def _lights(self, state: str) -> list[int]:
        """When the lights went off or on: the first off and the last on count, in any order of entry."""
        return [
            to_us(fact.t)
            for fact in self.facts("lights")
            if fact.data["state"] == state and fact.t is not None
        ]

    def unusable(self, limb: str, end_us: int) -> tuple[Span, ...]:
        """Return when nothing could be detected on a limb: gaps, bad signal, learning, no channel.

        Parameters
        ----------
        limb : str
        end_us : int
            How far the recording has come.
        """
        if limb not in (*self.legs, *self.limbs):
            return (Span(0, end_us, "no channel"),)
        kinds = detection_kinds(limb)
        gaps = [f for f in self.facts("gap") if limb in (*f.data["legs"], *f.data.get("limbs", ()))]
        rated = (
            cast("Fact[ConditionData]", fact)
            for fact in self.facts(kinds.quality)
            if fact.data[kinds.limb] == limb
        )
        qualities = list(rated)
        damaged = self.facts("damaged")
        if damaged:
            moved = (f.data for f in self._moved[kinds.movement].values() if f.data[kinds.limb] == limb)
            onsets_s = [float(data["onset"]) for data in moved if data["phase"] != "withdrawn"]
            gaps, qualities = without_lost_endings(gaps, qualities, damaged, onsets_s)
        return (*unusable_spans(gaps, qualities, end_us), *damaged_spans(damaged, end_us))
