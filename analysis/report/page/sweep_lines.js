"use strict";
// A sweep as small multiples: a panel for each value of one axis, a line for each of another, all on one scale.
const sweepLines = (() => {
  const {element, dataBlock} = page, {svg, text, line, marker, names} = privacyChart, {say, scale, placing} = sweepScale;
  const mostPanels = 12, mostLines = 8, gap = 24, height = 210, margin = {top: 10, bottom: 38, left: 54, right: 14};

  // At most so many of an axis' values, evenly.
  const some = (axis, most) => {
    const all = axis ? axis.labels.map((_, i) => i) : [-1];
    return all.length <= most ? all : Array.from({length: most}, (_, i) => all[Math.round(i * (all.length - 1) / (most - 1))]);
  };

  // [{panel, line, x, value, half, rows, failed}]
  function pointsOf(sweep, state) {
    const [x, lines, panels] = [state.x, state.line, state.panel].map(i => sweep.axes[i]), q = sweep.quantities[state.quantity];
    const half = q.column === "tokens_per_s" ? sweep.quantities.find(h => h.column === "tokens_per_s_half_width") : null;
    const drawn = [state.x, state.line, state.panel], best = sweepHeld.takesBest(sweep, state, drawn), at = (axis, row) => axis ? sweepHeld.valuesAt(axis, row) : [-1];
    const places = sweepHeld.places(sweep, sweepHeld.rowsHeld(sweep, state, drawn), row => at(panels, row).flatMap(p => at(lines, row).flatMap(l => at(x, row).map(i => `${p} ${l} ${i}`))));
    const points = [];
    for (const p of some(panels, mostPanels)) for (const l of some(lines, mostLines)) for (let i = 0; i < x.labels.length; ++i) {
      const found = places.get(`${p} ${l} ${i}`);
      if (!found) continue;
      const value = sweepHeld.valueOf(found.rows, q, best);
      points.push({panel: p, line: l, x: i, value, rows: found.rows.length, failed: found.failed, half: half && found.rows.length === 1 ? half.of[found.rows[0]] : NaN});
    }
    return points;
  }

  function panel(points, {x, lines, q, up, width, title}) {
    const plot = {left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom}, place = placing(x);
    const inset = x.numbers && x.spacing !== "places" ? 8 : 18, xAt = i => plot.left + inset + place(i) * (plot.right - plot.left - 2 * inset), yAt = v => plot.bottom - up.at(v) * (plot.bottom - plot.top);
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${q.title} by ${x.column}${title ? `, ${title}` : ""}; the table below has the numbers`});
    for (const m of up.marks) root.append(line("rule", plot.left, yAt(m), plot.right, yAt(m)), text(plot.left - 6, yAt(m) + 4, "end", say(m, q.unit).replace(" ", "\u00a0")));
    let free = -Infinity;
    (x.short ?? x.labels).forEach((name, i) => {
      const wide = name.length * 7 + 8, at = Math.min(xAt(i), width - wide / 2 + 4);
      if (at - wide / 2 < free) return;
      free = at + wide / 2;
      root.append(text(at, plot.bottom + 16, "middle", name));
    });
    root.append(text((plot.left + plot.right) / 2, height - 5, "middle", x.column));
    for (const index of [...new Set(points.map(p => p.line))]) root.append(...curve(points.filter(p => p.line === index), Math.max(0, index), {x, lines, q, xAt, yAt, bottom: plot.bottom}));
    return element("figure", {class: "panel"}, ...title ? [element("figcaption", {}, title)] : [], element("div", {class: "privacy-chart"}, root));
  }

  // A curve breaks where a point is missing.
  function curve(points, index, {x, lines, q, xAt, yAt, bottom}) {
    const name = `series${index % 8}`, known = p => !Number.isNaN(p.value), out = [];
    let path = "", last = null;
    for (const p of points) {
      if (!known(p)) continue;
      path += `${last !== null && p.x === last + 1 ? "L" : "M"}${xAt(p.x).toFixed(1)} ${yAt(p.value).toFixed(1)}`;
      last = p.x;
    }
    out.push(svg("path", {class: `line ${name}`, d: path}));
    for (const p of points) {
      const where = `${x.column} ${x.labels[p.x]}${lines ? `, ${lines.column} ${lines.labels[p.line]}` : ""}`;
      if (!known(p)) {
        if (p.failed.length) out.push(svg("text", {class: `hole-mark ${name}`, x: xAt(p.x), y: bottom - 3, "text-anchor": "middle"}, "×", svg("title", {}, `${where}: failed: ${p.failed.slice(0, 3).join(", ")}`)));
        continue;
      }
      if (p.half > 0) out.push(svg("path", {class: `interval ${name}`, d: `M${xAt(p.x)} ${yAt(Math.max(p.value - p.half, p.value * 0.01))}V${yAt(p.value + p.half)}`}));
      const mark = marker(xAt(p.x), yAt(p.value), index);
      mark.append(svg("title", {}, `${where}: ${say(p.value, q.unit)}${p.half > 0 ? ` ± ${say(p.half, q.unit)}` : ""}${p.rows > 1 ? ` (of ${p.rows} rows)` : ""}`));
      out.push(mark);
    }
    return out;
  }

  function columns(sweep, state) {
    const q = sweep.quantities[state.quantity], named = (key, get) => sweep.axes[state[key]] ? [{name: sweep.axes[state[key]].column, title: sweep.axes[state[key]].column, value: p => sweep.axes[state[key]].labels[get(p)]}] : [];
    const number = v => Number.isNaN(v) ? null : v;
    return [...named("panel", p => p.panel), ...named("line", p => p.line), ...named("x", p => p.x), {name: q.column, title: q.title, value: p => number(p.value), text: p => say(p.value, q.unit)},
            {name: "half_width", title: "± 90 %", value: p => number(p.half), text: p => say(p.half, q.unit)}, {name: "rows", title: "Rows", value: p => p.rows, text: p => String(p.rows)}, {name: "failed", title: "Failed", value: p => p.failed.join(" ")}];
  }

  function show(sweep, state, width) {
    const [x, lines, panels] = [state.x, state.line, state.panel].map(i => sweep.axes[i]), q = sweep.quantities[state.quantity], points = pointsOf(sweep, state);
    const up = scale(points.flatMap(p => [p.value, p.half > 0 ? p.value + p.half : NaN])), shown = some(panels, mostPanels);
    const beside = Math.max(1, Math.min(shown.length, Math.floor((width + gap) / (300 + gap)))), each = Math.floor((width - gap * (beside - 1)) / beside);
    const figures = shown.map(p => panel(points.filter(of => of.panel === p), {x, lines, q, up, width: each, title: panels ? `${panels.column} ${panels.labels[p]}` : ""}));
    const left = [panels && panels.labels.length > mostPanels ? `${mostPanels} of ${panels.labels.length} values of ${panels.column}` : "", lines && lines.labels.length > mostLines ? `${mostLines} of ${lines.labels.length} values of ${lines.column}` : ""].filter(Boolean);
    const said = [`${q.title}${up.log ? ", in even ratios" : ""}; one scale for all panels.`, sweepHeld.heldText(sweep, state, [state.x, state.line, state.panel]), left.length ? `Drawn: ${left.join(", ")}.` : "",
                  points.some(p => p.half > 0) ? "Whiskers are 90 % intervals." : "", points.some(p => Number.isNaN(p.value) && p.failed.length) ? "×: failed." : ""];
    const key = lines ? [names(lines.column, lines.labels.slice(0, 26)).cloneNode(true)] : [];
    return [...key, element("div", {class: "multiples", style: `--beside:${beside}`}, ...figures), element("p", {class: "range"}, said.filter(Boolean).join(" ")), dataBlock(columns(sweep, state), points, "splitwan-sweep-curves.csv")];
  }

  return {show};
})();
