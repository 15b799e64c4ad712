import pytest
from tiny_bundle import make_bundle

from MRIAnomalyLib.bundles.bundle import open_bundle
from MRIAnomalyLib.bundles.loading import best_by_sequence, best_of
from MRIAnomalyLib.errors import BundleError


@pytest.fixture
def bundles(tmp_path):
    """Of brains two for T1, of which the second found more, one for FLAIR that found most, one that is not calibrated; of knees two."""

    def make(name, sequence, found, subjects=1, anatomy="brain"):
        calibration = {"data": "Made up", "subjects": subjects, "smallest_p": 0.5}
        make_bundle(
            tmp_path / name,
            name=name,
            detector=name.split("-")[-1],
            recipe={"anatomy": anatomy, "sequence": sequence, "plane": "axial"},
            validation={"pixel_ap": found},
            calibration=calibration,
        )
        return open_bundle(tmp_path / name)

    return [
        make("brain-flair-denoiser", "FLAIR", 0.9, subjects=0),
        make("brain-flair-fanogan", "FLAIR", 0.8),
        make("brain-t1-anogan", "T1", 0.3),
        make("brain-t1-fanogan", "T1", 0.5),
        make("knee-t1-anogan", "T1", 0.9, anatomy="knee"),
        make("knee-pdfs-anogan", "PDFS", 0.1, anatomy="knee"),
    ]


def test_automatic_takes_the_calibrated_model_of_the_sequence_that_found_most(bundles):
    assert best_of(bundles).name == "brain-t1-fanogan"
    assert best_of(bundles, "FLAIR").name == "brain-flair-fanogan"


def test_the_best_of_each_sequence_are_listed_the_usual_sequence_first(bundles):
    assert {sequence: one.name for sequence, one in best_by_sequence(bundles).items()} == {
        "T1": "brain-t1-fanogan",
        "FLAIR": "brain-flair-fanogan",
        "PDFS": "knee-pdfs-anogan",
    }
    assert list(best_by_sequence(bundles)) == ["T1", "FLAIR", "PDFS"]


def test_without_a_model_for_the_sequence_it_says_which_is_missing(bundles):
    with pytest.raises(BundleError, match="No calibrated model for FLAIR scans of the brain"):
        best_of(bundles[2:], "FLAIR")
    with pytest.raises(BundleError, match="No calibrated model for PDFS scans of the knee"):
        best_of(bundles[:-1], "PDFS")
