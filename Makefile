# Every target does its own set-up: a machine with make and Python 3.11 or newer is enough.
# make demo DEMO_PORT=9000    make test ARGS="-k matching"    make setup PYTHON=/usr/bin/python3.12

.PHONY: setup demo stop test test-long bench bench-matching lint
.DEFAULT_GOAL := setup

# Relative, so that a space in the checkout's path cannot split them.
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
ARGS ?=

# Prints the first Python that can make the environment; Debian ships Pythons that cannot.
FIND_PYTHON = for candidate in $(if $(PYTHON),"$(PYTHON)",python3.12 python3.11 python3); do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	"$$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1 && { echo "$$candidate"; exit; }; \
	echo "$$candidate lacks the venv module." >&2; \
	done; \
	echo "Python 3.11 or newer with its venv module is needed (Debian, Ubuntu: apt-get install python3-venv)." \
	"Another Python: make PYTHON=/path/to/python" >&2; exit 1

# True unless another Python was asked for than the environment has.
SAME_PYTHON = [ -z "$(PYTHON)" ] || \
	[ "`"$(PYTHON)" -c 'import sys; print(sys.version)'`" = "`$(RUN) -c 'import sys; print(sys.version)'`" ]

setup:
	@wanted=`cat requirements.txt requirements-dev.txt | cksum`; \
	if ! $(RUN) -c '' 2>/dev/null || ! { $(SAME_PYTHON); }; then \
		python=`$(FIND_PYTHON)` || exit 1; \
		echo "Making $(VENV) with $$python."; \
		"$$python" -m venv --clear $(VENV) || exit 1; \
	elif [ "`cat $(INSTALLED) 2>/dev/null`" = "$$wanted" ]; then \
		exit 0; \
	fi; \
	echo "Installing the libraries; this takes a minute."; \
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-input -r requirements-dev.txt || exit 1; \
	echo "$$wanted" > $(INSTALLED)

demo: setup
	@$(RUN) -m attackacrack.demo

stop:
	@if [ -x $(RUN) ]; then $(RUN) -m attackacrack.demo stop; else echo "Nothing was started from this checkout."; fi

# Three processes for two cores: one of them waits for PostgreSQL, a browser or a process that it has started.
test: setup
	$(RUN) -m pytest -n 3 -m "not long" $(ARGS)

test-long: setup
	$(RUN) -m pytest -n 2 -m long $(ARGS)

bench: setup
	$(RUN) -m bench $(ARGS)

bench-matching: setup
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-input -r requirements-bench.txt
	$(RUN) -m bench.matching $(ARGS)

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check --output-format concise .
	$(VENV)/bin/lint-imports --no-cache
	@# Passwords, tokens and keys that were typed into a file; what .secrets.baseline excludes are made-up ones.
	find . -path ./.git -prune -o -path ./.data -prune -o -path './.venv*' -prune -o -name '.*_cache' -prune -o -name .hypothesis -prune -o \
		-name __pycache__ -prune -o -type f -size -500k ! -name '.env' ! -name .secrets.baseline ! -name '*.png' -print0 | \
		xargs -0 $(VENV)/bin/detect-secrets-hook --baseline .secrets.baseline
	$(RUN) manage.py check
	$(RUN) manage.py makemigrations --check --dry-run
	@# mypy's Django plugin loads the settings; given addresses, they start no servers.
	DATABASE_URL=postgresql://unused/unused REDIS_URL=redis://unused $(RUN) -m mypy
