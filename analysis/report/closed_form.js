"use strict";
// The latency model of model/step_cost.cc, in the browser: same formula, same coefficients, no DOM.
// Seconds, bytes and bit/s; a rate of null is not limited. `link` holds the constants of model/link.hh.
const closedForm = (() => {
  function flights(bytes, window) {
    let count = 1;
    for (; bytes > window; ++count) {
      bytes -= window;
      window *= 2;
    }
    return count;
  }

  function wire(bytes, bps, link) {
    if (bps === null) return 0;
    return (bytes + link.framing_bytes * Math.ceil(bytes / link.segment_bytes)) * 8 / bps;
  }

  function work(cost, shape) {
    return cost.fixed_s.value + cost.per_row_s.value * shape.rows +
           cost.per_row_context_s.value * shape.rows * shape.context;
  }

  // Mean seconds of a decode step by cause. `drafter` is one of model.drafters.
  function decodeStep(model, drafter, condition, link) {
    const phase = model.decode;
    const mean = {rtt_s: 0, wire_s: 0, client_s: drafter.draft_s, server_s: 0, overhead_s: phase.overhead_s.value};
    for (const shape of drafter.shapes) {
      const trips = flights(shape.bytes_up, phase.window_bytes) + flights(shape.bytes_down, phase.window_bytes) - 1;
      mean.rtt_s += shape.share * trips * condition.rtt_s;
      mean.wire_s += shape.share * (wire(shape.bytes_up, condition.up_bps, link) +
                                    wire(shape.bytes_down, condition.down_bps, link));
      mean.client_s += shape.share * work(phase.client, shape);
      mean.server_s += shape.share * work(phase.server, shape);
    }
    mean.total_s = mean.rtt_s + mean.wire_s + mean.client_s + mean.server_s + mean.overhead_s;
    return mean;
  }

  function tokensPerSecond(model, drafter, condition, link) {
    return drafter.tokens_per_step / decodeStep(model, drafter, condition, link).total_s;
  }

  return {flights, decodeStep, tokensPerSecond};
})();
