import json
import subprocess
import sys
import types
from pathlib import Path

import fake_pipeline
import numpy as np
import pytest
from tiny_bundle import make_bundle

from MRIAnomalyLib import __version__
from MRIAnomalyLib.cli.main import build_parser, main
from MRIAnomalyLib.cli.progress import BarReporter, kind_in
from MRIAnomalyLib.cli.train import read_settings
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.records import Progress

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "numpy", "scipy", "SimpleITK", "nibabel", "pydicom", "skimage", "sklearn", "matplotlib", "safetensors", "tqdm"}


@pytest.fixture
def at_hand(tmp_path, monkeypatch):
    """Two bundles, one of them altered, and no other; the user's own folder is a temporary one."""
    folder = tmp_path / "at hand"
    make_bundle(folder / "brain-t1-anogan")
    make_bundle(folder / "knee-pdfs-anogan", name="knee-pdfs-anogan")
    (folder / "knee-pdfs-anogan" / "LICENSE").write_text("Do what you like.")
    monkeypatch.setattr("MRIAnomalyLib.resources.bundle_folders", lambda: [folder])
    monkeypatch.setattr("MRIAnomalyLib.resources.user_bundles_folder", lambda: tmp_path / "own")
    return folder


def answer(capfd, *arguments, code=0):
    """Standard output of a command that ends with this code; its one sentence on standard error otherwise."""
    assert main(arguments) == code
    said = capfd.readouterr()
    assert (said.err == "") == (code == 0)
    return said.out if code == 0 else said.err


