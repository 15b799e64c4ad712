"""scene.mrb: the nodes of a result saved as a Slicer scene, without the Slicer application.

slicer-core keeps process-wide VTK singletons and reports leaks when Python ends. So the scene is built in a process of its own,
`python -m MRIAnomalyLib.gui.mrb FOLDER NAME OUT.mrb`, that reads a result from files; the caller imports neither VTK nor slicer.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MRIAnomalyError, UsageError
from ..outputs.folder import READABLE, read_result, write_result
from ..outputs.volumes import read_written, write_volume
from ..prepare.geometry import apply_affine
from ..records import Result

_INPUT = "input.nii.gz"
_VIEWS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}  # the names that Slicer's layouts look for


def write_mrb(result: Result, path: Path) -> None:
    """Write the result as a Slicer scene that opens with overlay, legend, outlines and the views at the first finding.

    Raises:
        UsageError: slicer-core is not installed.
        MRIAnomalyError: the scene could not be written.
    """
    if importlib.util.find_spec("slicer") is None:
        raise UsageError("scene.mrb needs the MRML libraries of 3D Slicer; install them with: pip install 'mrianomaly[scene]'.")
    with tempfile.TemporaryDirectory(prefix="mrianomaly_") as scratch:
        folder = write_result(result, Path(scratch) / "result", READABLE, maps="npy")
        write_volume(result.volume, folder / _INPUT)
        library = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [library, os.environ.get("PYTHONPATH", "")]))}
        command = [sys.executable, "-m", __name__, str(folder), result.volume.name, str(path.resolve())]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    if run.returncode or not path.exists():
        reason = (run.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise MRIAnomalyError(f"scene.mrb could not be written: {reason}")


def start_core(scratch: Path) -> tuple[Any, list[Any]]:
    """What an application does before MRML is usable: a scene with module logics, orientation presets and three slice views.

    Args:
        scratch: a folder for what scenes unpack when they are read.

    Returns:
        The vtkMRMLScene, and the logics, which must live as long as the scene is used.
    """
    import slicer
    import vtk

    vtk.vtkOutputWindow.GetInstance().SetDisplayModeToAlwaysStdErr()
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.SetTemporaryPath(str(scratch))
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    modules = ("Color", "SubjectHierarchyModule", "Volumes", "SegmentationsModule", "Tables", "Plots", "Texts")
    logics = [getattr(slicer, f"vtkSlicer{module}Logic")() for module in modules]
    vtk.vtkObject.GlobalWarningDisplayOff()  # they miss resource files that only the application ships
    for logic in logics:
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
    logics[0].AddDefaultColorNodes()
    vtk.vtkObject.GlobalWarningDisplayOn()
    files = slicer.vtkMRMLRemoteIOLogic()
    files.SetMRMLScene(scene)
    files.SetMRMLApplicationLogic(application)
    files.GetCacheManager().SetRemoteCacheDirectory(str(scratch))
    files.AddDataIOToScene()
    return scene, [application, files, *logics]


def add_views(scene: Any, result: Result) -> None:
    """The three slice views of Slicer's usual layout, each showing the whole input."""
    import slicer

    ends = [(0, size - 1) for size in result.volume.shape[::-1]]
    corners = apply_affine(result.volume.affine, np.array(np.meshgrid(*ends)).reshape(3, -1).T)
    middle, widest = (corners.max(0) + corners.min(0)) / 2, float(np.ptp(corners, axis=0).max()) + 10
    for name, orientation in _VIEWS.items():
        view = scene.CreateNodeByClass("vtkMRMLSliceNode")  # unlike the constructor, it brings the orientation presets
        view.SetLayoutName(name)
        view.SetName(name)
        view.SetSingletonTag(name)
        view = scene.AddNode(view)
        view.SetOrientation(orientation)
        view.SetFieldOfView(widest, widest, 1.0)
        view.JumpSliceByCentering(*middle)
        composite = slicer.vtkMRMLSliceCompositeNode()
        composite.SetLayoutName(name)
        composite.SetSingletonTag(name)
        scene.AddNode(composite)


def main(folder: str, name: str, path: str) -> None:
    """Build the scene of a result that was written to `folder` together with its input, and save it."""
    from .scene import add_result

    result = read_result(Path(folder), read_written(Path(folder) / _INPUT, name))
    scene, logics = start_core(Path(folder))
    add_views(scene, result)
    add_result(scene, result)
    scene.SetURL(path)
    if not scene.WriteToMRB(path):
        raise MRIAnomalyError("MRML refused to write the scene.")
    del logics


if __name__ == "__main__":
    code = 0
    try:
        main(*sys.argv[1:])
    except Exception:
        traceback.print_exc()
        code = 1
    sys.stderr.flush()
    os._exit(code)  # past VTK's report about its own singletons, which would hide the reason
