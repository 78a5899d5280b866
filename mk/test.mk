# Tests: one Criterion runner a room, tests/ROOM/test_module.c.
TEST_ROOMS := $(sort $(patsubst tests/%/,%,$(dir $(wildcard tests/*/test_*.c))))

define runner_rule
$(BUILD)/tests/$(1)/run: $(call object,$(wildcard tests/$(1)/*.c)) $(LIBRARIES)
	@mkdir -p $$(@D)
	$(CC) $(LDFLAGS) $$^ -lcriterion $(LDLIBS) -o $$@
.PHONY: test-$(1)
test-$(1): $(BUILD)/tests/$(1)/run
	$$<
endef
$(foreach r,$(TEST_ROOMS),$(eval $(call runner_rule,$r)))
