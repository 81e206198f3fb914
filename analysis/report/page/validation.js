"use strict";
// What the fit says about its own worth: conditions held out, intervals, residuals, and simpler formulas beside it.
const validation = (() => {
  const {element, fixed, ms, percent, size, bandwidth, loss, table, csvButton, dataBlock} = page;
  const ways = [["rtt", "round-trip time"], ["bandwidth", "bandwidth"], ["condition", "condition"], ["prompt_class", "prompt class"], ["drafter", "drafter"]];

  const share = (name, title, value) => ({name, title, value, text: row => size(value(row))});
  const summaryColumns = [
    {name: "held_out", title: "Held out: each", value: r => r.what},
    {name: "folds", title: "Folds", value: r => r.folds.n, text: r => String(r.folds.n)},
    share("step_median", "Step time: median error", r => r.folds.median),
    share("step_worst", "worst", r => r.folds.worst),
    share("tokens_per_s_median", "Tokens/s: median", r => r.tokens.median),
    share("tokens_per_s_worst", "worst", r => r.tokens.worst),
  ];
  const lossyColumns = [
    {name: "lossy_folds", title: "Lossy folds", value: r => r.lossy.n, text: r => String(r.lossy.n)},
    share("lossy_median", "Lossy: median", r => r.lossy.median),
    share("lossy_worst", "worst", r => r.lossy.worst),
  ];

  // Simpler formulas on the same folds (model/judge/baseline.hh): median and worst error of the step.
  const formulas = [["published", "RTT + constant per drafter (published)"], ["rtt", "RTT + constant"], ["rtt_bytes", "RTT + bytes/rate + constant"],
                    ["linear", "linear in RTT and rows"], ["nearest", "nearest measured cell"]];
  const pair = e => e ? `${size(e.median)}, ${size(e.worst)}` : "–";
  const formulaColumns = [
    {name: "held_out", title: "Held out: each", value: r => r.what},
    {name: "ours", title: "This model: median, worst", value: r => pair(r.folds)},
    ...formulas.map(([key, title]) => ({name: key, title, value: r => pair(r.simpler[key])})),
  ];

  const foldColumns = [
    {name: "held_out", title: "Held out", value: f => f.held_out},
    {name: "rtt_s", title: "RTT, ms", value: f => f.rtt_s, text: f => fixed(f.rtt_s * 1e3, 0)},
    {name: "bandwidth", title: "Up/down", value: bandwidth},
    {name: "loss", title: "Loss", value: f => f.loss, text: loss},
    {name: "drafter", title: "Decoding", value: f => f.drafter},
    {name: "predicted_step_s", title: "Step predicted, ms", value: f => f.predicted_step_s, text: f => ms(f.predicted_step_s)},
    {name: "measured_step_s", title: "measured", value: f => f.measured_step_s, text: f => ms(f.measured_step_s)},
    {name: "error", title: "error", value: f => f.error, text: f => percent(f.error)},
    ...formulas.map(([key, title]) => ({name: `${key}_error`, title: `${title}: error`, value: f => f.baselines?.[key] ?? null, text: f => percent(f.baselines?.[key] ?? null)})),
    {name: "predicted_tokens_per_s", title: "Tokens/s predicted", value: f => f.predicted_tokens_per_s, text: f => fixed(f.predicted_tokens_per_s, 2)},
    {name: "measured_tokens_per_s", title: "measured", value: f => f.measured_tokens_per_s, text: f => fixed(f.measured_tokens_per_s, 2)},
    {name: "tokens_per_s_error", title: "error", value: f => f.tokens_per_s_error, text: f => percent(f.tokens_per_s_error)},
  ];

  function errors(folds) {
    const panel = (title, error) => element("div", {}, element("h3", {}, title), charts.scatter({
      label: `${title}, signed error over round-trip time`, across: "round-trip time, ms",
      points: folds.map(f => ({x: f.rtt_s * 1e3, y: error(f), group: f.loss > 0 ? 1 : 0, name: `${f.held_out}, ${f.drafter}: ${percent(error(f))}`}))}));
    const simple = folds.every(f => f.baselines?.rtt_bytes !== undefined) ? [panel("RTT + bytes/rate + constant, on its own scale", f => f.baselines.rtt_bytes)] : [];
    const key = folds.some(f => f.loss > 0) ? [page.legend([["without loss", "dot group0"], ["with loss", "dot group1"]])] : [];
    return element("div", {}, ...key, element("div", {class: "panels"}, panel("This model: error of the mean step", f => f.error), ...simple));
  }

  function show(data, places) {
    const v = data.validation;
    if (!v) {
      places.why.textContent = `Not validated: ${data.why_no_validation ?? data.why_no_model}.`;
      return;
    }
    const none = {n: 0, median: null, worst: null};
    const rows = ways.filter(([way]) => v.folds[way]).map(([way, what]) => ({way, what, folds: v.folds[way], simpler: v.baselines?.[way] ?? {},
      tokens: v.tokens_per_s_folds?.[way] ?? none, lossy: v.lossy_folds?.[way] ?? none, note: v.folds[way].note}));
    const known = rows.filter(r => r.folds.n > 0), columns = known.some(r => r.lossy.n > 0) ? [...summaryColumns, ...lossyColumns] : summaryColumns;
    if (known.length) {
      places.why.textContent = "Whole groups of runs are left out in turn, the model fitted to the others and asked for what it has not seen. Step time is predicted " +
        "given the held-out steps' rows and bytes; tokens per second with tokens per step from the other folds as well.";
      places.at.append(table(columns, known), csvButton(columns, known, "splitwan-validation.csv"));
    }
    const beside = known.filter(r => Object.keys(r.simpler).length);
    if (beside.length) {
      places.at.append(element("h3", {}, "Beside simpler formulas, on the same folds: error of the step, median and worst"), table(formulaColumns, beside),
        csvButton(formulaColumns, beside, "splitwan-formulas.csv"));
    }
    for (const r of rows.filter(r => r.note)) places.at.append(element("p", {class: "range"}, `Not held out: ${r.note}.`));
    const folds = way => v.cross_validation?.[`by_${way}`]?.folds ?? [];
    const drawn = folds("condition").length ? folds("condition") : folds("rtt");
    if (drawn.length) places.at.append(errors(drawn));
    places.at.append(element("ul", {class: "remarks"}, ...data.validation_remarks.map(text => element("li", {}, text))));
    for (const {way, what} of known) {
      if (folds(way).length) places.at.append(dataBlock(foldColumns, folds(way), `splitwan-folds-${way}.csv`, `Every fold: each ${what} held out`));
    }
  }

  return {show};
})();
