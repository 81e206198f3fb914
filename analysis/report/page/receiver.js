"use strict";
// model/path/endpoint.cc in the browser, the receiver: what it keeps out of order and when it acknowledges.
const Receiver = (() => {
  const never = Infinity, blocksInPacket = 3, mostBlocks = 4;
  const nothing = [];

  return class {
    static nothing = nothing;
    constructor(tcp) {
      this.next = 0;   // of the bytes that it waits for
      this.held = [];  // out of order, ascending; ranges are never changed, packets hold them too
      this.told = [];  // the same as it is told, latest first
      this.unacknowledged = this.echo = 0;
      this.every = tcp.delayed_ack_segments;
      this.within = tcp.delayed_ack_timeout_ns;
      this.acknowledgeAt = never;
    }
    acknowledged() {
      this.unacknowledged = 0;
      this.acknowledgeAt = never;
    }
    blocks() { return this.told.length === 0 ? nothing : this.told.slice(0, blocksInPacket); }
    // Whether to acknowledge at once: where something is missing or a gap was filled.
    accept(now, p) {
      const begin = Math.max(p.begin, this.next), end = p.begin + p.bytes, expected = this.next;
      if (begin >= end || this.held.some(r => r.begin <= begin && end <= r.end)) return true;
      if (begin === expected) this.next = end;
      else this.keep(begin, end);
      if (this.held.length > 0) {
        while (this.held.length > 0 && this.held[0].begin <= this.next) this.next = Math.max(this.next, this.held.shift().end);
      }
      if (this.told.length > 0) this.told = this.told.filter(r => r.end > this.next);
      if (this.held.length > 0 || this.next > expected + p.bytes || ++this.unacknowledged >= this.every) return true;
      if (this.acknowledgeAt === never) this.acknowledgeAt = now + this.within;
      return false;
    }
    keep(begin, end) {
      let at = this.held.findIndex(r => r.end >= begin), whole = {begin, end}, joined = 0;
      if (at < 0) at = this.held.length;
      for (; at + joined < this.held.length && this.held[at + joined].begin <= whole.end; ++joined) {
        const r = this.held[at + joined];
        whole = {begin: Math.min(whole.begin, r.begin), end: Math.max(whole.end, r.end)};
      }
      this.held.splice(at, joined, whole);
      let block = {begin, end};
      for (let i = 0; i >= 0;) {
        i = this.told.findIndex(r => r.end >= block.begin && block.end >= r.begin);
        if (i < 0) break;
        const [r] = this.told.splice(i, 1);
        block = {begin: Math.min(block.begin, r.begin), end: Math.max(block.end, r.end)};
      }
      this.told.unshift(block);
      if (this.told.length > mostBlocks) this.told.pop();
    }
  };
})();
