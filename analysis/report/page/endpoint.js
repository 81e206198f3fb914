"use strict";
// model/path/endpoint.cc in the browser, the sender: what it sends, and how it recovers what was lost. Positions are bytes
// since the connection's first, times whole nanoseconds. A packet is {begin, bytes, acked, apart: [{begin, end}], stamp, echo}.
const Endpoint = (() => {
  const open = 0, disorder = 1, recovery = 2, loss = 3;
  const duplicateThreshold = 3, longestTimeout = 60e9, none = -1, never = Infinity;
  const milliseconds = ns => Math.floor(ns / 1e6);

  return class {
    static states = {open, disorder, recovery, loss};
    // `rtt`: of the handshake.
    constructor(tcp, segment, rtt) {
      this.segment = segment;
      this.buffer = tcp.buffer_bytes;
      this.board = new Scoreboard(segment);
      this.congestion = new Congestion(tcp, segment);
      this.seen = new RoundTrips(tcp);
      if (milliseconds(rtt) > 0) this.seen.see(0, milliseconds(rtt) * 1e-3);
      this.noted = new Queue();  // {begin, end, again}
      this.state = open;
      this.posted = this.recover = this.sentAgain = this.timeouts = 0;
      this.recovering = this.recoveredAgain = false;
      this.firstPartial = true;
      this.duplicates = this.inFlight = this.part = 0;
      this.reducedOut = this.reducedIn = this.reducedFrom = 0;
      this.rto = this.seen.timeoutNs();
      this.timeoutAt = never;
      this.receiver = new Receiver(tcp);
      this.out = [];  // what it sent and nobody has taken yet
    }
    post(now, bytes) {
      this.posted += bytes;
      this.sendPending(now);
    }
    nextTimer() { return Math.min(this.timeoutAt, this.receiver.acknowledgeAt); }
    onTimer(now) {
      if (this.receiver.acknowledgeAt <= now) this.acknowledge(now);
      if (this.timeoutAt <= now) this.timedOut(now);
    }
    available() { return Math.max(0, Math.min(this.buffer, this.congestion.window) - this.board.inFlight()); }
    sendPending(now) {
      const {board} = this;
      for (let room = this.available(); room > 0; room = this.available()) {
        let next = board.nextLost();
        const tail = board.tail();
        if (next === none && this.posted > tail) {
          if (tail - board.head >= this.buffer) return;
          next = tail;
        }
        if (next === none && this.state === recovery && !this.rack) next = board.nextUnsentAgain();
        if (next === none) return;
        if (room < this.segment && this.posted - next > room) return;  // no silly window
        if (board.inFlight() === 0) this.congestion.beforeBurst(now, this.state === open);
        this.transmit(now, next, Math.min(room, this.segment));
      }
    }
    transmit(now, begin, most) {
      const {board, noted, receiver} = this;
      const again = begin < board.tail();
      let bytes;
      if (again) {
        bytes = board.sendAgain(now, begin, most);
        ++this.sentAgain;
        for (let i = 0; i < noted.length; ++i) {
          const n = noted.at(i);
          if (begin < n.begin || begin >= n.end) continue;
          n.again = true;
          n.end = begin + bytes;
          break;
        }
      } else {
        bytes = Math.min(most, this.posted - begin);
        board.sendNew(now, bytes);
        noted.push({begin, end: begin + bytes, again: false});
        this.congestion.sent(now, begin + bytes, this.state === open);
      }
      receiver.acknowledged();
      this.out.push({begin, bytes, acked: receiver.next, apart: Receiver.nothing, stamp: milliseconds(now), echo: receiver.echo});
      if (this.state === recovery) this.reducedOut += bytes;
      this.sentOne(now, begin, again);
    }
    sentOne(now) { if (this.timeoutAt === never) this.timeoutAt = now + this.rto; }
    receive(now, p) {
      const {board, receiver} = this;
      if (p.begin === receiver.next) receiver.echo = p.stamp;
      this.estimate(now, p);
      if (p.acked < board.head) return;  // overtaken
      let delivered = 0;
      for (const range of p.apart) {
        const bytes = board.acknowledgeApart(now, range.begin, range.end);
        if (bytes > 0 && !this.rack) board.loseByCount();
        delivered += bytes;
      }
      const apart = delivered > 0, oldHead = board.head;
      this.recoveredAgain = false;
      if (p.acked > oldHead && p.acked < this.recover && this.state === recovery) {
        for (let end = p.acked; end > oldHead; end -= this.segment) this.recoveredAgain ||= board.wasSentAgain(end);
      }
      delivered += board.acknowledge(now, p.acked);
      this.inFlight = board.inFlight();
      this.process(now, p, oldHead, apart, delivered);
      if (p.bytes > 0 && receiver.accept(now, p)) this.acknowledge(now);
      this.sendPending(now);
    }
    // By the oldest segment under way, unless it was sent twice.
    estimate(now, p) {
      const {noted} = this, sample = noted.length > 0 && !noted.first.again && p.acked >= noted.first.end;
      while (noted.length > 0 && noted.first.end <= p.acked) noted.shift();
      if (!sample) return;
      const rtt = milliseconds(now) - p.echo;
      this.seen.see(now / 1e9, rtt > 0 ? rtt * 1e-3 : 1e-6);
      this.rto = this.seen.timeoutNs();
    }
    process(now, p, oldHead, apart, delivered) {
      const {board, congestion} = this;
      if (apart) this.onDuplicate(now, delivered);
      const smoothed = Math.round(this.seen.smooth * 1e9);
      const noticed = () => congestion.acknowledged(now, p.acked, board.tail(), smoothed, this.state === open);
      if (p.acked === oldHead) {
        if (p.acked < board.tail()) noticed();
        return;
      }
      if (!apart) this.duplicates = 0;
      const advanced = p.acked - oldHead;
      this.part += advanced % this.segment;
      let whole = Math.floor(advanced / this.segment);
      if (this.part >= this.segment) this.part -= this.segment, ++whole;
      if (p.acked < this.recover && this.state === recovery) {
        if (whole >= 1) this.reduce(delivered);
        if (!board.wasSentAgain(p.acked + this.segment)) this.retransmit(now);
        noticed();
        this.onNew(now, this.firstPartial);
        this.firstPartial = false;
        return;
      }
      noticed();
      if (p.acked < this.recover && this.state === loss) {
        congestion.grow(now, delivered);
        this.onNew(now, true);
        return;
      }
      const before = this.state;
      if (before === disorder && !apart) this.state = open;
      if (before === recovery || before === loss) {
        this.firstPartial = true;
        this.state = open;
      }
      if (before === recovery) this.duplicates = 0;
      if (p.acked >= this.recover) this.recovering = false;
      if (before === recovery) {
        this.onNew(now, true);
        congestion.window = congestion.threshold;
      }
      if (this.state === open) {
        congestion.grow(now, delivered);
        this.onNew(now, true);
      }
    }
    onDuplicate(now, delivered) {
      if (this.state === loss) return;
      if (this.state === recovery) {
        this.reduce(delivered);
        return;
      }
      ++this.duplicates;
      if (this.state === open) this.state = disorder;
      const acked = this.board.head;
      if ((this.duplicates === duplicateThreshold && (acked >= this.recover || !this.recovering)) ||
          this.board.holdsForLost(acked + this.segment)) this.enterRecovery(now, delivered);
    }
    enterRecovery(now, delivered) {
      const {board} = this;
      if (!board.holdsForLost(board.head)) board.loseHead();
      this.recover = board.tail();
      this.recovering = true;
      this.congestion.recovers(this.recover);
      this.state = recovery;
      this.inFlight = board.inFlight();
      this.congestion.cut();
      this.reducedOut = this.reducedIn = 0;
      this.reducedFrom = board.tail() - board.head;
      this.reduce(delivered);
      this.retransmit(now);
    }
    // Proportionally (RFC 6937).
    reduce(delivered) {
      this.reducedIn += delivered;
      const {threshold} = this.congestion;
      let room;
      if (this.inFlight > threshold) {
        room = Math.ceil(this.reducedIn * threshold / this.reducedFrom) - this.reducedOut;
      } else {
        let limit = delivered;
        if (this.recoveredAgain) {
          limit = Math.max(this.reducedIn - this.reducedOut, delivered) + this.segment;
        }
        room = Math.min(limit, threshold - this.inFlight);
      }
      this.congestion.window = this.inFlight + Math.max(room, this.reducedOut > 0 ? 0 : this.segment);
    }
    retransmit(now) {
      const {board} = this, lost = board.nextLost();
      if (lost === none && this.posted > board.tail()) this.transmit(now, board.tail(), this.segment);
      else this.transmit(now, lost === none ? board.head : lost, this.segment);
      this.inFlight = board.inFlight();
    }
    onNew(now, restartTimer) {
      if (restartTimer) {
        this.rto = this.seen.timeoutNs();
        this.timeoutAt = now + this.rto;
      }
      if (this.board.head === this.posted) this.timeoutAt = never;
    }
    timedOut(now) {
      const {board} = this;
      this.timeoutAt = never;
      if (board.head === this.posted) return;
      ++this.timeouts;
      this.duplicates = 0;
      board.loseAll();
      this.recover = board.tail();
      this.recovering = true;
      this.rto = Math.min(2 * this.rto, longestTimeout);
      this.noted.clear();
      this.congestion.cut();
      this.congestion.timedOut(board.tail());
      this.state = loss;
      this.sendPending(now);
    }
    acknowledge(now) {
      const {receiver} = this;
      receiver.acknowledged();
      this.rto = this.seen.timeoutNs();
      this.out.push({begin: this.board.tail(), bytes: 0, acked: receiver.next, apart: receiver.blocks(), stamp: milliseconds(now), echo: receiver.echo});
    }
  };
})();
