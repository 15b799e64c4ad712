"""What opening the module costs, in a fresh process."""

import subprocess
import sys

from jobs import TESTING

HEAVY = {"torch", "nibabel", "matplotlib", "safetensors", "scipy", "SimpleITK", "skimage", "sklearn", "pydicom", "jinja2", "tqdm"}
OPEN = """
import sys, time
import doubles
doubles.install()
for name in [name for name in sys.modules if name.split(".")[0] in ("MRIAnomalyLib", "scipy")]:
    del sys.modules[name]  # the doubles use a part of the library
before = time.perf_counter()
loaded = doubles.load_module(sys.argv[1])
print(f"{time.perf_counter() - before:.2f}", *{name.split(".")[0] for name in sys.modules})
sys.stdout.flush()
doubles.unload_module(loaded)
doubles.stop()
__import__("os")._exit(0)
"""


def test_opening_the_module_loads_nothing_heavy():
    module = TESTING.parent / "MRIAnomaly" / "MRIAnomaly.py"
    paths = {"PYTHONPATH": f"{TESTING.parent}:{TESTING}"}
    run = subprocess.run([sys.executable, "-c", OPEN, str(module)], env=paths, capture_output=True, text=True, check=True)
    seconds, *names = run.stdout.split()
    print(f"opened in {seconds} s")
    assert "MRIAnomalyLib" in names
    assert HEAVY & set(names) == set()
