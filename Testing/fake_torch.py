"""As much of PyTorch as is asked what can compute here."""

import types

GIB = 2**30


def fake_torch(gpus=(), cuda=None, mps=False):
    """As much of torch as the command asks; a GPU is (name, free bytes or None when it does not answer, bytes in all)."""

    def memory(number):
        _, free, total = gpus[number]
        if free is None:
            raise RuntimeError("CUDA error: out of memory")
        return free, total

    torch = types.ModuleType("torch")
    torch.__version__ = "2.9.0"
    torch.version = types.SimpleNamespace(cuda=cuda, hip=None)
    torch.backends = types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: mps, is_built=lambda: mps))
    torch.cuda = types.SimpleNamespace(
        device_count=lambda: len(gpus),
        get_device_properties=lambda number: types.SimpleNamespace(name=gpus[number][0], total_memory=gpus[number][2]),
        mem_get_info=memory,
    )
    return torch
