# Each target does its own set-up: a virtual environment in .venv, made anew when the dependencies change.
# On Linux nothing is needed but Python (3.11 to 3.13) with venv, make and git: the scene is written without a display or OpenGL.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check-extension benchmark

demo: $(READY)
	$(BIN)/mrianomaly demo --out demo --overwrite

test: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest --ignore=Testing/module
	$(BIN)/pytest Testing/module

check-extension: $(READY)
	$(BIN)/pytest Testing/extension

benchmark: $(READY)
	$(BIN)/mrianomaly benchmark speed

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[benchmark,brain,scene,test]"
	touch $@
