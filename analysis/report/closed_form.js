"use strict";
// The latency model of model/connection.cc and model/step_cost.cc, in the browser: same formula, same coefficients, no DOM.
// Seconds, bytes and bit/s; a rate of null is not limited. `link` holds the constants of model/link.hh.
const closedForm = (() => {
  const leastTimeout = 0.2, kneeFrom = 16, trainGap = 2e-3, offloadBytes = 65216, longestOffload = 1e-3;
  const cubic = 0.4, slowestGrowth = 0.05, fastestGrowth = 0.5, duplicates = 3;
  const keptAfterLoss = 0.7, leastWindow = 2, variationKept = 0.75, negligible = 1e-4;
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

  function wire(bytes, bps, link) {
    return (bytes + link.framing_bytes * Math.ceil(bytes / link.segment_bytes)) * 8 / bps;
  }

  // Gauss-Legendre on [0, 1].
  const nodes = [0.019855071751231884, 0.10166676129318664, 0.2372337950418355, 0.4082826787521751,
                 0.5917173212478249, 0.7627662049581645, 0.8983332387068134, 0.9801449282487681];
  const weights = [0.05061426814518813, 0.11119051722668724, 0.15685332293894363, 0.18134189168918100,
                   0.18134189168918100, 0.15685332293894363, 0.11119051722668724, 0.05061426814518813];

  // Expected lateness of the last of so many segments, in the jitter's scale.
  function latest(segmentS, segments, jitter) {
    const apart = Math.exp(-segmentS / jitter);
    let sum = 0;
    for (let i = 0; i < 8; ++i) {
      let allEarly = 1, weight = 1;
      for (let k = 0; k < segments && weight > negligible; ++k, weight *= apart) allEarly *= 1 - weight * nodes[i];
      sum += weights[i] * (1 - allEarly) / nodes[i];
    }
    return sum;
  }

  // One TCP connection from its first message on: exchange() gives the seconds that request and reply wait, by cause.
  function connect(condition, initialWindow, chance, link) {
    const rtt = condition.rtt_s, loss = condition.loss ?? 0, jitter = condition.jitter_s ?? 0;
    const rates = [condition.up_bps ?? Infinity, condition.down_bps ?? Infinity];
    const ways = [0, 1].map(i => ({segment: (link.segment_bytes + link.framing_bytes) * 8 * (1 / rates[i]), byte: 8 * (1 / rates[i]),
                                   acknowledgement: link.framing_bytes * 8 / rates[1 - i]}));
    const fresh = (size, threshold, most = 0, rise = 0) => ({size, threshold, most, rise, inUse: 0});
    const senders = [0, 1].map(() => ({open: fresh(initialWindow, Infinity), closed: fresh(0, 0), closedShare: 0, lastSent: 0, timeout: 0, variation: 0, used: false}));
    let now = 0;

    function idle(window, left, timeout) {
      const least = Math.min(initialWindow, window.size);
      window.threshold = Math.max(window.threshold, 0.75 * window.size);
      for (; left > 0 && window.size > least; left -= timeout) window.size = Math.floor(window.size / 2);
      window.size = Math.max(window.size, least);
    }

    function acknowledged(window, way, segments, limited) {
      const before = window.size;
      if (before < window.threshold) {
        const most = limited ? before + segments : Math.max(before, 2 * segments);
        const grown = Math.min(before + segments, most, window.threshold);
        const offload = Math.min(longestOffload, 4 * offloadBytes / (2 * before * link.segment_bytes / rtt));
        const train = Math.floor((rtt + offload) / 2 / way.segment) + 2;
        const atKnee = Math.max(Math.min(before + train, grown), Math.min(kneeFrom, grown));
        const found = way.segment > 0 && way.segment <= trainGap && train <= segments && grown >= kneeFrom;
        window.size = found ? atKnee : grown;
        if (found) Object.assign(window, fresh(window.size, window.size, window.size));
        return;
      }
      if (!limited) return;
      const target = window.most + cubic * Math.pow(window.inUse + rtt - window.rise, 3);
      window.size = before + segments * clamp((target - before) / before, slowestGrowth, fastestGrowth);
    }

    function carry(window, way, segments, last) {
      const round = rtt + way.segment + way.acknowledgement, carried = {seconds: 0, jitter: 0, flights: 0, queued: 0, lastSent: 0};
      let left = segments, limited = false;
      for (;;) {
        const size = Math.max(1, Math.floor(window.size));
        limited = limited || left >= size;
        if (left <= size || size * way.segment >= round) {
          carried.queued = (Math.min(left, size) - 1) * way.segment;
          carried.lastSent = carried.seconds + (left - Math.min(left, size)) * way.segment;
          break;
        }
        left -= size;
        carried.seconds += round;
        ++carried.flights;
        if (jitter > 0) carried.jitter += 2;
        acknowledged(window, way, size, true);
      }
      acknowledged(window, way, left, limited);
      window.inUse += carried.seconds + round;
      if (jitter > 0) carried.jitter += latest(way.segment, left, jitter);
      carried.seconds += (left - 1) * way.segment + last + rtt / 2;
      return carried;
    }

    const chanceOfLoss = segments => 1 - Math.pow(1 - loss, segments);
    function lost(window) {
      const size = Math.max(leastWindow, keptAfterLoss * window.size);
      return fresh(size, size, window.size, Math.cbrt((window.size - size) / cubic));
    }

    function send(i, bytes, trip) {
      const sender = senders[i], way = ways[i], closed = sender.closedShare;
      const segments = Math.max(1, Math.ceil(bytes / link.segment_bytes));
      const last = (bytes - (segments - 1) * link.segment_bytes + link.framing_bytes) * way.byte;
      const idleFor = now - sender.lastSent - sender.timeout;
      if (sender.used && idleFor > 0) [sender.open, sender.closed].forEach(window => idle(window, idleFor, sender.timeout));
      const carried = carry(sender.open, way, segments, last);
      if (closed > 0) {
        const other = carry(sender.closed, way, segments, last);
        for (const part of ["seconds", "jitter", "flights", "lastSent"]) carried[part] += closed * (other[part] - carried[part]);
      }
      const rounds = sender.used ? carried.flights + 1 : Math.max(0, carried.flights - 1);
      if (!sender.used) sender.variation = Math.max(2 * rtt, leastTimeout);
      sender.variation = leastTimeout + (sender.variation - leastTimeout) * Math.pow(variationKept, rounds);
      sender.timeout = rtt + carried.queued + sender.variation;
      sender.used = true;
      sender.lastSent = now + carried.lastSent;
      trip.jitter_s += carried.jitter * jitter;
      if (loss === 0) return carried.seconds;
      const any = chanceOfLoss(segments), atEnd = chanceOfLoss(Math.min(segments, duplicates));
      trip.recovery_s += (any - atEnd) * rtt;
      trip.timeout_s += atEnd * (rtt + leastTimeout);
      const parts = [lost(sender.open), lost(sender.closed), sender.closed];
      const shares = [(1 - closed) * any, closed * any, closed * (1 - any)];
      const mean = fresh(0, 0);
      sender.closedShare = shares[0] + shares[1] + shares[2];
      parts.forEach((part, k) => {
        if (shares[k] === 0) return;
        for (const field of Object.keys(mean)) mean[field] += shares[k] / sender.closedShare * part[field];
      });
      sender.closed = mean;
      return carried.seconds;
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
