"""What the module runs must do without what Slicer's Python lacks: only torch and safetensors are ever installed for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from MRIAnomalyLib import resources
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.outputs.folder import read_result

ROOT = Path(__file__).resolve().parents[2]
ABSENT = ("nibabel", "matplotlib", "jinja2", "tqdm", "platformdirs", "skimage", "sklearn", "pandas", "slicer")
RUN = """
import sys
sys.modules.update(dict.fromkeys(sys.argv.pop(1).split(",")))
from MRIAnomalyLib.__main__ import main
sys.exit(main())
"""
MAPS = "heatmap,healthy,residual,scored,findings,mask,slices,result"


@pytest.mark.slow
def test_a_job_of_the_module_needs_nothing_that_slicer_lacks(tmp_path):
    scan = read_volume(resources.sample("brain_t1_ms_lesions.nii.gz"))
    np.savez(tmp_path / "input.npz", array=scan.array, affine=scan.affine)
    options = ["--maps=npy", f"--only={MAPS}", "--steps=2", "--device=cpu", "--progress=json", "--stop-with-input"]
    command = [sys.executable, "-c", RUN, ",".join(ABSENT), "detect", str(tmp_path / "input.npz"), "--out", str(tmp_path / "out"), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            said = [json.loads(line) for line in process.stderr]  # standard input stays open meanwhile, as in Slicer
            assert process.wait(timeout=60) == 0, said
        finally:
            process.kill()
    assert [line["stage"] for line in said if "stage" in line][-1] == "write"
    assert said[-1] == {"finished": str(tmp_path / "out")}
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".npy", ".csv", ".json"}
    result = read_result(tmp_path / "out", scan)
    assert result.heatmap.shape == scan.shape
    assert result.heatmap.array.max() > 0
