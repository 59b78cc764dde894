"""The texts of the ward in one place: tiles, detail, table."""

from __future__ import annotations

from collections.abc import Mapping

NO_BEDS = "No bed found yet."
NO_BEDS_HINT = f"{NO_BEDS} A bed appears here as soon as its recorder runs on this network."
KEYS = (
    "N: next new alert    A: acknowledge bed    Shift+A: all beds    P: pause sound 2 min    "
    "Shift+P: test    Enter: details    Del: remove an ended bed    O: sort    D: colours    "
    "Y: name"
)
MORE_ALERTS = "and {n} more"
NOTICE = "all numbers are provisional · not a medical device"

# Phases whose name in `--json` is not the text on the screen.
PHASES: Mapping[str, str] = {"not heard": "no data"}

# -- places ---------------------------------------------------------------------------------------------
NOT_RECORDING = "not recording"
NOT_FOUND = "not found since this screen was opened"
NOT_FOUND_AGAIN = "Not found: check the recorder (it was recording when this screen was closed)"
PLACES_UNREADABLE = "The order of the beds could not be read from {path} ({problem}); they are ordered anew"
PLACES_UNWRITABLE = "The order of the beds cannot be written to {path} ({problem})"
NOT_REMOVED = "{bed} is being received and cannot be removed; select a bed that has ended or is gone"
REMOVED = "{bed} removed from this screen; it appears again when it records"

# -- header ---------------------------------------------------------------------------------------------
BEDS = "{n} beds"
ENCRYPTED, NOT_ENCRYPTED = "LSL encrypted", "LSL NOT encrypted"
ONE_BED = "1 bed"
NO_ALERT_ANYWHERE = "no alerts"
STRIP = "last 5 min"

# -- alerts ---------------------------------------------------------------------------------------------
THIS_SCREEN = "this screen"
SEEN = "seen"
UNSEEN, UNSEEN_SHORT = "UNSEEN {minutes} min", "UNSEEN"
NO_RECEPTION = "No bed can be received: check the network or open this window again ({problem})"
NO_NETWORK = "No data from any of {n} beds: check the network of this computer"
SOUND_LOST = "{state}: alerts are not audible here"
ACKNOWLEDGED = "{beds}: acknowledged on this screen"
ACKNOWLEDGED_JOURNAL = "{beds}: acknowledged, in the journal as {author}"
ACKNOWLEDGED_HERE = "{beds}: acknowledged on this screen only, not in the journal: {why}"
OTHER_COMPUTER = "recorded on {host}, acknowledge it there too"
NO_SESSION = "no running session of {bed} in {sessions}"
NO_NEW_ALERT = "No bed has a new alert"
NOTHING_TO_ACKNOWLEDGE = "{bed} has no new alert; N selects the next one, Shift+A acknowledges all beds"
HUNG = "the thread that receives does not respond"
SELECT_FIRST = "No bed is selected; N selects the next new alert, Shift+A acknowledges all beds"
NAME = "your name, for acknowledgements"
NAME_HINT = "Your name, journalled with an acknowledgement. Y: enter it; Enter or Esc: back to the beds"

# -- tile -----------------------------------------------------------------------------------------------
NO_ALERTS = "no alerts"
NO_STAGES = "no stages"
ENDED = "recording ended"
NO_DATA = "no data for {age_s:.0f} s"
UNREADABLE = "Unreadable data received ({problem})"
GONE = "No data for {age}: check recorder and network"
STATE_OLD = "Alerts not received for {age}: look at the bed"
TWICE = "Two recorders send as {bed}, one is not shown: rename one"
STATE_NOT_KNOWN = "state not known"
SAVED, SAVED_OLD = "data is being saved", "last saved {ago}"
SERIES = "series of {n} since {start}"
NO_SERIES_NOW = "no series now, {n} so far"
NO_SERIES = "no series yet"
LAST_MOVEMENT = "last {leg} {length_s:.1f} s, {ago}"
LOST, SILENT = "{name} lost", "{name} no data"
TOO_EARLY = "no rate in the first 10 min"
PARTIAL, PARTIAL_RATE = "alerts not known yet (within 30 s)", "its rate is not known yet"
BIOCAL, BIOCAL_NAME, BIOCAL_REMARK = "BIO-CAL", "Bio-calibration", "nothing is counted"
RATE_CURVE = "30-min rate, up to {top:.0f} /h"

# -- detail ---------------------------------------------------------------------------------------------
ABOUT = "on {host} · {phase} · {recorded} recorded · {saved}"
SAVED_UNKNOWN = "not known whether data is saved"
DETAIL_NOTE = "Events received since this screen was opened; the bed's own window shows the whole recording."
TABLE_HEADS = ("time", "leg", "event")
MOVEMENT = "movement of {length_s:.1f} s"
WITHDRAWN = "movement withdrawn"
INCOMPLETE = "{kind} (incomplete)"
