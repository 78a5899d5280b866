# Does bfloat16 train as fp32 does: a curve of each arithmetic among three, no claim of the paper.
##@ Arithmetic
.PHONY: figure-arithmetic
figure-arithmetic: $(BUILD)/tools/arithmetic | $(if $(filter cifar10,$(DATA)),data) ## the loss of bf16 and bf16-dot, or of ARITHMETIC=, among three fp32 seeds (desk: half an hour)
	@$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) $(call flag,seed,$(SEED)) \
	    $(call flag,threads,$(THREADS)) $(call flag,arithmetic,$(ARITHMETIC)) $(call flag,force,$(FORCE))