def loaded_by(statement):
    """The top-level names of the modules that a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport sys; print('\\n'.join({{name.split('.')[0] for name in sys.modules}}))"
    return set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def test_the_parser_loads_nothing_heavy():
    names = loaded_by("from MRIAnomalyLib.cli.main import build_parser; build_parser().format_help()")
    assert "MRIAnomalyLib" in names
    assert names & HEAVY == set()


def test_the_public_names_are_there_and_cost_nothing_until_used():
    assert loaded_by("import MRIAnomalyLib; MRIAnomalyLib.InputError; MRIAnomalyLib.__version__") & HEAVY == set()
    assert "SimpleITK" in loaded_by(
        "from MRIAnomalyLib import read_volume, load_bundle; assert callable(read_volume) and callable(load_bundle)"
    )


def test_a_name_that_is_not_public_is_an_attribute_error():
    import MRIAnomalyLib

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        MRIAnomalyLib.nothing  # noqa: B018


def test_help_and_version_go_to_standard_output(capfd):
    for arguments, word in ((["--help"], "detect"), (["--version"], __version__), (["train", "--help"], "--checkpoints")):
        with pytest.raises(SystemExit) as told:
            main(arguments)
        assert told.value.code == 0
        assert word in capfd.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["dance"], ["models"], ["train"], ["detect"], ["benchmark", "speed", "--nope"]])
def test_wrong_usage_ends_with_2_and_one_sentence(arguments, capfd):
    said = answer(capfd, *arguments, code=2)
    assert said.count("\n") == 1 and "--help" in said


def test_every_command_has_help():
    text = build_parser().format_help()
    for command in ("detect", "series", "models", "devices", "train", "calibrate", "benchmark", "demo"):
        assert f"    {command} " in text or f"    {command}\n" in text


def test_models_are_listed_with_refused_ones(at_hand, capfd):
    sound, refused = answer(capfd, "models", "list").splitlines()
    assert sound == "brain-t1-anogan: detector anogan, 1 calibration subjects, licence CC BY-SA 3.0"
    assert refused.startswith("knee-pdfs-anogan: refused. LICENSE was altered")


def test_a_model_that_may_not_be_used_commercially_or_gives_no_p_values_is_listed_as_such(at_hand, capfd):
    few = {"data": "Made up", "subjects": 4, "smallest_p": 1.0}
    make_bundle(at_hand / "knee-pdfs-fanogan", name="knee-pdfs-fanogan", detector="fanogan", licence="CC BY-NC 4.0", calibration=few)
    line = answer(capfd, "models", "list").splitlines()[-1]
    assert line.endswith("4 calibration subjects (too few for p-values), licence CC BY-NC 4.0 (not for commercial use)")
    assert [entry.get("commercial") for entry in json.loads(answer(capfd, "models", "list", "--json"))] == [True, None, False]


def test_models_are_listed_in_json(at_hand, capfd):
    sound, refused = json.loads(answer(capfd, "models", "list", "--json"))
    assert (sound["name"], sound["smallest_p"], sound["plane"]) == ("brain-t1-anogan", 0.5, "axial")
    assert set(refused) == {"folder", "refused"}


def test_a_model_is_shown_by_its_card_and_in_json(at_hand, capfd):
    assert answer(capfd, "models", "show", "brain-t1-anogan").startswith("# brain-t1-anogan")
    assert json.loads(answer(capfd, "models", "show", "brain-t1-anogan", "--json"))["detector"] == "anogan"


def test_verifying_says_what_was_altered(at_hand, capfd):
    assert "all 5 files" in answer(capfd, "models", "verify", "brain-t1-anogan")
    assert "LICENSE was altered" in answer(capfd, "models", "verify", "knee-pdfs-anogan", code=2)


def test_installing_answers_where(at_hand, tmp_path, capfd):
    assert str(tmp_path / "own" / "brain-t1-anogan") in answer(capfd, "models", "install", str(at_hand / "brain-t1-anogan"))
    assert "exists" in answer(capfd, "models", "install", str(at_hand / "brain-t1-anogan"), code=2)


def test_an_unknown_model_name_ends_with_2_and_names_the_known(at_hand, capfd):
    assert answer(capfd, "models", "show", "brain-t9-x", code=2) == "There is no model called 'brain-t9-x'; at hand: brain-t1-anogan.\n"


def test_series_of_a_place_without_dicom_end_with_2(tmp_path, capfd):
    assert "no DICOM" in answer(capfd, "series", str(tmp_path), code=2)
    assert "nowhere" in answer(capfd, "series", str(tmp_path / "nowhere"), code=2)


def test_a_toml_file_and_single_settings_come_together(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('latent_dim = 64\n[recipe]\nplane = "axial"\n')
    settings = read_settings(file, ["latent_dim=32", "recipe.pixel_mm=2.5", "recipe.tone=median", "ema=true", "noise_cells=16,32"])
    assert settings == {
        "latent_dim": 32,
        "ema": True,
        "noise_cells": [16, 32],
        "recipe": {"plane": "axial", "pixel_mm": 2.5, "tone": "median"},
    }


@pytest.mark.parametrize(("text", "pairs"), [("latent_dim = ", []), ("", ["latent_dim"]), ("", ["=3"]), ("a = 1", ["a.b=2"])])
def test_settings_that_cannot_be_read_are_refused(tmp_path, text, pairs):
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(UsageError):
        read_settings(tmp_path / "config.toml", pairs)


@pytest.fixture
def learning(monkeypatch, tmp_path):
    """Stands in for the learning functions and keeps what they were called with."""
    calls = []

    def train(*args, **how):
        calls.append((args, how))
        return tmp_path / "new"

    double = types.ModuleType("MRIAnomalyLib.learning")
    double.train = double.calibrate = train
    monkeypatch.setitem(sys.modules, "MRIAnomalyLib.learning", double)
    return calls


def test_train_hands_its_options_down(learning, tmp_path, capfd):
    out = tmp_path / "new"
    settings = ["--set", "latent_dim=8", "--set", "recipe.size_px=128", "--from", "brain-t1-anogan"]
    options = [*settings, "--resume", "--max-minutes", "1.5", "--seed", "3", "--device", "cpu"]
    said = answer(capfd, "train", "--detector", "anogan", "--images", "scans", "--out", str(out), *options)
    assert said == f"Trained {out}\n"
    (args, how), *rest = learning
    assert not rest and args == ("anogan", Path("scans"), out)
    how.pop("progress")
    assert how == {
        "config": {"latent_dim": 8},
        "recipe": {"size_px": 128},
        "resume": True,
        "max_minutes": 1.5,
        "seed": 3,
        "checkpoints": tmp_path / "new-checkpoints",
        "source": "brain-t1-anogan",
        "overwrite": False,
        "device": "cpu",
    }


def test_resume_replaces_the_bundle_of_a_training_that_was_stopped_early_and_no_other(learning, tmp_path, capfd):
    for finished, code in ((False, 0), (True, 2)):
        out = tmp_path / str(finished) / "brain-t1-anogan"
        make_bundle(out, training_finished=finished)
        words = ["train", "--detector", "anogan", "--images", "scans", "--out", str(out), "--device", "cpu"]
        answer(capfd, *words, code=2)
        answer(capfd, *words, "--resume", code=code)
    ((_, how),) = learning
    assert how["overwrite"]


def test_a_training_that_was_stopped_early_is_said_to_go_on(learning, tmp_path, capfd):
    make_bundle(tmp_path / "new", training_finished=False)  # what the stand-in says it wrote
    said = answer(capfd, "train", "--detector", "anogan", "--images", "scans", "--out", str(tmp_path / "out"), "--device", "cpu")
    assert said.startswith("Stopped early:") and "--resume goes on" in said


def test_train_refuses_a_folder_that_exists_before_work(learning, tmp_path, capfd):
    assert "exists" in answer(capfd, "train", "--detector", "anogan", "--images", "scans", "--out", str(tmp_path / ""), code=2)
    assert learning == []


def test_calibrate_hands_its_options_down(learning, tmp_path, capfd):
    said = answer(capfd, "calibrate", "brain-t1-anogan", "--images", "scans", "--out", str(tmp_path / "new"), "--device", "cpu")
    assert said == f"Calibrated {tmp_path / 'new'}\n"
    ((args, how),) = learning
    assert args == ("brain-t1-anogan", Path("scans"), tmp_path / "new")
    assert (how["device"], how["overwrite"]) == ("cpu", False)


def test_the_demo_runs_both_samples_by_two_models_and_says_where_to_look(tmp_path, monkeypatch, capfd):
    seen = []
    modules = {}
    fake_pipeline.install(modules)
    monkeypatch.setitem(sys.modules, "MRIAnomalyLib.pipeline", modules["MRIAnomalyLib.pipeline"])
    monkeypatch.setattr("MRIAnomalyLib.files.reading.read_volume", lambda path, series=None: seen.append(path) or np.zeros(1))
    monkeypatch.setattr("MRIAnomalyLib.cli.demo._against_experts", lambda result, mask: "")  # the fake finds nothing
    assert main(["demo", "--out", str(tmp_path / "demo"), "--progress", "none"]) == 0
    said = capfd.readouterr().out
    assert len(seen) == 4 and all(path.is_file() for path in seen)
    for name in ("ms_lesions", "healthy_head", "ms_lesions_anogan", "healthy_head_anogan"):
        assert (tmp_path / "demo" / name / "result.json").exists()
        assert f"{tmp_path / 'demo' / name / 'overview.png'}" in said
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 2
    assert main(["demo", "--out", str(tmp_path / "demo"), "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ([], "bar"),
        (["detect", "--progress", "json"], "json"),
        (["detect", "--progress=none", "x"], "none"),
        (["detect", "--progress"], "bar"),
        (["detect", "--progress", "loud"], "bar"),
    ],
)
def test_the_kind_of_progress_is_known_before_parsing(arguments, kind):
    assert kind_in(arguments) == kind


def test_a_bar_is_drawn_for_each_stage_on_a_terminal():
    class Terminal:
        def __init__(self):
            self.text = ""

        def write(self, text):
            self.text += text

        def flush(self):
            pass

        def isatty(self):
            return True

    terminal = Terminal()
    report = BarReporter(terminal)
    for stage in ("read", "prepare"):
        for done in range(3):
            report.progress(Progress(stage, done, 2, 0.0))
    report.error("It went wrong.", 2)
    assert "read" in terminal.text and "prepare" in terminal.text
    assert terminal.text.endswith("It went wrong.\n")
