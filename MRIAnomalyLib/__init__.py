"""What in this MRI does not look like a healthy one? The public API; importing it loads nothing heavy.

>>> from MRIAnomalyLib import read_volume, detect
>>> result = detect(read_volume("t1.nii.gz"), model="brain-t1-anogan")
>>> result.save("out/")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import BundleError, CalibrationError, Cancelled, InputError, MRIAnomalyError, NotComparableError, UsageError

if TYPE_CHECKING:
    from .api import detect
    from .bundles.bundle import open_bundle as load_bundle
    from .files.reading import read_volume

__version__ = "0.3.0"
__all__ = [
    "BundleError",
    "CalibrationError",
    "Cancelled",
    "InputError",
    "MRIAnomalyError",
    "NotComparableError",
    "UsageError",
    "detect",
    "load_bundle",
    "read_volume",
]
_LAZY = {
    "read_volume": (".files.reading", "read_volume"),
    "load_bundle": (".bundles.bundle", "open_bundle"),
    "detect": (".api", "detect"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(import_module(module, __name__), attribute)
