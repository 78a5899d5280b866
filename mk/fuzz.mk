# What the tests of `make test` do not try: made-up inputs, a system that fails, other compilers.

# Fuzzing: one program for each reader, tests/fuzz/read_NAME.c (see tests/fuzz/reader.h). libFuzzer makes
# up inputs in MODE=fuzz; in every other mode a replay executes those that are kept in tests/fuzz/corpus.
READERS := $(sort $(patsubst tests/fuzz/read_%.c,%,$(wildcard tests/fuzz/read_*.c)))
fuzz_driver = $(BUILD)/tests/fuzz/$(if $(filter fuzz,$(MODE)),libfuzzer.o,replay.o)
fuzz_link   = -Wl,--wrap=die,--wrap=exit,--wrap=fsync,--wrap=malloc,--wrap=file_read $(if $(filter fuzz,$(MODE)),-fsanitize=fuzzer)
fuzz_rooms  = $(patsubst %,$(BUILD)/lib%.a,train model data report linalg base)
# Products read nothing, and their instrumented kernels compile for minutes.
ifeq ($(MODE),fuzz)
$(BUILD)/core/linalg/%.o: CFLAGS := $(filter-out -fsanitize=%,$(CFLAGS))
# What is to be reached is in the readers, not in what feeds them.
$(BUILD)/tests/fuzz/trial.o $(BUILD)/tests/fuzz/libfuzzer.o: CFLAGS += -fno-sanitize=fuzzer-no-link
endif

$(READERS:%=$(BUILD)/tests/fuzz/%): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/read_%.o $(BUILD)/tests/fuzz/trial.o \
                                                           $(fuzz_driver) $(fuzz_rooms)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(fuzz_link) $(filter %.o %.a,$^) $(LDLIBS) -o $@

# What `make test` and `make sanitize` run.
replay_word = fuzz='tests/fuzz/replay $(BUILD)/tests/fuzz $(READERS)'

# Faults: a program whose calls for memory and for writing fail one at a time; what is interposed is
# defined in tests/faults/inject.c.
interposed := malloc calloc realloc reallocarray strdup strndup vasprintf open_memstream realpath scandir mmap \
              pthread_create EVP_MD_CTX_new fopen fileno fsync mkdir rename clock_seconds clock_peak_bytes popen
faults_program = $(BUILD)/tests/faults/faults
faults_word    = faults='$(faults_program) $(EVERY)'
$(faults_program): $(call object,$(sort $(wildcard tests/faults/*.c))) $(LIBRARIES)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(interposed:%=-Wl,--wrap=%) $(filter %.o %.a,$^) $(LDLIBS) -o $@

kills_word = kills='env EPOCHS="$(or $(EPOCHS),.1)" tests/faults/kills $(make) $(BUILD_ROOT) $(KILLS) $(SEED)'

# Other CPUs: one update by an emulator.
emulated_program = $(BUILD)/tests/qemu/update
qemu_word        = qemu.sh=tests/qemu/qemu.sh
$(emulated_program): $(BUILD)/tests/qemu/update.o $(LIBRARIES)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@

##@ Hard use
## READER      a reader for `make fuzz`: the name of tests/fuzz/read_NAME.c (default: all)
READER      ?=
## SECONDS     of fuzzing for each reader
SECONDS     ?= 60
## KEEP        1: `make fuzz` adds to tests/fuzz/corpus the inputs that reach more
KEEP        ?=
## EVERY       `make faults` fails one call in EVERY (0: as many as take less than a minute)
EVERY       ?= 0
## KILLS       how often `make kills` kills; its trainings have .1 epochs where EPOCHS does not say
KILLS       ?= 4
# What a script would take for nought, or for no end, is refused; a target that uses none of them is not troubled by
# an environment that has the names for its own purposes.
ifneq ($(filter fuzz faults kills end-to-end check,$(MAKECMDGOALS)),)
ifeq ($(shell printf '%s ' $(foreach n,SECONDS KILLS EVERY,$(call quote,$($n))) | grep -xE '[1-9][0-9]{0,8} [1-9][0-9]{0,8} [0-9]{1,9} '),)
$(error SECONDS='$(SECONDS)' KILLS='$(KILLS)' EVERY='$(EVERY)': are whole numbers, the first two at least 1)
endif
ifneq ($(filter-out $(READERS),$(READER)),)
$(error READER=$(READER) is none (choose of: $(READERS)))
endif
endif

.PHONY: readers fuzz faults kills smoke-qemu compilers coverage
readers: $(READERS:%=$(BUILD)/tests/fuzz/%)

fuzz: ## made-up inputs for every reader, SECONDS=60 each, READER=npy for one
	@tools/deps fuzz
	+@$(submake) MODE=fuzz CC=clang readers
	+@$(submake) MODE=release readers
	@KEEP='$(KEEP)' tests/fuzz/fuzz $(BUILD_ROOT) $(SECONDS) $(or $(READER),$(READERS))

faults: ## calls for memory and for writing fail, one in EVERY=1 at a time
	+@$(submake) $(faults_program)
	@$(run_tests) $(BUILD)/tap-faults $(faults_word)

kills: ## `make table2 TIER=smoke` killed at KILLS=100 random moments, by SEED, and started again
	+@$(submake) all
	@$(run_tests) $(BUILD)/tap-kills $(kills_word)

smoke-qemu: ## one training step on emulated CPUs without AVX-512 and without AVX
	+@$(submake) $(emulated_program)
	@$(run_tests) $(BUILD)/tap-qemu $(qemu_word)

compilers: ## gcc and clang, -O0 and -O3, and valgrind: the bits of a training and of an experiment
	@tools/deps fuzz
	@MAKE='$(make)' $(run_tests) $(BUILD)/tap-compilers compilers='tests/faults/compilers $(BUILD_ROOT)'

coverage: ## which lines of core the tests execute (gcov)
	+@$(submake) MODE=coverage runners
	+@$(MAKE) --no-print-directory MODE=coverage run-covered

# Of the tests themselves nobody wants to know. A process that is killed cannot write its counts, and says so
# in the place of what a test expects.
ifeq ($(MODE),coverage)
$(BUILD)/tests/%.o: CFLAGS := $(filter-out --coverage,$(CFLAGS))
endif
.PHONY: run-covered
run-covered:
	@find $(BUILD) -name '*.gcda' -delete
	-@GCOV_ERROR_FILE=/dev/null $(run_tests) $(BUILD)/tap $(foreach r,$(TEST_ROOMS) $(TEST_EXPERIMENTS),$(call runner_word,$r,,$(MODE))) $(replay_word)
	@tests/coverage $(BUILD)
