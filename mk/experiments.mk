# Experiments: found by name, run with make's variables as flags, judged in one ledger. Each main.c begins
# with `// target:`, `// needs:` (the pretrainings it reads) and `// budget:`; nothing is listed here twice.

PAIRS := smoke-planted desk-cifar10 desk-planted paper-cifar10 paper-imagefolder
PAIR  := $(TIER)-$(DATA)
ifneq ($(words $(PAIR)) $(filter $(PAIRS),$(PAIR)),1 $(PAIR))
$(error TIER=$(TIER) DATA=$(DATA) do not go together (choose a pair TIER-DATA of: $(PAIRS)))
endif
# A word that no program takes is refused also by targets that would not ask one.
ARITHMETICS := $(if $(filter figure-arithmetic,$(MAKECMDGOALS)),all bf16 bf16-dot,auto fp32 bf16 bf16-dot)
ifneq ($(filter-out $(ARITHMETICS),$(ARITHMETIC))$(word 2,$(ARITHMETIC)),)
$(error ARITHMETIC=$(ARITHMETIC) is none (choose one of: $(ARITHMETICS)))
endif
# In the order in which they are trained: first those that most claims need.
RUNS := m75-h3 m75-h6 m50-h3 m90-h3 m70-h3 m60-h3 m80-h3
# Begins a recipe that is about one of them.
needs_run = $(if $(RUN),,echo '$@: RUN is missing (choose one of: $(RUNS))' >&2; exit 2;)

