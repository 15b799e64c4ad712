"""The words and the bar of a running job, from the lines that it sends."""

from __future__ import annotations

import time
from typing import Any

from slicer.i18n import tr as _

# stage -> where it begins and ends on the bar in percent, from the time that stages take
_SPANS = {"read": (0, 2), "prepare": (2, 35), "reconstruct": (35, 90), "evidence": (90, 95), "findings": (95, 97), "write": (97, 100)}


class ProgressDisplay:
    """Shows the latest line of a job in a QProgressBar and a QLabel, and keeps all in a QPlainTextEdit."""

    def __init__(self, bar: Any, status: Any, log: Any) -> None:
        self._bar, self._status, self._log = bar, status, log
        self._bar.setVisible(False)
        self._stage = ""

    def begin(self, device: str, model: str, quality: str) -> None:
        """A run has begun."""
        self._stage = ""
        self._bar.value = 0
        self._bar.setVisible(True)
        self._status.text = _("Starting...")
        self.write(_("Started: model {model}, device {device}, quality {quality}.").format(model=model, device=device, quality=quality))

    def take(self, message: dict[str, Any]) -> None:
        """A line of the job; see `--progress json` in the command line."""
        if "stage" in message:
            self._take_stage(message)
        elif "warning" in message:
            self.write(_("Warning: {sentence}").format(sentence=message["warning"]))

    def end(self, sentence: str, lines: tuple[str, ...] = ()) -> None:
        """The run has ended; `sentence` stays on the screen."""
        self._bar.setVisible(False)
        self._status.text = sentence
        for line in (*lines, sentence):
            self.write(line)

    def say(self, sentence: str) -> None:
        """Tell something that is no part of a run; not in the log, which is passed on, because it may name the user's files."""
        self._status.text = sentence

    def write(self, line: str) -> None:
        """Add a line to the log."""
        self._log.appendPlainText(f"{time.strftime('%H:%M:%S')}  {line}")

    def _take_stage(self, message: dict[str, Any]) -> None:
        stage, done, total = message["stage"], message["done"], message["total"]
        title = _title(stage)
        if stage != self._stage:
            self._stage = stage
            self.write(_("{seconds:.1f} s: {stage}").format(seconds=message["seconds"], stage=title))
        first, last = _SPANS.get(stage, (0, 100))
        self._bar.value = round(first + (last - first) * done / max(total, 1))
        counted = _("{stage}: {done} of {total}").format(stage=title, done=done, total=total) if total > 1 else title
        if message["remaining"]:
            counted = _("{sofar}, about {seconds:.0f} s left").format(sofar=counted, seconds=message["remaining"])
        self._status.text = counted


def _title(stage: str) -> str:
    titles = {
        "read": _("Reading"),
        "prepare": _("Preparing the volume, step"),
        "reconstruct": _("Drawing the healthy counterpart, slice"),
        "evidence": _("Comparing with healthy people"),
        "findings": _("Collecting findings"),
        "write": _("Writing results"),
    }
    return titles.get(stage, stage)
