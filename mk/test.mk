# Tests: one Criterion runner for each room (tests/ROOM/test_module.c) and for each experiment that has
# any (tests/experiments/NN-name/test_module.c), and scripts that use the programs as a user would, in seconds
# (tests/tools/NAME.sh) or by whole trainings, tables and books in minutes (tests/end-to-end/NAME.sh).
# A runner is linked with the rooms that its own may include, and with those that its tests measure by.
tests.data := linalg
# Models are tested on tiles too, emulated where the CPU has none.
shared.model := tests/linalg/amx_emulator.c
# Linked with every runner.
shared       := $(if $(filter tsan,$(MODE)),tests/tsan.c)
TEST_ROOMS := $(sort $(patsubst tests/%/,%,$(dir $(wildcard tests/*/test_*.c))))
# An experiment's runner is linked with its files but main.c, with its key and with every room.
TEST_EXPERIMENTS := $(sort $(patsubst tests/%/,%,$(dir $(wildcard tests/experiments/*/test_*.c))))
RUNNERS          := $(patsubst %,$(BUILD)/tests/%/run,$(TEST_ROOMS) $(TEST_EXPERIMENTS))

# Test programs run for seconds and compile for longer: at -O1 in half the time. What they test is
# compiled as its mode says.
$(BUILD)/tests/%.o: CFLAGS := $(patsubst -O3,-O1,$(patsubst -O2,-O1,$(CFLAGS)))

