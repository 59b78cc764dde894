"""What is told of the series: each change once, withdrawals first."""

from dataclasses import dataclass

from monitor.recorder.outlets import SeriesChange, SeriesWatch


@dataclass
class Series:
    onset_us: int
    end_us: int
    ended: bool


def test_each_change_is_told_once():
    watch = SeriesWatch()
    running = Series(10_000_000, 50_000_000, False)
    assert watch.update([]) == []
    assert watch.update([running]) == [SeriesChange("start", 10.0)]
    assert watch.update([Series(10_000_000, 70_000_000, False)]) == []
    assert watch.update([Series(10_000_000, 70_000_000, True)]) == [SeriesChange("end", 70.0)]
    assert watch.update([Series(10_000_000, 70_000_000, True)]) == []


def test_a_late_fact_undoes_one_and_makes_another():
    watch = SeriesWatch()
    watch.update([Series(10_000_000, 70_000_000, True), Series(200_000_000, 300_000_000, False)])
    changes = watch.update([Series(25_000_000, 70_000_000, True), Series(200_000_000, 300_000_000, False)])
    assert changes == [
        SeriesChange("withdrawn", 10.0),
        SeriesChange("start", 25.0),
        SeriesChange("end", 70.0),
    ]


def test_an_end_that_moves_is_told_again():
    watch = SeriesWatch()
    watch.update([Series(0, 70_000_000, True)])
    assert watch.update([Series(0, 90_000_000, True)]) == [SeriesChange("end", 90.0)]
