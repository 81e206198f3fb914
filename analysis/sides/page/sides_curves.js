"use strict";
// One run of both sides: tokens over time, and by how much each step takes longer.
const sidesCurves = (() => {
  const {element, dataBlock, choice} = page, {svg, text, line} = privacyChart, {say, scale} = sweepScale, {signed, longMs} = sidesBars;
  const margin = {left: 58, right: 16, top: 26, bottom: 40};

  const plotOf = (width, height) => ({left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom});
  function frame(width, height, label, up, across) {
    const plot = plotOf(width, height), root = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${label}; the table below has the numbers`});
    const x = v => plot.left + across.scale.at(v) * (plot.right - plot.left), y = v => plot.bottom - up.scale.at(v) * (plot.bottom - plot.top);
    for (const m of up.scale.marks) root.append(line(m === 0 ? "rule zero" : "rule", plot.left, y(m), plot.right, y(m)), text(plot.left - 7, y(m) + 4, "end", up.text(m)));
    const every = Math.ceil(across.scale.marks.length * 62 / (plot.right - plot.left));
    across.scale.marks.forEach((m, i) => { if (i % every === 0) root.append(text(Math.min(x(m), width - across.text(m).length * 3.7), plot.bottom + 17, "middle", across.text(m))); });
    root.append(text(0, 13, "start", up.title), text((plot.left + plot.right) / 2, height - 5, "middle", across.title));
    return {root, x, y};
  }

  // The first point is the run's begin.
  function cumulative(side) {
    let tokens = 0;
    return [[0, 0], ...side.end_s.map((t, i) => [t, tokens += side.tokens[i]])];
  }

  function tokens(run, width) {
    const curves = {before: run.before && cumulative(run.before), now: run.now && cumulative(run.now)}, all = [...curves.before ?? [], ...curves.now ?? []];
    const f = frame(width, 280, "Tokens over time", {scale: scale(all.map(p => p[1]), false), text: String, title: "tokens"}, {scale: scale(all.map(p => p[0]), false), text: t => say(t, "s"), title: "time of the run"});
    for (const side of ["before", "now"]) {
      if (!curves[side]) continue;
      const path = curves[side].map(([t, n], i) => i ? `H${f.x(t).toFixed(2)}V${f.y(n).toFixed(2)}` : `M${f.x(t)} ${f.y(n)}`).join("");
      f.root.append(svg("path", {class: `curve-${side}`, d: path}));
    }
    return element("div", {class: "side-chart"}, f.root);
  }

  // Steps that both have.
  const rowsOf = run => !run.before || !run.now ? [] : run.now.step.flatMap((step, i) => {
    const j = run.before.step.indexOf(step);
    return j < 0 ? [] : [{step, before: run.before.took_s[j], now: run.now.took_s[i], more: run.now.took_s[i] - run.before.took_s[j], tokens_before: run.before.tokens[j], tokens_now: run.now.tokens[i]}];
  });

  function longer(rows, width) {
    const high = Math.max(...rows.map(r => Math.abs(r.more))), last = Math.max(...rows.map(r => r.step));
    if (high === 0) return element("p", {class: "alike"}, "Every step takes as long as it did.");
    const f = frame(width, 240, "How much longer each step takes", {scale: scale(rows.map(r => r.more), false), text: v => say(v, "s"), title: "now less before"},
                    {scale: scale([0, last + 1], false), text: v => Number.isInteger(v) ? String(v) : "", title: "step (1: the prompt)"});
    const wide = Math.max(1, Math.min(18, (f.x(1) - f.x(0)) * 0.7));
    for (const r of rows) {
      const top = f.y(Math.max(0, r.more)), tall = Math.abs(f.y(r.more) - f.y(0));
      f.root.append(svg("rect", {class: r.more > 0 ? "slower" : "faster", x: f.x(r.step) - wide / 2, y: top, width: wide, height: Math.max(r.more === 0 ? 0 : 0.8, tall)}, svg("title", {}, `step ${r.step}: ${signed(r.more, longMs)} ms`)));
    }
    return element("div", {class: "side-chart"}, f.root);
  }

  const columns = [{name: "step", title: "Step", value: r => r.step, text: r => String(r.step)}, {name: "before_s", title: "Before, ms", value: r => r.before, text: r => longMs(r.before)}, {name: "now_s", title: "Now, ms", value: r => r.now, text: r => longMs(r.now)},
                   {name: "more_s", title: "More, ms", value: r => r.more, text: r => signed(r.more, longMs)}, {name: "tokens_before", title: "Tokens before", value: r => r.tokens_before, text: r => String(r.tokens_before)}, {name: "tokens_now", title: "Tokens now", value: r => r.tokens_now, text: r => String(r.tokens_now)}];

  function show(cell, names, width) {
    const place = element("div", {});
    let index = cell.first ? Math.min(cell.first.run, cell.runs.length - 1) : 0;
    const redraw = () => {
      const run = cell.runs[index], rows = rowsOf(run);
      const key = element("p", {class: "range"}, element("i", {class: "sample-line before"}), `${names.before}   `, element("i", {class: "sample-line"}), names.now);
      place.replaceChildren(key, tokens(run, width()), ...rows.length ? [element("h3", {class: "part"}, "How much longer each step takes"), longer(rows, width()), dataBlock(columns, rows, "splitwan-steps.csv")] : []);
    };
    const runs = choice("Run", value => { index = Number(value); redraw(); });
    runs.offer(cell.runs.map((r, i) => [String(i), `${i}: ${r.prompt || "no name"}`]), String(index));
    redraw();
    return {nodes: [...cell.runs.length > 1 ? [element("div", {class: "choices"}, runs.label)] : [], place], redraw};
  }

  return {show};
})();
