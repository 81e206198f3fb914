"use strict";
// Recovery against depth: lines with intervals over bars of speed, drawn as SVG that style sheets colour.
const privacyChart = (() => {
  const {element} = page;
  const height = 400, colours = 8, shapes = 4, margin = {top: 36, bottom: 50, left: 62};

  function svg(tag, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const text = (x, y, anchor, words) => svg("text", {x, y, "text-anchor": anchor}, words);
  const line = (name, x1, y1, x2, y2) => svg("line", {class: name, x1, y1, x2, y2});

  // Colours that are near each other have different shapes; both together tell 32 attackers apart.
  const look = index => ({colour: index % colours, shape: (index + 2 * Math.floor(index / 4) + Math.floor(index / colours)) % shapes});
  function marker(x, y, index) {
    const {colour, shape} = look(index), name = `point series${colour}`;
    if (shape === 0) return svg("circle", {class: name, cx: x, cy: y, r: 4});
    if (shape === 1) return svg("rect", {class: name, x: x - 3.6, y: y - 3.6, width: 7.2, height: 7.2});
    const corners = shape === 2 ? [[0, -5], [5, 0], [0, 5], [-5, 0]] : [[0, -4.6], [4.6, 3.6], [-4.6, 3.6]];
    return svg("polygon", {class: name, points: corners.map(([dx, dy]) => `${x + dx},${y + dy}`).join(" ")});
  }

  // Its caps are wider than a point, so that short ones are seen too.
  const whisker = (name, x, low, high) => svg("path", {class: `interval ${name}`, d: `M${x - 6} ${low}h12M${x - 6} ${high}h12M${x} ${low}V${high}`});

  // How a line looks, for its name in the list above the chart.
  function sample({index, control}) {
    const name = control ? `line control dash${index % 4}` : `line series${look(index).colour}`;
    return svg("svg", {class: "sample", width: 30, height: 12, "aria-hidden": "true"},
               line(name, 0, 6, 30, 6), ...control ? [] : [marker(15, 6, index)]);
  }

  // A list of what marks stand for.
  const names = (title, list) => element("fieldset", {class: "chips"}, element("legend", {}, title),
    ...list.map((name, index) => element("label", {class: `series${look(index).colour}`}, sample({index, control: false}), name)));

  // Round numbers from 0 to just above `high`, about five.
  function ticks(high) {
    const rough = high / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(f => f * power).find(s => s >= rough);
    return Array.from({length: Math.ceil(high / step - 1e-9) + 1}, (_, i) => +(i * step).toPrecision(12));
  }

  function speedBars(bars, x, step, plot) {
    const marks = ticks(Math.max(...bars.map(b => b.high))), y = value => plot.bottom - value / marks.at(-1) * plot.height;
    const out = [];
    for (const b of bars) {
      const half = Math.min(44, step * 0.36);
      out.push(svg("rect", {class: "speed", x: x(b.depth) - half, y: y(b.value), width: 2 * half, height: plot.bottom - y(b.value)},
                   svg("title", {}, `depth ${b.depth}: ${b.value.toFixed(2)} tokens/s (${b.low.toFixed(2)} to ${b.high.toFixed(2)})`)),
               line("speed-interval", x(b.depth), y(b.low), x(b.depth), y(b.high)));
    }
    for (const t of marks) out.push(text(plot.right + 8, y(t) + 4, "start", String(t)));
    return out;
  }

  // A control keeps its place: it has no points, and where one depth is known, that holds for all.
  function controlLine({index, name, points}, x, y, plot) {
    const ends = points.length > 1 ? points.map(p => [x(p.depth), y(p.value)]) : [[plot.left, y(points[0].value)], [plot.right, y(points[0].value)]];
    return svg("polyline", {class: `line control dash${index % 4}`, points: ends.map(e => e.join()).join(" ")}, svg("title", {}, `${name} (control): ${points.map(p => p.text).join("; ")}`));
  }

  // lines: [{name, index, control, points: [{depth, value, low, high, text}]}], values being shares;
  // bars: [{depth, value, low, high}], tokens per second, or none.
  function draw({lines, bars, depths, measure, label, width}) {
    const right = bars.length ? 62 : 16;
    const plot = {left: margin.left, right: width - right, bottom: height - margin.bottom, height: height - margin.top - margin.bottom};
    const step = (plot.right - plot.left) / (depths.at(-1) - depths[0] + 1);
    const x = depth => plot.left + (depth - depths[0] + 0.5) * step, y = share => plot.bottom - share * plot.height;
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${label}; the table below has the numbers`});
    if (bars.length) root.append(...speedBars(bars, x, step, plot), text(width, 14, "end", "tokens per second (bars)"));
    for (const share of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
      root.append(line("rule", plot.left, y(share), plot.right, y(share)), text(plot.left - 8, y(share) + 4, "end", `${Math.round(share * 100)} %`));
    }
    for (const depth of depths) root.append(text(x(depth), plot.bottom + 20, "middle", String(depth)));
    root.append(text(0, 14, "start", measure), text((plot.left + plot.right) / 2, height - 8, "middle", "depth: layers kept local at this end"));
    for (const l of lines.filter(l => l.control)) root.append(controlLine(l, x, y, plot));
    const attackers = lines.filter(l => !l.control), apart = Math.min(14, step * 0.7 / Math.max(1, attackers.length));
    attackers.forEach((l, i) => {
      const name = `series${look(l.index).colour}`, at = p => x(p.depth) + (i - (attackers.length - 1) / 2) * apart;
      root.append(svg("polyline", {class: `line ${name}`, points: l.points.map(p => `${at(p)},${y(p.value)}`).join(" ")}));
      for (const p of l.points) {
        if (p.low !== null) root.append(whisker(name, at(p), y(p.low), y(p.high)));
        const mark = marker(at(p), y(p.value), l.index);
        mark.append(svg("title", {}, `${l.name}, depth ${p.depth}: ${p.text}`));
        root.append(mark);
      }
    });
    return element("div", {class: "privacy-chart"}, root);
  }

  return {draw, sample, names, ticks, svg, text, line, marker, whisker};
})();
