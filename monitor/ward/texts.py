"""The texts of the ward in one place: tiles, detail, table."""

from __future__ import annotations

from collections.abc import Mapping

NO_BEDS = "No bed found yet."
NO_BEDS_HINT = f"{NO_BEDS} A bed appears here as soon as its recorder runs on this network."
KEYS = (
    "Tab, arrows: select    Enter: details    Esc: close    Del: remove an ended bed    "
    "O: order by number    D: theme    F11: full screen"
)
NOTICE = "all numbers are provisional · not a medical device · this screen only receives"

# Phases whose name in `--json` is not the text on the screen.
PHASES: Mapping[str, str] = {"not heard": "no data"}

# -- places ---------------------------------------------------------------------------------------------
NOT_RECORDING = "not recording"
NOT_FOUND = "not found since this screen was opened"
NOT_FOUND_AGAIN = "Was recording when this screen was last open; not found since: check the recorder"
PLACES_UNREADABLE = "The order of the beds could not be read from {path} ({problem}); they are ordered anew"
PLACES_UNWRITABLE = "The order of the beds cannot be written to {path} ({problem})"
NOT_REMOVED = "{bed} is being received and cannot be removed; select a bed that has ended or is gone"
REMOVED = "{bed} removed from this screen; it appears again when it records"

# -- header ---------------------------------------------------------------------------------------------
BEDS = "{n} beds"
ONE_BED = "1 bed"
NO_ALERT_ANYWHERE = "no alerts"
STRIP = "last 5 min"

# -- tile -----------------------------------------------------------------------------------------------
NO_ALERTS = "no alerts"
NO_STAGES = "no stages"
ENDED = "recording ended"
NO_DATA = "no data for {age_s:.0f} s"
UNREADABLE = "Unreadable data received ({problem})"
GONE = "No data for {age}: check the recorder and the network"
SAVED = "saved {ago}"
SERIES = "series of {n} since {start}"
NO_SERIES_NOW = "no series now, {n} so far"
NO_SERIES = "no series yet"
LAST_MOVEMENT = "last {leg} {length_s:.1f} s, {ago}"
LOST = "{name} lost"
TOO_EARLY = "no rate in the first 10 min"
BIOCAL, BIOCAL_NAME, BIOCAL_REMARK = "BIO-CAL", "Bio-calibration", "nothing is counted"
RATE_CURVE = "30-min rate, up to {top:.0f} /h"

# -- detail ---------------------------------------------------------------------------------------------
ABOUT = "on {host} · {phase} · {recorded} recorded · {saved}"
SAVED_UNKNOWN = "time of last save unknown"
DETAIL_NOTE = "Facts received since this screen was opened; the bed's own window shows the whole recording."
TABLE_HEADS = ("time", "leg", "event")
MOVEMENT = "movement of {length_s:.1f} s"
WITHDRAWN = "movement withdrawn"
INCOMPLETE = "{kind} (incomplete)"
