# f2p: every target does the first-time set-up by itself and is quick when nothing changed.

SHELL := bash
ENVIRONMENT := source setup/env.sh &&
# What fails is tried once more, alone: on a busy machine a message or a start may come too late. Both outcomes are shown.
AGAIN := .venv/bin/python -m pytest -q --last-failed --last-failed-no-failures none
# What keeps to the times of a robot runs alone, one test at a time. The others share the processors by files, in their
# order (else the longest came last), with a worker more than there are processors: some wait for other processes.
BESIDE := -m "not ros or together"
ALONE := -m "ros and not together"
WORKERS := $(shell n=$$(nproc); echo $$((n < 3 ? n + 1 : 4)))

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs clean

help: ## say what there is
	@echo "f2p: a Stretch that learns from the skills that did not do what was predicted"
	@echo
	@sed -nE 's/^([a-z]+):[^#]*## (.*)$$/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo "  ./f2p --help  the command line"

setup: ## virtual environment, pinned wheels, ROS interfaces
	@setup/run

demo: setup ## the whole loop on a simulated Stretch: fail, learn, succeed (SEED=n, TASK=name, ARGS=--console)
	@./f2p demo $(if $(SEED),--seed $(SEED)) $(if $(TASK),--task $(TASK)) $(ARGS)

test: setup ## the test suite (ARGS="-k name" for a part of it)
ifdef ARGS
	@$(ENVIRONMENT) .venv/bin/python -m pytest -q $(ARGS)
else
	@$(ENVIRONMENT) code=0; \
	.venv/bin/python -m pytest -q $(BESIDE) -n $(WORKERS) --dist loadfile --no-loadscope-reorder || $(AGAIN) $(BESIDE) || code=$$?; \
	.venv/bin/python -m pytest -q $(ALONE) test/ros || $(AGAIN) $(ALONE) test/ros || code=$$?; exit $$code
endif

lint: setup ## ruff and mypy
	@$(ENVIRONMENT) ruff check src test setup examples
	@$(ENVIRONMENT) ruff format --check src test setup examples
	@$(ENVIRONMENT) mypy

docs: setup ## the pages of docs/ as one site, in build/docs
	@$(ENVIRONMENT) python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

clean: ## remove what set-up and colcon made; runs/ stays
	rm -rf .venv build install log .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src test setup launch -name __pycache__ -type d -prune -exec rm -rf {} +
