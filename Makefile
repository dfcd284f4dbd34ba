# Every target sets up what it needs in .venv first; see dev.py, which does the work.
PYTHON ?= python3
ROWS ?=
ARGS ?=

.PHONY: dev demo test bench check crash model corrupt soak fuzz differ differ-accounts differ-consumers clients pure

dev demo test check soak:
	$(PYTHON) dev.py $@

crash model corrupt fuzz differ differ-accounts differ-consumers clients:
	$(PYTHON) dev.py $@ $(ARGS)

bench:
	$(PYTHON) dev.py bench $(ROWS)

# The tests once more on the plain sources of the same installation.
pure:
	HEADWATER_PURE=1 $(PYTHON) dev.py test
