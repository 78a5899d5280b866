# What must hold before a commit is done: `make check` is what CI runs.
FORMATTED  = $(sort $(wildcard core/*/*.[ch] experiments/*/*.[ch] tools/*.[ch] $(foreach d,tests/ tests/*/ tests/experiments/*/,$d*.[ch])))
LINT      := $(BUILD_ROOT)/lint
# Where there is no MPI, what is written for it is not read (mk/mpi.mk).
without   := $(if $(wildcard $(addsuffix /mpicc,$(subst :, ,$(PATH)))),,%_mpi.c)
TIDIED    := $(patsubst %,$(LINT)/%.tidy,$(filter-out $(without),$(wildcard core/*/*.c experiments/*/*.c tools/*.c)))
HEADERS   := $(wildcard core/*/*.h experiments/*/*.h)
ALONE     := $(patsubst %,$(LINT)/%.alone,$(HEADERS) $(wildcard tests/*.h))

##@ Checks
.PHONY: check format format-check lint lint-files smoke check-mutants hooks
check: ## all that CI runs: format-check lint test test-double smoke end-to-end sanitize tsan
	+$(script)tools/check '$(MAKE)' '$(BUILD_ROOT)' format-check lint test test-double smoke end-to-end sanitize tsan

format: ## lay out every C file (clang-format)
	@clang-format -i $(FORMATTED)

format-check: ## fail when a C file is not laid out by clang-format
	@clang-format --dry-run -Werror $(FORMATTED)

lint: ## rooms, text rules, complete keys, every claim judged, documents up to date, mutants that still change their file, headers that compile alone, clang-tidy
	@tools/check-layers
	@tools/check-text
	@tools/check-claims
	@tools/check-mutants --planted
	@tools/weave/documents --check
	+@$(submake) all
	@tools/check-keys $(BUILD)
	+@$(submake) --keep-going lint-files

lint-files: $(ALONE) $(TIDIED)

$(LINT):
	@tools/clean --make $(BUILD_ROOT) lint

# A header is read as the first and only line of a program.
$(LINT)/%.h.alone: %.h $(HEADERS) | $(LINT)
	@mkdir -p $(@D)
	@echo '#include "$<"' | $(CC) $(CFLAGS) -fsyntax-only -x c -
	@touch $@

# clang 14 does not know the clones that gcc makes of a kernel. Its analyzer follows a third of the paths through a function
# that it would by default, in 40 % of the time: of 24 files, each with one initialiser taken out, both ways found all 24.
fewer_paths := -Xclang -analyzer-config -Xclang max-nodes=75000
$(LINT)/%.c.tidy: %.c $(HEADERS) .clang-tidy | $(LINT)
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- -std=c11 -D_GNU_SOURCE -DNO_KERNEL_CLONES -I. $(fewer_paths) $(if $(filter %_mpi.c,$<),$(call mpi_flags,compile)) > $@.tmp 2>&1 || { cat $@.tmp; exit 1; }
	@mv $@.tmp $@

smoke: ## everything on planted data, from nothing, and without data or network (minutes)
	+@$(submake) all
	@$(run_tests) $(BUILD)/tap-smoke smoke.sh=tests/smoke.sh

hooks: ## let git check format and rooms before each commit
	@git config core.hooksPath tools/hooks

check-mutants: ## mutation tests: plant one fault at a time; the tests must fail on each
	+$(script)tools/check-mutants '$(MAKE)' $(BUILD_ROOT)
