# `make demo` and `make test` are all a newcomer needs: each sets up what it uses, below this folder, once.
#
#   .demo/venv   the program as a user installs it, so that the environment it captures is small
#   .venv        the program from this folder, with the tools that check it
#
# `make bench` measures it beside its peers, each of which gets an environment of its own below .benchmarks, once.
# `make test-frameworks` has one more, for what talks to transformers, Lightning, ONNX and scikit-learn: .frameworks/venv

PYTHON ?= python3
PIP = -m pip --disable-pip-version-check --quiet
INSTALL = $(PIP) install --no-compile --constraint constraints.txt  # what is imported is compiled then; most never is
SOURCES := $(shell find reprobundle -type f -not -name '*.pyc') pyproject.toml constraints.txt README.md LICENSE
PROCESSES := $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 4))')  # tests wait a sixth of their time
PYTEST_OPTIONS = -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
PYTEST = .venv/bin/python -m pytest $(PYTEST_OPTIONS)
QUICK = -m "not slow and not network"

unexport PYTHONDONTWRITEBYTECODE  # the tests start hundreds of processes: without it each compiles all it imports anew

.DELETE_ON_ERROR:
.PHONY: demo test coverage test-frameworks bench check lint format schemas clean

demo: .demo/venv/ready
	.demo/venv/bin/reprobundle demo --folder .demo/$$(date +%Y%m%d-%H%M%S)

test: .venv/ready
	$(PYTEST) $(ARGS)

coverage: .venv/ready
	$(PYTEST) --cov --cov-report=term-missing $(ARGS)

test-frameworks: .frameworks/venv/ready
	.frameworks/venv/bin/python -m pytest $(PYTEST_OPTIONS) tests/frameworks $(ARGS)

bench: .benchmarks/venv/ready
	.benchmarks/venv/bin/python -m benchmarks $(ARGS)

check: lint
	$(PYTEST) --quiet $(QUICK) $(ARGS)

lint: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python schemas/write.py --check

format: .venv/ready
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

schemas: .venv/ready
	.venv/bin/python schemas/write.py

clean:
	rm -rf .venv .demo .frameworks .benchmarks dist build htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.demo/venv/ready: $(SOURCES)
	@$(call set_up,.demo/venv)
	@.demo/venv/bin/python $(INSTALL) ".[demo]"
	@touch $@

# by its name, as from an index: what is installed from a folder would be packed into every bundle
.benchmarks/venv/ready: $(SOURCES)
	@$(call set_up,.benchmarks/venv)
	@.benchmarks/venv/bin/python $(INSTALL) ".[torch,uv]"
	@rm -rf .benchmarks/dist
	@.benchmarks/venv/bin/python $(PIP) wheel --no-deps --wheel-dir .benchmarks/dist .
	@.benchmarks/venv/bin/python $(INSTALL) --no-deps --no-index --force-reinstall --find-links .benchmarks/dist reprobundle
	@touch $@

.venv/ready: pyproject.toml constraints.txt
	@$(call set_up,.venv)
	@.venv/bin/python $(INSTALL) --editable ".[dev]"
	@touch $@

.frameworks/venv/ready: pyproject.toml constraints.txt
	@$(call set_up,.frameworks/venv)
	@.frameworks/venv/bin/python $(INSTALL) --editable ".[dev,frameworks]"
	@touch $@

define set_up
test -x $(1)/bin/python || echo "setting up $(1): once, a few minutes, most of it torch"
$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 10) else "Python 3.10 or newer is needed, this is " + \
	sys.version.split()[0] + ": name another one with PYTHON=...")'
test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
$(1)/bin/python $(PIP) install --upgrade "pip>=26"
endef
