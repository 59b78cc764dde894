"""The texts of the window and of the start screen in one place: messages, questions, titles, hints.

Values are inserted with `str.format`. The key table is in `viewmodel.keys`, the names of the numbers are in
`viewmodel.numbers` and `viewmodel.summary`, terms shared with the report are in `monitor.model.wording`.
"""

from __future__ import annotations

from collections.abc import Mapping

NO_RECORDING = "No recording in progress"
NOT_MEDICAL = "For information only, not a diagnosis. Not a medical device."
YES_OR_NO = "Enter: yes, Esc: no"

# -- window ---------------------------------------------------------------------------------------------
WINDOW_CLOSED = (
    "The window is closed; the recording continues. To open it again: plms-monitor review {path}\n"
    "To end the recording: plms-monitor stop {path}"
)
REFUSED = "Not accepted: {problem}"
LANES_SHOWN = "Showing {lanes}"
TEXT_SIZE = "Text size {scale:.0%}"
ESTIMATE_USED = "Estimated sleep stages are used for the index"
ESTIMATE_IGNORED = "Estimated sleep stages are ignored"
NO_ESTIMATE = "No sleep stages have been estimated in this session"
REFERENCE_LINE = "Reference line: {name}, a reference value only"
NO_REFERENCE_LINE = "Reference line: none"
TABS: Mapping[str, str] = {"log": "Log", "tonight": "Tonight", "imi": "Intervals"}

# -- lock -----------------------------------------------------------------------------------------------
UNLOCK_WORD = "unlock"
LOCKED = "SCREEN LOCKED"
HOW_TO_UNLOCK = f"The recording continues. Type “{UNLOCK_WORD}” and press Enter."
LOCK_REFUSES = f"The screen is locked: type “{UNLOCK_WORD}” first"

# -- menu, help, key bar --------------------------------------------------------------------------------
MENU: tuple[tuple[str, str], ...] = (
    ("Summary\tS", "summary"),
    ("Trends\tH", "trends"),
    ("Bio-calibration\tB", "calibrate"),
    ("Treatment started…\tT", "segment"),
    ("Reference line\tC", "reference"),
    ("Your name…", "author"),
    ("Sign this session…", "sign"),
    ("Write the report (PDF)", "report"),
    ("", ""),
    ("End the recording…", "finish"),
)
MENU_BUTTON = "F10  Menu"
HELP_TITLE = "ALL KEYS"
HELP_GROUPS: Mapping[str, str] = {
    "go": "Going through the recording",
    "view": "View",
    "night": "Recording",
    "judge": "Review and correction",
    "window": "Window",
}
GUIDE_NOTE = "Esc or F1: close. All pages: plms-monitor guide"
LEGEND: Mapping[str, str] = {
    "left": "left leg",
    "right": "right leg",
    "onset": "onset level (± above rest)",
    "offset": "offset level",
    "flagged": "flagged, not a movement yet",
    "open": "movement that has not ended",
    "lm": "LM: may still join a series",
    "plm": "PLM: counted in a series",
    "out": "not counted, with the reason",
    "twitch": "twitch: shorter than 0.5 s",
    "limb": "limb that is not scored",
    "gap": "not scored: gap or artifact",
    "arousal": "arousal",
    "respiratory": "respiratory event",
    "epoch": "epoch of the stage keys",
    "position": "body position",
}
HELP_NOTE = (
    "Mouse on the trace: wheel pages, Ctrl+wheel sensitivity, Shift+wheel time. Click selects a movement and "
    "marks its epoch. Drag: measure, enter a movement, artifact, arousal, respiratory event or note. "
    "Drag an edge of the selected movement to move it. Right click: reject, edges, split, merge, leg.\n"
    "No key ends a recording or deletes data."
)

