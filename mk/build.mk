# How sources become programs: one static library a room, one program an experiment or tool.

# -ffp-contract=off and no -ffast-math: the same bits from every clone of a kernel.
flags.release  := -O3
flags.debug    := -O0 -DFILL_NAN
flags.double   := -O2 -g1 -DREAL_DOUBLE
flags.sanitize := -O1 -g1 -DFILL_NAN -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
flags.fuzz     := -O1 -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION -DFILL_NAN -DNO_KERNEL_CLONES -D__SANITIZE_ADDRESS__=1 -fsanitize=fuzzer-no-link,address,undefined \
                  -fno-sanitize-recover=all -fno-omit-frame-pointer
flags.coverage := -O1 -DCOVERAGE -DNO_KERNEL_CLONES --coverage -fprofile-update=atomic
flags.tsan     := -O2 -g1 -DNO_KERNEL_CLONES -fsanitize=thread -fno-omit-frame-pointer
ifeq ($(origin flags.$(MODE)),undefined)
$(error MODE is release, debug, double, sanitize, tsan, fuzz or coverage, not '$(MODE)')
endif
CC       := gcc
AR       := gcc-ar
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wdouble-promotion \
            -Wvla -Wundef -Wwrite-strings -Werror
# clang's NAN is a float, and gcc's pragmas are unknown to it.
ifneq ($(findstring clang,$(CC)),)
WARNINGS += -Wno-double-promotion -Wno-unknown-pragmas
endif
CFLAGS   := -std=c11 -D_GNU_SOURCE -I. -g -pthread -fno-math-errno -fno-trapping-math \
            -ffp-contract=off $(WARNINGS) $(flags.$(MODE))
# Most of what runs under the address sanitizer are products, which take three times as long at -O1. (Those of AVX-512 take
# half a minute to compile at -O2, with checks of every access.)
ifeq ($(MODE),sanitize)
$(patsubst %,$(BUILD)/core/linalg/%.o,panel_avx2 gemm_bf16_avx2): CFLAGS := $(patsubst -O1,-O2,$(CFLAGS))
endif
# What is only tested is linked in less than half the time by gold, where it is.
GOLD     := $(if $(filter double sanitize tsan,$(MODE)),$(if $(shell command -v ld.gold),-fuse-ld=gold))
LDFLAGS  := -pthread $(GOLD) $(filter -fsanitize=% --coverage,$(flags.$(MODE)))
LDLIBS   := -lopenblas -llapacke -lcjson -lpng -ljpeg -lcrypto -lm

