# Is this tree slower over a WAN? For make, from the project's top:
#   make -f scenarios/examples/gate.mk gate                                the verdict; make's own exit code is 2 for
#                                                                          any but 0, its message names the gate's
#   make -f scenarios/examples/gate.mk gate ALLOW="tokens_per_s=-1% bytes_per_token=+2%"
#   make -f scenarios/examples/gate.mk gate-update                         make what runs are now the baseline
SPLITWAN ?= build/splitwan
GATE_SCENARIOS ?= $(sort $(wildcard scenarios/gate-*.json))
GATE_BASELINE ?= tests/baseline.json
GATE_OUT ?= build/gate
ALLOW ?=

.PHONY: gate gate-update

gate: | $(SPLITWAN)
	mkdir -p $(GATE_OUT)
	$(SPLITWAN) gate $(GATE_SCENARIOS) --baseline $(GATE_BASELINE) $(addprefix --allow=,$(ALLOW)) \
	  --junit $(GATE_OUT)/gate.xml --markdown $(GATE_OUT)/gate.md

gate-update: | $(SPLITWAN)
	$(SPLITWAN) gate $(GATE_SCENARIOS) --baseline $(GATE_BASELINE) --update

build/splitwan:
	scenarios/setup splitwan splitwan-engine splitwan-sim
