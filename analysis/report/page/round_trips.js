"use strict";
// model/path/round_trips.hh in the browser. Seconds.
const RoundTrips = (() => {
  const clock = 1e-3;

  return class {
    constructor(tcp) {
      this.least = tcp.min_rto_ns / 1e9;
      this.linux = tcp.rto_form === "linux";
      this.smooth = this.deviation = this.worst = this.variation = this.roundEnd = 0;
    }
    timeout() { return Math.max(this.smooth + Math.max(clock, this.variation), this.least); }
    timeoutNs() { return Math.round(this.timeout() * 1e9); }
    see(at, rtt) {
      if (this.linux) this.seeAsLinux(at, rtt);
      else this.seeAsRfc(rtt);
    }
    seeAsLinux(at, rtt) {
      if (this.smooth === 0) {
        this.smooth = rtt;
        this.deviation = 2 * rtt;
        this.variation = this.worst = Math.max(this.deviation, this.least);
        this.roundEnd = at;
        return;
      }
      const error = rtt - this.smooth, more = Math.abs(error) - this.deviation / 4;
      this.smooth += error / 8;
      this.deviation += error < 0 && more > 0 ? more / 8 : more;
      if (this.deviation > this.worst) {
        this.worst = this.deviation;
        this.variation = Math.max(this.variation, this.worst);
      }
      if (at < this.roundEnd) return;
      if (this.worst < this.variation) this.variation -= (this.variation - this.worst) / 4;
      this.roundEnd = at + this.smooth;
      this.worst = this.least;
    }
    seeAsRfc(rtt) {
      if (this.smooth === 0) {
        this.smooth = rtt;
        this.variation = 2 * rtt;
        return;
      }
      this.variation += (4 * Math.abs(rtt - this.smooth) - this.variation) / 4;
      this.smooth += (rtt - this.smooth) / 8;
    }
  };
})();
