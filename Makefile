# f2p: every target does the first-time set-up by itself and is quick when nothing changed.

SHELL := bash
ENVIRONMENT := source setup/env.sh &&
# What fails is tried once more, alone: on a busy machine a message or a start may come too late. Both outcomes are shown.
AGAIN := .venv/bin/python -m pytest -q --last-failed --last-failed-no-failures none

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
else # what is between processes keeps to itself: its times are those of a robot
	@$(ENVIRONMENT) code=0; \
	.venv/bin/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile --ignore test/ros || $(AGAIN) --ignore test/ros || code=$$?; \
	.venv/bin/python -m pytest -q test/ros || $(AGAIN) test/ros || code=$$?; exit $$code
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