# -- top bar --------------------------------------------------------------------------------------------
PHASES: Mapping[str, str] = {
    "recording": "RECORDING", "ended": "ENDED", "cut off": "CUT OFF",
    "scoring": "SCORING", "scored": "READ-ONLY", "not scored": "NOT SCORED",
}  # fmt: skip
PAGE_AT = "PAGE AT"
ENDED_AT = "ENDED AT"
CLOCKS: Mapping[str, str] = {
    "recording": "CLOCK", "ended": ENDED_AT, "cut off": "CUT OFF AT",
    "scoring": ENDED_AT, "scored": ENDED_AT, "not scored": ENDED_AT,
}  # fmt: skip
BED, FILE = "BED", "FILE"
NOT_RESPONDING = "NOT RESPONDING {age_s:.0f} s"
OUTDATED = "This window shows the recording as it was {age_s:.0f} s ago: {reason}"
LAST_SAVED, NOT_SAVED_SINCE = "LAST SAVED", "NOT SAVED SINCE"
NO_LIGHTS = "not marked"
NO_ALERTS = "no alerts"
MORE_STREAMS = "+{n} more"

# -- streams --------------------------------------------------------------------------------------------
NO_STATUS = "no status for {age_s:.0f} s"
OUTDATED_CHIP = "as {age_s:.0f} s ago"
NO_DATA = "connected, no data"
RAW_ONLY = "recording raw"
NO_GAPS = "no gaps"
LSL, ENCRYPTED, NOT_ENCRYPTED = "LSL", "encrypted", "NOT encrypted"
NO_STAGE_YET = "no stage yet"
NO_STAGE_ON_PAGE = "none on this page"

# -- while the detector is not ready --------------------------------------------------------------------
COMPILING = (
    "Detector is being compiled ({percent:.0f} %), recording raw: {waiting_s:.0f} s wait for it. "
    "Movements are shown after that."
)
CATCHING_UP = "Detector is catching up: {waiting_s:.0f} s of the recording are not processed yet."

# -- trace ----------------------------------------------------------------------------------------------
LIVE_TITLE, REVIEW_TITLE, FROZEN_TITLE = "LIVE EMG", "REVIEW", "VIEW FROZEN"
EDIT_TITLE = "EDITING"
LIVE_HEAD = "tibialis anterior"
REVIEW_HEAD = "{start}–{end} · epoch {epoch}"
REVIEW_HEAD_SHORT = "epoch {epoch}"
REVIEW_HEAD_LIVE = f"{REVIEW_HEAD} · End: live"
EPOCH_ROW = "epoch"
FROZEN_HEAD, FROZEN_HEAD_SHORT = "recording continues · Space: resume view", "Space: resume"
ENVELOPE, NO_ENVELOPE = "RMS envelope", "no envelope"

# -- trends ---------------------------------------------------------------------------------------------
TRENDS_TITLE = "TRENDS"
TRENDS_NOTE = (
    "Numbers of each hour from the first sample; a faint bar: less than 54 min of it could be scored. "
    "In band: share of the intervals that the rules allow in a series. "
    "Intervals from onset to onset (s, log scale), by the movement that ends them. H: close"
)
# Name of each row with the names of its counts; without counts, the share of intervals in the band.
TREND_ROWS: Mapping[str, tuple[str, ...]] = {
    "PLM": ("PLMS", "PLM"),
    "LM": ("LM",),
    "arousals": ("arousals",),
    "resp.": ("respiratory events",),
    "in band": (),
}
FEW = "few"
BY_LEG, BY_STAGE = "intervals by leg", "intervals by stage"

# -- jumps ----------------------------------------------------------------------------------------------
GOTO_QUESTION = "Go to: number of an epoch, or time of day (hh:mm or hh:mm:ss)"
NO_SUCH_PLACE = "“{text}” is not an epoch or a time of day in this recording; the view has not moved"
BEFORE, AFTER = "before", "after"
NONE_THERE = "No {kind} {where} this one"
ARRIVED = "{kind} {n} of {of} · {moment}"

