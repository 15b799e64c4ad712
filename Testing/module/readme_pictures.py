"""The pictures of README and tutorial, from the real detection in the sample scan: `python Testing/module/readme_pictures.py FOLDER`."""

import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

import doubles  # noqa: E402

doubles.install()

import numpy as np  # noqa: E402
import slicer  # noqa: E402
from PIL import Image  # noqa: E402
from window_pictures import Window, pixels  # noqa: E402

from MRIAnomalyLib import resources  # noqa: E402

_MODULE = Path(__file__).resolve().parents[2] / "MRIAnomaly" / "MRIAnomaly.py"
_SCAN, _NAME = "brain_t1_ms_lesions.nii.gz", "MRBrainMSLesions"
_COLORS = 256  # in a PNG: a third of its size, and no difference to see
_QUALITY = 75  # of WebP, for views without fine outlines: a quarter of the PNG


def main(folder):
    """Follow the tutorial and take a picture after each step."""
    load_sample()
    module = doubles.load_module(_MODULE)
    ui, runner = module.widget.panel.ui, module.widget.logic.runner
    window = Window(module)
    window.fit_views()
    doubles.spin_until(lambda: ui.deviceNote.text and not ui.deviceNote.text.endswith("..."), 30_000)

    def save(name):
        _write(pixels(window.grab()), folder / name)

    save("tutorial-1-apply.webp")
    doubles.click(ui.applyButton)
    doubles.spin_until(lambda: ui.progressBar.value > 40 or not runner.running, 300_000)
    save("tutorial-2-running.webp")
    doubles.spin_until(lambda: not runner.running, 600_000)
    ui.inputsButton.collapsed = True
    doubles.click(ui.nextButton)
    save("panel.png")
    ui.healthyButton.checked = True
    save("tutorial-4-healthy.png")
    window.close()
    doubles.unload_module(module)


def load_sample():
    """The sample scan as Sample Data loads it: in the scene and in the background of the views."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", _NAME)
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(resources.sample(_SCAN)))
    storage.ReadData(node)
    node.CreateDefaultDisplayNodes()
    for layers in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        layers.SetBackgroundVolumeID(node.GetID())
    return node


def _write(picture, path):
    image = Image.fromarray(np.ascontiguousarray(picture))
    if path.suffix == ".png":
        image = image.quantize(_COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    image.save(path, optimize=True, quality=_QUALITY, method=6)
    print(f"{path.name}: {path.stat().st_size // 1000} kB", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    doubles.stop()
    os._exit(0)  # past VTK's report about its own singletons
