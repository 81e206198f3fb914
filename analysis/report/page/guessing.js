"use strict";
// What guessing gains: the study of kind "ablation", drafters side by side.
const guessing = (() => {
  const {element, fixed, ms, size, dataBlock} = page;

  const columns = [
    {name: "drafter", title: "Decoding", value: c => c.drafter},
    {name: "category", title: "Prompts", value: c => c.category},
    {name: "temperature", title: "Temperature", value: c => c.temperature, text: c => String(c.temperature)},
    {name: "rtt_s", title: "RTT, ms", value: c => c.rtt_s, text: c => fixed(c.rtt_s * 1e3, 0)},
    {name: "prompts", title: "Prompts counted", value: c => c.prompts, text: c => String(c.prompts)},
    {name: "tokens_per_step", title: "Tokens/step", value: c => c.tokens_per_step, text: c => fixed(c.tokens_per_step, 2)},
    {name: "tokens_per_step_low", title: "90 % low", value: c => low(c), text: c => fixed(low(c), 2)},
    {name: "tokens_per_step_high", title: "90 % high", value: c => high(c), text: c => fixed(high(c), 2)},
    {name: "match_rate", title: "Guesses that held", value: c => c.match_rate, text: c => size(c.match_rate)},
    {name: "rows_per_step", title: "Rows/step", value: c => c.rows_per_step, text: c => fixed(c.rows_per_step, 1)},
    {name: "bytes_per_token", title: "Bytes/token", value: c => c.bytes_per_token, text: c => fixed(c.bytes_per_token, 0)},
    {name: "draft_s_per_step", title: "Guessing, ms/step", value: c => c.draft_s_per_step, text: c => ms(c.draft_s_per_step)},
    {name: "tokens_per_s", title: "Tokens/s", value: c => c.tokens_per_s, text: c => fixed(c.tokens_per_s, 2)},
    {name: "over_sequential", title: "Over sequential", value: c => c.over_sequential, text: c => fixed(c.over_sequential, 2)},
    {name: "repeat_4gram", title: "4-grams repeated", value: c => c.repeat_4gram, text: c => size(c.repeat_4gram)},
    {name: "share_left_out", title: "Left out", value: c => c.share_left_out, text: c => size(c.share_left_out)},
  ];
  const low = c => c.tokens_per_step_ci90?.[0] ?? null, high = c => c.tokens_per_step_ci90?.[1] ?? null;
  const distinct = values => [...new Set(values)].sort((a, b) => a - b);

  // Averages over prompt classes, what gains most first.
  function digest(study) {
    const average = study.cells.filter(c => c.category === "average");
    const temperatures = distinct(average.map(c => c.temperature)), rtts = distinct(average.map(c => c.rtt_s));
    const usual = rtts[Math.floor(rtts.length / 2)];
    const find = (drafter, temperature, rtt) =>
      average.find(c => c.drafter === drafter && c.temperature === temperature && c.rtt_s === rtt) ?? {};
    const gain = drafter => find(drafter, temperatures[0], usual).tokens_per_step ?? 0;
    const drafters = [...new Set(average.map(c => c.drafter))].sort((a, b) => gain(b) - gain(a));
    return {average, temperatures, rtts, usual, find, drafters};
  }

  // [value, title, detail] of the fastest at the usual round-trip time, `auto` and decoding one by one among them.
  function headline(study) {
    const {temperatures, usual, find, drafters} = digest(study);
    const cells = drafters.map(d => find(d, temperatures[0], usual)).filter(c => (c.tokens_per_s ?? null) !== null);
    const order = cells.sort((a, b) => b.tokens_per_s - a.tokens_per_s), always = ["auto", "sequential"];
    const chosen = order.filter((c, i) => i < 2 || always.includes(c.drafter));
    return chosen.map(c => [fixed(c.tokens_per_s, 2), `tokens/s, ${c.drafter}`,
      `at ${+(usual * 1e3).toPrecision(4)} ms, temperature ${c.temperature}: ${fixed(c.tokens_per_step, 2)} tokens per step, ${fixed(c.over_sequential, 2)} × sequential`]);
  }

  function show(study, places) {
    const {average, temperatures, rtts, usual, find, drafters} = digest(study);
    const milliseconds = rtt => `${+(rtt * 1e3).toPrecision(4)} ms`;
    const mark = (value, cell) => value === null || value === undefined ? null : {value, low: cell && low(cell), high: cell && high(cell)};
    const leftOut = t => `${size(find(drafters[0], t, usual).share_left_out ?? null)} at temperature ${t}`;

    places.why.textContent = "Tokens gained per step, and tokens per second over sequential decoding, averaged over prompt classes with " +
      `equal weight; intervals are 90 %, by bootstrap over prompts. Prompts whose text without guessing repeats ${fixed(study.left_out_from_repeat_4gram * 100, 0)} % ` +
      `of its 4-grams or more are left out, since loops flatter guessing: ${temperatures.map(leftOut).join(", ")}.` +
      (study.merged ?? []).map(m => ` At ${milliseconds(m.rtt_s)} the figures are means over links that differ: ${m.links.join("; ")}.`).join("");
    places.at.append(element("h3", {}, `Tokens per step at ${milliseconds(usual)} round-trip time`), charts.dots({
      label: "Tokens per step by drafter", reference: 1, groups: temperatures.map(t => `temperature ${t}`),
      rows: drafters.map(name => ({name, marks: temperatures.map(t => find(name, t, usual)).map(c => mark(c.tokens_per_step, c))}))}));
    const best = Math.max(...average.map(c => c.over_sequential ?? 0));
    const panels = temperatures.map(t => element("div", {}, element("h3", {}, `Tokens per second over sequential, temperature ${t}`), charts.dots({
      label: `Tokens per second over sequential by drafter at temperature ${t}`, reference: 1, end: best, groups: rtts.map(milliseconds),
      rows: drafters.filter(name => name !== "sequential").map(name => ({name, marks: rtts.map(rtt => mark(find(name, t, rtt).over_sequential))}))})));
    places.at.append(element("div", {class: "panels"}, ...panels), dataBlock(columns, study.cells, "splitwan-guessing.csv"));
  }

  return {show, headline};
})();
