"use strict";
// netsim/link/link_model.cc in the browser: one direction of a link, packet by packet. A link is as the model's file states it
// (delay_ns, bps, loss, queue_bytes, jitter, bursts, down, schedule, period_ns); its chance is drawn from a generator of the
// page's own, so that single draws differ from the program's and only means are comparable.
const links = (() => {
  const never = Infinity, lost = -1;

  // Mulberry32: 32 bits of state are plenty for one link's packets.
  function generator(seed, stream) {
    let state = Math.imul(seed ^ Math.imul(stream + 1, 0x9e3779b9), 0x85ebca6b) | 0;
    return () => {
      state = state + 0x6d2b79f5 | 0;
      let mixed = Math.imul(state ^ state >>> 15, 1 | state);
      mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
      return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
    };
  }

  // P(a standard normal variable is above x): Chebyshev fit of Numerical Recipes, to 1.2e-7 of itself.
  function above(x) {
    const z = Math.abs(x) / Math.SQRT2, t = 1 / (1 + 0.5 * z);
    const terms = [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223];
    const tail = 0.5 * t * Math.exp(-z * z + terms.reduce((sum, term) => sum * t + term, 0));
    return Math.max(x >= 0 ? tail : 1 - tail, 1e-300);
  }

  const ppp = 2;
  const chancy = state => state.loss > 0 || (state.bursts?.to_bad ?? 0) > 0 || jitters(state);
  const jitters = state => (state.jitter?.law ?? "none") !== "none";

  class Link {
    constructor(spec, seed, stream, chance) {
      this.spec = this.state = spec;
      this.schedule = spec.schedule ?? [];
      this.period = spec.period_ns ?? 0;
      this.turn = this.change = 0;
      this.waiting = new Queue();  // {starts, bytes}
      this.queued = this.free = this.lastArrival = 0;
      this.chance = chance;
      this.uniform = generator(seed, stream);
      const {cross} = spec;
      this.othersTurn = this.others = cross ? -Math.round(this.uniform() * (cross.on_ns + cross.off_ns)) : never;
      this.bad = false;
      this.walk = chance && jitters(spec) ? this.normal() : 0;
    }
    // When it is through queue and rate; -1: the queue is full.
    pass(now, bytes) {
      const {waiting} = this;
      while (waiting.length > 0 && waiting.first.starts <= now) this.queued -= waiting.shift().bytes;
      if (this.free > now && this.state.queue_bytes !== 0 && this.queued + bytes > this.state.queue_bytes) return lost;
      const starts = Math.max(now, this.free), sent = this.sentAt(starts, bytes);
      if (starts > now) {
        waiting.push({starts, bytes});
        this.queued += bytes;
      }
      this.free = sent;
      return sent;
    }
    // Of others, what came until now.
    passOthers(now) {
      const {cross} = this.spec;
      if (!cross || !this.chance) return;
      const gap = Math.round(8e9 * cross.packet_bytes / cross.bps);
      while (this.others <= now) {
        if (cross.off_ns > 0 && this.others - this.othersTurn >= cross.on_ns) {
          this.others = this.othersTurn += cross.on_ns + cross.off_ns;
          continue;
        }
        if (this.others >= 0) this.pass(this.others, cross.packet_bytes + ppp);
        this.others += gap;
      }
    }
    // When the packet's last bit is there; -1: never.
    offer(now, bytes) {
      this.passOthers(now);
      const sent = this.pass(now, bytes);
      if (sent === lost || sent === never) return lost;
      const {state} = this;
      let delay = state.delay_ns;
      if (this.chance) {
        const gone = this.losesByChance();
        delay = Math.max(0, delay + this.jitter());
        if (gone) return lost;
      }
      let arrival = sent + delay;
      if (!state.jitter?.reorder) arrival = Math.max(arrival, this.lastArrival);
      this.lastArrival = Math.max(this.lastArrival, arrival);
      return arrival;
    }
    nextChange() {
      if (this.schedule.length === 0) return never;
      const turn = this.turn * this.period;
      if (this.change < this.schedule.length) return turn + this.schedule[this.change].at_ns;
      return this.period > 0 ? turn + this.period : never;
    }
    followSchedule(t) {
      while (this.nextChange() <= t) {
        if (this.change < this.schedule.length) {
          this.state = this.schedule[this.change++];
        } else {
          this.state = this.spec;
          this.change = 0;
          ++this.turn;
        }
      }
    }
    sentAt(t, bytes) {
      if (t === never) return never;
      for (let bits = 8 * bytes;;) {
        this.followSchedule(t);
        const change = this.nextChange(), {bps} = this.state;
        if (!this.state.down) {
          if (bps === 0) return t;
          const takes = Math.round(bits / bps * 1e9);
          if (change === never || t + takes <= change) return t + takes;
          bits -= bps * 1e-9 * (change - t);
        }
        if (change === never) return never;
        t = change;
      }
    }
    losesByChance() {
      const {loss, bursts} = this.state;
      if (bursts && bursts.to_bad > 0) this.bad = this.bad ? this.uniform() >= bursts.to_good : this.uniform() < bursts.to_bad;
      const probability = this.bad ? bursts?.loss ?? 1 : loss;
      return probability > 0 && this.uniform() < probability;
    }
    jitter() {
      const {jitter} = this.state;
      if (!jitter || jitter.law === "none") return 0;
      const {law, scale_ns: scale, correlation = 0} = jitter;
      this.walk = correlation * this.walk + Math.sqrt(1 - correlation * correlation) * this.normal();
      if (law === "uniform") return Math.round(scale * (1 - 2 * above(this.walk)));
      if (law === "normal") return Math.round(scale * this.walk);
      if (law === "exponential") return Math.round(-scale * Math.log(above(this.walk)));
      return Math.round(scale * (above(this.walk) ** (-1 / 3) - 1.5) / Math.sqrt(0.75));  // pareto
    }
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      return radius * Math.cos(2 * Math.PI * this.uniform());
    }
  }

  const byChance = spec => chancy(spec) || (spec.cross?.bps ?? 0) > 0 || (spec.schedule ?? []).some(chancy);
  const varies = spec => jitters(spec) || (spec.cross?.bps ?? 0) > 0;
  return {Link, byChance, jitters, varies, generator};
})();
