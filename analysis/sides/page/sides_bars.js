"use strict";
// The mean decode step of both sides, stacked, and their figures with the differences.
const sidesBars = (() => {
  const {element, ms, fixed, legend, table} = page;
  const known = value => value !== null && value !== undefined;
  // A difference that is written as nothing has no sign.
  const signed = (value, text) => `${text(Math.abs(value)) === text(0) ? "" : value > 0 ? "+" : "\u2212"}${text(Math.abs(value))}`;
  const share = value => known(value) ? signed(value, v => `${+(v * 100).toPrecision(3)}\u00a0%`) : "–";
  const longMs = seconds => known(seconds) ? fixed(seconds * 1e3, 3) : "–";

  const partsOf = parties => [{key: "client_s", title: "Client’s work", look: "client"}, {key: "others_s", title: parties > 2 ? "Busiest node’s work" : "Server’s work", look: "server"},
                              {key: "wait_s", title: "Network and waiting", look: "round_trip"}];

  function bar(name, step, parts, longest) {
    const segments = parts.map(p => {
      const width = step[p.key] / longest;
      return element("span", {class: `segment ${p.look}`, style: `width:${width * 100}%`, title: `${p.title}: ${ms(step[p.key])} ms`}, width > 0.07 ? ms(step[p.key]) : "");
    });
    return element("div", {class: "bar"}, element("span", {class: "bar-name"}, name), element("span", {class: "track"}, ...segments), element("span", {class: "bar-total"}, `${ms(step.total_s)} ms`));
  }

  function show(cell, names) {
    const parts = partsOf(cell.parties), sides = ["before", "now"].filter(side => known(cell.step[side]?.total_s));
    if (!sides.length) return [element("p", {}, "No decode step on either side.")];
    const longest = Math.max(...sides.map(side => Math.max(cell.step[side].total_s, parts.reduce((sum, p) => sum + cell.step[side][p.key], 0))));
    const bars = element("div", {class: "bars", style: "--names:9ch"}, legend(parts.map(p => [p.title, p.look])), ...sides.map(side => bar(names[side], cell.step[side], parts, longest)));
    const of = (side, key) => cell.step[side]?.[key] ?? null;
    const rows = [...parts, {key: "total_s", title: "In all"}].map(p => ({...p, before: of("before", p.key), now: of("now", p.key)})).map(r => ({...r, more: known(r.before) && known(r.now) ? r.now - r.before : null}));
    const columns = [{name: "part", title: "Mean decode step", value: r => r.title}, {name: "before_s", title: "Before, ms", value: r => r.before, text: r => longMs(r.before)}, {name: "now_s", title: "Now, ms", value: r => r.now, text: r => longMs(r.now)},
                     {name: "more_s", title: "More, ms", value: r => r.more, text: r => known(r.more) ? signed(r.more, longMs) : "–"}, {name: "change", title: "Change", value: r => known(r.more) && r.before ? r.more / r.before : null, text: r => share(known(r.more) && r.before ? r.more / r.before : null)}];
    const many = cell.parties > 2 ? [element("p", {class: "range"}, "Nodes work at once: shown is the one with most work in each step; the rest of a step is network and waiting for nodes.")] : [];
    return [bars, ...many, table(columns, rows), page.csvButton(columns, rows, "splitwan-step.csv")];
  }

  function metrics(cell) {
    const figure = value => known(value) ? String(+value.toPrecision(6)) : "–";
    return table([{title: "Metric", value: m => m.metric}, {title: "Before", value: m => m.before, text: m => figure(m.before)}, {title: "Now", value: m => m.now, text: m => figure(m.now)},
                  {title: "Change", value: m => m.change, text: m => share(m.change)}], cell.metrics);
  }

  return {show, metrics, share, signed, longMs, known};
})();
