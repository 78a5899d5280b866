# Does bfloat16 train as fp32 does: a curve of each arithmetic among three, no claim of the paper.
##@ Arithmetic
.PHONY: figure-arithmetic accept-arithmetic
figure-arithmetic: $(BUILD)/tools/arithmetic | $(if $(filter cifar10,$(DATA)),data) ## the loss of bf16 and bf16-dot, or of ARITHMETIC=, among three fp32 seeds (desk: half an hour)
	$(hush)$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) $(call flag,seed,$(SEED)) \
	    $(call flag,threads,$(THREADS)) $(call flag,arithmetic,$(ARITHMETIC)) $(call flag,force,$(FORCE))

accept-arithmetic: ## keep the last figure-arithmetic as the reference, which README.md shows for desk-cifar10
	@from=$(call quote,$(RESULTS)/$(TIER)-$(DATA)/arithmetic) to=results/reference/$(TIER)-$(DATA)/arithmetic; \
	    for file in curves.tsv curves.txt curves.png result.tsv provenance.tsv; do [ -f "$$from/$$file" ] || \
	        { echo "accept-arithmetic: no $$from/$$file (run \`make figure-arithmetic\`)" >&2; exit 3; }; done; \
	    mkdir -p $$to && cp "$$from"/curves.tsv "$$from"/curves.txt "$$from"/curves.png "$$from"/result.tsv "$$from"/provenance.tsv $$to
	@tools/weave/documents
