# Documents woven from the claims, the experiments' pages and what they found: README.md's and REPRODUCE.md's generated
# parts (`make lint` fails when they are out of date), the book, the report.
publish = tools/weave/publish $(1) $(call quote,$(RESULTS)) $(PAIR) $(BUILD_ROOT)/book

##@ Documents
.PHONY: book paper book-picture docs docs-check book-ledger
book: book-ledger ## programs, results and verdicts as one HTML page: results/TIER-DATA/book.html
	@tools/deps book
	@$(call publish,book) $(call quote,$(RESULTS)/$(PAIR)/book.html)

paper: book-ledger ## the report as PDF: paper/report.pdf of the reference, results/TIER-DATA/report.pdf of yours, if any
	@tools/deps book
	@tools/weave/publish report $(BUILD_ROOT)/book/nothing $(PAIR) $(BUILD_ROOT)/book/of-reference paper/report.pdf
	@if ls $(call quote,$(RESULTS)/$(PAIR))/*/provenance.tsv >/dev/null 2>&1; then \
	    $(call publish,report) $(call quote,$(RESULTS)/$(PAIR)/report.pdf); fi

book-picture: ## how the book begins, of the reference, for README.md: paper/book.png
	@tools/deps book && tools/deps browser
	@command -v chromium >/dev/null || { echo 'book-picture: chromium: not found (do: tools/deps browser)' >&2; exit 4; }
	@tools/weave/publish book $(BUILD_ROOT)/book/nothing $(PAIR) $(BUILD_ROOT)/book/of-reference $(BUILD_ROOT)/book/of-reference/book.html
	@chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1240,980 --screenshot=paper/book.png \
	    'file://$(abspath $(BUILD_ROOT)/book/of-reference/book.html)' 2>/dev/null && echo paper/book.png

# A ledger of now: what the documents read is found anew every time, and they take seconds.
book-ledger: $(BUILD)/tools/verdict
	@$< --tier=$(TIER) --data=$(DATA) --results=$(call quote,$(RESULTS)) --quiet

docs: ## renew the generated parts of README.md and REPRODUCE.md
	@tools/weave/documents

docs-check: ## fail when they are out of date
	@tools/weave/documents --check
