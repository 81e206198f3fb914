"use strict";
// model/path/congestion.cc in the browser, its first half: where slow start ends before anything is lost, and how many
// acknowledgements a segment more takes after it. Segments and whole nanoseconds.
const windowGrowth = (() => {
  const cubic = 410 / 1024, beta = 717 / 1024, firstEpochAtMost = 20, renoShare = 15, kneeFrom = 16, kneeSamples = 8;
  const whole = Math.floor;

  class Hystart {
    constructor() {
      this.found = false;
      this.leastRtt = this.rtt = this.start = this.train = this.end = this.samples = 0;
    }
    see(rtt) {
      rtt = Math.max(rtt, 1000);
      if (this.leastRtt === 0 || rtt < this.leastRtt) this.leastRtt = rtt;
    }
    endsSlowStart(now, rtt, acked, next, window, burst) {
      if (this.found) return false;
      if (acked > this.end) {
        this.start = this.train = now;
        this.end = next;
        this.rtt = Infinity;
        this.samples = 0;
      }
      if (window < kneeFrom) return false;
      if (now - this.train <= 2e6) {
        this.train = now;
        this.found = now - this.start > whole((this.leastRtt + Math.min(burst, 1e6)) / 2);
      }
      this.rtt = Math.min(this.rtt, rtt);
      if (this.samples < kneeSamples) ++this.samples;
      else if (this.rtt > this.leastRtt + Math.min(Math.max(whole(this.leastRtt / 8), 4e6), 16e6)) this.found = true;
      return this.found;
    }
  }

  class Curve {
    constructor() {
      this.inEpoch = false;
      this.epoch = this.lastTime = 0;
      this.lastWindow = this.lastMax = this.count = this.origin = this.acked = this.renoWindow = this.secondsToOrigin = 0;
    }
    thresholdAfterLoss(window) {
      this.inEpoch = false;
      this.lastMax = window < this.lastMax ? whole(window * (1 + beta) / 2) : window;
      return Math.max(whole(window * beta), 2);
    }
    pause(silence, now) {
      if (this.inEpoch && silence > 0) this.epoch = Math.min(this.epoch + silence, now);
    }
    acksPerSegment(window, acked, now, leastRtt) {
      this.acked += acked;
      if (this.inEpoch && window === this.lastWindow && now - this.lastTime <= 31250000) return this.count;
      this.lastWindow = window;
      this.lastTime = now;
      if (!this.inEpoch) {
        this.inEpoch = true;
        this.epoch = now;
        this.acked = acked;
        this.renoWindow = window;
        this.origin = Math.max(this.lastMax, window);
        this.secondsToOrigin = Math.cbrt((this.origin - window) / cubic);
      }
      this.count = this.onTheCurve(window, now, leastRtt);
      if (this.lastMax === 0) this.count = Math.min(this.count, firstEpochAtMost);
      const share = Math.max(whole(window * renoShare / 8), 1);
      this.renoWindow += whole(this.acked / share);
      this.acked %= share;
      if (this.renoWindow > window) this.count = Math.min(this.count, whole(window / (this.renoWindow - window)));
      return this.count = Math.max(this.count, 2);
    }
    onTheCurve(window, now, leastRtt) {
      const t = (now - this.epoch + leastRtt) / 1e9 - this.secondsToOrigin;
      const away = whole(cubic * Math.abs(t * t * t));
      const ahead = this.origin + (t < 0 ? -away : away) - window;
      return ahead > 0 ? whole(window / ahead) : 100 * window;
    }
  }

  return {Hystart, Curve};
})();
