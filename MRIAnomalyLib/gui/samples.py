"""The scans that ship with the extension, offered in Slicer's Sample Data module: no download, so that they open offline too."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from ..resources import sample

_CATEGORY = "MRI Anomaly"


def register() -> None:
    """Offer the scans in Sample Data; to be called when Slicer's start-up is complete, because Sample Data is a module too."""
    from SampleData import SampleDataLogic, SampleDataSource

    if hasattr(SampleDataLogic, "registerCustomSampleDataCategory"):  # from Slicer 5.12 on; before, a category is shown by its key
        SampleDataLogic.registerCustomSampleDataCategory(_CATEGORY, title=_("MRI Anomaly"))
    # put there by hand: the function that registers a source takes no description, and that is where origin and license are read
    SampleDataLogic.sampleDataSourcesByCategory()[_CATEGORY] = [SampleDataSource(**scan) for scan in _scans()]


def _scans() -> list[dict[str, Any]]:
    return [
        _scan(
            "MRBrainMSLesions",
            _("Brain with multiple sclerosis, T1\nUniversity of Ljubljana, license CC BY"),
            "brain_t1_ms_lesions",
            "d93ab1d77801f93160f3996608e5e174560b8ffc1c1913d894971450fb4afa26",
        ),
        _scan(
            "MRHeadHealthy",
            _("Healthy head, T1\nstudyforrest project, license PDDL"),
            "brain_t1_healthy_head",
            "dac148f81e06dd013f0f18ca2349e9ae3b12ed3c21b99ff0ccd89510d2fddd38",
        ),
    ]


def _scan(name: str, description: str, file: str, sha256: str) -> dict[str, Any]:
    """Arguments of Slicer's SampleDataSource."""
    volume = f"{file}.nii.gz"
    return {
        "sampleName": name,
        "sampleDescription": description,
        "uris": sample(volume).as_uri(),
        "fileNames": volume,
        "nodeNames": name,
        "checksums": f"SHA256:{sha256}",
        "thumbnailFileName": str(sample(f"{file}.png")),
    }
