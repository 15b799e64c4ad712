import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import PNG, describe, make_arrays, make_bundle, make_model, put

from MRIAnomalyLib.bundles.bundle import open_bundle, save_bundle, verify
from MRIAnomalyLib.bundles.model import SCHEMA, coded
from MRIAnomalyLib.errors import BundleError, UsageError

ROOT = Path(__file__).resolve().parents[2]


def tensor_file(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def refused(folder, *words):
    """Opening, verifying and reading a folder ends in one sentence with these words."""
    with pytest.raises(BundleError) as told:
        opened = open_bundle(folder)
        verify(opened)
        opened.weights()
    assert all(word in str(told.value) for word in words), told.value
    assert "\n" not in str(told.value)


def test_arrays_come_back_bit_for_bit(bundle):
    weights = open_bundle(bundle.folder).weights()
    for name, array in make_arrays().items():
        assert weights[name].dtype == array.dtype
        assert np.array_equal(weights[name], array)
    assert np.array_equal(bundle.calibration()["scores"], np.zeros(1))


def test_facts_name_the_model_and_pin_every_file(bundle):
    facts = bundle.facts
    assert (facts.name, facts.detector, facts.licence) == ("brain-t1-anogan", "anogan", "CC BY-SA 3.0")
    assert (facts.training_data, facts.calibration_subjects) == ("Made up", 1)
    put(bundle, "card.md", b"another card")
    assert open_bundle(bundle.folder).facts.sha256 != facts.sha256


@pytest.mark.parametrize(
    ("licence", "commercial"), [("CC BY-SA 3.0", True), ("CC BY-NC 4.0", False), ("CC-BY-NC-SA-4.0", False), ("BSD-2-Clause", True)]
)
def test_a_licence_says_whether_the_weights_may_be_used_commercially(tmp_path, licence, commercial):
    assert make_bundle(tmp_path / "brain-t1-anogan", licence=licence).commercial is commercial


def test_a_whole_bundle_passes_and_has_the_files_of_the_format(bundle):
    verify(bundle)
    names = {path.relative_to(bundle.folder).as_posix() for path in bundle.folder.rglob("*") if path.is_file()}
    assert names == {"model.json", "weights.safetensors", "calibration.safetensors", "card.md", "card/curves.png", "LICENSE"}
    assert set(bundle.model["files"]) == names - {"model.json"}
    assert bundle.model["schema"] == SCHEMA


@pytest.mark.parametrize("name", ["weights.safetensors", "calibration.safetensors", "card.md", "card/curves.png", "LICENSE"])
def test_one_changed_bit_in_any_file_is_noticed(bundle, name):
    content = bytearray((bundle.folder / name).read_bytes())
    content[-1] ^= 1
    (bundle.folder / name).write_bytes(content)
    refused(bundle.folder, name.rpartition("/")[2], "altered")


def test_reading_weights_verifies_them_without_being_asked(bundle):
    content = bytearray((bundle.folder / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (bundle.folder / "weights.safetensors").write_bytes(content)
    with pytest.raises(BundleError, match="altered"):
        bundle.weights()


@pytest.mark.parametrize("protocol", [2, 5])
def test_pickled_weights_are_not_opened(bundle, protocol):
    refused(put(bundle, "weights.safetensors", pickle.dumps({"a": 1}, protocol=protocol)), "pickle")


def test_a_zipped_torch_file_is_not_opened_even_as_the_card(bundle):
    refused(put(bundle, "card.md", b"PK\x03\x04 and so on"), "card.md", "pickle or zip")


def test_a_pickle_beside_the_files_is_refused(bundle):
    (bundle.folder / "weights.pt").write_bytes(pickle.dumps(1))
    refused(bundle.folder, "weights.pt", "no place in a bundle")


def test_an_unlisted_picture_is_refused(bundle):
    (bundle.folder / "card" / "other.png").write_bytes(PNG)
    refused(bundle.folder, "card/other.png", "not listed")


def test_a_listed_file_that_is_missing_is_named(bundle):
    (bundle.folder / "card" / "curves.png").unlink()
    refused(bundle.folder, "card/curves.png", "missing")


def test_a_link_is_refused(bundle, tmp_path):
    (tmp_path / "elsewhere").write_text("secret")
    (bundle.folder / "card.md").unlink()
    (bundle.folder / "card.md").symlink_to(tmp_path / "elsewhere")
    refused(bundle.folder, "card.md", "link")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x10\x00",
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", (1 << 20) + 1) + b" " * ((1 << 20) + 1),
        tensor_file(b'{"a": '),
        tensor_file(b"[1, 2]"),
        tensor_file({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"\0" * 8),
        tensor_file({"a": {"dtype": "F32", "shape": [4], "data_offsets": [-8, 8]}}, b"\0" * 16),
        tensor_file({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 16]}}, b"\0" * 16),
        tensor_file({"a": {"dtype": "F32", "shape": [-2, -2], "data_offsets": [0, 16]}}, b"\0" * 16),
        tensor_file({"a": {"dtype": "BF16", "shape": [8], "data_offsets": [0, 16]}}, b"\0" * 16),
        tensor_file({"a": {"dtype": "F32", "shape": [4]}}, b"\0" * 16),
        tensor_file({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"\0" * 24),
    ],
)
def test_a_malformed_tensor_file_is_refused_although_its_sha256_fits(bundle, content):
    refused(put(bundle, "weights.safetensors", content), "weights.safetensors")


def test_a_header_is_checked_before_the_rest_is_read(bundle, monkeypatch):
    huge = {"a": {"dtype": "F32", "shape": [1 << 30], "data_offsets": [0, 1 << 32]}}
    opened = open_bundle(put(bundle, "weights.safetensors", tensor_file(huge, b"\0" * 64)))
    monkeypatch.setattr("MRIAnomalyLib.bundles.contents.sha256_of", lambda content: pytest.fail("the whole file was read"))
    with pytest.raises(BundleError, match="does not fit"):
        opened.weights()


def test_a_bundle_that_is_too_large_is_refused(bundle, monkeypatch):
    monkeypatch.setattr("MRIAnomalyLib.bundles.contents.MOST_BYTES", 300)
    refused(bundle.folder, "larger than")


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_another_schema_is_not_understood(bundle, schema):
    refused(describe(bundle, lambda model: model.update(schema=schema)), "schema")


@pytest.mark.parametrize("name", ["detector", "recipe", "training", "splits", "files", "licence"])
def test_an_entry_that_is_missing_is_named(bundle, name):
    refused(describe(bundle, lambda model: model.pop(name)), repr(name))


@pytest.mark.parametrize("timing", [[], {"cpu": 29}, {"cpu": {"seconds": "long", "hardware": "x"}}, {"cpu": {"seconds": 29}}])
def test_a_timing_that_is_not_as_it_must_be_is_refused(bundle, timing):
    refused(describe(bundle, lambda model: model.update(timing=timing)), "timing")


def test_a_timing_is_kept(bundle):
    timing = {"cpu": {"seconds": 29, "hardware": "1 core"}}
    assert open_bundle(describe(bundle, lambda model: model.update(timing=timing))).model["timing"] == timing


def test_a_subject_is_coded_alike_in_every_bundle_and_cannot_be_read():
    assert coded("IXI033-HH-1259") == coded("IXI033-HH-1259") != coded("IXI034-HH-1260")
    assert len(coded("a")) == len(coded("a longer name")) == 16
    assert int(coded("a"), 16)


def test_a_p_of_one_may_be_written_without_a_point(bundle):
    assert open_bundle(describe(bundle, lambda model: model["calibration"].update(smallest_p=1))).model["calibration"]["smallest_p"] == 1


def test_a_wrong_entry_in_a_group_is_named(bundle):
    refused(describe(bundle, lambda model: model["calibration"].update(subjects="many")), "calibration.subjects")


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_description_that_is_no_json_object_is_refused(bundle, content):
    (bundle.folder / "model.json").write_bytes(content)
    refused(bundle.folder)


@pytest.mark.parametrize("name", ["../../escape.png", "card/../../escape.png", "/etc/passwd", "card\\x.png", "card/.hidden.png"])
def test_a_listed_name_that_leads_elsewhere_is_refused(bundle, name):
    refused(describe(bundle, lambda model: model["files"].update({name: "0" * 64})), "no place in a bundle")


@pytest.mark.parametrize("name", ["brain-t1-fanogan", "anogan", "Brain-T1-anogan", "../brain-t1-anogan"])
def test_a_name_that_does_not_fit_the_detector_is_refused(tmp_path, name):
    with pytest.raises(BundleError, match="<anatomy>-<sequence>-anogan"):
        make_bundle(tmp_path / "new", name=name)
    assert not (tmp_path / "new").exists()


def test_a_detector_of_two_words_has_a_hyphen_in_the_bundles_name(tmp_path):
    assert make_bundle(tmp_path / "new", name="knee-pdfs-hq-anogan", detector="hq_anogan").name == "knee-pdfs-hq-anogan"


def test_saving_over_a_folder_is_refused_and_leaves_it(bundle):
    before = bundle.facts.sha256
    with pytest.raises(UsageError, match="exists"):
        make_bundle(bundle.folder)
    assert open_bundle(bundle.folder).facts.sha256 == before


@pytest.mark.parametrize(
    ("weights", "pictures"),
    [({"a": np.zeros(2, complex)}, {}), ({"a": np.zeros(2)}, {"run.py": b""}), ({"a": np.zeros(2)}, {"x.png": b"PK\x03\x04"})],
)
def test_what_could_not_be_opened_again_is_not_saved(tmp_path, weights, pictures):
    with pytest.raises(BundleError):
        save_bundle(tmp_path / "new", make_model(), weights, {}, "card", pictures, "licence")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_is_not_calibrated_yet_can_be_saved_and_opened(tmp_path):
    nobody = {"data": "none yet", "subjects": 0, "smallest_p": 1.0}
    save_bundle(tmp_path / "new", make_model(calibration=nobody), make_arrays(), {}, "card", {}, "licence")
    assert open_bundle(tmp_path / "new").calibration() == {}


def test_further_entries_are_kept(tmp_path):
    assert make_bundle(tmp_path / "new", validation={"pixel_ap": 0.5}).model["validation"] == {"pixel_ap": 0.5}
