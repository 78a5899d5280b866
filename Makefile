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

##@ Variables, as in `make figure2 TIER=smoke`
## TIER        smoke (minutes, planted data), desk, paper (weeks)
TIER        ?= desk
## DATA        planted, cifar10, imagefolder
DATA        ?= $(if $(filter smoke,$(TIER)),planted,cifar10)
## RUN         a pretraining for `make pretrain`: mask ratio and heads, e.g. m75-h3
RUN         ?=
## SEED        seed of every random number (default: the program's)
SEED        ?=
## SEEDS       how many seeds a repeated probe or finetuning has (default: the tier's)
SEEDS       ?=
## THREADS     threads of a program (default: the CPUs allowed; never changes a bit)
THREADS     ?=
## RANKS       processes that share a pretraining (Open MPI: tools/deps mpi); never changes a bit
RANKS       ?=
## HOSTS       the machines of RANKS, as a,b,c (default: this one)
HOSTS       ?=
## ARITHMETIC  of trainings: auto (the fastest here), fp32, bf16 (AMX), bf16-dot (VDPBF16PS); default: auto, at smoke fp32
ARITHMETIC  ?=
## EPOCHS      passes over the data, instead of the recipe's
EPOCHS      ?=
## RATES       peak learning rates for `make pilots`, as 5e-4,1e-3
RATES       ?=
## BATCH       images an update for `make pilots`, instead of the recipe's
BATCH       ?=
## MODE        release, debug, double, sanitize, tsan: how programs are compiled
MODE        ?= release
## CIFAR10_DIR folder with the CIFAR-10 binary files (default: data/, else a download)
CIFAR10_DIR ?=
## OFFLINE     1: never use the network
OFFLINE     ?=
## NO_INSTALL  1: only print what would be installed
NO_INSTALL  ?=
## EXPORT      1: write the arrays that the numbers come from too: export/*.npy, described in export/arrays.tsv
EXPORT      ?=
## SHIPPED     0: as if no trained weights were shipped; pretrainings: as if only those were
SHIPPED     ?=
## V           1: show every command whole, those that run the programs too
V           ?=
## FORCE       1: compute again even when nothing has changed
FORCE       ?=
## REASON      why `make accept-reference` replaces the reference
REASON      ?=
## ONLY        a target, as table1: `make accept-reference` accepts its experiment alone, the rest stays
ONLY        ?=
## YES         1: `make distclean` may delete what was computed and fetched
YES         ?=
## RESULTS     folder of everything that is computed
RESULTS     ?= results
## BUILD_ROOT  folder of everything that is compiled
BUILD_ROOT  ?= build
include mk/words.mk
ifneq ($(borrowed),)
ifeq ($(MAKELEVEL),0)
$(shell printf 'make: taken from the environment: %s\n' $(call quote,$(said)) >&2)
endif
endif
override RESULTS     := $(or $(call home,$(RESULTS)),results)
override BUILD_ROOT  := $(or $(call home,$(BUILD_ROOT)),build)
override CIFAR10_DIR := $(call home,$(CIFAR10_DIR))
ifneq ($(words $(BUILD_ROOT))$(strip $(foreach c,$(unfit),$(findstring $(c),$(BUILD_ROOT)))),1)
$(error BUILD_ROOT='$(BUILD_ROOT)': make cannot name what is compiled in a folder with a space or one of $(unfit) in its name (give another))
endif
# What `make clean` removes of one would be the other's. The checkout's path may have spaces, which would make words of it.
place = $(subst $(space),?,$(or $(realpath $(1)),$(abspath $(1))))
ifneq ($(filter $(call place,$(BUILD_ROOT)),$(if $(word 2,$(RESULTS)),,$(call place,$(RESULTS))) $(call place,data)),)
$(error BUILD_ROOT='$(BUILD_ROOT)': is the folder of results or of data too (give another))
endif
BUILD       := $(BUILD_ROOT)/$(MODE)
export CIFAR10_DIR OFFLINE NO_INSTALL

# The parts are read in the order of their names. In its targets, and in what it sets at once, a part uses
# variables of this file and of the parts before it alone; in its recipes those of all.
include $(sort $(filter-out mk/words.mk,$(wildcard mk/*.mk)))
ifneq ($(unknown),)
$(error $(shell tools/help --variable $(call quote,$(firstword $(unknown))) $(makefiles)))
endif

.PHONY: help
help: ## list the targets and variables
	@tools/help $(makefiles)

# Any other name: say so, and what was perhaps meant.
.DEFAULT:
	@tools/help --nearest $(call quote,$@) $(makefiles)
