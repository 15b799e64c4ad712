"""The import list is the list of detectors."""

from . import anogan as anogan
from . import denoiser as denoiser
from . import fanogan as fanogan
from . import hq_anogan as hq_anogan
from . import inpainter as inpainter
from . import latent_regularised as latent_regularised
from . import mask_inversion as mask_inversion
from .base import Detector as Detector
from .base import create as create
from .base import names as names
from .base import settings_of as settings_of
from .transfer import begin as begin
from .transfer import unlearned as unlearned