# -- overview, numbers, log -----------------------------------------------------------------------------
OVERVIEW_LEGEND = "line: index · area: 30-min rate · click or drag: review · wheel: zoom"
ESTIMATE_LEGEND = "shade: estimated probability of sleep · "
TOO_EARLY = "too early for a rate"
NO_RATE_YET = "no rate in the first 10 min"
BAND_ABOUT = "95 % interval:\nchance in this\nrecording only"
THRESHOLDS_ABOUT = "with thresholds of\n-20 % and +20 %"
END_ROW, END_UNIT = "End (planning only)", "/h 80 %"
END_SUMMARY = "At the planned end, 80 % interval"
END_HINT = "80 % interval of the index at the planned end, for planning only"
END_CHANCE = "; chance to end above the reference value {reference:g}/h: {chance}"
INTERVAL_AXIS = "s from onset to onset, log scale"
SERIES_FIGURES = ("movements", "s mean IMI", "since last")
NOT_COUNTED = "not counted: {excluded}"
LOG_HEADS = ("time", "leg", "event", "dur", "IMI", "by")
SEARCH_FIELD = "Search  (Ctrl+F)"
SEARCH_HINT = (
    "Words in any column; kind: leg: stage: reason: author: look in one, e.g. leg:left stage:N2. "
    "Enter leaves the field, Esc shows all entries"
)
LOG_COPIED = "{rows} copied as a table"
NOTE_FIELD = "Note  (N or Enter)"
UNUSABLE_ENTRIES: Mapping[bool, str] = {
    False: "{n} journal entries cannot be used, see the log",
    True: "{n} journal entry cannot be used, see the log",
}

# -- entries --------------------------------------------------------------------------------------------
NOTE_HINT = "Note ({moment})"
NOTE_SENT = "Note sent"
LIGHTS_QUESTION = f"Lights {{state}} {{moment}}?  {YES_OR_NO}"
LIGHTS_SENT = "Lights {state}: sent"
STAGE_SENT = "Stage {stage} from epoch {epoch} on: sent"
STAGE_EPOCH_SENT = "Stage {stage} for epoch {epoch} ({moment}): sent"
FIRST_STAGE_OF_EPOCH = (
    "{sent} · It is the first stage: movements without a stage are not counted now · Ctrl+Z undoes"
)
FROM_LIGHTS_OFF, FROM_BEGINNING = "from lights off ({moment})", "from the beginning"
FIRST_STAGE_QUESTION = (
    "{stage} is the first stage of this session. From now on the index is per hour of sleep, and movements "
    "without a stage are not counted.\n"
    "O: {begin}: the movements so far ({n}) are in {stage}\n"
    "H: from here: they are not counted\n"
    "E: this epoch only\n"
    "Type O, H or E, then Enter. Esc: no stage"
)
NO_STAGE_ENTERED = "No stage entered"
SEGMENT_QUESTION = "What starts at {moment}?"
SEGMENT_DEFAULT = "treatment started"
SEGMENT_SENT = "Indices split at {moment}: sent"
NOTHING_TO_UNDO, NOTHING_TO_REDO = "Nothing to undo", "Nothing to enter again"
UNDO_QUESTION = f"Undo {{what}} ({{why}})?  {YES_OR_NO}"
UNDONE = "Undone: {what} · Ctrl+Y: enter again"
REDONE = "Entered again: {what} · Ctrl+Z: undo"
SELECT_FIRST = "Select a movement first: click it, or press Ctrl+← or Ctrl+→"
NOT_REJECTABLE: Mapping[str, str] = {
    "twitch": "A twitch is not counted: there is nothing to reject",
    "flagged": "Not a movement yet: wait until it has lasted 0.5 s",
    "limb": "Movements of this limb are not scored",
}
X_REJECTS, X_RESTORES, X_UNDOES = "X: reject", "X: restore", "X: undo this entry"
X_COUNTS = "X: count as a leg movement"
REJECT_QUESTION = "Why is this movement rejected?"
REJECT_DEFAULT = "artifact"
REJECTED, RESTORED = "Movement rejected ({reason})", "Movement restored"
LOOKALIKE_COUNTED = "Counted as a leg movement"
EFFECT = "{what} · {counted} {before} → {after}"
NOT_SHOWN = "The selected movement is no longer shown. Select one: click it, or press Ctrl+← or Ctrl+→"
ARTIFACT_BEGUN = "Artifact from {moment}: go to its end, then press Shift+X again"
ARTIFACT_EMPTY = "No artifact marked: start and end are the same"
ARTIFACT_QUESTION = f"Artifact {{start}}–{{end}}, {{where}}?  {YES_OR_NO}"
ARTIFACT_SENT = "Artifact {length_s:.1f} s, {where}: sent · Ctrl+Z: undo"
SPAN_MENU, MOVEMENT_MENU = "Span", "Movement"
MEASURED = "{length_s:.2f} s ({rate_hz:.2f} Hz)"
MEASURED_UV = "peak {peak_uv:.0f} µV · RMS {rms_uv:.1f} µV"
MEASURED_MOVEMENTS = "{n} movements, {per_h:.0f} per hour"
ADD_MOVEMENT, ADD_ARTIFACT, ADD_ARTIFACT_BOTH = "&Movement", "&Artifact on this leg", "Artifact on &both legs"
ADD_AROUSAL, ADD_RESPIRATORY, ADD_NOTE = "Ar&ousal", "&Respiratory event", "&Note…"
RESPIRATORY_LABELS: Mapping[str, str] = {
    "hypopnea": "&Hypopnea",
    "obstructive_apnea": "&Obstructive apnea",
    "central_apnea": "&Central apnea",
    "mixed_apnea": "&Mixed apnea",
    "apnea": "&Apnea",
    "rera": "&RERA",
}
REJECT_MOVEMENT, RESTORE_MOVEMENT = "&Reject…", "&Restore"
START_HERE, END_HERE, SPLIT_HERE = "&Start here", "&End here", "S&plit here"
MERGE_NEXT, OTHER_LEG = "&Merge with the next", "&Leg: {leg}"
NO_MOVEMENT_HERE = "No movement here: drag over a span to enter one"
EDGE_MOVED, EDGE_CROSSED = "Edge moved", "The edge was not moved: the end must be after the start"
NO_SIGNAL = "no signal"
READ_UV = "{low:.0f} to {high:.0f} µV"
READ_SIGNAL = "{low:.4g} to {high:.4g} {unit}"
READ_INTERVAL = " · {interval_s:.1f} s after the one before"
NAME_QUESTION = "Your name or initials (asked once):"
NAME_SET = "Your entries are recorded as “{name}”"

