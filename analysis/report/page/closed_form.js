"use strict";
// The latency model of model/fit/closed_form.cc in the browser: same formula, same coefficients, no DOM.
const closedForm = (() => {
  const causes = ["rtt_s", "wire_s", "client_s", "server_s", "overhead_s", "loss_s", "jitter_s"];
  const fewest = 4, most = 24, affordable = 8000;  // segments to follow per answer: some ten milliseconds

  // As many worlds as a reader waits for, where chance has a part. The program's have the work's own noise in them too.
  function usualWorlds(drafter, link) {
    const segments = [drafter.bytes_up_per_step, drafter.bytes_down_per_step].reduce((sum, bytes) => sum + Math.ceil(bytes / link.segment_bytes), 0);
    return {many: Math.max(fewest, Math.min(most, Math.floor(affordable / (drafter.steps_per_run * Math.max(1, segments))))), seed: 1};
  }

  function work(cost, shape) {
    return cost.fixed_s.value + cost.per_row_s.value * shape.rows +
           cost.per_row_context_s.value * shape.rows * shape.context;
  }

  // What a step of this shape asks of both parties; a prompt goes in chunks of `most` rows.
  function exchanges(phase, shape, most) {
    const rows = Math.max(1, shape.rows), chunks = Math.max(1, Math.ceil(rows / most)), lead = phase.client_lead_share;
    return Array.from({length: chunks}, (_, chunk) => {
      const before = chunk > 0 ? chunk * most : 0, here = chunks > 1 ? Math.min(most, rows - before) : rows;
      const part = {rows: here, context: shape.context + before, bytes_up: shape.bytes_up * here / rows, bytes_down: shape.bytes_down * here / rows};
      const client = work(phase.client, part);
      return {...part, lead_s: lead * client, tail_s: (1 - lead) * client, held_s: work(phase.server, part)};
    });
  }

  function forward(phase, tcp, shape, most, draft) {
    const all = exchanges(phase, shape, most), waits = tcp.exchange(all), overhead = phase.overhead_s.value + phase.stragglers_s;
    const client = all.reduce((sum, e) => sum + (e.lead_s + e.tail_s), 0) + draft;
    tcp.rest(draft + overhead);
    return {rtt_s: waits.rtt_s, wire_s: waits.wire_s, client_s: client, server_s: all.at(-1).held_s, overhead_s: overhead,
            loss_s: waits.recovery_s + waits.timeout_s, jitter_s: waits.jitter_s, by_world: waits.by_world};
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
  function decodeStep(model, drafter, condition, link, worlds = usualWorlds(drafter, link)) {
    const {applied, loss, jitter} = model.chance, multiples = {loss: applied ? loss.value : 1, jitter: applied ? jitter.value : 1};
    const tcp = connection.connect(condition, model.initial_window_segments, multiples, link, worlds);
    const mean = {total_s: 0, by_world: []}, steps = schedule(drafter);
    for (const cause of causes) mean[cause] = 0;
    if (drafter.prompt.rows > 0) {
      const first = forward(model.prefill ?? model.decode, tcp, drafter.prompt, link.prefill_rows, 0);
      mean.prompt_s = causes.reduce((sum, cause) => sum + first[cause], 0);
    }
    for (const shape of steps) {
      const step = forward(model.decode, tcp, shape, Infinity, drafter.draft_s), worked = step.client_s + step.server_s + step.overhead_s;
      for (const cause of causes) {
        mean[cause] += step[cause] / steps.length;
        mean.total_s += step[cause] / steps.length;
      }
      step.by_world.forEach((waited, i) => { mean.by_world[i] = (mean.by_world[i] ?? 0) + (worked + waited) / steps.length; });
    }
    return mean;
  }

  return {decodeStep};
})();
