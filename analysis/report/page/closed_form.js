"use strict";
// The latency model of model/fit/closed_form.cc in the browser: same formula, same coefficients, no DOM.
const closedForm = (() => {
  const causes = ["rtt_s", "wire_s", "client_s", "server_s", "overhead_s", "loss_s", "jitter_s"];

  function work(cost, shape) {
    return cost.fixed_s.value + cost.per_row_s.value * shape.rows +
           cost.per_row_context_s.value * shape.rows * shape.context;
  }

  function forward(phase, tcp, shape, draft) {
    const layers = work(phase.client, shape), lead = phase.client_lead_share * layers, client = layers + draft;
    tcp.rest(lead);
    const server = work(phase.server, shape), trip = tcp.exchange(shape.bytes_up, shape.bytes_down, server);
    const overhead = phase.overhead_s.value + phase.stragglers_s;
    tcp.rest(client - lead + overhead);
    return {rtt_s: trip.rtt_s, wire_s: trip.wire_s, client_s: client, server_s: server, overhead_s: overhead,
            loss_s: trip.recovery_s + trip.timeout_s, jitter_s: trip.jitter_s};
  }

  // The order of a run's shapes: each as often and as evenly as its share says.
  function schedule(drafter) {
    const owed = drafter.shapes.map(() => 0), order = [];
    for (let i = 0; i < drafter.steps_per_run; ++i) {
      let next = 0;
      drafter.shapes.forEach((shape, k) => {
        owed[k] += shape.share;
        if (owed[k] > owed[next]) next = k;
      });
      --owed[next];
      order.push(drafter.shapes[next]);
    }
    return order;
  }

  // Mean seconds of a decode step by cause. `drafter` is one of model.drafters.
  function decodeStep(model, drafter, condition, link) {
    const tcp = connection.connect(condition, model.initial_window_segments, model.chance, link);
    const mean = {total_s: 0}, steps = schedule(drafter);
    for (const cause of causes) mean[cause] = 0;
    if (drafter.prompt.rows > 0) {
      const first = forward(model.prefill ?? model.decode, tcp, drafter.prompt, 0);
      mean.prompt_s = causes.reduce((sum, cause) => sum + first[cause], 0);
    }
    for (const shape of steps) {
      const step = forward(model.decode, tcp, shape, drafter.draft_s);
      for (const cause of causes) {
        mean[cause] += step[cause] / steps.length;
        mean.total_s += step[cause] / steps.length;
      }
    }
    return mean;
  }

  function tokensPerSecond(model, drafter, condition, link) {
    return drafter.tokens_per_step / decodeStep(model, drafter, condition, link).total_s;
  }

  return {decodeStep, tokensPerSecond};
})();
