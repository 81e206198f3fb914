"use strict";
// Fills the page from the JSON it carries.
(() => {
  const {element, fixed, ms, percent, size, bandwidth, condition, table, csvButton, dataBlock, parts, bars} = page;
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = id => document.getElementById(id);
  const {source, model} = data, results = data.summary.results;
  const words = value => value === null ? "not stated" : typeof value === "string" ? value :
    typeof value === "object" ? Object.entries(value).map(([k, v]) => `${k} ${typeof v === "object" ? JSON.stringify(v) : v}`).join(", ") : String(value);
  const listed = values => [...new Set(values)].join(", ");
  const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

  function header() {
    const rtts = results.map(r => r.rtt_s * 1e3), low = Math.min(...rtts), high = Math.max(...rtts);
    const drafters = listed(results.map(r => r.drafter));
    at("conditions").textContent = `${count(source.runs, "run")} at ${low === high ? low : `${low} to ${high}`} ms round-trip time, ` +
      `${listed(results.map(bandwidth))} up/down, decoding ${drafters}.`;
    const facts = {"Compute": source.compute, "Network": listed(results.map(r => r.network)), "Split": source.plan, "Wire": source.wire,
                   "Geometry": source.geometry, "Machine": source.machine, "Commit": source.commit};
    for (const [name, value] of Object.entries(facts)) at("source").append(element("div", {}, element("dt", {}, name), element("dd", {}, words(value))));
  }

  const card = (value, title, detail) => element("div", {class: "card"}, element("b", {}, value), element("span", {}, title), element("small", {}, detail));

  function headline() {
    const decoded = results.filter(r => r.tokens_per_s !== null);
    if (!decoded.length) return;
    const best = decoded.reduce((a, b) => b.tokens_per_s > a.tokens_per_s ? b : a);
    const usual = data.usual_condition ?? best;
    const there = decoded.filter(r => condition(r) === condition(usual)).sort((a, b) => b.tokens_per_s - a.tokens_per_s);
    for (const r of there.slice(0, 3)) {
      at("headline").append(card(fixed(r.tokens_per_s, 2), `tokens/s, ${r.drafter}`, `at ${condition(r)}, ${fixed(r.tokens_per_step, 2)} tokens per step`));
    }
    if (!there.includes(best)) at("headline").append(card(fixed(best.tokens_per_s, 2), `tokens/s at best, ${best.drafter}`, `at ${condition(best)}`));
    const v = data.cross_validation;
    if (v && v.folds.length) at("headline").append(card(size(v.median_abs_error), "median error, held-out RTTs", `worst ${size(v.worst_abs_error)} of the step time`));
  }

  const resultColumns = [
    {name: "rtt_s", title: "RTT, ms", value: r => r.rtt_s, text: r => fixed(r.rtt_s * 1e3, 0)},
    {name: "bandwidth", title: "Up/down", value: bandwidth},
    {name: "drafter", title: "Decoding", value: r => r.drafter},
    {name: "tokens_per_s", title: "Tokens/s", value: r => r.tokens_per_s, text: r => fixed(r.tokens_per_s, 2)},
    {name: "tokens_per_s_half_width", title: "± 90 %", value: r => r.tokens_per_s_half_width, text: r => fixed(r.tokens_per_s_half_width, 2)},
    {name: "tokens_per_step", title: "Tokens/step", value: r => r.tokens_per_step, text: r => fixed(r.tokens_per_step, 2)},
    {name: "time_to_first_token_s", title: "First token, ms", value: r => r.time_to_first_token_s, text: r => ms(r.time_to_first_token_s)},
    {name: "step_s", title: "Step, ms", value: r => r.step.total_s, text: r => ms(r.step.total_s)},
    ...parts.map(p => ({name: `${p.key}_s`, title: p.title, value: r => r.step.total_s === null ? null : p.seconds(r.step),
                        text: r => r.step.total_s === null ? "–" : ms(p.seconds(r.step))})),
  ];

  const pointColumns = [
    {name: "rtt_s", title: "RTT, ms", value: p => p.rtt_s, text: p => fixed(p.rtt_s * 1e3, 0)},
    {name: "drafter", title: "Decoding", value: p => p.drafter},
    {name: "tokens_per_s", title: "Tokens/s", value: p => p.tokens_per_s, text: p => fixed(p.tokens_per_s, 2)},
    {name: "low", title: "90 % low", value: p => p.low, text: p => fixed(p.low, 2)},
    {name: "high", title: "90 % high", value: p => p.high, text: p => fixed(p.high, 2)},
    {name: "step_s", title: "Step, ms", value: p => p.step_s, text: p => ms(p.step_s)},
    {name: "extrapolated", title: "Range", value: p => p.extrapolated ? "extrapolated" : "measured"},
  ];

  const foldColumns = [
    {name: "held_out", title: "Held out", value: f => f.held_out},
    {name: "bandwidth", title: "Up/down", value: bandwidth},
    {name: "drafter", title: "Decoding", value: f => f.drafter},
    {name: "predicted_step_s", title: "Step, predicted", value: f => f.predicted_step_s, text: f => ms(f.predicted_step_s)},
    {name: "measured_step_s", title: "measured, ms", value: f => f.measured_step_s, text: f => ms(f.measured_step_s)},
    {name: "error", title: "error", value: f => f.error, text: f => percent(f.error)},
    {name: "predicted_tokens_per_s", title: "Tokens/s predicted", value: f => f.predicted_tokens_per_s, text: f => fixed(f.predicted_tokens_per_s, 2)},
    {name: "measured_tokens_per_s", title: "measured", value: f => f.measured_tokens_per_s, text: f => fixed(f.measured_tokens_per_s, 2)},
    {name: "tokens_per_s_error", title: "error", value: f => f.tokens_per_s_error, text: f => percent(f.tokens_per_s_error)},
  ];

  function curve() {
    if (!model) {
      at("curve-why").textContent = `No projection: ${data.why_no_model}.`;
      at("curve-block").remove();
      return;
    }
    at("curve-why").textContent = "Lines are the fitted model at the bandwidth set below; points are measured, with 90 % intervals, " +
      "and fade when they were measured at another bandwidth. Move the sliders (arrow keys work) to ask about another network.";
    projection.show(data, {controls: at("controls"), curve: at("curve"), readout: at("readout")});
    at("curve-data").append(dataBlock(pointColumns, data.projection, "splitwan-projection.csv"));
  }

  function validation() {
    const v = data.cross_validation;
    at("validation-why").textContent = !v ? `Not validated: ${data.why_no_model}.` : v.note ? `Not validated: ${v.note}.` :
      `Each round-trip time was left out in turn, the model fitted to the others, and asked for the one it had not seen. Step time: median error ` +
      `${size(v.median_abs_error)}, worst ${size(v.worst_abs_error)}. Tokens per second: median ${size(v.median_abs_tokens_per_s_error)}, worst ${size(v.worst_abs_tokens_per_s_error)}.`;
    if (v && v.folds.length) at("validation").append(table(foldColumns, v.folds), csvButton(foldColumns, v.folds, "splitwan-validation.csv"));
  }

  function modelText() {
    const leftOut = "It leaves out loss and retransmission, queueing behind other traffic, changes of the path during a run, and the " +
      "congestion window's history: a step's messages meet one window size. Each step is taken as independent of the one before.";
    at("model").append(element("p", {}, "step = round trips × RTT + bytes ÷ rate, up and down + client(rows, context) + server(rows, context) + overhead; " +
      "tokens per second = tokens per step ÷ step."));
    if (model) {
      const cost = (name, c, unit, scale) => ({name, value: c.value * scale, error: c.error === null ? null : c.error * scale, unit});
      const work = (who, w) => [cost(`${who}, fixed`, w.fixed_s, "ms", 1e3), cost(`${who}, per row`, w.per_row_s, "ms", 1e3),
                                cost(`${who}, per row and 1000 tokens of context`, w.per_row_context_s, "ms", 1e6)];
      const rows = [...work("client", model.decode.client), ...work("server", model.decode.server), cost("overhead", model.decode.overhead_s, "ms", 1e3)];
      at("model").append(table([
        {title: "Decode step", value: r => r.name}, {title: "Fitted, ms", value: r => r.value, text: r => fixed(r.value, 4)},
        {title: "Standard error", value: r => r.error, text: r => fixed(r.error, 4)}], rows),
        element("p", {}, `Fitted to ${count(model.decode.steps, "decode step")} by robust non-negative least squares; a step strays ` +
          `${ms(model.decode.residual_s)} ms from it (robust standard deviation). Connections begin with a window of ${model.initial_window_segments} segments.`));
    }
    at("model").append(element("p", {}, leftOut), element("p", {}, `Compute times come from: ${words(source.compute)}. They hold for that source; another machine has its own.`));
  }

  header();
  headline();
  at("bars").append(bars(results));
  at("bars-data").append(dataBlock(resultColumns, results, "splitwan-measured.csv"));
  curve();
  validation();
  modelText();
})();
