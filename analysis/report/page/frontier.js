"use strict";
// A study of DEL: what an attacker finds against what the reader loses, a mark per cell, coloured by bytes.
const frontier = (() => {
  const {element, fixed, table, dataBlock} = page;
  const {svg, marker, whisker, ticks} = privacyChart;
  const height = 420, margin = {top: 30, bottom: 52, left: 64, right: 20};
  const share = value => `${fixed(value * 100, 1)}\u00a0%`;
  const pair = (ends, text) => ends ? `${text(ends[0])} to ${text(ends[1])}` : "–";
  const text = (x, y, anchor, words) => svg("text", {x, y, "text-anchor": anchor}, words);
  const line = (name, x1, y1, x2, y2) => svg("line", {class: name, x1, y1, x2, y2});
  const told = c => `${c.kind ? c.kind.replaceAll("_", " ") : "DEL"}${c.mu ? `, mu ${c.mu}, ${c.bits} bits, width ${c.width}` : ""}${c.epsilon ? `, epsilon ${fixed(c.epsilon, 0)}` : ""}: ` +
    `${share(c.attack_success)} found by ${c.attack.replaceAll("_", " ")}, perplexity ${fixed(c.perplexity, 1)}${c.bits_per_token ? `, ${c.bits_per_token} bits a token` : ""}`;

  // Perplexities span decades: 1, 2, 5 of each.
  function decades(low, high) {
    const marks = [];
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high * 10; power *= 10) marks.push(power, 2 * power, 5 * power);
    const first = marks.findLastIndex(m => m <= low), last = marks.findIndex(m => m >= high);
    return marks.slice(Math.max(0, first), last < 0 ? undefined : last + 1);
  }

  function axes(root, plot, x, y, xMarks, yMarks) {
    for (const m of yMarks) root.append(line("grid", plot.left, y(m), plot.right, y(m)), text(plot.left - 8, y(m) + 4, "end", String(m)));
    for (const m of xMarks) root.append(text(x(m), plot.bottom + 18, "middle", fixed(m * 100, 0)));
    root.append(text(0, 14, "start", "perplexity of the continuation"), text((plot.left + plot.right) / 2, height - 8, "middle", "tokens that the strongest attacker found, %"));
  }

  function draw(data, width) {
    const plot = {left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom};
    const all = [...data.cells, ...data.baselines], clean = data.clean.perplexity;
    const yMarks = decades(clean, Math.max(...all.map(c => c.perplexity_ci90[1]))), xMarks = ticks(Math.max(0.05, ...all.map(c => c.attack_success_ci90[1])));
    const x = value => plot.left + value / xMarks.at(-1) * (plot.right - plot.left);
    const scale = Math.log(yMarks.at(-1) / yMarks[0]), y = value => plot.bottom - Math.log(value / yMarks[0]) / scale * (plot.bottom - plot.top);
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": "Perplexity against the share of tokens found"});
    axes(root, plot, x, y, xMarks, yMarks);
    root.append(line("line control dash0", plot.left, y(clean), plot.right, y(clean)), text(plot.right, y(clean) - 6, "end", "no defence"));
    const blind = data.clean.blind_perplexity;
    if (blind) root.append(line("line control dash1", plot.left, y(blind), plot.right, y(blind)), text(plot.right, y(blind) - 6, "end", "told nothing of the prompt"));
    const sizes = [...new Set(data.cells.map(c => c.bits_per_token))].sort((a, b) => a - b), kinds = [...new Set(data.baselines.map(b => b.kind))];
    const put = (c, index) => {
      const name = `series${index % 8}`;
      root.append(whisker(name, x(c.attack_success), y(c.perplexity_ci90[0]), y(c.perplexity_ci90[1])),
                  line(`line ${name}`, x(c.attack_success_ci90[0]), y(c.perplexity), x(c.attack_success_ci90[1]), y(c.perplexity)));
      const mark = marker(x(c.attack_success), y(c.perplexity), index);
      mark.append(svg("title", {}, told(c)));
      root.append(mark);
    };
    data.cells.forEach(c => put(c, sizes.indexOf(c.bits_per_token)));
    data.baselines.forEach(b => put(b, sizes.length + kinds.indexOf(b.kind)));
    for (const c of data.cells.filter(c => c.best)) root.append(svg("circle", {class: "best", cx: x(c.attack_success), cy: y(c.perplexity), r: 9, fill: "none", stroke: "currentColor"}));
    const names = [...sizes.map(s => `${s} bits a token`), ...kinds.map(k => k.replaceAll("_", " "))];
    const chips = element("fieldset", {class: "chips"}, element("legend", {}, "Bits of a prompt token, and other mechanisms"),
                          ...names.map((name, index) => element("label", {}, privacyChart.sample({index, control: false}), name)));
    return [chips, element("div", {class: "privacy-chart"}, root)];
  }

  const plain = (name, title, digits) => ({name, title, value: c => c[name] ?? null, text: c => c[name] === undefined ? "–" : fixed(c[name], digits)});
  const columns = [
    {name: "kind", title: "Mechanism", value: c => c.kind ?? "DEL"}, plain("mu", "mu", 1), plain("bits", "Bits", 0), plain("width", "Width", 0), plain("bits_per_token", "Bits a token", 0),
    plain("epsilon", "Epsilon of a token", 1), plain("perplexity", "Perplexity", 2), {name: "perplexity_ci90", title: "90 %", value: c => pair(c.perplexity_ci90, v => fixed(v, 2))},
    {name: "agreement", title: "Agreement", value: c => c.agreement, text: c => share(c.agreement)}, plain("similarity", "Similarity of answers", 3),
    {name: "attack", title: "Strongest", value: c => c.attack.replaceAll("_", " ")}, {name: "attack_success", title: "Found", value: c => c.attack_success, text: c => share(c.attack_success)},
    {name: "attack_success_ci90", title: "90 %", value: c => pair(c.attack_success_ci90, share)}, {name: "best", title: "Not beaten", value: c => c.best ? "yes" : ""},
  ];
  const reached = [plain("target", "Share to be found", 2), {name: "by", title: "By", value: c => c.by}, plain("mu", "mu", 2), plain("epsilon", "Epsilon of a token", 1),
    {name: "attack_success", title: "The strongest finds", value: c => c.attack_success, text: c => share(c.attack_success)}, {name: "not_met", title: "", value: c => c.not_met ?? ""}];

  function show(data, places) {
    places.why.textContent = data.remarks.join(" ") + (data.partial ? " The study was stopped before its end: cells are missing." : "") +
      " Rings: cells that no other beats in leak, perplexity and bytes. Whiskers are 90 % intervals, over windows of text and over documents.";
    const chart = element("div", {}), redraw = () => chart.replaceChildren(...draw(data, Math.max(320, places.at.clientWidth)));
    places.at.append(chart, table(columns, [...data.cells, ...data.baselines]), dataBlock(columns, [...data.cells, ...data.baselines], "splitwan-del.csv"));
    if (data.calibrated.length) places.at.append(element("h3", {class: "part"}, "Noise for a share of tokens found"), table(reached, data.calibrated));
    redraw();
    addEventListener("resize", redraw);
  }

  return {show};
})();
