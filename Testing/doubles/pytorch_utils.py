"""Stand-in for the module PyTorchUtils of the extension PyTorch, which puts the torch that fits the graphics card into Slicer."""

import importlib.metadata
import types

import slicer
import slicer.util

from . import packages


class PyTorchUtilsLogic:
    """The part that scripts use; torch is never imported here."""

    @staticmethod
    def torchInstalled():
        try:
            importlib.metadata.version("torch")
        except importlib.metadata.PackageNotFoundError:
            return False
        return True

    def installTorch(
        self, askConfirmation=False, forceComputationBackend=None, torchVersionRequirement=None, torchvisionVersionRequirement=None
    ):
        """None when the user declines."""
        if askConfirmation and not slicer.app.commandOptions().testingEnabled:
            asks = "PyTorch will be downloaded and installed using light-the-torch. The process might take some minutes."
            if not slicer.util.confirmOkCancelDisplay(asks):
                return None
        packages.install([f"torch{torchVersionRequirement or ''}"])
        return types.ModuleType("torch")
