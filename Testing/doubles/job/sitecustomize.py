"""Python runs this when it starts. In a job with this folder on its PYTHONPATH, detector and PyTorch are the fakes of the tests.

FAKE=garbled: first it says what is no message. FAKE_GPU names a graphics card that the fake PyTorch has.
"""

import os
import sys

import fake_pipeline
import fake_torch

if os.environ.get("FAKE") == "garbled":
    os.write(2, b'launcher: \xff\xfe is no UTF-8\n["no", "message"]\n\n{"half a message": \n')
fake_pipeline.install(sys.modules)
gpus = [(os.environ["FAKE_GPU"], 20 * fake_torch.GIB, 24 * fake_torch.GIB)] if os.environ.get("FAKE_GPU") else []
sys.modules["torch"] = fake_torch.fake_torch(gpus, cuda="12.6")
