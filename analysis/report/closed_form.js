"use strict";
// The latency model of model/connection.cc and model/step_cost.cc, in the browser: same formula, same coefficients, no DOM.
// Seconds, bytes and bit/s; a rate of null is not limited. `link` holds the constants of model/link.hh.
const closedForm = (() => {
  const leastTimeout = 0.2, kneeFrom = 16, trainGap = 2e-3, offloadBytes = 65216, longestOffload = 1e-3;
  const cubic = 0.4, slowestGrowth = 0.05, fastestGrowth = 0.5, duplicates = 3;
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

  function wire(bytes, bps, link) {
    return (bytes + link.framing_bytes * Math.ceil(bytes / link.segment_bytes)) * 8 / bps;
  }

  function harmonic(n) {
    let sum = 0;
    for (let i = 1; i <= n; ++i) sum += 1 / i;
    return sum;
  }

  // One TCP connection from its first message on: exchange() gives the seconds that request and reply wait, by cause.
  function connect(condition, initialWindow, chance, link) {
    const rtt = condition.rtt_s, loss = condition.loss ?? 0, jitter = condition.jitter_s ?? 0;
    const rates = [condition.up_bps ?? Infinity, condition.down_bps ?? Infinity];
    const ways = [0, 1].map(i => ({segment: (link.segment_bytes + link.framing_bytes) * 8 * (1 / rates[i]), byte: 8 * (1 / rates[i]),
                                   acknowledgement: link.framing_bytes * 8 / rates[1 - i]}));
    const senders = [0, 1].map(() => ({window: initialWindow, threshold: Infinity, lastSent: 0,
                                       used: false, epochWindow: 0, epoch: 0}));
    let now = 0;

    function idle(sender) {
      if (!sender.used) return;
      const timeout = rtt + leastTimeout;
      let left = now - sender.lastSent - timeout;
      if (left <= 0) return;
      const least = Math.min(initialWindow, sender.window);
      sender.threshold = Math.max(sender.threshold, 0.75 * sender.window);
      for (; left > 0 && sender.window > least; left -= timeout) sender.window = Math.floor(sender.window / 2);
      sender.window = Math.max(sender.window, least);
    }

    function acknowledged(sender, way, segments, limited) {
      const before = sender.window;
      if (before < sender.threshold) {
        const most = limited ? before + segments : Math.max(before, 2 * segments);
        const grown = Math.min(before + segments, most, sender.threshold);
        const offload = Math.min(longestOffload, 4 * offloadBytes / (2 * before * link.segment_bytes / rtt));
        const train = Math.floor((rtt + offload) / 2 / way.segment) + 2;
        const atKnee = Math.max(Math.min(before + train, grown), Math.min(kneeFrom, grown));
        const found = way.segment > 0 && way.segment <= trainGap && train <= segments && grown >= kneeFrom;
        sender.window = found ? atKnee : grown;
        if (found) {
          sender.threshold = sender.epochWindow = sender.window;
          sender.epoch = 0;
        }
        return;
      }
      if (!limited) return;
      const target = sender.epochWindow + cubic * Math.pow(sender.epoch + rtt, 3);
      const growth = clamp((target - before) / before, slowestGrowth, fastestGrowth);
      sender.window = before + segments * growth;
    }

    function send(i, bytes, trip) {
      const sender = senders[i], way = ways[i];
      const segments = Math.max(1, Math.ceil(bytes / link.segment_bytes));
      const last = (bytes - (segments - 1) * link.segment_bytes + link.framing_bytes) * way.byte;
      const round = rtt + way.segment + way.acknowledgement;
      idle(sender);
      let waited = 0, left = segments, limited = false;
      for (;;) {
        const window = Math.max(1, Math.floor(sender.window));
        limited = limited || left >= window;
        if (left <= window || window * way.segment >= round) break;
        left -= window;
        waited += round;
        acknowledged(sender, way, window, true);
      }
      acknowledged(sender, way, left, limited);
      sender.used = true;
      sender.lastSent = now + waited;
      sender.epoch += waited + round;
      const any = 1 - Math.pow(1 - loss, segments), atEnd = 1 - Math.pow(1 - loss, Math.min(segments, duplicates));
      trip.recovery_s += (any - atEnd) * rtt;
      trip.timeout_s += atEnd * (rtt + leastTimeout);
      if (jitter > 0) trip.jitter_s += jitter * harmonic(left);
      return waited + (left - 1) * way.segment + last + rtt / 2;
    }

    return {
      exchange(up, down, server) {
        const trip = {recovery_s: 0, timeout_s: 0, jitter_s: 0}, begin = now;
        now += send(0, up, trip) + server;
        now += send(1, down, trip);
        trip.wire_s = wire(up, rates[0], link) + wire(down, rates[1], link);
        trip.rtt_s = Math.max(0, now - begin - server - trip.wire_s);
        for (const cause of ["recovery", "timeout", "jitter"]) trip[`${cause}_s`] *= chance[cause].value;
        now += trip.recovery_s + trip.timeout_s + trip.jitter_s;
        return trip;
      },
      rest(seconds) { now += seconds; },
    };
  }

  function work(cost, shape) {
    return cost.fixed_s.value + cost.per_row_s.value * shape.rows +
           cost.per_row_context_s.value * shape.rows * shape.context;
  }

  function forward(phase, connection, shape, draft) {
    const server = work(phase.server, shape), trip = connection.exchange(shape.bytes_up, shape.bytes_down, server);
    const client = work(phase.client, shape) + draft, overhead = phase.overhead_s.value + phase.stragglers_s;
    connection.rest(client + overhead);
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
    const connection = connect(condition, model.initial_window_segments, model.chance, link);
    if (drafter.prompt.rows > 0) forward(model.prefill ?? model.decode, connection, drafter.prompt, 0);
    const mean = {rtt_s: 0, wire_s: 0, client_s: 0, server_s: 0, overhead_s: 0, loss_s: 0, jitter_s: 0, total_s: 0};
    const steps = schedule(drafter);
    for (const shape of steps) {
      const step = forward(model.decode, connection, shape, drafter.draft_s);
      for (const part of Object.keys(step)) {
        mean[part] += step[part] / steps.length;
        mean.total_s += step[part] / steps.length;
      }
    }
    return mean;
  }

  function tokensPerSecond(model, drafter, condition, link) {
    return drafter.tokens_per_step / decodeStep(model, drafter, condition, link).total_s;
  }

  return {decodeStep, tokensPerSecond};
})();
