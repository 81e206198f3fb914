"use strict";
// One step of both sides as sequences: a lane per party, work as blocks, messages as arrows; what differs is marked.
const sidesStrip = (() => {
  const {element, legend, choice} = page, {svg, text, line} = privacyChart, {say, scale} = sweepScale;
  const mostNumbered = 12, mostMarked = 40, mostListed = 60, manyMessages = 8, leastOfMany = 760;  // pixels: less is scrolled

  const nameOf = (party, parties) => party === 0 ? "client" : parties > 2 ? `node ${party}` : "server";
  const grouped = n => n.toLocaleString("en-US");
  const plural = (n, noun) => `${grouped(n)} ${noun}${n === 1 ? "" : "s"}`;
  function messageText(m) {
    return [`${m.count > 1 ? `${m.count} × ` : ""}${plural(m.bytes, "byte")}`, ...m.flights ? [plural(m.flights, "flight")] : [], ...m.cwnd ? [`window ${grouped(m.cwnd)}`] : [], ...m.resent ? [`${m.resent} sent again`] : []].join(" · ");
  }
  const flying = m => say(m.arrived_s - m.sent_s, "s");
  const jobText = w => `${w.phase}${w.count > 1 ? ` × ${w.count}` : ""}: ${say(w.took_s, "s")}${w.rows ? `, ${plural(w.rows, "row")}` : ""}`;

  // Lanes of those that send, receive or work in either.
  function lanesOf(strips) {
    const seen = new Set([0]);
    for (const side of [strips.before, strips.now]) {
      side.messages.forEach(m => seen.add(m.from).add(m.to));
      side.work.forEach(w => seen.add(w.party));
    }
    return [...seen].sort((a, b) => a - b);
  }

  function strip(step, {lanes, parties, time, width}) {
    const apart = lanes.length === 2 ? 104 : Math.max(17, Math.min(60, 620 / lanes.length)), block = Math.min(18, apart * 0.55), left = lanes.length > 2 ? 62 : 54, right = width - 16, top = 18;
    const height = top + apart * (lanes.length - 1) + block / 2 + 34, x = t => left + time.at(t) * (right - left), y = party => top + apart * lanes.indexOf(party);
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Step ${step.step}: what was sent and computed; the table below has the numbers`});
    for (const party of lanes) root.append(line("lane", left, y(party), right, y(party)), text(left - 8, y(party) + 4, "end", nameOf(party, parties)));
    const bottom = y(lanes.at(-1)) + block / 2;
    let free = -Infinity;
    for (const m of time.marks) {
      const words = say(m, "s"), wide = words.length * 7 + 10, at = Math.min(x(m), width - wide / 2 + 4);
      if (x(m) > right + 1 || at - wide / 2 < free) continue;
      free = at + wide / 2;
      root.append(line("rule", x(m), bottom + 4, x(m), bottom + 9), text(at, bottom + 22, "middle", words));
    }
    for (const w of step.work) root.append(...job(w, x, y, block));
    step.messages.forEach((m, i) => root.append(...arrow(m, i, step.messages.length, x, y, {parties, lanes, right, left})));
    return element("div", {class: "side-chart strip", tabindex: "0", role: "region", "aria-label": "sequence"}, root);
  }

  function job(w, x, y, block) {
    const wide = Math.max(1.5, x(w.begin_s + w.took_s) - x(w.begin_s)), differs = w.differs.length ? " differs" : "";
    const rect = svg("rect", {class: `job ${w.party === 0 ? "client" : "server"}${differs}`, x: x(w.begin_s), y: y(w.party) - block / 2, width: wide, height: block}, svg("title", {}, jobText(w)));
    const named = wide > w.phase.length * 6.6 + 6 && block > 11;
    return [rect, ...named ? [svg("text", {class: "job-name", x: x(w.begin_s) + wide / 2, y: y(w.party) + 4, "text-anchor": "middle"}, w.phase)] : []];
  }

  function arrow(m, index, count, x, y, {parties, lanes, right, left}) {
    const differs = m.differs.length ? " differs" : "", from = [x(m.sent_s), y(m.from)], to = [x(m.arrived_s), y(m.to)];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]], long = Math.hypot(dx, dy) || 1, [ux, uy] = [dx / long, dy / long], tip = 7;
    const told = `${nameOf(m.from, parties)} to ${nameOf(m.to, parties)}: ${messageText(m)}, ${flying(m)} under way${m.differs.length ? `; differs in ${m.differs.join(", ")}` : ""}`;
    const out = [svg("path", {class: `message${differs}`, d: `M${from}L${to[0] - ux * tip},${to[1] - uy * tip}`}, svg("title", {}, told)),
                 svg("polygon", {class: `head${differs}`, points: [[0, 0], [-tip - 2, -3.6], [-tip - 2, 3.6]].map(([a, b]) => `${to[0] + ux * a - uy * b},${to[1] + uy * a + ux * b}`).join(" ")})];
    if (count > (m.differs.length ? mostMarked : mostNumbered)) return out;
    // Those that cross are numbered at different places.
    const share = 0.38 + 0.24 * (index % 3) / 2, at = [from[0] + dx * share, from[1] + dy * share], words = messageText(m);
    out.push(svg("circle", {class: `badge${differs}`, cx: at[0], cy: at[1], r: 8}), svg("text", {class: "badge-text", x: at[0], y: at[1] + 3.7, "text-anchor": "middle"}, String(index + 1)));
    const wide = words.length * 6.3, above = at[1] + (m.from < m.to ? -2 : 12), below = at[1] + (m.from < m.to ? 14 : -4);
    if (lanes.length > 2 || count > 4) return out;
    if (right - at[0] - 16 > wide) out.push(svg("text", {class: "message-text", x: at[0] + 13, y: above}, words));
    else if (at[0] - left - 16 > wide) out.push(svg("text", {class: "message-text", x: at[0] - 13, y: below, "text-anchor": "end"}, words));
    return out;
  }

  // Messages and jobs of both, those of one way or kind beside each other in their order.
  function rowsOf(strips, parties) {
    const rows = [];
    const meet = (list, keyOf, kind, what) => {
      const met = new Map();
      for (const side of ["before", "now"]) {
        const counts = new Map();
        strips[side][list].forEach((r, i) => {
          const key = keyOf(r), nth = counts.get(key) ?? 0, place = `${key} ${nth}`;
          counts.set(key, nth + 1);
          if (!met.has(place)) met.set(place, {kind, what: what(r), differs: []});
          Object.assign(met.get(place), {[side]: r, [`${side}_number`]: i + 1});
          met.get(place).differs = [...new Set([...met.get(place).differs, ...r.differs])];
        });
      }
      rows.push(...met.values());
    };
    meet("messages", m => `${m.from} ${m.to}`, "message", m => `${nameOf(m.from, parties)} to ${nameOf(m.to, parties)}`);
    meet("work", w => `${w.party} ${w.phase}`, "work", w => `${nameOf(w.party, parties)}, ${w.phase}`);
    return rows;
  }

  function columns() {
    const told = side => r => !r[side] ? "–" : r.kind === "message" ? `${messageText(r[side])} · ${flying(r[side])}` : jobText(r[side]).replace(/^[^:]*: /, "");
    const number = (key, side) => ({name: `${side}_${key}`, title: key, value: r => r[side]?.[key] ?? null});
    return {shown: [{name: "number", title: "No.", value: r => r.kind === "message" ? String(r.now_number ?? r.before_number) : ""}, {name: "what", title: "What", value: r => r.what}, {name: "before", title: "Before", value: told("before")}, {name: "now", title: "Now", value: told("now")}, {name: "differs", title: "Differs in", value: r => r.differs.join(", ")}],
            all: [{name: "kind", title: "", value: r => r.kind}, {name: "what", title: "", value: r => r.what}, ...["before", "now"].flatMap(side => ["bytes", "rows", "flights", "cwnd", "resent", "count", "sent_s", "arrived_s", "begin_s", "took_s"].map(key => number(key, side))), {name: "differs", title: "", value: r => r.differs.join(" ")}]};
  }

  function table(rows, shown) {
    const node = page.table(shown, rows);
    node.querySelectorAll("tbody tr").forEach((tr, i) => { if (rows[i].differs.length) tr.lastChild.className = "differs"; });
    return node;
  }

  // Where instants of both lie, from 0 to 1: as they passed, or with each event apart from the next.
  function timeOf(strips, apart) {
    const sides = [strips.before, strips.now], ends = sides.flatMap(s => [s.took_s, ...s.messages.map(m => m.arrived_s), ...s.work.map(w => w.begin_s + w.took_s)]), end = Math.max(...ends, 1e-9), marks = scale([0, end], false).marks;
    if (!apart) return {marks, at: t => t / end};
    const all = [0, end, ...sides.flatMap(s => [...s.messages.flatMap(m => [m.sent_s, m.arrived_s]), ...s.work.flatMap(w => [w.begin_s, w.begin_s + w.took_s])])].filter(t => t >= 0).sort((a, b) => a - b);
    const events = all.filter((t, i) => i === 0 || t - all[i - 1] > 1e-9), sums = [0];
    for (let i = 1; i < events.length; ++i) sums.push(sums[i - 1] + Math.cbrt(events[i] - events[i - 1]));
    const at = t => {
      const next = events.findIndex(e => e >= t - 1e-12);
      if (next <= 0) return next === 0 ? 0 : 1;
      return (sums[next - 1] + (sums[next] - sums[next - 1]) * (t - events[next - 1]) / (events[next] - events[next - 1])) / sums.at(-1);
    };
    const few = events.filter((_, i) => i % Math.ceil(events.length / 60) === 0);
    return {marks: few, at};
  }

  function one(strips, cell, names, width, apart) {
    const parties = cell.parties, lanes = lanesOf(strips), rows = rowsOf(strips, parties), {shown, all} = columns(), time = timeOf(strips, apart);
    const wide = lanes.length > 2 ? Math.max(width, leastOfMany) : width;
    const title = side => `${names[side]}: ${strips.step === 0 ? "greetings and farewells of the whole run" : `${plural(strips[side].rows, "row")}, ${plural(strips[side].accepted, "token")} gained, ${say(strips[side].took_s, "s")}`}`;
    const drawn = ["before", "now"].flatMap(side => [element("p", {class: "strip-title"}, title(side)), strip(strips[side], {lanes, parties, time, width: wide})]);
    const first = rows.filter(r => r.differs.length), listed = rows.length <= mostListed ? rows : first.slice(0, mostListed);
    const notes = [strips.grouped ? "Messages of a kind, and jobs of a kind, are drawn as one, from the first’s begin to the last’s end: so the records keep them, or there are very many." : "",
                   apart ? "Times are drawn apart from each other, not to scale: the same on both sides." : "", rows.length > listed.length ? `Listed: ${listed.length} of ${rows.length} rows, of those that differ; the CSV has all.` : ""].filter(Boolean);
    return [...drawn, ...notes.length ? [element("p", {class: "range"}, notes.join(" "))] : [], table(listed, shown), page.csvButton(all, rows, "splitwan-step-messages.csv")];
  }

  const nameOfStep = s => `step ${s.step} of ${s.prompt || `run ${s.run}`}: ${s.why}${s.step === 0 ? " (greetings)" : ""}`;

  // At first the one that differs first, the greetings aside.
  function show(cell, names, width) {
    const place = element("div", {}), all = cell.strips, most = Math.max(...all.flatMap(s => [s.before.messages.length, s.now.messages.length]));
    const state = {index: all.length > 1 && all[0].step === 0 ? 1 : 0, apart: most > manyMessages};
    const redraw = () => place.replaceChildren(...one(all[state.index], cell, names, width(), state.apart));
    const steps = choice("Step", value => { state.index = Number(value); redraw(); }), axis = choice("Time", value => { state.apart = value === "apart"; redraw(); });
    steps.offer(all.map((s, i) => [String(i), nameOfStep(s)]), String(state.index));
    axis.offer([["scale", "to scale"], ["apart", "events apart"]], state.apart ? "apart" : "scale");
    redraw();
    return {nodes: [element("div", {class: "choices"}, steps.label, axis.label), legend([["client’s work", "client"], [cell.parties > 2 ? "a node’s work" : "server’s work", "server"], ["differs", "outlined"]]), place], redraw};
  }

  return {show};
})();
