# One claim, and how what was found here differs from the reference.
##@ Variables, as in `make figure2 TIER=smoke`
## LINES_SHOWN lines of an experiment that `make diff-reference` shows
LINES_SHOWN ?= 20
export LINES_SHOWN

##@ Comparing
.PHONY: diff-reference diff-run check-arrays ledger-picture claim-ID
claim-ID: ## one claim: statement, place, verdicts, command, chapter, files (make claim-theorem4.3.bound)
	@echo "claim-ID: ID stands for the id of a claim, as in \`make claim-theorem4.3.bound\`" >&2; exit 2
claim-%: ; @tools/claim $(call quote,$*) $(call quote,$(RESULTS)) $(PAIR)

diff-reference: $(BUILD)/tools/verdict ## verdicts and numbers that differ from the reference, by how much, and where the paths part
	@$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) --quiet
	@tools/diff-reference $(call quote,$(RESULTS)) $(PAIR)

diff-run: ## the first epoch of a training's log that leaves the reference's (RUN)
	@$(needs_run) tools/diff-run $(call quote,$(RUN)) $(call quote,$(RESULTS)) $(PAIR)

check-arrays: ## numbers of Figure 3, Tables 1 and 2 and the theory once more, by numpy from the arrays of EXPORT=1
	@$(peer_python) tools/check-arrays $(call quote,$(RESULTS)/$(PAIR))

ledger-picture: $(BUILD)/tools/verdict ## the claims by part of the paper and verdict, as SVG, PDF and PNG
	@$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) --quiet
	@tools/ledger-picture $(call quote,$(RESULTS)) $(PAIR)
