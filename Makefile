# Everything a developer runs. `make help` lists it.

VENV = .venv
PYTHON = python3
PIP_ARGS =
NODE_TOOLS = @kubernetes-models/keda@2.0.0 @kubernetes-models/prometheus-operator@6.0.0
ARGS =

RUNS = $(VENV)/.runs
STAMP = $(VENV)/.installed
TOOLS = $(VENV)/.tools
PYTEST = $(VENV)/bin/python -m pytest -n auto --timeout 120

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-kafka test-tools pictures test-long chaos golden monitoring docs lint audit rolling bench quality clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(STAMP) ## install the package and its tools into $(VENV)

# Made anew only when what is to be installed changes; code changes need no install (-e).
$(RUNS): pyproject.toml constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install $(PIP_ARGS) -c constraints.txt -e '.[kafka]'
	touch $@

$(STAMP): $(RUNS)
	$(VENV)/bin/pip install $(PIP_ARGS) -c constraints.txt -e '.[dev,kafka]'
	touch $@

$(TOOLS): $(STAMP)
	$(VENV)/bin/pip install $(PIP_ARGS) -c constraints.txt -e '.[tools]'
	! command -v npm > /dev/null || npm install --silent --no-save --no-audit --no-fund --prefix $(VENV) $(NODE_TOOLS)
	touch $@

demo: $(RUNS) ## learn from a made-up stream and show it (ARGS="--help" for options)
	$(VENV)/bin/streamrnn demo $(ARGS)

test: $(STAMP) ## all quick tests
	$(VENV)/bin/streamrnn compile
	$(PYTEST) -m 'not slow and not kafka and not tools' $(ARGS)

test-kafka: $(STAMP) ## tests on a Kafka broker; without one they skip, and say so
	$(PYTEST) -n 2 -m 'kafka and not slow' $(ARGS)

test-tools: $(TOOLS) ## tests with a browser, Prometheus, Helm and such; what is missing is skipped, and said
	$(PYTEST) -n 2 -m 'tools and not slow' $(ARGS)

pictures: $(TOOLS) ## renew docs/pictures from the page in a browser
	STREAMRNN_PICTURES=$(CURDIR)/docs/pictures $(VENV)/bin/python -m pytest --timeout 300 tests/browser -k 'fits and 1440' $(ARGS)

test-long: $(STAMP) ## all tests
	$(PYTEST) --timeout 1200 $(ARGS)

chaos: $(STAMP) ## kills, zombies, outages on Apache Kafka, judged by an oracle (ARGS="--long")
	$(VENV)/bin/python -m tests.chaos $(ARGS)

golden: $(STAMP) ## renew the digests of the golden run
	$(VENV)/bin/python -m tests.golden

monitoring: $(STAMP) ## renew Prometheus' rules and Grafana's board, which deploy/monitoring makes
	$(VENV)/bin/python -m deploy.monitoring

docs: $(STAMP) ## renew docs/metrics.md and docs/settings.md, which the code makes
	$(VENV)/bin/python -m docs.reference

lint: $(STAMP) ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

audit: $(TOOLS) ## known faults of the pinned dependencies; without a database of them it is skipped, and said
	$(VENV)/bin/python .ci/audit.py

rolling: $(STAMP) ## a rolling restart under load on Apache Kafka: what is lost, what moves, how long each pause is
	$(VENV)/bin/python -m benchmarks.rolling $(ARGS)

bench: $(STAMP) ## speed, memory and survival, as in docs/numbers.md
	$(VENV)/bin/python -m benchmarks $(ARGS)

quality: $(STAMP) ## errors on public series, beside baselines and known figures (STREAMRNN_DATA names their folder)
	$(VENV)/bin/python -m benchmarks.quality $(ARGS)

clean: ## delete caches and builds, not the environment
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