# The rooms of core, and what each may include besides itself (tools/check-layers reads these lines). A
# room's library comes before those of the rooms it includes.
room.base     :=
room.linalg   := base
room.stats    := linalg base
room.data     := base
room.report   := base
room.model    := linalg base
room.train    := model data linalg base
room.analysis := train model data stats linalg base
room.study    := analysis report train model data stats linalg base
ROOMS         := study analysis train model data report stats linalg base
LIBRARIES   := $(patsubst %,$(BUILD)/lib%.a,$(foreach r,$(ROOMS),$(if $(wildcard core/$r/*.c),$r)))
# Sources named _mpi.c are no part of any library: mk/mpi.mk links one in the place of its double.
sources      = $(sort $(filter-out %_mpi.c,$(wildcard core/$(1)/*.c)))
EXPERIMENTS := $(sort $(notdir $(patsubst %/main.c,%,$(wildcard experiments/*/main.c))))
TOOLS       := $(patsubst tools/%.c,%,$(wildcard tools/*.c))
PROGRAMS    := $(EXPERIMENTS:%=$(BUILD)/experiments/%/main) $(TOOLS:%=$(BUILD)/tools/%)
comma       := ,
object       = $(patsubst %.c,$(BUILD)/%.o,$(1))

# -j for a make that was started without it: compiling is most of a first run. `make` stands for $(MAKE)
# where a recipe only hands the name on and must not run under `make -n`.
jobs    = $(if $(findstring jobserver,$(MAKEFLAGS))$(filter -j%,$(MAKEFLAGS)),,-j$(shell tools/cpus))
submake = $(MAKE) --no-print-directory $(if $(verbose),,--silent) $(jobs)
make   := $(MAKE)
# Begins a recipe line whose script runs make itself, so it must be marked by +: `make -n` only shows it.
script  = $(if $(findstring n,$(firstword $(MAKEFLAGS))),@echo ,@)

# Commands are shown by a short line each, and those that run programs not at all; V=1 shows both whole,
# --silent neither.
verbose = $(filter-out 0,$(V))
say     = $(if $(verbose),,@$(if $(findstring s,$(firstword $(MAKEFLAGS))),,printf '  %-4s %s\n' '$(1)' '$(2)';))
hush    = $(if $(verbose),,@)

# A program's flag, absent when make's variable is empty.
flag  = $(if $(strip $(2)),--$(1)=$(call quote,$(strip $(2))))

# Targets that compile nothing do not need what follows, and stay fast without it.
BUILDING := $(filter-out help clean distclean deps doctor hooks format format-check,$(or $(MAKECMDGOALS),help))

# Neither a changed flag nor a deleted source shows in any file's time, so both are kept in small
# stamps, rewritten while make reads this line and only when their text differs.
ifneq ($(BUILDING),)
stamp = $(if $(call differs,$(strip $(2)),$(strip $(file <$(1)))),$(file >$(1),$(2)))
differs = $(if $(subst x$(1),,x$(2))$(subst x$(2),,x$(1)),1)
# What is compiled is listed in BUILD_ROOT/.maskbook, so that `make clean` removes it and nothing else. A
# folder that holds something, but is not listed and has no stamp, belongs to another.
made_here := $(filter $(MODE),$(file <$(BUILD_ROOT)/.maskbook))
ifeq ($(made_here)$(wildcard $(BUILD)/.flags),)
ifneq ($(wildcard $(BUILD)/* $(BUILD)/.[!.]*),)
$(error $(BUILD): holds what was not made here, and would be compiled into (give another BUILD_ROOT, or empty it))
endif
endif
ifeq ($(and $(made_here),$(wildcard $(BUILD)/.)),)
$(shell mkdir -p $(BUILD) && tools/clean --made $(BUILD_ROOT) $(MODE))
endif
$(call stamp,$(BUILD)/.flags,$(CC) $(CFLAGS) $(LDFLAGS) $(LDLIBS))
$(foreach r,$(ROOMS),$(call stamp,$(BUILD)/$r.list,$(call sources,$r)))
$(foreach e,$(EXPERIMENTS),$(call stamp,$(BUILD)/$e.list,$(sort $(wildcard experiments/$e/*.c))))
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
endif
$(BUILD)/.flags $(patsubst %,$(BUILD)/%.list,$(ROOMS) $(EXPERIMENTS)): ;

##@ Build
.PHONY: all
all: $(PROGRAMS) ## compile every program

# An object is as old as the moment at which its source began to be read: what changes meanwhile is compiled again.
# Where `make clean` has removed the folder meanwhile, nothing is put there.
$(BUILD)/%.o: %.c $(BUILD)/.flags
	@[ -e $(BUILD)/.flags ] && mkdir -p $(@D) && touch $(@:.o=.began)
	$(call say,CC,$<)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
	@touch -r $(@:.o=.began) $@

define room_rule
$(BUILD)/lib$(1).a: $(call object,$(call sources,$(1))) $(BUILD)/$(1).list
	@rm -f $$@ && $(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$r)))

$(TOOLS:%=$(BUILD)/tools/%): $(BUILD)/tools/%: $(BUILD)/tools/%.o $(LIBRARIES)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@

# A result is keyed by the sources that its program is made of, by what the linker says: see tools/code-key.
# Of the flags those count that change what is computed; not warnings, debug information or folders.
# Features that several programs share are keyed by what computes them alone.
without_text = $(filter-out -g% -I% $(filter-out -Wa$(comma)% -Wp$(comma)%,$(filter -W%,$(1))),$(1))
code_key     = tools/code-key '$(CC)' '$(call without_text,$(CFLAGS))' $@.list $(filter %.o %.a,$^)

$(BUILD)/features.key: $(BUILD)/core/analysis/encoder_features.o $(LIBRARIES) tools/code-key mk/build.mk
	@$(code_key) > $@.$$$$.tmp && mv $@.$$$$.tmp $@

# So is what tools/arithmetic compares, which is no experiment.
$(BUILD)/tools/arithmetic.key: $(BUILD)/tools/arithmetic.o $(LIBRARIES) tools/code-key mk/build.mk
	@$(code_key) > $@.$$$$.tmp && mv $@.$$$$.tmp $@
$(BUILD)/tools/arithmetic_key.c: $(BUILD)/tools/arithmetic.key
	@printf '#include "core/report/run.h"\n\nconst char code_key[] = "%s";\n' "$$(cat $<)" > $@
$(BUILD)/tools/arithmetic_key.o: $(BUILD)/tools/arithmetic_key.c core/report/run.h $(BUILD)/.flags
	@$(CC) $(CFLAGS) -c $< -o $@
$(BUILD)/tools/arithmetic: $(BUILD)/tools/arithmetic_key.o

# What a program knows of its key and of its claims is replaced, and compiled, when its text differs: a claim in
# other words compiles nothing. code_key.made has the same text, and the time at which it was last made.
define experiment_program
$(BUILD)/experiments/$(1)/code.key: $(call object,$(sort $(wildcard experiments/$(1)/*.c))) $(BUILD)/$(1).list \
                                    $(LIBRARIES) tools/code-key mk/build.mk
	@$$(code_key) > $$@.$$$$$$$$.tmp && mv $$@.$$$$$$$$.tmp $$@
$(BUILD)/experiments/$(1)/code_key.made: $(BUILD)/experiments/$(1)/code.key $(BUILD)/features.key \
                                         tools/check-claims paper/claims.tsv mk/build.mk
	@printf '#include "core/report/run.h"\n\nconst char code_key[] = "%s";\nconst char features_key[] = "%s";\n' \
	    "$$$$(cat $$<)" "$$$$(cat $(BUILD)/features.key)" > $$@.tmp
	@{ printf 'const char *const code_claims[] = {'; tools/check-claims --judged $(1) | sed 's/.*/"&", /' | tr -d '\n'; \
	    printf '0};\n'; } >> $$@.tmp
	@cmp -s $$@.tmp $$(@D)/code_key.c || cp $$@.tmp $$(@D)/code_key.c
	@mv $$@.tmp $$@
$(BUILD)/experiments/$(1)/code_key.c: $(BUILD)/experiments/$(1)/code_key.made ;
$(BUILD)/experiments/$(1)/code_key.o: $(BUILD)/experiments/$(1)/code_key.c core/report/run.h $(BUILD)/.flags
	@$(CC) $(CFLAGS) -c $$< -o $$@
$(BUILD)/experiments/$(1)/main: $(call object,$(sort $(wildcard experiments/$(1)/*.c))) \
                                $(BUILD)/experiments/$(1)/code_key.o $(BUILD)/$(1).list $(LIBRARIES)
	$$(call say,LD,$$@)$(CC) $(LDFLAGS) $$(filter %.o %.a,$$^) $(LDLIBS) -o $$@
endef
$(foreach e,$(EXPERIMENTS),$(eval $(call experiment_program,$e)))