# So that a deleted test leaves its runner, its sources are listed as those of rooms and experiments (mk/build.mk).
runner_list = $(BUILD)/test-$(notdir $(1)).list
ifneq ($(BUILDING),)
$(foreach r,$(TEST_ROOMS),$(call stamp,$(call runner_list,$r),$(sort $(wildcard tests/$r/*.c))))
$(foreach e,$(TEST_EXPERIMENTS),$(call stamp,$(call runner_list,$e),$(sort $(wildcard tests/$e/*.c $e/*.c))))
endif
$(foreach r,$(TEST_ROOMS) $(TEST_EXPERIMENTS),$(call runner_list,$r)): ;

define runner_rule
$(BUILD)/tests/$(1)/run: $(call object,$(sort $(wildcard tests/$(1)/*.c)) $(shared.$(1)) $(shared)) \
                         $(call runner_list,$(1)) \
                         $(filter $(patsubst %,$(BUILD)/lib%.a,$(1) $(room.$(1)) $(tests.$(1))),$(LIBRARIES))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$(CC) $(LDFLAGS) $$(filter %.o %.a,$$^) -lcriterion $(LDLIBS) -o $$@
.PHONY: test-$(1)
test-$(1): $(BUILD)/tests/$(1)/run
	$$<
endef
$(foreach r,$(TEST_ROOMS),$(eval $(call runner_rule,$r)))

define experiment_runner_rule
$(BUILD)/tests/$(1)/run: $(call object,$(sort $(wildcard tests/$(1)/*.c)) \
                             $(filter-out %/main.c,$(sort $(wildcard $(1)/*.c))) $(shared)) \
                         $(call runner_list,$(1)) $(BUILD)/$(1)/code_key.o $(LIBRARIES)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$(CC) $(LDFLAGS) $$(filter %.o %.a,$$^) -lcriterion $(LDLIBS) -o $$@
.PHONY: test-$(notdir $(1))
test-$(notdir $(1)): $(BUILD)/tests/$(1)/run
	$$<
endef
$(foreach e,$(TEST_EXPERIMENTS),$(eval $(call experiment_runner_rule,$e)))

# A script is run from the root with BUILD in its environment and the program it tests as its argument.
scripts = $(sort $(patsubst tests/$(1)/%.sh,%,$(wildcard tests/$(1)/*.sh)))
argument.arithmetic    := $(BUILD)/tools/arithmetic
argument.encode        := $(BUILD)/tools/encode
argument.resume        := $(BUILD)/experiments/00-pretrain/main
argument.fetch-cifar10 := tools/fetch-cifar10

# Rooms that compute in `real` are tested once more in double, where gradients are compared to 1e-6.
GRADIENT_ROOMS := model train analysis
DOUBLE_ROOMS   := linalg $(GRADIENT_ROOMS)
runner_word   = $(notdir $(1))$(2)=$(BUILD_ROOT)/$(3)/tests/$(1)/run
gradient_word = '$(1)-gradients=$(BUILD_ROOT)/double/tests/$(1)/run --filter "*/*gradients*"'
script_words  = $(foreach s,$(2),'$(s).sh=tests/$(1)/$(s).sh $(argument.$(s))')
run_tests     = BUILD='$(BUILD)' MAKE='$(make)' MAKEFLAGS= tools/run-tests

# Each of these calls make for what it needs: next to another target, both would write the same files.
COMPILING := test test-double end-to-end sanitize tsan lint smoke smoke-qemu faults kills compilers coverage check \
             fuzz check-mutants reproduce-all
ifneq ($(and $(filter $(COMPILING),$(MAKECMDGOALS)),$(word 2,$(MAKECMDGOALS))),)
.NOTPARALLEL:
endif

##@ Tests
.PHONY: test test-double end-to-end sanitize tsan runners
runners: $(RUNNERS) readers

test: ## every module, gradients in double, and every tool (minutes); the last line counts
	@tools/deps core
	+@$(submake) runners all
	+@$(submake) MODE=double $(GRADIENT_ROOMS:%='$(BUILD_ROOT)/double/tests/%/run')
	@$(run_tests) $(BUILD)/tap \
	    $(foreach r,$(TEST_ROOMS) $(TEST_EXPERIMENTS),$(call runner_word,$r,,$(MODE))) \
	    $(foreach r,$(GRADIENT_ROOMS),$(call gradient_word,$r)) $(replay_word) \
	    $(call script_words,tools,$(call scripts,tools))

test-double: ## all of the rooms that compute in 32 bits, in double
	+@$(submake) MODE=double $(DOUBLE_ROOMS:%='$(BUILD_ROOT)/double/tests/%/run')
	@$(run_tests) $(BUILD_ROOT)/double/tap \
	    $(foreach r,$(DOUBLE_ROOMS),$(call runner_word,$r,-in-double,double))

# The longest first, so that none is left alone at the end; what fails, is killed or emulated runs next to them (mk/fuzz.mk).
LONGEST := ship table1 table2 ranks torch book
end-to-end: ## trainings, tables, figures, the book, shipping, the Makefile itself, as a user would type them; kills faults smoke-qemu
	+@$(submake) all $(faults_program) $(emulated_program)
	@$(run_tests) $(BUILD)/tap-end-to-end $(call script_words,end-to-end,$(LONGEST)) $(kills_word) $(qemu_word) \
	    $(faults_word) $(call script_words,end-to-end,$(filter-out $(LONGEST),$(call scripts,end-to-end)))

# The programs that bad-input.sh and encode.sh run.
SANITIZED := $(patsubst %,experiments/%/main,00-pretrain 01-structure 02-rank-curves 03-segmentation 04-probing 05-heads) \
             $(addprefix tools/,encode verdict retrace plan ship bench_steps)
sanitize: ## every runner, and bad input, under the address and undefined-behaviour sanitizers
	+@$(submake) MODE=sanitize runners $(SANITIZED:%='$(BUILD_ROOT)/sanitize/%')
	+@$(MAKE) --no-print-directory MODE=sanitize run-sanitized

.PHONY: run-sanitized
run-sanitized:
	@$(run_tests) $(BUILD)/tap $(foreach r,$(TEST_ROOMS) $(TEST_EXPERIMENTS),$(call runner_word,$r,,$(MODE))) $(replay_word) \
	    $(call script_words,tools,bad-input encode)

# The suites that mention threads run under the thread sanitizer, too; those of report and study start none. Its tables
# have fixed addresses, which a kernel that spreads mappings widely may take, so addresses are not randomised where that
# is allowed.
TSAN_ROOMS = $(filter-out report study,$(sort $(foreach f,$(shell grep -il thread tests/*/test_*.c),$(word 2,$(subst /, ,$f)))))
tsan_word  = '$(1)=$(BUILD)/tests/$(1)/run --filter "$$(tools/threaded-suites $(1))"'
fixed_addresses = $(shell setarch -R true 2>/dev/null && echo setarch -R)
tsan: ## the tests of what runs on threads, under the thread sanitizer
	+@$(submake) MODE=tsan $(TSAN_ROOMS:%='$(BUILD_ROOT)/tsan/tests/%/run')
	@$(MAKE) --no-print-directory MODE=tsan run-tsan

.PHONY: run-tsan
run-tsan:
	@BUILD='$(BUILD)' MAKE='$(make)' MAKEFLAGS= $(fixed_addresses) tools/run-tests $(BUILD)/tap $(foreach r,$(TSAN_ROOMS),$(call tsan_word,$r))
