"""The facts that are not superseded, by kind: typed with the payload of their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from monitor.model.facts import Fact

if TYPE_CHECKING:
    from monitor.model.payloads import (
        AcceptData,
        AcknowledgedData,
        AnchorData,
        ArtifactData,
        AuthorData,
        BiocalData,
        CalibrationData,
        ClockData,
        DamagedData,
        DiscomfortData,
        FurtherMovementData,
        GapData,
        LateData,
        LightsData,
        LimbQualityData,
        LostData,
        ManualData,
        MarkerRejectedData,
        NoteData,
        OffsetData,
        PositionData,
        QualityData,
        RejectData,
        RespiratoryData,
        ResumedData,
        SegmentData,
        SessionData,
        SignData,
        SitData,
        SoundData,
        SourceAcceptedData,
        SpanData,
        StageData,
        StagingData,
        StopData,
        StreamData,
        TroubleData,
        UnusableData,
        WarningData,
        WithdrawnData,
    )


class FactsByKind:
    """Hold facts by kind and number, in the order they were written."""

    def __init__(self) -> None:
        self._facts: dict[str, dict[int, Fact]] = {}

    @overload
    def facts(self, kind: Literal["session"]) -> list[Fact[SessionData]]: ...
    @overload
    def facts(self, kind: Literal["damaged"]) -> list[Fact[DamagedData]]: ...
    @overload
    def facts(self, kind: Literal["clock"]) -> list[Fact[ClockData]]: ...
    @overload
    def facts(self, kind: Literal["stream"]) -> list[Fact[StreamData]]: ...
    @overload
    def facts(self, kind: Literal["anchor"]) -> list[Fact[AnchorData]]: ...
    @overload
    def facts(self, kind: Literal["source_accepted"]) -> list[Fact[SourceAcceptedData]]: ...
    @overload
    def facts(self, kind: Literal["resumed"]) -> list[Fact[ResumedData]]: ...
    @overload
    def facts(self, kind: Literal["lost"]) -> list[Fact[LostData]]: ...
    @overload
    def facts(self, kind: Literal["offset"]) -> list[Fact[OffsetData]]: ...
    @overload
    def facts(self, kind: Literal["gap"]) -> list[Fact[GapData]]: ...
    @overload
    def facts(self, kind: Literal["quality"]) -> list[Fact[QualityData]]: ...
    @overload
    def facts(self, kind: Literal["further_movement"]) -> list[Fact[FurtherMovementData]]: ...
    @overload
    def facts(self, kind: Literal["limb_quality"]) -> list[Fact[LimbQualityData]]: ...
    @overload
    def facts(self, kind: Literal["stage"]) -> list[Fact[StageData]]: ...
    @overload
    def facts(self, kind: Literal["staging"]) -> list[Fact[StagingData]]: ...
    @overload
    def facts(self, kind: Literal["respiratory"]) -> list[Fact[RespiratoryData]]: ...
    @overload
    def facts(self, kind: Literal["arousal"]) -> list[Fact[SpanData]]: ...
    @overload
    def facts(self, kind: Literal["artifact"]) -> list[Fact[ArtifactData]]: ...
    @overload
    def facts(self, kind: Literal["lights"]) -> list[Fact[LightsData]]: ...
    @overload
    def facts(self, kind: Literal["position"]) -> list[Fact[PositionData]]: ...
    @overload
    def facts(self, kind: Literal["segment"]) -> list[Fact[SegmentData]]: ...
    @overload
    def facts(self, kind: Literal["note"]) -> list[Fact[NoteData]]: ...
    @overload
    def facts(self, kind: Literal["late"]) -> list[Fact[LateData]]: ...
    @overload
    def facts(self, kind: Literal["warning"]) -> list[Fact[WarningData]]: ...
    @overload
    def facts(self, kind: Literal["trouble"]) -> list[Fact[TroubleData]]: ...
    @overload
    def facts(self, kind: Literal["acknowledged"]) -> list[Fact[AcknowledgedData]]: ...
    @overload
    def facts(self, kind: Literal["sound"]) -> list[Fact[SoundData]]: ...
    @overload
    def facts(self, kind: Literal["marker_rejected"]) -> list[Fact[MarkerRejectedData]]: ...
    @overload
    def facts(self, kind: Literal["manual"]) -> list[Fact[ManualData]]: ...
    @overload
    def facts(self, kind: Literal["reject"]) -> list[Fact[RejectData]]: ...
    @overload
    def facts(self, kind: Literal["accept"]) -> list[Fact[AcceptData]]: ...
    @overload
    def facts(self, kind: Literal["biocal"]) -> list[Fact[BiocalData]]: ...
    @overload
    def facts(self, kind: Literal["sit"]) -> list[Fact[SitData]]: ...
    @overload
    def facts(self, kind: Literal["discomfort"]) -> list[Fact[DiscomfortData]]: ...
    @overload
    def facts(self, kind: Literal["calibration"]) -> list[Fact[CalibrationData]]: ...
    @overload
    def facts(self, kind: Literal["sign"]) -> list[Fact[SignData]]: ...
    @overload
    def facts(self, kind: Literal["author"]) -> list[Fact[AuthorData]]: ...
    @overload
    def facts(self, kind: Literal["withdrawn"]) -> list[Fact[WithdrawnData]]: ...
    @overload
    def facts(self, kind: Literal["stop"]) -> list[Fact[StopData]]: ...
    @overload
    def facts(self, kind: Literal["unusable"]) -> list[Fact[UnusableData]]: ...
    @overload
    def facts(self, kind: str) -> list[Fact]: ...
    def facts(self, kind: str) -> list[Fact[Any]]:
        """List the current facts of one kind, in the order they were written."""
        return list(self._facts.get(kind, {}).values())
