"""The device list of the panel. Slicer's own process never imports PyTorch: a child process looks what there is."""

from __future__ import annotations

import json
from typing import Any

import qt
import slicer.util
from slicer.i18n import tr as _

from .process import Ending, Job

_SETTING = "MRIAnomaly/Device"  # of this user on this machine, not of the scene
_KNOWN = ("auto", "cpu")


class DeviceChoice:
    """Fills a QComboBox with the devices and a QLabel with why it is the CPU where it is."""

    def __init__(self, selector: Any, note: Any) -> None:
        self._selector, self._note = selector, note
        self._job: Job | None = None
        self._asked = False
        self._list([{"device": "cpu"}])
        self._note.text = ""
        selector.connect("activated(int)", self._remember)

    @property
    def chosen(self) -> str:
        """As `--device` takes it."""
        return self._selector.currentData or _KNOWN[0]

    def look(self) -> None:
        """Find out what there is, once, and again while there is no PyTorch; the list is filled when the answer comes."""
        if not self._asked:
            self._asked = True
            self._note.text = _("Looking for a graphics card...")
            self._job = Job(["devices", "--json"], lambda message: None, self._answered)

    def close(self) -> None:
        """Let go of the child process."""
        if self._job:
            self._job.abandon()

    def _answered(self, ending: Ending) -> None:
        self._job = None
        if ending.code:
            self._note.text = _("What can compute here could not be found out: {reason}").format(reason=ending.sentence)
            return
        answer = json.loads(ending.output)
        self._asked = answer["torch"] is not None
        self._list(answer["devices"])
        if answer["torch"] is None:
            self._note.text = _("PyTorch is not installed yet: it is offered when you press Apply.")
        else:
            self._note.text = answer["why_cpu"] or ""

    def _list(self, devices: list[dict[str, Any]]) -> None:
        wanted = slicer.util.settingsValue(_SETTING, _KNOWN[0])
        self._selector.clear()
        self._selector.addItem(_("Automatic: {device}").format(device=_title(devices[0])), _KNOWN[0])
        for device in devices:
            self._selector.addItem(_title(device), device["device"])
        self._selector.currentIndex = max(self._selector.findData(wanted), 0)

    def _remember(self, place: int) -> None:
        qt.QSettings().setValue(_SETTING, self._selector.itemData(place))


def _title(device: dict[str, Any]) -> str:
    if device["device"] == "cpu":
        return _("CPU")
    if device.get("free_gib") is None:
        return _("GPU: {name}").format(name=device["name"])
    return _("GPU: {name}, {free} of {total} GiB free").format(name=device["name"], free=device["free_gib"], total=device["total_gib"])
