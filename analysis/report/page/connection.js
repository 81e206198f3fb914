"use strict";
// model/path/connection.cc in the browser: what the steps of one TCP connection wait for, from its first message on, followed
// packet by packet; in several worlds where chance has a part. Seconds, bytes and bit/s; a rate of null is not limited.
const connection = (() => {
  const hello = 267, welcome = 64, headers = 52, leastQueue = 65536, mostQueue = 1e18;
  const usualLink = {delay_ns: 0, bps: 0, loss: 0, queue_bytes: 0, mtu: 1500, down: false};
  const usualTcp = {congestion: "cubic-linux", segment_bytes: 0, buffer_bytes: 8 << 20, initial_window: 10, min_rto_ns: 2e8,
                    rto_form: "linux", delayed_ack_segments: 1, delayed_ack_timeout_ns: 4e7, slow_start_after_idle: true,
                    app_limited_decay: "linux"};
  const nanos = seconds => Math.round(seconds * 1e9);
  const wire = (bytes, bps, link) => (bytes + link.framing_bytes * Math.ceil(bytes / link.segment_bytes)) * 8 / (bps ?? Infinity);

  function linkOf(rest, rtt, bps, loss, jitter) {
    const link = {...usualLink, ...rest, delay_ns: nanos(rtt / 2), bps: bps ?? 0, loss};
    if (jitter > 0) {
      const law = links.jitters(link) ? link.jitter.law : "exponential";
      link.jitter = {correlation: 0, reorder: false, ...link.jitter, law, scale_ns: nanos(jitter)};
    }
    return link;
  }

  // A queue of 0 holds what is under way, where the link is one of packets (engine/base/link.cc).
  function withQueue(link, rtt) {
    const queue = bps => Math.floor(Math.min(Math.max(bps / 8 * nanos(rtt) * 1e-9, leastQueue), mostQueue));
    const resolved = state => state.queue_bytes !== 0 || state.bps === 0 ? state : {...state, queue_bytes: queue(state.bps)};
    return {...resolved(link), schedule: (link.schedule ?? []).map(resolved)};
  }

  // The path that a condition states.
  function setupOf(c, initialWindow) {
    const {up, down, tcp} = c.details ?? {}, loss = c.loss ?? 0, jitter = c.jitter_s ?? 0;
    let both = [linkOf(up, c.rtt_s, c.up_bps, c.loss_up ?? loss, c.jitter_up_s ?? jitter),
                linkOf(down, c.rtt_s, c.down_bps, c.loss_down ?? loss, c.jitter_down_s ?? jitter)];
    if (tcp) both = both.map(link => withQueue(link, c.rtt_s));
    const spoken = {...usualTcp, ...(tcp ?? {initial_window: Math.floor(initialWindow), recovery: c.live ? "rack" : "rfc6675"})};
    const mtus = both.flatMap(link => [link, ...(link.schedule ?? [])]).map(state => state.mtu ?? usualLink.mtu);
    return {links: both, tcp: spoken, segment: spoken.segment_bytes || Math.min(usualLink.mtu, ...mtus) - headers};
  }

  // Seconds of a request and its reply, of several at once where a prompt goes in chunks, less the client's work and the
  // server's on the last.
  function follow(world, all) {
    const begin = world.now, {packets} = world, last = all[all.length - 1];
    let worked = last.held_s, serverFree = 0;
    for (const e of all) {
      world.now += nanos(e.lead_s);
      worked += e.lead_s + e.tail_s;
      packets.post(world.now, 0, Math.floor(e.bytes_up));
    }
    for (let answered = 0; answered < all.length;) {
      const way = packets.next(), {now, message} = packets;
      if (way === 0 && message === 0) packets.post(now, 1, welcome);
      if (message === 0) continue;
      const e = all[message - 1 - world.exchanged];
      if (way === 0) {
        serverFree = Math.max(serverFree, now) + nanos(e.held_s);
        packets.post(serverFree, 1, Math.floor(e.bytes_down));
      } else {
        world.now = Math.max(world.now, now) + nanos(e.tail_s);
        ++answered;
      }
    }
    world.exchanged += all.length;
    return (world.now - begin) / 1e9 - worked;
  }

  function news(world) {
    const {ends: [client, server]} = world.packets;
    const resent = client.sentAgain + server.sentAgain, timeouts = client.timeouts + server.timeouts;
    const fresh = {resent: resent - world.resent, timeouts: timeouts - world.timeouts};
    Object.assign(world, {resent, timeouts});
    return fresh;
  }

  // `chance`: multiples {loss, jitter} of what the packets' own laws give. exchange() gives the seconds that a step waits, by
  // cause; by_world holds each world's, where there is more than one.
  function connect(condition, initialWindow, chance, link, worlds) {
    const setup = setupOf(condition, initialWindow), byChance = setup.links.some(links.byChance), jitters = setup.links.some(links.varies);
    const world = (seed, chancy) => {
      const packets = new Packets(setup, seed, chancy);
      packets.post(0, 0, hello);
      return {packets, now: 0, exchanged: 0, resent: 0, timeouts: 0};
    };
    const plain = world(worlds.seed, false), others = Array.from({length: byChance ? worlds.many : 0}, (_, i) => world(worlds.seed + i, true));

    return {
      exchange(all) {
        const plainSeconds = follow(plain, all), last = all[all.length - 1];
        const waits = {wire_s: wire(last.bytes_up, condition.up_bps, link) + wire(last.bytes_down, condition.down_bps, link),
                       recovery_s: 0, timeout_s: 0, jitter_s: 0, by_world: [plainSeconds]};
        waits.rtt_s = plainSeconds - waits.wire_s;
        if (others.length === 0) return waits;
        const calm = {more: 0, worlds: 0}, found = {more: 0, worlds: 0}, late = {more: 0, worlds: 0};
        waits.by_world = others.map(other => {
          const seconds = follow(other, all), {resent, timeouts} = news(other);
          const sum = resent === 0 ? calm : timeouts === 0 ? found : late;
          sum.more += seconds - plainSeconds;
          ++sum.worlds;
          return seconds;
        });
        // What comes without a loss in this step is jitter's or other traffic's; without these, a window's that an earlier loss has closed.
        const share = 1 / others.length, calmly = jitters && calm.worlds > 0 ? calm.more / calm.worlds : 0;
        waits.jitter_s = calmly * chance.jitter;
        waits.recovery_s = share * (found.more + (jitters ? 0 : calm.more) - found.worlds * calmly) * chance.loss;
        waits.timeout_s = share * (late.more - late.worlds * calmly) * chance.loss;
        return waits;
      },
      rest(seconds) { for (const w of [plain, ...others]) w.now += nanos(seconds); },
    };
  }

  return {connect};
})();
