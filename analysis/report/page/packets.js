"use strict";
// model/path/packets.cc in the browser: two ends of a TCP connection and the links between them. Ways and ends: 0 is up and
// the client, 1 down and the server. setup: {links: [up, down], tcp, segment}; times are whole nanoseconds.
const Packets = (() => {
  const never = Infinity, headers = 54, range = 8;

  return class {
    constructor({links: [up, down], tcp, segment}, seed, chance) {
      const rtt = up.delay_ns + down.delay_ns;
      const End = tcp.recovery === "rack" ? RackEndpoint : Endpoint;
      this.ends = [new End(tcp, segment, rtt), new End(tcp, segment, rtt)];
      this.links = [new links.Link(up, seed, 0, chance), new links.Link(down, seed, 1, chance)];
      this.flying = [new Queue(), new Queue()];  // {at, packet} by the way they go, first to arrive first
      this.posted = new Queue();                 // {at, way, bytes} by time
      this.expected = [new Queue(), new Queue()];  // where messages end, by the way they go
      this.handed = [0, 0];
      this.delivered = [0, 0];
      this.now = 0;
    }
    // A message is written at `at`, not before now. Messages of one way keep their order.
    post(at, way, bytes) { this.posted.insertByTime({at: Math.max(at, this.now), way, bytes}); }
    // The way of the next message that arrives whole, at this.now; `message` counts from 0, each way.
    next() {
      for (;;) {
        for (let way = 0; way < 2; ++way) {
          const expected = this.expected[way];
          if (expected.length === 0 || this.ends[1 - way].receiver.next < expected.first) continue;
          expected.shift();
          this.message = this.delivered[way]++;
          return way;
        }
        if (!this.step()) throw new Error("the path came to rest with messages under way");
      }
    }
    // What an end has sent goes on its link.
    take(from) {
      const {out} = this.ends[from];
      if (out.length === 0) return;
      for (const packet of out) {
        const at = this.links[from].offer(this.now, packet.bytes + headers + range * packet.apart.length);
        if (at >= 0) this.flying[from].insertByTime({at, packet});
      }
      out.length = 0;
    }
    // One thing happens; of several at one moment in this order. False: nothing does.
    step() {
      const {posted, ends, flying} = this;
      let at = never, what = -1;
      if (flying[0].length > 0) at = flying[0].first.at, what = 0;
      if (flying[1].length > 0 && flying[1].first.at < at) at = flying[1].first.at, what = 1;
      if (posted.length > 0 && posted.first.at < at) at = posted.first.at, what = 2;
      for (let end = 0; end < 2; ++end) {
        const timer = ends[end].nextTimer();
        if (timer < at) at = timer, what = 3 + end;
      }
      if (what < 0) return false;
      this.now = Math.max(this.now, at);
      if (what < 2) {
        ends[1 - what].receive(this.now, flying[what].shift().packet);
        this.take(1 - what);
      } else if (what === 2) {
        const {way, bytes} = posted.shift();
        this.handed[way] += bytes;
        this.expected[way].push(this.handed[way]);
        ends[way].post(this.now, bytes);
        this.take(way);
      } else {
        ends[what - 3].onTimer(this.now);
        this.take(what - 3);
      }
      return true;
    }
  };
})();
