"""The Slicer module: what it is called and what it is for. The panel is not built yet, so the module stays hidden."""

import sys
from pathlib import Path

from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

# Run from the source tree, the library lies one folder up; installed, it lies beside this file.
_ROOT = Path(__file__).resolve().parent.parent
if (_ROOT / "MRIAnomalyLib").is_dir() and str(_ROOT) not in sys.path:
    sys.path.append(str(_ROOT))


class MRIAnomaly(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent: object) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("MRI Anomaly")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["MRIAnomaly contributors"]
        self.parent.helpText = _(
            "Shows what in an MR scan does not look like a healthy one: a model trained on healthy scans draws the healthy counterpart "
            "of each slice, and the difference is compared with healthy people. There is no panel yet: run the command "
            "<tt>mrianomaly detect</tt> and open the <tt>scene.mrb</tt> that it writes. For research, not for diagnosis."
        )
        self.parent.acknowledgementText = _(
            "Models are trained on the IXI dataset (brain-development.org, CC BY-SA 3.0). Templates: ICBM 152, McConnell Brain Imaging "
            "Centre. Sample scans: Laboratory of Imaging Technologies, University of Ljubljana, and the studyforrest project."
        )
        self.parent.hidden = True