# NAME:TARGET:NEED,NEED of every experiment but 00-pretrain, which trains and judges nothing.
ABOUT := $(filter-out 00-pretrain:%,$(shell awk 'FNR == 1 { name = FILENAME; \
    sub(/^experiments\//, "", name); sub(/\/main\.c$$/, "", name); target = "" } \
    FNR > 12 { nextfile } /^\/\/ target: / { target = $$3 } \
    /^\/\/ needs:/ && target != "" { sub(/^\/\/ needs: */, ""); sub(/ +$$/, ""); gsub(/ +/, ","); \
        print name ":" target ":" $$0 }' /dev/null $(sort $(wildcard experiments/*/main.c))))
about_name   = $(word 1,$(subst :, ,$(1)))
about_target = $(word 2,$(subst :, ,$(1)))
about_needs  = $(subst $(comma), ,$(word 3,$(subst :, ,$(1))))
$(foreach a,$(ABOUT),$(foreach n,$(filter-out $(RUNS),$(call about_needs,$a)),$(error \
    experiments/$(call about_name,$a): needs $n, which is no pretraining of RUNS (add it there, in mk/experiments.mk))))

FLAGS = --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) $(call flag,seed,$(SEED)) \
        $(call flag,seeds,$(SEEDS)) $(call flag,threads,$(THREADS)) $(call flag,arithmetic,$(ARITHMETIC)) \
        $(call flag,epochs,$(EPOCHS)) $(call flag,shipped,$(SHIPPED)) $(call flag,export,$(EXPORT)) \
        $(call flag,force,$(FORCE))

# The program itself waits for the training lock, with any -j. `exec`, so that Ctrl-C reaches it alone, and it
# saves its state. The program of RANKS: mk/mpi.mk.
TRAINER := $(BUILD)/experiments/00-pretrain/main$(if $(RANKS),-mpi)
train    = exec $(if $(RANKS),tools/launch $(call quote,$(RANKS)) $(call quote,$(HOSTS))) $(TRAINER) --run=$(1) $(FLAGS)
cifar10  = $(if $(filter cifar10,$(DATA)),data)

##@ Everything at once
.PHONY: reproduce-all all-experiments theory verdict accept-reference
reproduce-all: ## every table, figure and statement, then the ledger of verdicts and the book
	+$(script)tools/reproduce-all '$(MAKE)' $(TIER) $(DATA)

all-experiments: $(foreach a,$(ABOUT),$(call about_target,$a))

# Assumptions, theorems and remarks: 06-low-rank to 10-token-mixing.
THEORY := $(filter 06-% 07-% 08-% 09-% 10-%,$(ABOUT))
theory: $(foreach a,$(THEORY),$(call about_target,$a)) ## what the paper's mathematics says, and what is true

# Further options for the ledger; tools/reproduce-all checks the verdicts by it.
VERDICT :=
verdict: $(BUILD)/tools/verdict ## the ledger of what has been run so far
	$(hush)$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) $(VERDICT)

accept-reference: $(BUILD)/tools/verdict ## make this ledger the reference (REASON="...")
	$(hush)$(if $(REASON),,echo 'accept-reference: REASON is missing (say why: REASON="...")' >&2; exit 2;) \
	$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) --accept=$(call quote,$(REASON)) $(call flag,only,$(ONLY))

##@ Pretraining (weights go to results/TIER-DATA/weights)
.PHONY: pretrain pretrain-all finetune-all pilots accept-checkpoints retrace FORCED
pretrain: $(TRAINER) | $(cifar10)
	$(hush)$(needs_run) $(call train,$(call quote,$(RUN)))

# What is done, what is left, and how long that takes here.
plan = $(BUILD)/tools/plan --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) $(call flag,seed,$(SEED)) \
       $(call flag,threads,$(THREADS)) $(call flag,arithmetic,$(ARITHMETIC)) $(call flag,epochs,$(EPOCHS)) $(call flag,force,$(FORCE))

pretrain-all: $(TRAINER) $(BUILD)/tools/plan | $(cifar10) ## train every run, one after another; says first how long it takes
	$(hush)$(plan) --runs='$(RUNS)'
	$(hush)for run in $(RUNS); do ( $(call train,"$$run") ); done

finetune-all: $(BUILD)/experiments/05-heads/main $(BUILD)/tools/plan | $(cifar10) ## train Table 2's classifiers, also where they are shipped
	$(hush)$(plan) --what=finetunings $(call flag,seeds,$(SEEDS)) --runs='$(call about_needs,$(filter 05-heads:%,$(ABOUT)))' --shipped=$(call quote,$(or $(SHIPPED),pretrainings))
	$(hush)exec $< $(FLAGS) $(if $(SHIPPED),,--shipped=pretrainings)

pilots: $(BUILD)/tools/pilots | $(cifar10) ## compare peak rates on training images held out (RUN, RATES=5e-4,1e-3, EPOCHS=3, BATCH)
	$(hush)exec $< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) $(call flag,run,$(RUN)) \
	    $(call flag,rates,$(RATES)) $(call flag,batch,$(BATCH)) $(call flag,epochs,$(EPOCHS)) $(call flag,seed,$(SEED)) \
	    $(call flag,threads,$(THREADS)) $(call flag,arithmetic,$(ARITHMETIC)) $(call flag,force,$(FORCE))

accept-checkpoints: $(BUILD)/tools/ship | $(cifar10) ## ship what is trained to its end: BF16, logs, checksums in results/checkpoints
	$(hush)$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) $(call flag,run,$(RUN)) \
	    $(call flag,seed,$(SEED)) $(call flag,threads,$(THREADS))
	@tools/weave/documents

retrace: $(BUILD)/tools/retrace | $(cifar10) ## train the first epoch of a finished pretraining again, or EPOCHS=; its log has the same weights (RUN)
	$(hush)$(needs_run) \
	exec $< --tier=$(TIER) --data=$(DATA) --run=$(call quote,$(RUN)) --results=$(call quote,$(RESULTS)) \
	    $(call flag,epochs,$(EPOCHS)) $(call flag,threads,$(THREADS))

# At the smoke tier weights are made on the spot, by a target that is no file: RESULTS may be any folder, with
# a space or a colon in its name, and the program knows by itself when they are up to date.
smoke-weights/%: $(TRAINER) FORCED
	$(hush)$(call train,$(call quote,$*))

define experiment_target
.PHONY: $(2)
$(2): $(BUILD)/experiments/$(1)/main $(if $(filter smoke,$(TIER)),$(3:%=smoke-weights/%)) | $(cifar10)
	$$(hush)tools/run-experiment $$(call quote,$$(RESULTS)/$(PAIR)/$(1)) $$< $$(FLAGS)
endef
$(foreach a,$(ABOUT),$(eval $(call experiment_target,$(call about_name,$a),$(call about_target,$a),$(call about_needs,$a))))
