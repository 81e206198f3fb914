"use strict";
// The share of tokens found, across, against another figure, up in even ratios: a mark each, with intervals.
const leakField = (() => {
  const {svg, text, line, marker, whisker, ticks} = privacyChart;
  const height = 420, margin = {top: 30, bottom: 52, left: 64, right: 20};

  // found: shares, values: above 0; all that is to lie on the scales.
  function draw({found, values, up, label, width}) {
    const plot = {left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom};
    const xMarks = ticks(Math.max(0.05, ...found)), yMarks = charts.decades(Math.min(...values), Math.max(...values), 10);
    const x = share => plot.left + share / xMarks.at(-1) * (plot.right - plot.left);
    const scale = Math.log(yMarks.at(-1) / yMarks[0]), y = value => plot.bottom - Math.log(value / yMarks[0]) / scale * (plot.bottom - plot.top);
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${label}; the table below has the numbers`});
    for (const m of yMarks) root.append(line("rule", plot.left, y(m), plot.right, y(m)), text(plot.left - 8, y(m) + 4, "end", String(m)));
    for (const m of xMarks) root.append(text(x(m), plot.bottom + 18, "middle", String(+(m * 100).toPrecision(3))));
    root.append(text(0, 14, "start", up), text((plot.left + plot.right) / 2, height - 8, "middle", "tokens that the strongest attacker found, %"));

    // `row` has attack_success and its interval; `ends`: the value's, or null.
    function put(row, value, ends, index, told) {
      const name = `series${index % 8}`, [low, high] = row.attack_success_ci90;
      if (ends) root.append(whisker(name, x(row.attack_success), y(ends[0]), y(ends[1])));
      const mark = marker(x(row.attack_success), y(value), index);
      mark.append(svg("title", {}, told));
      root.append(line(`line ${name}`, x(low), y(value), x(high), y(value)), mark);
    }
    // What has no place across.
    function level(value, dash, told) {
      root.append(line(`line control dash${dash % 4}`, plot.left, y(value), plot.right, y(value)), text(plot.right, y(value) - 6, "end", told));
    }
    const ring = (row, value) => root.append(svg("circle", {class: "best", cx: x(row.attack_success), cy: y(value), r: 9, fill: "none", stroke: "currentColor"}));
    return {root, put, level, ring};
  }

  return {draw};
})();
