# Maskbook: regenerates every table, figure and statement of the paper. `make` lists what it can do.
ifeq ($(filter 4.3% 4.4% 4.5% 5.%,$(MAKE_VERSION)),)
$(error GNU Make 4.3 or newer is needed, this is $(MAKE_VERSION))
endif
SHELL         := /bin/bash
.SHELLFLAGS   := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS     += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
export LC_ALL := C
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

include mk/build.mk
include mk/test.mk