# -- signature, end, report -----------------------------------------------------------------------------
READ_ONLY = "Read-only. To edit this session: plms-monitor review --edit {path}"
FILE_READ_ONLY = (
    "Read-only: a file without a session. Other stages and events: plms-monitor review {name} --events LIST. "
    "To edit, record a session: plms-monitor replay {name} and watch"
)
NOT_SCORED_YET = "The file is still being scored: {share:.0%}"
NOT_SCORED = "The file was not scored: {problem}"
SCORING_TITLE, SCORING_REMARK = "Scoring", "numbers follow once the whole file has been scored"
NOT_SCORED_REMARK = "the signal is shown, nothing was scored"
CUT_OFF_READ_ONLY = "Cut off, read-only. To close this session: plms-monitor recover {path}"
PROVISIONAL = "provisional"
CHANGED_SINCE_SIGNED = "provisional · changed since it was signed"
SIGNATURE_BROKEN = "provisional · the signature does not match the journal"
SIGNED = "signed by {author}"
SIGN_AFTER_END = "A session can be signed once its recording has ended"
SIGN_QUESTION = (
    "You sign the recording from {start} to {end} as it is now, with all movements, stages, notes and "
    "corrections ({n} entries).\n"
    "{index}\n({base})\n"
    "Type your name, then Enter. Esc: do not sign"
)
SIGN_SENT = "Signature of {name}: sent"
END_WORD = "END"
END_QUESTION = f"Type {END_WORD} to end this recording"
END_NOT_TYPED = f"The recording continues: {END_WORD} was not typed"
ENDING = "Ending the recording…"
NO_REPORT_MODULE = "Reports are not available in this installation"
REPORT_RUNNING = "Writing the report…"
REPORT_WRITTEN = "Report written: {path}"
REPORT_FAILED = "The report was not written: {problem}"
SUMMARY_TITLE = "SUMMARY OF THE RECORDING"
SUMMARY_BUTTONS: Mapping[str, str] = {
    "Sign…": "sign",
    "Report (PDF)": "report",
    "End the recording…": "finish",
    "Close  S": "summary",
}

