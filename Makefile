# Two commands on a fresh machine do everything: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A test waits for servers and programs for half of its time, so two processors can run four of them at once.
WORKERS ?= 4
# The tests' databases are in memory if there is room: on a disk, most of the time goes into fsync.
SCRATCH ?= $(shell df -k --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 { print "/dev/shm" }')
# The tests start the program about a hundred times. Compiled once, it starts in half the time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test answers test-slow mutants fuzz audit lint format image-test bench soak schemas messages golden gallery pictures lock clean

run: $(VENV)/run.installed
	$(BIN)/parley run

test: $(VENV)/dev.installed
	TMPDIR=$(or $(SCRATCH),$(TMPDIR),/tmp) $(BIN)/pytest -n $(WORKERS) -m "not slow and not image"

test-slow: $(VENV)/dev.installed
	$(BIN)/pytest -n 2 -m slow

# Fuzz every parser with damaged inputs, each target for at least SECONDS seconds.
fuzz: $(VENV)/dev.installed
	PARLEY_TEST_FUZZ_SECONDS=$(or $(SECONDS),60) $(BIN)/pytest --hypothesis-profile=default -n $(WORKERS) -m "not slow" tests/fuzz

# Ask the package index's advisory service about the shipped packages. A failed request is a failure too.
audit: $(VENV)/dev.installed
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement locks/run.txt

# Build the container image and run it. It takes root, Debian's buildah and debootstrap, and some minutes.
image-test: $(VENV)/dev.installed
	$(BIN)/pytest -p no:randomly -m image tests/image

lint: $(VENV)/dev.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/parley check

format: $(VENV)/dev.installed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/dev.installed
	$(BIN)/python -m benchmarks

# Run mixed traffic on all platforms at once for an hour, and watch memory, open files and answer times.
soak: $(VENV)/dev.installed
	$(BIN)/python -m benchmarks.soak --seconds $(or $(SECONDS),3600)

# Measure how well members' questions are answered, with words alone and with meaning.
answers: $(VENV)/dev.installed
	$(BIN)/python -m tests.answers.measure

# Change one thing at a time in the files that hold rules, and report each change that no test notices.
mutants: $(VENV)/dev.installed
	$(BIN)/python -m tests.mutants

schemas: $(VENV)/dev.installed
	$(BIN)/parley schema schemas

messages: $(VENV)/dev.installed
	mkdir -p bot/locale
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ -k t -k count:1,2 -o bot/locale/parley.pot bot adapters

# Regenerate everything that follows from declarations: schemas, the documents' tables, renderings.
golden: schemas $(VENV)/dev.installed
	PARLEY_GOLDEN=write $(BIN)/pytest -q tests/render tests/unit/test_charts.py tests/docs

# Redraw the documents' pictures, in a few minutes; it takes Chromium.
gallery: $(VENV)/dev.installed
	PARLEY_PICTURES=write $(BIN)/pytest -q -n $(WORKERS) tests/render/test_*_pictures.py

# Draw cards and pages into FOLDER, wide and narrow, light and dark, and at 200 %; it takes Chromium.
pictures: $(VENV)/dev.installed
	$(BIN)/python -m tests.render.card_pictures $(or $(FOLDER),build/pictures)

# The environment is rebuilt whenever its lock file changes.
$(VENV)/run.installed: locks/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/dev.installed: locks/dev.txt $(VENV)/run.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/dev.txt
	touch $@

lock:
	uv pip compile pyproject.toml --extra postgres --extra semantic --group build --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --no-annotate --output-file locks/run.txt
	uv pip compile pyproject.toml --all-extras --group build --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --no-annotate --constraint locks/run.txt --output-file locks/dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
