"use strict";
// A study of DEL: what an attacker finds against what the reader loses, a mark per cell, coloured by bytes.
const delStudy = (() => {
  const {element, fixed, table, dataBlock} = page;
  const share = value => `${fixed(value * 100, 1)}\u00a0%`;
  const pair = (ends, text) => ends ? `${text(ends[0])} to ${text(ends[1])}` : "–";
  const told = c => `${c.kind ? c.kind.replaceAll("_", " ") : "DEL"}${c.mu ? `, mu ${c.mu}, ${c.bits} bits, width ${c.width}` : ""}${c.epsilon ? `, epsilon ${fixed(c.epsilon, 0)}` : ""}: ` +
    `${share(c.attack_success)} found by ${c.attack.replaceAll("_", " ")}, perplexity ${fixed(c.perplexity, 1)}${c.bits_per_token ? `, ${c.bits_per_token} bits a token` : ""}`;

  function draw(data, width) {
    const all = [...data.cells, ...data.baselines], clean = data.clean.perplexity, blind = data.clean.blind_perplexity;
    const field = leakField.draw({found: all.map(c => c.attack_success_ci90[1]), values: [clean, ...all.map(c => c.perplexity_ci90[1])], up: "perplexity of the continuation",
                                  label: "Perplexity against the share of tokens found", width});
    field.level(clean, 0, "no defence");
    if (blind) field.level(blind, 1, "told nothing of the prompt");
    const sizes = [...new Set(data.cells.map(c => c.bits_per_token))].sort((a, b) => a - b), kinds = [...new Set(data.baselines.map(b => b.kind))];
    const put = (c, index) => field.put(c, c.perplexity, c.perplexity_ci90, index, told(c));
    data.cells.forEach(c => put(c, sizes.indexOf(c.bits_per_token)));
    data.baselines.forEach(b => put(b, sizes.length + kinds.indexOf(b.kind)));
    for (const c of data.cells.filter(c => c.best)) field.ring(c, c.perplexity);
    const names = [...sizes.map(s => `${s} bits a token`), ...kinds.map(k => k.replaceAll("_", " "))];
    return [privacyChart.names("Bits of a prompt token, and other mechanisms", names), element("div", {class: "privacy-chart"}, field.root)];
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

  function show(data, at) {
    const chart = element("div", {}), redraw = () => chart.replaceChildren(...draw(data, Math.max(320, at.clientWidth)));
    at.append(element("p", {class: "range"}, "Rings: cells that no other beats in leak, perplexity and bytes. Whiskers are 90 % intervals, over windows of text and over documents."),
              chart, table(columns, [...data.cells, ...data.baselines]), dataBlock(columns, [...data.cells, ...data.baselines], "splitwan-del.csv"));
    if (data.calibrated.length) at.append(element("h3", {class: "part"}, "Noise for a share of tokens found"), table(reached, data.calibrated));
    redraw();
    addEventListener("resize", redraw);
  }

  return {show};
})();
