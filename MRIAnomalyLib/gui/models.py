"""The model list of the panel: what is installed, what stands behind each, and why one is refused. Nothing here loads a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer.util
from slicer.i18n import tr as _

from ..errors import BundleError, Cancelled, ExistsError

if TYPE_CHECKING:
    from ..bundles.bundle import Bundle

AUTO = "auto"
_QUALITIES = ("fast", "thorough")
_DISABLED = qt.Qt.UserRole - 1  # where Qt's own item model keeps an item's flags; 0 takes them all away


class ModelChoice:
    """Lists the models in one QComboBox and fast and thorough in another, each with its name as data, and shows the model's card.

    Args:
        models: QComboBox.
        qualities: QComboBox.
        note: QLabel for training data, licence and time.
        card: QTextBrowser.
    """

    def __init__(self, models: Any, qualities: Any, note: Any, card: Any) -> None:
        self._models, self._qualities, self._note, self._card = models, qualities, note, card
        self.refresh()

    @property
    def bundle(self) -> Bundle | None:
        """The bundle that is chosen, the usual one where the scan will decide; None when there is none that can be used."""
        name = self._models.currentData or ""
        return self._best if name == AUTO else _bundle_of(name)

    @property
    def chosen(self) -> str:
        """What to run: "auto" or a bundle's name."""
        return self._models.currentData or AUTO

    def refresh(self) -> None:
        """List what is at hand now, refused models with the reason."""
        from ..bundles.bundle import BundleProblem, list_bundles
        from ..bundles.loading import best_by_sequence

        entries = list_bundles()  # once: it reads every file of every bundle
        best = best_by_sequence(entries)
        self._best = next(iter(best.values()), None)
        self._models.clear()
        names = _(" or ").join(_named(bundle) for bundle in best.values())  # by what the scan shows
        self._models.addItem(_("Automatic: {name}").format(name=names) if best else _("Automatic: no model is installed"), AUTO)
        for entry in entries:
            place = self._models.count
            if isinstance(entry, BundleProblem):
                self._models.addItem(_("{name}: refused. {reason}").format(name=entry.folder.name, reason=entry.reason), "")
                self._models.setItemData(place, 0, _DISABLED)
                self._models.setItemData(place, entry.reason, qt.Qt.ToolTipRole)
            else:
                self._models.addItem(_describe(entry), entry.name)
                self._models.setItemData(place, _about(entry), qt.Qt.ToolTipRole)

    def choose(self, model: str, quality: str) -> None:
        """Choose by names; one that is not at hand leaves the first, which is the automatic choice."""
        self._models.currentIndex = max(self._models.findData(model), 0)
        bundle = self.bundle
        self._note.text = _about(bundle) if bundle else ""
        self._card.markdown = _card(bundle) if bundle else ""
        self._list_qualities(bundle)
        self._qualities.currentIndex = max(self._qualities.findData(quality), 0)

    def _list_qualities(self, bundle: Bundle | None) -> None:
        config = bundle.model["config"] if bundle else {}
        steps = [config.get(f"{quality}_steps", 0) for quality in _QUALITIES]
        self._qualities.clear()
        for title, quality, count in zip((_("Fast"), _("Thorough")), _QUALITIES, steps, strict=True):
            text = _("{quality}: {count} search steps").format(quality=title, count=count) if count else title
            self._qualities.addItem(text, quality)
        self._qualities.enabled = all(steps)
        if all(steps):
            self._qualities.toolTip = _("Thorough searches {times:.1f} times as long; p-values were calibrated with fast.").format(
                times=steps[1] / steps[0]
            )
        else:
            self._qualities.toolTip = _("This model needs a single pass: fast and thorough are the same.")


def _bundle_of(name: str) -> Bundle | None:
    """The bundle of this name; None when there is none that can be used."""
    from ..bundles.loading import choose_bundle

    try:
        return choose_bundle(name)
    except BundleError:
        return None


def install_model(path: str) -> str:
    """Install a model from a .mrianomaly file, over one of the same name if the user wants; returns its name.

    Raises:
        BundleError: the file holds no whole, unaltered bundle.
        UsageError: nothing can be written where models are kept.
        Cancelled: a model of this name is installed already, and is to stay.
    """
    from ..bundles.install import install

    try:
        return install(path).name
    except ExistsError as error:
        if not slicer.util.confirmOkCancelDisplay(_("This model is installed already. Replace it?"), _("MRI Anomaly")):
            raise Cancelled(_("The model was left as it is.")) from error
        return install(path, overwrite=True).name


def _about(bundle: Bundle) -> str:
    training, calibration = bundle.model["training"], bundle.model["calibration"]
    return _(
        "Trained on {subjects} healthy people: {data}. Compared with {normals} others. License of the weights: {license}. {timing}"
    ).format(
        subjects=training["subjects"],
        data=training["data"],
        normals=calibration["subjects"],
        license=bundle.licence,
        timing=_timing(bundle),
    )


def _card(bundle: Bundle) -> str:
    """The bundle's card in Markdown, without its pictures, which are too wide for a panel."""
    return "\n".join(line for line in bundle.text("card.md").splitlines() if not line.lstrip().startswith("!["))


def _describe(bundle: Bundle) -> str:
    recipe = bundle.model["recipe"]
    kind = ", ".join(str(recipe[key]) for key in ("anatomy", "sequence", "plane") if key in recipe)
    return f"{_named(bundle)} ({kind})"


def _named(bundle: Bundle) -> str:
    """The bundle's name, with what its licence forbids."""
    return bundle.name if bundle.commercial else _("{name}, not for commercial use").format(name=bundle.name)


def _timing(bundle: Bundle) -> str:
    measured = bundle.model.get("timing", {})
    said = [
        _("{seconds:.0f} s a scan on {device} ({hardware}).").format(seconds=entry["seconds"], device=title, hardware=entry["hardware"])
        if (entry := measured.get(device))
        else _("Time on {device}: not measured.").format(device=title)
        for device, title in (("cpu", _("the CPU")), ("cuda", _("a GPU")))
    ]
    return " ".join(said)
