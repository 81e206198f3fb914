"use strict";
// model/path/scoreboard.cc in the browser: which bytes under way were acknowledged out of order, are held for lost, were sent
// again (RFC 6675, RFC 8985).
const Scoreboard = (() => {
  const duplicates = 3, none = -1;
  const endOf = item => item.begin + item.bytes;

  return class {
    constructor(segment) {
      this.segment = segment;
      this.items = new Queue();  // {begin, bytes, at, sacked, lost, again}; at: when it was sent last
      this.head = this.sent = this.sacked = this.lost = this.again = 0;
      this.highestSacked = none;
      // Of what has arrived, what was sent last.
      this.newestSent = this.newestRtt = this.newestEnd = this.leastRtt = 0;
    }
    tail() { return this.head + this.sent; }
    inFlight() { return this.sent - this.sacked - this.lost + this.again; }
    sendNew(now, bytes) {
      this.items.push({begin: this.tail(), bytes, at: now, sacked: false, lost: false, again: false});
      this.sent += bytes;
    }
    indexOf(begin) {
      let low = 0, high = this.items.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (endOf(this.items.at(middle)) <= begin) low = middle + 1;
        else high = middle;
      }
      return low;
    }
    // Both: where it begins, or -1.
    nextLost() {
      if (this.lost === 0) return none;
      for (let i = 0; i < this.items.length; ++i) {
        const item = this.items.at(i);
        if (item.lost && !item.again && !item.sacked) return item.begin;
      }
      return none;
    }
    nextUnsentAgain() {
      for (let i = 0; i < this.items.length; ++i) {
        const item = this.items.at(i);
        if (!item.again && !item.sacked) return item.begin;
      }
      return none;
    }
    split(index, bytes) {
      const item = this.items.at(index), rest = {...item, begin: item.begin + bytes, bytes: item.bytes - bytes};
      item.bytes = bytes;
      this.items.insert(index + 1, rest);
    }
    // A short segment is filled up from the one behind it, where that shares its fate.
    sendAgain(now, begin, most) {
      const index = this.indexOf(begin), item = this.items.at(index);
      const second = index + 1 < this.items.length ? this.items.at(index + 1) : null;
      const joins = second && !second.sacked && second.lost === item.lost;
      const bytes = Math.min(most, item.bytes + (joins ? second.bytes : 0));
      if (bytes < item.bytes) {
        this.split(index, bytes);
      } else if (bytes > item.bytes) {
        if (second.bytes > bytes - item.bytes) this.split(index + 1, bytes - item.bytes);
        if (item.again !== second.again) {  // the whole is counted below
          this.again -= item.again ? item.bytes : second.bytes;
          item.again = false;
        }
        item.bytes = bytes;
        this.items.remove(index + 1);
      }
      if (!item.again) this.again += item.bytes;
      item.again = true;
      item.at = now;
      return item.bytes;
    }
    forget(item, bytes) {
      this.sent -= bytes;
      this.head += bytes;
      if (item.sacked) this.sacked -= bytes;
      if (item.lost) this.lost -= bytes;
      if (item.again) this.again -= bytes;
    }
    // Both return the bytes that are newly known to have arrived.
    acknowledge(now, upTo) {
      let arrived = 0;
      while (this.items.length > 0 && this.items.first.begin < upTo) {
        const item = this.items.first;
        if (endOf(item) > upTo) {
          const part = upTo - item.begin;
          this.forget(item, part);
          item.begin += part;
          item.bytes -= part;
          break;
        }
        this.forget(item, item.bytes);
        if (!item.sacked) {
          arrived += item.bytes;
          this.arrived(now, item);
        }
        this.items.shift();
      }
      if (this.highestSacked <= this.head) this.highestSacked = none;
      return arrived;
    }
    // What was sent again and answered faster than anything before was answered the first time it was sent.
    arrived(now, item) {
      const rtt = now - item.at;
      if (item.again && rtt < this.leastRtt) return;
      if (!item.again && (this.leastRtt === 0 || rtt < this.leastRtt)) this.leastRtt = rtt;
      if (item.at < this.newestSent || (item.at === this.newestSent && endOf(item) <= this.newestEnd)) return;
      this.newestSent = item.at;
      this.newestEnd = endOf(item);
      this.newestRtt = rtt;
    }
    acknowledgeApart(now, begin, end) {
      let arrived = 0;
      for (let i = this.indexOf(begin); i < this.items.length && endOf(this.items.at(i)) <= end; ++i) {
        const item = this.items.at(i);
        if (item.begin < begin || item.sacked) continue;
        if (item.lost) this.lost -= item.bytes;
        item.lost = false;
        item.sacked = true;
        this.sacked += item.bytes;
        arrived += item.bytes;
        this.arrived(now, item);
        if (this.highestSacked === none || this.highestSacked <= endOf(item)) this.highestSacked = item.begin;
      }
      return arrived;
    }
    // By time: lost is what was sent before something that has arrived, a round trip and `patience` ago. Returns how long
    // until the last that may still come is held for lost; 0: none.
    loseByTime(now, patience) {
      let longest = 0;
      for (let i = 0; i < this.items.length; ++i) {
        const item = this.items.at(i);
        if (item.sacked || (item.lost && !item.again)) continue;
        if (item.at > this.newestSent || (item.at === this.newestSent && endOf(item) >= this.newestEnd)) continue;
        const left = this.newestRtt + patience - (now - item.at);
        if (left > 0) {
          longest = Math.max(longest, left);
          continue;
        }
        if (item.again) this.again -= item.bytes;
        if (!item.lost) this.lost += item.bytes;
        item.again = false;
        item.lost = true;
      }
      return longest;
    }
    // By count: lost is what three segments behind it have overtaken.
    loseByCount() {
      if (this.highestSacked === none) return;
      let overtakers = 0;
      for (let i = this.indexOf(this.highestSacked); i >= 0; --i) {
        const item = this.items.at(i);
        if (item.sacked && i > 0) ++overtakers;
        if (overtakers < duplicates || item.sacked || item.lost) continue;
        item.lost = true;
        this.lost += item.bytes;
      }
    }
    holdsForLost(at) {
      if (this.highestSacked === none || at >= this.highestSacked) return false;
      for (let i = this.indexOf(at); i < this.items.length; ++i) {
        const item = this.items.at(i);
        if (item.begin < at) continue;
        if (item.lost) return true;
        if (item.sacked) return false;
      }
      return false;
    }
    wasSentAgain(end) {
      if (end <= this.head || end > this.tail()) return false;
      const item = this.items.at(this.indexOf(end - 1));
      return endOf(item) === end && !item.sacked && item.again;
    }
    loseHead() {
      if (this.items.length === 0) return;
      const item = this.items.first;
      if (item.sacked) this.sacked -= item.bytes;
      if (item.again) this.again -= item.bytes;
      if (!item.lost) this.lost += item.bytes;
      item.sacked = item.again = false;
      item.lost = true;
    }
    loseAll() {
      this.again = this.lost = 0;
      for (let i = 0; i < this.items.length; ++i) {
        const item = this.items.at(i);
        item.lost = !item.sacked;
        item.again = false;
        if (item.lost) this.lost += item.bytes;
      }
    }
  };
})();
