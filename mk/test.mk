# Tests: one Criterion runner for each room (tests/ROOM/test_module.c) and for each experiment that has
# any (tests/experiments/NN-name/test_module.c), and scripts that use the programs as a user would
# (tests/tools/NAME.sh).
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

define runner_rule
$(BUILD)/tests/$(1)/run: $(call object,$(sort $(wildcard tests/$(1)/*.c)) $(shared.$(1)) $(shared)) \
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
                         $(BUILD)/$(1)/code_key.o $(LIBRARIES)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$(CC) $(LDFLAGS) $$(filter %.o %.a,$$^) -lcriterion $(LDLIBS) -o $$@
.PHONY: test-$(notdir $(1))
test-$(notdir $(1)): $(BUILD)/tests/$(1)/run
	$$<
endef
$(foreach e,$(TEST_EXPERIMENTS),$(eval $(call experiment_runner_rule,$e)))

# A script is run from the root with BUILD in its environment and the program it tests as its argument.
SCRIPTS := $(sort $(patsubst tests/tools/%.sh,%,$(wildcard tests/tools/*.sh)))
argument.arithmetic    := $(BUILD)/tools/arithmetic
argument.encode        := $(BUILD)/tools/encode
argument.resume        := $(BUILD)/experiments/00-pretrain/main
argument.fetch-cifar10 := tools/fetch-cifar10

# Rooms that compute in `real` run once more in double, where gradients are compared to 1e-6.
DOUBLE_ROOMS := $(filter linalg model train analysis,$(TEST_ROOMS))
runner_word   = $(notdir $(1))$(2)=$(BUILD_ROOT)/$(3)/tests/$(1)/run
script_word   = '$(1).sh=tests/tools/$(1).sh $(argument.$(1))'
run_tests     = BUILD='$(BUILD)' MAKE='$(make)' MAKEFLAGS= tools/run-tests

##@ Tests
.PHONY: test test-double sanitize tsan runners
runners: $(RUNNERS) readers

test: ## every test; the last line counts them
	@tools/deps core
	+@$(submake) runners all
	+@$(submake) MODE=double $(DOUBLE_ROOMS:%='$(BUILD_ROOT)/double/tests/%/run')
	@$(run_tests) $(BUILD)/tap \
	    $(foreach r,$(TEST_ROOMS) $(TEST_EXPERIMENTS),$(call runner_word,$r,,$(MODE))) \
	    $(foreach r,$(DOUBLE_ROOMS),$(call runner_word,$r,-in-double,double)) $(replay_word) \
	    $(foreach s,$(SCRIPTS),$(call script_word,$s))

test-double: ## gradients against central differences, in double
	+@$(submake) MODE=double $(DOUBLE_ROOMS:%='$(BUILD_ROOT)/double/tests/%/run')
	@$(run_tests) $(BUILD_ROOT)/double/tap \
	    $(foreach r,$(DOUBLE_ROOMS),$(call runner_word,$r,-in-double,double))

# The programs that bad-input.sh and encode.sh run.
SANITIZED := $(patsubst %,experiments/%/main,00-pretrain 01-structure 02-rank-curves 03-segmentation 04-probing 05-heads) \
             tools/encode tools/verdict
sanitize: ## every runner, and bad input, under the address and undefined-behaviour sanitizers
	+@$(submake) MODE=sanitize runners $(SANITIZED:%='$(BUILD_ROOT)/sanitize/%')
	+@$(MAKE) --no-print-directory MODE=sanitize run-sanitized

.PHONY: run-sanitized
run-sanitized:
	@$(run_tests) $(BUILD)/tap $(foreach r,$(TEST_ROOMS) $(TEST_EXPERIMENTS),$(call runner_word,$r,,$(MODE))) $(replay_word) \
	    $(foreach s,bad-input encode,$(call script_word,$s))

# The suites that mention threads run under the thread sanitizer, too. Its tables have fixed addresses, which a
# kernel that spreads mappings widely may take, so addresses are not randomised where that is allowed.
TSAN_ROOMS = $(sort $(foreach f,$(shell grep -il thread tests/*/test_*.c),$(word 2,$(subst /, ,$f))))
tsan_word  = '$(1)=$(BUILD)/tests/$(1)/run --filter "$$(tools/threaded-suites $(1))"'
fixed_addresses = $(shell setarch -R true 2>/dev/null && echo setarch -R)
tsan: ## the tests of what runs on threads, under the thread sanitizer
	+@$(submake) MODE=tsan $(TSAN_ROOMS:%='$(BUILD_ROOT)/tsan/tests/%/run')
	@$(MAKE) --no-print-directory MODE=tsan run-tsan

.PHONY: run-tsan
run-tsan:
	@BUILD='$(BUILD)' MAKE='$(make)' MAKEFLAGS= $(fixed_addresses) tools/run-tests $(BUILD)/tap $(foreach r,$(TSAN_ROOMS),$(call tsan_word,$r))
