"use strict";
// Defences side by side: what the strongest attacker still recovers, and the price in perplexity and speed.
const defences = (() => {
  const {element, fixed} = page;
  const known = value => value !== null && value !== undefined;
  const share = found => found ? `${fixed(found.mean * 100, 1)}\u00a0%` : "–";
  const words = name => name.replaceAll("_", " ");
  const anyDepth = d => d.defence === "random depth";  // its own depth is the deepest it draws
  const called = d => anyDepth(d) ? `${d.defence}, to ${d.depth}` : d.defence;
  const dearer = d => known(d.perplexity) ? d.perplexity / d.undefended : null;
  const price = d => known(d.perplexity) ? `${dearer(d) >= 1 ? "+" : "−"}${fixed(Math.abs(dearer(d) - 1) * 100, 2)} %` : "–";

  // One of the columns: a scale of its own, a mark per defence. at(value): share of the width.
  function field(mark, at, lines, reference) {
    const plot = element("span", {class: "plot"}, ...lines.map(t => element("i", {class: "grid", style: `left:${at(t) * 100}%`})));
    if (known(reference)) plot.append(element("i", {class: "reference", style: `left:${at(reference) * 100}%`}));
    if (!known(mark.value)) return plot;
    if (known(mark.low)) plot.append(element("i", {class: "whisker group0", style: `top:50%;left:${at(mark.low) * 100}%;width:${(at(mark.high) - at(mark.low)) * 100}%`}));
    plot.append(element("i", {class: "mark group0", style: `top:50%;left:${at(mark.value) * 100}%`, title: mark.text}));
    return plot;
  }
  const axis = (lines, at, text) => element("span", {class: "axis"}, ...[lines[0], lines.at(-1)].map(t => element("span", {style: `left:${at(t) * 100}%`}, text(t))));

  // From 0 up; in even ratios from 1 where the dearest costs over five times the perplexity.
  function perplexityScale(values) {
    const highest = Math.max(1, ...values);
    if (highest > 5) {
      const decades = Math.ceil(Math.log10(highest) - 1e-9), lines = Array.from({length: decades + 1}, (_, i) => 10 ** i);
      return {lines, at: v => Math.max(0, Math.log10(v)) / decades, text: v => `× ${v}`};
    }
    const lines = privacyChart.ticks(Math.max(highest - 1, 0.01));
    return {lines: lines.map(t => t + 1), at: v => Math.max(0, v - 1) / lines.at(-1), text: v => `+${+((v - 1) * 100).toPrecision(3)} %`};
  }

  // list: of one view and depth.
  function draw(list, measure) {
    const plain = d => d.defence === "none" ? 0 : 1;  // what all are compared with stands first
    const order = [...list].sort((a, b) => plain(a) - plain(b) || (b.strongest[measure]?.mean ?? -1) - (a.strongest[measure]?.mean ?? -1));
    const shares = [0, 0.25, 0.5, 0.75, 1], priced = order.map(dearer).filter(known), rates = order.map(d => d.tokens_per_s).filter(known);
    const columns = [{title: "Recovered by the strongest attacker", lines: shares, at: v => v, text: v => `${v * 100} %`,
                      mark: d => ({...d.strongest[measure], value: d.strongest[measure]?.mean, text: `${d.defence}: ${share(d.strongest[measure])}`}),
                      said: d => `${share(d.strongest[measure])} ${words(d.strongest[measure]?.attacker ?? "")}`,
                      reference: order.map(d => d.best_control[measure]?.mean).find(known)}];
    if (priced.length) columns.push({title: "Perplexity, increase", ...perplexityScale(priced), mark: d => ({value: dearer(d), text: `${d.defence}: ${price(d)}`}), said: price});
    if (rates.length) {
      const lines = privacyChart.ticks(Math.max(...rates));
      columns.push({title: "Tokens per second", lines, at: v => v / lines.at(-1), text: String, mark: d => ({value: d.tokens_per_s, text: `${d.defence}: ${fixed(d.tokens_per_s, 2)} tokens/s`}), said: d => fixed(d.tokens_per_s, 2)});
    }
    const grid = element("div", {class: "defences", style: `--columns:${columns.length}`, tabindex: "0", role: "img", "aria-label": "Recovery and price of each defence; the table below has the numbers"});
    grid.append(element("span", {}), ...columns.flatMap(c => [element("b", {}, c.title), element("span", {})]));
    for (const d of order) grid.append(element("span", {class: "dot-name"}, called(d)), ...columns.flatMap(c =>
      [field(c.mark(d), c.at, c.lines, c.reference), element("span", {class: "said"}, c.said(d))]));
    grid.append(element("span", {}), ...columns.flatMap(c => [axis(c.lines, c.at, c.text), element("span", {})]));
    return grid;
  }

  const found = (key, title) => [
    {name: `${key}_attacker`, title: `${title}: attacker`, value: d => d.strongest[key]?.attacker ?? "–"},
    {name: key, title, value: d => d.strongest[key]?.mean ?? null, text: d => share(d.strongest[key])},
    {name: `${key}_low`, title: "low", value: d => d.strongest[key]?.low ?? null, text: d => fixed(d.strongest[key]?.low && d.strongest[key].low * 100, 1)},
    {name: `${key}_high`, title: "high", value: d => d.strongest[key]?.high ?? null, text: d => fixed(d.strongest[key]?.high && d.strongest[key].high * 100, 1)},
    {name: `${key}_best_control`, title: "best control", value: d => d.best_control[key]?.mean ?? null, text: d => share(d.best_control[key])},
  ];
  const columns = [
    {name: "defence", title: "Defence", value: d => d.defence},
    {name: "depth", title: "Depth", value: d => d.depth, text: d => String(d.depth)},
    ...found("top1", "Top-1"), ...found("top5", "Top-5"), ...found("exact", "Exact"),
    {name: "perplexity", title: "Perplexity", value: d => d.perplexity, text: d => fixed(d.perplexity, 3)},
    {name: "perplexity_undefended", title: "without", value: d => d.undefended, text: d => fixed(d.undefended, 3)},
    {name: "tokens_per_s", title: "Tokens/s", value: d => d.tokens_per_s, text: d => fixed(d.tokens_per_s, 2)},
    {name: "tokens_per_s_without", title: "without", value: d => d.tokens_per_s_without, text: d => fixed(d.tokens_per_s_without, 2)},
  ];

  return {draw, columns, anyDepth};
})();
