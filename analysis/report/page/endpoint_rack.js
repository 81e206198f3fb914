"use strict";
// model/path/endpoint_rack.cc in the browser: recovery as Linux has it, losses by time and probes for a lost tail (RFC 8985).
const RackEndpoint = (() => {
  const {open, disorder, recovery, loss} = Endpoint.states;
  const overtakers = 3, leastTimer = 2e6, never = Infinity;

  return class extends Endpoint {
    constructor(tcp, segment, rtt) {
      super(tcp, segment, rtt);
      this.rack = true;
      this.leastTimeout = tcp.min_rto_ns;
      this.probeAt = this.reorderAt = never;
      this.probedTo = 0;  // 0: no probe is under way
      this.probedAgain = false;  // it was sent before
    }
    nextTimer() { return Math.min(super.nextTimer(), this.probeAt, this.reorderAt); }
    onTimer(now) {
      super.onTimer(now);
      if (this.probeAt <= now) this.probe(now);
      if (this.reorderAt <= now) this.reordered(now);
    }
    sentOne(now, begin, again) { if (!again || begin === this.board.head) this.arm(now); }
    process(now, p, oldHead, apart, delivered) {
      const {board, congestion} = this, advanced = p.acked > oldHead;
      if (advanced || p.acked < board.tail())
        congestion.acknowledged(now, p.acked, board.tail(), Math.round(this.seen.smooth * 1e9), this.state === open);
      if (!advanced && !apart) return;
      const lost = board.lost;
      this.findLost(now);
      const freshLoss = board.lost > lost;
      if (advanced) this.endProbe(p.acked);
      if ((this.state === recovery || this.state === loss) && p.acked >= this.recover) {
        if (this.state === recovery) congestion.window = congestion.threshold;
        this.state = open;
      }
      if (this.state === open || this.state === disorder) {
        this.state = board.sacked > 0 ? disorder : open;
        if (board.lost > 0) this.recoverRack();
      }
      if (this.state === recovery) this.reduceRack(delivered, freshLoss, advanced);
      else if (advanced) congestion.grow(now, delivered);
      if (!advanced) return;
      this.rto = this.seen.timeoutNs();
      this.arm(now);
    }
    // Before three have overtaken something, it may only be late.
    findLost(now) {
      const {board} = this, smoothed = Math.round(this.seen.smooth * 1e9);
      const sure = this.state === recovery || this.state === loss || board.sacked >= overtakers * this.segment;
      const left = board.loseByTime(now, sure ? 0 : Math.min(Math.floor(board.leastRtt / 4), Math.floor(smoothed / 8)));
      this.reorderAt = left > 0 ? now + left + leastTimer : never;
      this.inFlight = board.inFlight();
    }
    recoverRack() {
      const {board, congestion} = this;
      this.recover = board.tail();
      congestion.recovers(this.recover);
      this.state = recovery;
      this.reducedFrom = congestion.window;
      congestion.cut();
      this.reducedOut = this.reducedIn = this.probedTo = 0;
    }
    reduceRack(delivered, freshLoss, advanced) {
      if (delivered === 0) return;
      this.reducedIn += delivered;
      const {threshold} = this.congestion;
      this.inFlight = this.board.inFlight();
      const delta = threshold - this.inFlight;
      let room;
      if (delta < 0) {
        room = Math.ceil(this.reducedIn * threshold / this.reducedFrom) - this.reducedOut;
      } else {
        room = Math.max(this.reducedIn - this.reducedOut, delivered);
        if (advanced && !freshLoss) room += this.segment;
        room = Math.min(delta, room);
      }
      this.congestion.window = this.inFlight + Math.max(room, this.reducedOut > 0 ? 0 : this.segment);
    }
    // A loss that the probe has mended is a loss.
    endProbe(acked) {
      if (this.probedTo === 0 || acked < this.probedTo) return;
      if (this.probedAgain) {
        if (acked === this.probedTo) return;  // the next acknowledgement tells
        this.congestion.cut();
        this.congestion.window = this.congestion.threshold;
      }
      this.probedTo = 0;
    }
    // One timer of the two.
    arm(now) {
      const {board} = this;
      this.timeoutAt = this.probeAt = never;
      if (board.items.length === 0) return;
      if (this.state !== open || this.seen.smooth === 0) {
        this.timeoutAt = now + this.rto;
        return;
      }
      const alone = board.tail() - board.head <= this.segment;
      this.probeAt = now + Math.min(Math.round(2 * this.seen.smooth * 1e9) + (alone ? this.leastTimeout : leastTimer), this.rto);
    }
    // Something new, else the last once more.
    probe(now) {
      const {board} = this;
      this.probeAt = never;
      if (board.items.length === 0) return;
      if (this.probedTo === 0) {
        const fresh = this.posted > board.tail() && board.tail() - board.head < this.buffer;
        this.transmit(now, fresh ? board.tail() : board.items.at(board.items.length - 1).begin, this.segment);
        this.inFlight = board.inFlight();
        this.probedAgain = !fresh;
        this.probedTo = board.tail();
      }
      this.probeAt = never;
      this.timeoutAt = now + this.rto;
    }
    reordered(now) {
      const {board} = this, lost = board.lost;
      this.reorderAt = never;
      this.findLost(now);
      if (board.lost === lost) return;
      if (this.state === open || this.state === disorder) {
        this.recoverRack();
        this.reduceRack(this.segment, true, false);
      }
      this.sendPending(now);
    }
    timedOut(now) {
      if (this.board.head !== this.posted) this.probedTo = 0;
      super.timedOut(now);
    }
  };
})();