# -- bio-calibration ------------------------------------------------------------------------------------
BIOCAL = "BIO-CAL"
BIOCAL_TITLE = "Bio-calibration"
BIOCAL_REMARK = "nothing is counted"
CALIBRATION_STEPS: Mapping[str, str] = {
    "ready": "The patient lies still, legs relaxed and straight.",
    "relax": "Relax: lie still.",
    "left": "Lift the LEFT foot three times, 2 s apart.",
    "right": "Lift the RIGHT foot three times, 2 s apart.",
    "both": "Lift BOTH feet once, together.",
    "judged": "Evaluating…",
}
CALIBRATION_HINTS: Mapping[str, str] = {
    "ready": "B: start, 30 s of rest   ·   Shift+B: end",
    "judged": "",
    "pass": "B: close",
    "repeat": "B: repeat   ·   Shift+B: close",
}
CALIBRATION_RUNNING = "B: next step   ·   Shift+B: end   ·   all other keys work as usual"
CALIBRATION_TITLE = "BIO-CALIBRATION {when} THE NIGHT"
CALIBRATION_NOT_COUNTED = (
    "Since {start} nothing is counted; ends by itself at {limit}, at lights off or in sleep"
)
CALIBRATION_STEP = "   ·   step {n} of {of}"
CALIBRATION_LEFT = "{left_s:.0f} s left"
CALIBRATION_MOVED = "   ·   movement: {legs}"
CALIBRATION_COUNT = "detected: {counts} of {wanted}"
CALIBRATION_HEADS = ("", "at rest", "above rest, each")
CALIBRATION_NOT_DETECTED = "not detected"
CALIBRATION_NEEDS_RECORDING = "Bio-calibration is possible only during a recording"
CALIBRATION_NAME = "Your name, then Enter:"
CALIBRATION_BARS = "µV above rest"
CALIBRATION_CANCELLED = "Bio-calibration ended. Its movements are not counted"
CALIBRATION_OVER = "Bio-calibration ended by itself ({why}). Movements count from now on"

# -- immobilisation test ----------------------------------------------------------------------------------
SIT, SIT_TITLE, SIT_INDEX = "SIT", "Immobilisation test", "PLMW, sitting"
SIT_READY = "Seated, legs outstretched, eyes open. The patient tries not to move."
SIT_RUNNING = "The patient stays awake and tries not to move."
SIT_OVER = "The hour is over."
SIT_ENDED_EARLY = "The test was ended early."
SIT_QUESTION_START = "Discomfort at the start?   I, 0-100, Enter"
SIT_QUESTION = "Discomfort after {minutes} min?   I, 0-100, Enter"
SIT_FIELD = "Discomfort, 0-100"
SIT_SENT = "Discomfort {score} sent"
SIT_HINT_READY = "I: begin the hour"
SIT_HINT_RUNNING = "I: discomfort   ·   Shift+I: end early   ·   B: bio-cal   ·   F10: menu"
SIT_REFERENCE = "reference over {reference:g}/h, not a diagnosis"
SIT_ONLY = "Only during a recording that was begun with: plms-monitor watch --sit"
SIT_NOT_RUNNING = "No immobilisation test is running"
SIT_END_QUESTION = "End the test before its hour? Enter: yes, Esc: no"

# -- sound ----------------------------------------------------------------------------------------------
SOUND_ON, SOUND_OFF, SOUND_UNKNOWN = "sound on", "NO SOUND", "sound …"
SOUND_PAUSED = "sound paused {left}"
SOUND_PAUSE_BEGUN = "Sound paused for 2 min; alerts are still shown. P: sound on"
SOUND_ON_AGAIN = "Sound on"
SOUND_TEST = "Testing the sound: three tones…"
SOUND_NOT_TESTED = "Sound not tested yet"
SOUND_WORKS = "Sound output: {backend}"
SOUND_HINT = "{state}. If the test is not audible, turn the volume up."
SOUND_SHOWN_ONLY = "{state}. Alerts are shown on the screen only."
NO_SOUND_OUTPUT = "No sound: this window has no sound output"
NO_SOUND_RESPONSE = "No sound: the sound device does not respond"
NO_SOUND_PACKAGE = "No sound: the Python package miniaudio cannot be loaded ({problem})"
NO_SOUND_OPEN = "No sound: the sound device cannot be opened ({problem})"
NO_SOUND_ACCEPTED = "No sound: {backend} accepts no data"
NO_SOUND_PLAYED = "No sound: the sound device cannot play ({problem})"

