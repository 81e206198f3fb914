"use strict";
// One TCP connection of model/connection.cc in the browser: same rules, same order of operations, no DOM.
// Seconds, bytes and bit/s; a rate of null is not limited. `link` holds the constants of model/link.hh.
const connection = (() => {
  const leastTimeout = 0.2, kneeFrom = 16, trainGap = 2e-3, offloadBytes = 65216, longestOffload = 1e-3;
  const cubic = 0.4, slowestGrowth = 0.05, fastestGrowth = 0.5, duplicates = 3, keptAfterLoss = 0.7, leastWindow = 2;
  const variationKept = 0.75;
  // Gauss-Legendre on [0, 1].
  const nodes = [0.019855071751231884, 0.10166676129318664, 0.2372337950418355, 0.4082826787521751,
                 0.5917173212478249, 0.7627662049581645, 0.8983332387068134, 0.9801449282487681];
  const weights = [0.05061426814518813, 0.11119051722668724, 0.15685332293894363, 0.18134189168918100,
                   0.18134189168918100, 0.15685332293894363, 0.11119051722668724, 0.05061426814518813];
  const negligible = 1e-4;
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
  const chanceOfLoss = (loss, segments) => 1 - Math.pow(1 - loss, segments);
  const newWindow = (size, threshold, most = 0, rise = 0, inUse = 0) => ({size, threshold, most, rise, inUse});

  function wire(bytes, bps, link) {
    return (bytes + link.framing_bytes * Math.ceil(bytes / link.segment_bytes)) * 8 / bps;
  }

  // exchange() gives the seconds that a request and its reply wait, by cause. `chance`: model.chance.
  function connect(condition, initialWindow, chance, link) {
    const rtt = condition.rtt_s, loss = condition.loss ?? 0, jitter = condition.jitter_s ?? 0;
    const rates = [condition.up_bps ?? Infinity, condition.down_bps ?? Infinity];
    const ways = rates.map((rate, i) => ({segment: (link.segment_bytes + link.framing_bytes) * 8 * (1 / rate), byte: 8 * (1 / rate),
                                          acknowledgement: link.framing_bytes * 8 / rates[1 - i], latest: new Map()}));
    const senders = rates.map(() => ({open: newWindow(initialWindow, Infinity), closed: newWindow(0, 0), closedShare: 0,
                                      lastSent: 0, timeout: 0, variation: 0, used: false}));
    let now = 0;

    // Expected delay of the last arrival, in the jitter's scale.
    function latest(way, segments) {
      if (!way.latest.has(segments)) {
        const apart = Math.exp(-way.segment / jitter);
        let sum = 0;
        nodes.forEach((node, i) => {
          let allEarly = 1, weight = 1;
          for (let k = 0; k < segments && weight > negligible; ++k, weight *= apart) allEarly *= 1 - weight * node;
          sum += weights[i] * (1 - allEarly) / node;
        });
        way.latest.set(segments, sum);
      }
      return way.latest.get(segments);
    }

    function idle(window, rest, timeout) {
      const least = Math.min(initialWindow, window.size);
      window.threshold = Math.max(window.threshold, 0.75 * window.size);
      for (let left = rest; left > 0 && window.size > least; left -= timeout) window.size = Math.floor(window.size / 2);
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
        if (found) Object.assign(window, newWindow(window.size, window.size, window.size));
        return;
      }
      if (!limited) return;
      const target = window.most + cubic * Math.pow(window.inUse + rtt - window.rise, 3);
      window.size = before + segments * clamp((target - before) / before, slowestGrowth, fastestGrowth);
    }

    function carry(window, way, segments, last) {
      const round = rtt + way.segment + way.acknowledgement;
      const carried = {seconds: 0, late: 0, flights: 0, lastSent: 0, queued: 0};
      let left = segments, limited = false;
      for (;;) {
        const size = Math.max(1, Math.floor(window.size)), once = Math.min(left, size);
        limited = limited || left >= size;
        if (left <= size || size * way.segment >= round) {
          carried.queued = (once - 1) * way.segment;
          carried.lastSent = carried.seconds + (left - once) * way.segment;
          break;
        }
        left -= size;
        carried.seconds += round;
        ++carried.flights;
        if (jitter > 0) carried.late += 2;
        acknowledged(window, way, size, true);
      }
      acknowledged(window, way, left, limited);
      window.inUse += carried.seconds + round;
      if (jitter > 0) carried.late += latest(way, left);
      carried.seconds += (left - 1) * way.segment + last + rtt / 2;
      return carried;
    }

    // What a loss makes of a sender: the mean of those that lost now, from either state, and of those that lost before.
    function lose(sender, any) {
      const lost = w => {
        const size = Math.max(leastWindow, keptAfterLoss * w.size);
        return newWindow(size, size, w.size, Math.cbrt((w.size - size) / cubic));
      };
      const closed = sender.closedShare, parts = [lost(sender.open), lost(sender.closed), sender.closed];
      const shares = [(1 - closed) * any, closed * any, closed * (1 - any)], mean = newWindow(0, 0);
      sender.closedShare = shares[0] + shares[1] + shares[2];
      shares.forEach((part, i) => {
        if (part === 0) return;
        for (const key of Object.keys(mean)) mean[key] += part / sender.closedShare * parts[i][key];
      });
      sender.closed = mean;
    }

    function send(i, bytes, trip) {
      const sender = senders[i], way = ways[i];
      const segments = Math.max(1, Math.ceil(bytes / link.segment_bytes));
      const last = (bytes - (segments - 1) * link.segment_bytes + link.framing_bytes) * way.byte;
      const rest = now - sender.lastSent - sender.timeout;
      if (sender.used && rest > 0) {
        idle(sender.open, rest, sender.timeout);
        idle(sender.closed, rest, sender.timeout);
      }
      const carried = carry(sender.open, way, segments, last), closed = sender.closedShare;
      if (closed > 0) {
        const other = carry(sender.closed, way, segments, last);
        for (const key of ["seconds", "late", "flights", "lastSent"]) carried[key] += closed * (other[key] - carried[key]);
      }
      const rounds = sender.used ? carried.flights + 1 : Math.max(0, carried.flights - 1);
      if (!sender.used) sender.variation = Math.max(2 * rtt, leastTimeout);
      sender.variation = leastTimeout + (sender.variation - leastTimeout) * Math.pow(variationKept, rounds);
      sender.timeout = rtt + carried.queued + sender.variation;
      sender.used = true;
      sender.lastSent = now + carried.lastSent;
      trip.jitter_s += carried.late * jitter;
      if (loss === 0) return carried.seconds;
      const any = chanceOfLoss(loss, segments), atEnd = chanceOfLoss(loss, Math.min(segments, duplicates));
      trip.recovery_s += (any - atEnd) * rtt;
      trip.timeout_s += atEnd * (rtt + leastTimeout);
      lose(sender, any);
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

  return {connect};
})();
