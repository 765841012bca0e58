# Every target sets up what it needs. `make test` and `make demo` work on a machine with Python 3.11 to 3.13 and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
POLICY := .venv-policy/.ready
# A developer's environment serves the demo and the package too; who tries the app or deploys it gets a smaller one.
TRIED := $(if $(wildcard $(READY)),$(VENV),.venv-demo)
AUDIT := .venv-audit/.ready
AZURITE := node_modules/.bin/azurite-blob
ARGS ?=
# Where the environment forbids it, each of the tests' workers and of the programs they start would compile all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo run test check bench soak year policy audit leaks screenshots lock package package-trace clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 16

demo: $(TRIED)/.ready  ## set one connection up against a simulated Microsoft 365, end to end (ARGS="--preset normal --seed 2")
	@$(TRIED)/bin/python -m local demo $(ARGS)

run: $(TRIED)/.ready  ## serve the app and a simulated Microsoft 365 until Ctrl-C (ARGS="--port 7071")
	@$(TRIED)/bin/python -m local serve $(ARGS)

# Half of their time tests wait (for a moment, a browser, a program), so two cores have four workers.
test: check $(AZURITE) $(POLICY)  ## linters, types, all tests; with CI=true their coverage
	@$(BIN)/python -m pytest -n 4 --dist worksteal $(if $(CI),--cov --cov-report=term) $(ARGS)

check: $(READY)  ## linters and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy .

bench: $(READY)  ## measure against a bare script that makes the same calls; writes bench.json
	@$(BIN)/python -m local.bench --out bench.json $(ARGS)

soak: $(READY)  ## many seeds of a tenant that misbehaves
	@$(BIN)/python -m local soak $(ARGS)
	@$(BIN)/python -m tests.walks --seconds 300
	@$(BIN)/python -m tests.fuzz sign-in --seconds 60
	@$(BIN)/python -m local year --calm
	@$(BIN)/python -m tests.check --days 365
	@EVERY_WRITE=1 WALKS=200 HOSTILE=20 HOSTILE_MAILBOXES=1,3,120 $(BIN)/python -m pytest -q tests/rotation
	@EVERY_WRITE=1 EXAMPLES=100 $(BIN)/python -m pytest -q tests/infra/test_grant_failures.py tests/triggers/test_contract.py
	@HOSTILE=10 HOSTILE_PROTOCOLS=smtp,pop,imap+smtp $(BIN)/python -m pytest -q tests/rotation/test_hostile.py
	@HOSTILE=3 HOSTILE_ROLES=1 HOSTILE_PROTOCOLS=smtp,imap+smtp $(BIN)/python -m pytest -q tests/rotation/test_hostile.py -k by_a_role

year: $(READY)  ## a connection through a year of simulated days, and the days without mail (ARGS="--seed 2", "--calm")
	@$(BIN)/python -m local year $(ARGS)

policy: $(READY) $(POLICY)  ## hold the template against checkov's policies and what we accept of them
	@$(BIN)/python -m scripts.policy

audit: $(AUDIT)  ## ask PyPI and npm for known weaknesses of everything that is pinned
	@for file in requirements.txt requirements-demo.txt requirements-dev.txt infra/policy/requirements.txt scripts/audit/requirements.txt; do \
	.venv-audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r $$file || exit 1; done
	@npm audit --package-lock-only --audit-level=moderate

leaks: $(READY) $(POLICY)  ## look for secrets in what is committed, but for what we give a reason for
	@$(BIN)/python -m scripts.leaks

screenshots: $(READY)  ## take the pictures of the page in docs/images, in Chromium
	@$(BIN)/python -m scripts.screenshots $(ARGS)

lock: $(READY)  ## pin what is shipped and what developers need, with hashes
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group demo -c requirements-dev.txt -o requirements-demo.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header infra/policy/requirements.in -o infra/policy/requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header scripts/audit/requirements.in -o scripts/audit/requirements.txt

package: $(TRIED)/.ready  ## build the zip for Azure, its bill of materials and checksums, into dist/
	@$(TRIED)/bin/python -m scripts.package $(ARGS)

package-trace: $(READY)  ## renew the list of msgraph's modules that the package holds, from all tests
	@$(BIN)/python -m scripts.package.tracing $(ARGS)

clean:  ## remove what the targets made
	@rm -rf build dist $(VENV) .venv-demo .venv-policy .venv-audit node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

$(READY): requirements-dev.txt scripts/setup
	@scripts/setup $(VENV) $<

.venv-demo/.ready: requirements-demo.txt scripts/setup
	@scripts/setup .venv-demo $<

# The blob store is tested against Azurite where there is Node; under CI it has to be there.
$(AZURITE): package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-fund --no-audit --ignore-scripts && touch $@; \
	elif [ -n "$$CI" ]; then echo "npm is missing: the tests of the blob store need Node 20 or later" >&2; exit 1; \
	else echo "SKIPPED: no npm on this machine, so the blob store is not tested against Azurite" >&2; fi

# checkov pins other versions of our libraries, so it lives in an environment of its own.
$(POLICY): infra/policy/requirements.txt scripts/setup
	@scripts/setup .venv-policy $<

$(AUDIT): scripts/audit/requirements.txt scripts/setup
	@scripts/setup .venv-audit $<