# -- start screen ---------------------------------------------------------------------------------------
START_TITLE = "STREAMS ON THE NETWORK"
SEARCHING = "Searching for streams…"
PREPARING = "the detector is being prepared: {percent:.0f} %"
SELECT_AND_START = "Select the streams and press Start recording."
READY = "Ready. Press Start recording."
READY_TO_COMPARE = "Ready. Let the patient lift one foot and compare the traces, then press Start recording."
PREVIEW = "the last 3 s of each leg"
PREVIEW_REST, PREVIEW_MAINS = "rest {rest_uv:.1f} µV", "electrode? mains {mains_uv:.0f} µV"
SAME_AS_LAST_TIME = "Same selection as last time on this bed. Enter: start recording."
STARTING = "Starting…"
PREPARING_DISPLAY = "The recording has started. The display is being prepared…"
RECORDER_ENDED = "The recorder has ended. Close this window."
START_SCREEN_CLOSED = "The window is closed; the recorder continues to search for its stream."
START, CANCEL, TEST_SOUND = "Start recording", "Cancel", "&Test sound"
FORM: Mapping[str, str] = {
    "left": "Left leg", "right": "Right leg", "unit": "Unit", "bed": "Bed", "study": "Study code",
    "profile": "Main rules",
}  # fmt: skip
STUDY_HINT = "none; no patient name"
NO_CHANNEL = "(none)"
UNIT_OF_STREAM = "as in the stream"
SHOW_BESIDE_LEGS = "Show beside the legs"
MARKER_STREAM = "markers: stages, events, lights"
NO_LEG_CHANNEL = "no leg channel recognised"
SELECT_STREAM = "Select the stream with the leg EMG."
SELECT_LEGS = "Select the channels of the left and the right leg."
SAME_CHANNEL = "Left and right leg have the same channel."
SELECT_UNIT = "The stream states no unit: select one."
ENTER_BED = "Enter the bed."
RESUME_NAME = "A recording was cut off"
THIS_BED = "this bed"
ANSWER_FIRST = "First answer the question about the recording that was cut off."
RESUME, BEGIN_NEW = "&Resume it", "Start a &new one"
RESUME_OFFER = (
    "{whose} was cut off {ago} ago, after {length}. "
    "If it is resumed, the time between is marked as missing. "
    "Without an answer a new recording starts in {left_s:.0f} s."
)
RESUME_STUDY, RESUME_NO_STUDY = (
    "The recording of study {study}, {bed},",
    "A recording of {bed} without a study code",
)

# -- settings, display ----------------------------------------------------------------------------------
SETTINGS_UNREADABLE = "The settings in {path} cannot be read ({problem}); default settings are used"
SETTINGS_DAMAGED = "The settings in {path} are damaged; default settings are used"
SETTINGS_INVALID = "In the settings {path}, {names} cannot be used; the default is used instead"
NO_DISPLAY = (
    "No window can be opened: no display was found (neither DISPLAY nor WAYLAND_DISPLAY is set). "
    "Use --headless, or plms-monitor review on a computer with a screen."
)
NO_X_SERVER = (
    "No window can be opened: the display that DISPLAY names ({display!r}) does not answer. "
    "Correct DISPLAY, or use --headless."
)
NO_WAYLAND = (
    "No window can be opened: the display that WAYLAND_DISPLAY names ({wayland!r}) does not answer. "
    "Correct or unset WAYLAND_DISPLAY, or use --headless."
)
NO_FONTS = (
    "No window can be opened: no fonts are installed here, every text would be a row of boxes "
    "(Debian: apt-get install fonts-dejavu-core). Install some, or use --headless."
)
NO_LIBRARIES = (
    "No window can be opened: system libraries that it needs are not installed here: {packages} "
    "(Debian: apt-get install {packages}). Install them, or use --headless."
)
NO_PACKAGE = "The window needs the Python package {package}, which is not installed here."
