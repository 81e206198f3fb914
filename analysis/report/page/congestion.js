"use strict";
// model/path/congestion.cc in the browser: a sender's window, acknowledgement by acknowledgement; same rules, same order of
// operations. Bytes and whole nanoseconds.
const Congestion = (() => {
  const offloadBytes = 65216, unlimited = 2 ** 32 - 1;
  const whole = Math.floor;

  return class {
    constructor(tcp, segment) {
      this.window = tcp.initial_window * segment;
      this.threshold = unlimited;
      this.restarts = tcp.slow_start_after_idle;
      this.decays = tcp.app_limited_decay !== "off";
      this.decaysByRfc = tcp.app_limited_decay === "rfc2861";
      this.initial = tcp.initial_window;
      this.segment = segment;
      this.seen = new RoundTrips(tcp);
      this.measured = false;
      this.curve = new windowGrowth.Curve();
      this.hystart = new windowGrowth.Hystart();
      this.under = new Queue();  // {end, at} of what was sent
      this.acked = this.retransmittedTo = this.roundEnd = this.lastSent = this.validated = 0;
      this.burstOpen = false;
      this.burstAt = this.burstAcked = this.burstWindow = 0;
      this.limited = false;
      this.mostOut = this.used = this.credit = 0;
    }
    segments() { return whole(this.window / this.segment); }
    remember() {
      const size = this.segments();
      this.threshold = Math.max(this.threshold, (whole(size / 2) + whole(size / 4)) * this.segment);
    }
    beforeBurst(now, open) {
      this.settle(open);
      if (!this.measured) return;
      const idle = now - this.lastSent;
      if (this.restarts && idle > this.seen.timeoutNs()) this.restartAfter(idle, now);
      this.curve.pause(idle, now);
    }
    restartAfter(idle, now) {
      this.remember();
      let size = this.segments();
      const least = Math.min(this.initial, size), timeout = this.seen.timeoutNs();
      while ((idle -= timeout) > 0 && size > least) size = whole(size / 2);
      this.window = Math.max(size, least) * this.segment;
      this.validated = now;
      this.used = 0;
    }
    sent(now, end, open) {
      if (now !== this.burstAt) this.settle(open);
      this.burstOpen = true;
      this.burstAt = now;
      this.burstAcked = this.acked;
      this.burstWindow = this.segments();
      this.under.push({end, at: now});
      this.lastSent = now;
    }
    settle(open) {
      if (!this.burstOpen) return;
      this.burstOpen = false;
      const out = this.under.length, limited = out >= this.burstWindow;
      if (this.burstAcked >= this.roundEnd || limited || (!this.limited && out > this.mostOut)) {
        this.limited = limited;
        this.mostOut = out;
        this.roundEnd = out === 0 ? this.acked : this.under.last.end;
      }
      this.validate(out, this.burstAt, open);
    }
    usesWindow() { return this.limited || (this.window < this.threshold && this.segments() < 2 * this.mostOut); }
    validate(out, now, open) {
      if (this.usesWindow()) {
        this.used = 0;
        this.validated = now;
        return;
      }
      this.used = Math.max(this.used, out);
      if (!this.decays || (!this.decaysByRfc && !this.restarts) || !this.measured || now - this.validated < this.seen.timeoutNs()) return;
      this.validated = now;
      if (!open) return;
      const used = Math.max(this.used, this.initial);
      if (used < this.segments()) {
        this.remember();
        this.window = whole((this.segments() + used) / 2) * this.segment;
      }
      this.used = 0;
    }
    acknowledged(now, upTo, sentTo, smoothed, open) {
      this.settle(open);
      this.acked = upTo;
      let rtt = 0, sentTwice = 0;
      for (const {under} = this; under.length > 0 && under.first.end <= upTo; under.shift()) {
        if (under.first.end > this.retransmittedTo) rtt = now - under.first.at;
        else sentTwice = now - under.first.at;
      }
      if (rtt === 0) {
        if (sentTwice === 0) return;
        this.lastSent = Math.max(this.lastSent, now - smoothed);
        rtt = smoothed;
      }
      if (rtt <= 0) return;
      this.measured = true;
      this.seen.see(now / 1e9, rtt / 1e9);
      if (this.curve.inEpoch && now - this.curve.epoch < 1e9) return;
      this.hystart.see(rtt);
      if (this.window >= this.threshold) return;
      const pace = (this.window < whole(this.threshold / 2) ? 2 : 1.2) * this.window / this.seen.smooth;
      const burst = Math.round(Math.min(1e-3, 4 * offloadBytes / pace) * 1e9);
      if (this.hystart.endsSlowStart(now, rtt, upTo, sentTo, this.segments(), burst)) this.threshold = this.window;
    }
    grow(now, delivered) {
      if (this.decays && !this.decaysByRfc) this.validated = now;
      if (!this.usesWindow()) return;
      const {segment} = this;
      let acked = whole((delivered + segment - 1) / segment);
      if (this.window < this.threshold) {
        const grown = Math.min(acked, whole((this.threshold - this.window + segment - 1) / segment));
        this.window = Math.min(this.window + grown * segment, this.threshold);
        acked -= grown;
        if (acked === 0) return;
      }
      const needed = this.curve.acksPerSegment(this.segments(), acked, now, this.hystart.leastRtt);
      if (this.credit >= needed) {
        this.credit = 0;
        this.window += segment;
      }
      this.credit += acked;
      this.window += whole(this.credit / needed) * segment;
      this.credit %= needed;
    }
    cut() { this.threshold = this.curve.thresholdAfterLoss(this.segments()) * this.segment; }
    recovers(sentTo) { this.retransmittedTo = sentTo; }
    timedOut(sentTo) {
      this.recovers(sentTo);
      this.curve = new windowGrowth.Curve();
      this.hystart = new windowGrowth.Hystart();
      this.window = this.segment;
    }
  };
})();
