"""What of the tree goes into the Slicer extension, as CMake wants it: `python Testing/extension_files.py` writes it down anew."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTED = ROOT / "MRIAnomalyLib" / "files.cmake"
MODULE = ROOT / "MRIAnomaly" / "MRIAnomaly.py"


def cmake_settings(name):
    """The values that CMakeLists.txt sets a name to, as the index's bot reads them: one line, double quotes."""
    found = re.findall(rf'^set\({name} "([^"\n]+)"\)$', (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(found) == 1, f"{name} is to be set once, on one line, in double quotes"
    return found[0].split()


def panel_sources():
    """The Python files that run inside Slicer's own process."""
    return [MODULE, *sorted((ROOT / "MRIAnomalyLib" / "gui").rglob("*.py"))]


def library_scripts():
    return _below("MRIAnomalyLib", lambda path: path.suffix == ".py")


def library_resources():
    """Templates, samples, bundles and what the code itself needs; screenshots are for the README only."""
    code = _below("MRIAnomalyLib", lambda path: path.suffix not in (".py", ".pyc", ".cmake"))
    return code + _below("Resources", lambda path: path.parent.name != "Screenshots" and not path.name.startswith("."))


def cmake_lists():
    """The text of files.cmake."""
    head = "# Every file of the extension; only listed files are packaged. Made by `python Testing/extension_files.py`.\n"
    return head + _listed("LIBRARY_SCRIPTS", library_scripts()) + _listed("LIBRARY_RESOURCES", library_resources())


def _below(folder, wanted):
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file() and wanted(path))
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def _listed(name, files):
    return f"\nset({name}\n" + "".join(f"  {file}\n" for file in files) + "  )\n"


if __name__ == "__main__":
    LISTED.write_text(cmake_lists(), encoding="utf-8")
