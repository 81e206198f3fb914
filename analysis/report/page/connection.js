"use strict";
// One TCP connection of model/path/connection.cc in the browser: same rules, same order of operations, no DOM.
// Seconds, bytes and bit/s; a rate of null is not limited. `link` holds the constants of model/path/link.hh.
const connection = (() => {
  const leastTimeout = 0.2, kneeFrom = 16, trainGap = 2e-3, offloadBytes = 65216, longestOffload = 1e-3;
  const cubic = 0.4, slowestGrowth = 0.05, fastestGrowth = 0.5, duplicates = 3, keptAfterLoss = 0.7, leastWindow = 2;
  // Gauss-Legendre on [0, 1].
  const nodes = [0.019855071751231884, 0.10166676129318664, 0.2372337950418355, 0.4082826787521751,
                 0.5917173212478249, 0.7627662049581645, 0.8983332387068134, 0.9801449282487681];
  const weights = [0.05061426814518813, 0.11119051722668724, 0.15685332293894363, 0.18134189168918100,
                   0.18134189168918100, 0.15685332293894363, 0.11119051722668724, 0.05061426814518813];
  const negligible = 1e-4;
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
  const chanceOfLoss = (loss, segments) => 1 - Math.pow(1 - loss, segments);
  const newWindow = (size, threshold, most = 0, rise = 0, inUse = 0) => ({size, threshold, most, rise, inUse, ahead: 0});

  // model/path/round_trips.hh
  function roundTrips(first) {
    let smooth = first, deviation = 2 * first, variation = Math.max(deviation, leastTimeout), worst = variation, roundEnd = 0;
    return {
      see(at, rtt) {
        const error = rtt - smooth, more = Math.abs(error) - deviation / 4;
        smooth += error / 8;
        deviation += error < 0 && more > 0 ? more / 8 : more;
        worst = Math.max(worst, deviation);
        variation = Math.max(variation, worst);
        if (at < roundEnd) return;
        variation -= (variation - worst) / 4;
        worst = leastTimeout;
        roundEnd = at + smooth;
      },
      timeout: () => smooth + variation,
    };
  }

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
                                      seen: roundTrips(rtt), lastSent: 0, used: false}));
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

    const earlyIn = window => window.ahead > 0 ? Math.floor(window.size / initialWindow) : 0;
    const inOneTrain = (window, way) =>
      window.ahead - (earlyIn(window) - 1) * way.segment <= trainGap || window.size * way.segment >= rtt;

    function acknowledged(window, way, segments, limited) {
      const before = window.size;
      if (before < window.threshold) {
        const most = limited ? before + segments : Math.max(before, 2 * segments);
        const grown = Math.min(before + segments, most, window.threshold);
        const offload = Math.min(longestOffload, 4 * offloadBytes / (2 * before * link.segment_bytes / rtt));
        const train = Math.floor((rtt + offload) / 2 / way.segment) + 2;
        const atKnee = Math.max(Math.min(before + train, grown), Math.min(kneeFrom, grown));
        const found = way.segment > 0 && way.segment <= trainGap && train <= segments && grown >= kneeFrom && window.most === 0 &&
                      inOneTrain(window, way);
        window.size = found ? atKnee : grown;
        if (found) Object.assign(window, {...newWindow(window.size, window.size, window.size), ahead: window.ahead});
        return;
      }
      if (!limited) return;
      const target = window.most + cubic * Math.pow(window.inUse + rtt - window.rise, 3);
      window.size = before + segments * clamp((target - before) / before, slowestGrowth, fastestGrowth);
    }

    // When the last of the segments left whose first does at `begin`; their round trips go to `seen`, if anywhere.
    function see(seen, way, begin, segments, released, window) {
      const base = rtt + way.segment + way.acknowledgement, size = Math.floor(window.size);
      const growth = window.size < window.threshold ? 0.5 : slowestGrowth;
      let leftAt = begin;
      for (let i = seen ? 0 : segments - 1; i < segments; ++i) {
        const queued = released > 0 ? Math.min(Math.ceil(i / 2), Math.max(0, size - released)) : i;
        const took = i < size ? base + queued * way.segment : Math.max(base, (size + (i - size) * growth) * way.segment);
        const acknowledgedAt = begin + base + i * way.segment;
        if (seen) seen.see(acknowledgedAt, took);
        leftAt = acknowledgedAt - took;
      }
      return leftAt;
    }

    function carry(window, way, segments, last, seen) {
      const round = rtt + way.segment + way.acknowledgement;
      const carried = {seconds: 0, late: 0, flights: 0, lastSent: 0};
      let left = segments, released = 0, limited = false;
      for (;;) {
        const whole = Math.max(1, Math.floor(window.size)), early = earlyIn(window);
        const size = carried.flights === 0 && early > 0 ? whole - early : whole;
        limited = limited || left >= size;
        if (left <= size || size * way.segment >= round) {
          carried.lastSent = see(seen, way, now + carried.seconds, left, released, window) - now;
          if (carried.flights > 0) carried.seconds -= left <= early ? window.ahead : Math.min(window.ahead, early * way.segment);
          break;
        }
        see(seen, way, now + carried.seconds, size, released, window);
        released = size;
        left -= size;
        carried.seconds += round;
        ++carried.flights;
        if (jitter > 0) carried.late += 2;
        acknowledged(window, way, whole, true);
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
      const timeout = sender.seen.timeout(), rest = now - sender.lastSent - timeout;
      if (sender.used && rest > 0) {
        idle(sender.open, rest, timeout);
        idle(sender.closed, rest, timeout);
      }
      sender.open.ahead = i === 0 && !sender.used && now < rtt ? now + way.segment : 0;
      const carried = carry(sender.open, way, segments, last, sender.seen), closed = sender.closedShare;
      if (closed > 0) {
        const other = carry(sender.closed, way, segments, last, null);
        for (const key of ["seconds", "late", "flights", "lastSent"]) carried[key] += closed * (other[key] - carried[key]);
      }
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
        now += trip.jitter_s;
        return trip;
      },
      rest(seconds) { now += seconds; },
    };
  }

  return {connect};
})();
