"""Are the doubles' names Slicer's? To be run by hand: python Testing/doubles/check_names.py GIT_DIR_OF_SLICER [BRANCH]; exit code 1 if not.

Of a C++ class Python sees properties, signals, slots and what is marked Q_INVOKABLE, and only these are accepted. CTK's headers are not in
Slicer's repository: a name of CTK must occur in a file of Slicer's that uses the widget. Of Python files, names and arguments are compared.
"""

import ast
import functools
import inspect
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

PYTHON_FILES = {
    "slicer_python": ("Base/Python/slicer/ScriptedLoadableModule.py", "Base/Python/slicer/i18n.py"),
    "slicer_packaging": ("Base/Python/slicer/packaging.py",),
    "sample_data": ("Modules/Scripted/SampleData/SampleData.py",),
    "parameter_nodes": tuple(
        f"Base/Python/slicer/parameterNodeWrapper/{name}.py" for name in ("wrapper", "validators", "default", "guiConnectors")
    ),
}
OURS = {"Field"}


class Sources:
    """Files of one branch of Slicer."""

    def __init__(self, git_dir, branch):
        self._command, self._branch = ["git", "--git-dir", git_dir], branch
        self._paths = self._git("ls-tree", "-r", "--name-only", branch).splitlines()

    def _git(self, *arguments):
        return subprocess.run([*self._command, *arguments], capture_output=True, text=True).stdout

    def text(self, path):
        return self._git("show", f"{self._branch}:{path}")

    def header(self, class_name):
        return "\n".join(self.text(path) for path in self._paths if path.endswith(f"/{class_name}.h"))

    def users(self, class_name):
        """The text of all folders where a file mentions a widget: what a .ui file places, a .cxx file beside it connects."""
        files = self._git("grep", "-l", "-w", class_name, self._branch, "--", "*.ui", "*.py", "*.md", "*.cxx", "*.h")
        folders = {"/".join(one.split(":")[1].split("/Resources/")[0].split("/")[:4]) for one in files.split()}
        return self._git("grep", "-h", "", self._branch, "--", *[f"{folder}*" for folder in folders])

    @functools.cached_property
    def decorators(self):
        """Methods that Slicer adds for Python."""
        return "\n".join(self.text(path) for path in self._paths if path.endswith("PythonQtDecorators.h"))


def seen_by_python(sources, class_name):
    """Names of a C++ class and its bases in Slicer that PythonQt offers."""
    text = re.sub(r"//.*|/\*.*?\*/", "", sources.header(class_name))
    names = set(re.findall(r"Q_PROPERTY\(\s*[\w:<>]+\s+(\w+)", text))
    section = ""
    for line in text.splitlines():
        if found := re.match(r"\s*(public|protected|private)?\s*(slots|signals|Q_SIGNALS)?:\s*$", line):
            section = found[2] or ""
        elif (called := re.match(r"\s*(Q_INVOKABLE )?[\w:<>&*,\s]*?[\s*&](\w+)\(", line)) and (called[1] or section):
            names.add(called[2])
    names |= set(re.findall(rf"{class_name}_(\w+)\(", sources.decorators)) | set(
        re.findall(rf"(\w+)\({class_name}\s*\*", sources.decorators)
    )
    base = re.search(rf"class \w*\s*{class_name}\s*(?:final)?\s*:\s*public (\w+)", text)
    if base and base[1].startswith("q"):
        names |= seen_by_python(sources, base[1])
    return names


def own_names(cls):
    """What a stand-in offers beyond its Qt class."""
    qt_base = next(base for base in cls.__mro__ if base.__module__.startswith("PySide6"))
    mine = {name for base in cls.__mro__ if not base.__module__.startswith("PySide6") for name in vars(base) if not name.startswith("_")}
    signals = {signature.split("(")[0] for signature in getattr(cls, "SIGNATURES", {})}
    return {name for name in mine | signals if name == "selectionChanged" or not hasattr(qt_base, name)} - {
        "SIGNATURES",
        "staticMetaObject",
        "VERSION",
    }


def check_widget(sources, cls):
    """Names of a stand-in that Slicer does not have."""
    if cls.__name__.startswith("ctk"):
        text = sources.users(cls.__name__)
        return {name for name in own_names(cls) if not re.search(rf"\b{name}\b", text)}
    return own_names(cls) - seen_by_python(sources, cls.__name__)


def arguments(function):
    found = function.args
    return [one.arg for one in found.posonlyargs + found.args + found.kwonlyargs]


def definitions(tree):
    """Functions and classes of a syntax tree: {"name": arguments, "Class.method": arguments}."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = arguments(node)
        elif isinstance(node, ast.ClassDef):
            found[node.name] = None
            found |= {f"{node.name}.{name}": args for name, args in definitions(node).items()}
    return found


def check_python(sources, name, files):
    """Public names and arguments of one of our files that differ from Slicer's."""
    theirs = {}
    for path in files:
        theirs |= definitions(ast.parse(sources.text(path)))
    for added in re.findall(r'"(\w+)", (?:_\w+|lambda)', sources.text(files[0])):  # what the wrapper gives to a class
        theirs[f"_Wrapper.{added}"] = None
    wrong = set()
    ours = definitions(ast.parse((HERE / f"{name}.py").read_text()))
    for one, args in ours.items():
        first, *rest = one.split(".")
        if first in OURS or any(part.startswith("_") for part in rest) or (first.startswith("_") and not rest):
            continue
        if one not in theirs and f"{first}.{rest[0] if rest else ''}" not in theirs:
            wrong.add(one)
        elif args and theirs.get(one) and args != theirs[one][: len(args)]:
            wrong.add(f"{one}({', '.join(args)}), in Slicer ({', '.join(theirs[one])})")
    return wrong


def stand_in_classes():
    from PySide6 import QtCore

    from doubles import application, module_widget, start, views

    found = dict(start.STAND_INS)
    for module in (application, module_widget, views):
        found |= {name: cls for name, cls in vars(module).items() if name.startswith(("qSlicer", "qMRML")) and inspect.isclass(cls)}
    return {name: cls for name, cls in found.items() if issubclass(cls, QtCore.QObject)}


def main(git_dir, branch="5.12"):
    sources = Sources(git_dir, branch)
    wrong = {name: check_widget(sources, cls) for name, cls in stand_in_classes().items()}
    wrong |= {f"{name}.py": check_python(sources, name, files) for name, files in PYTHON_FILES.items()}
    for name, names in sorted(wrong.items()):
        print(f"{name:36s}", f"not in Slicer: {sorted(names)}" if names else "ok")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
