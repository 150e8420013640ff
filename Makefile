# The two commands of the README: make run, make test. Each installs what it needs, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST_PORT ?= 8501

.PHONY: run test nightly bench check format screenshots clean

run: $(VENV)/installed
	$(BIN)/streamlit run streamlit_app.py --server.port $(HOST_PORT)

# Two at a time, whole files: what a file's tests share is made once.
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# What takes longer than `make test` may.
nightly: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m nightly
	$(BIN)/python -m tools.checks.fuzz
	$(BIN)/python -m tools.checks.kill_app --moments 10
	$(BIN)/python -m tools.checks.gradcam

# Speed, as ratios in one run: on a machine that does nothing else.
bench: $(VENV)/installed-dev
	$(BIN)/python -m tools.bench
	$(BIN)/python -m tools.measure.start
	$(BIN)/python -m tools.measure.answer
	$(BIN)/python -m tools.measure.latency
	$(BIN)/python -m tools.measure.classify
	$(BIN)/python -m tools.measure.compare
	$(BIN)/python -m tools.measure.mistakes
	$(BIN)/python -m tools.measure.lecture
	$(BIN)/python -m tools.checks.prices

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

screenshots: $(VENV)/installed-dev
	$(BIN)/python -m tools.docs.screenshots

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "Flowerlab needs Python 3.11, 3.12 or 3.13. Found: $$($(PYTHON) --version). Try: make run PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python requirements.txt constraints.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt -c constraints.txt
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt -c constraints.txt
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
