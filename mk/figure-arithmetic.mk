# Does bf16 train as fp32 does: one curve among three, no claim of the paper.
##@ Arithmetic
.PHONY: figure-arithmetic
figure-arithmetic: $(BUILD)/tools/arithmetic | $(if $(filter cifar10,$(DATA)),data) ## the loss of bf16 among three fp32 seeds (desk: an hour of one core)
	@$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) $(call flag,seed,$(SEED)) \
	    $(call flag,threads,$(THREADS)) $(call flag,force,$(FORCE))
