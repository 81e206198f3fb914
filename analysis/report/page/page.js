"use strict";
// Fills the page from the JSON it carries.
(() => {
  const {element, fixed, ms, size, count, bandwidth, loss, unknownLink, linkOf, condition, table, dataBlock} = page;
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = id => document.getElementById(id);
  const {source, model} = data, results = data.summary.results;
  const study = data.study?.kind === "ablation" && data.study.cells.length ? data.study : null;
  const words = value => value === null ? "not stated" : typeof value === "string" ? value :
    typeof value === "object" ? Object.entries(value).map(([k, v]) => `${k} ${typeof v === "object" ? JSON.stringify(v) : v}`).join(", ") : String(value);
  const geometry = g => g?.layers ? `${g.layers} layers, width ${g.width ?? "?"}, vocabulary ${g.vocabulary ?? "?"}` : g;
  const traced = results.length > 0;
  const listed = values => [...new Set(values)].join(", ");
  const mostBars = 30;

  // What sets results of one condition apart.
  const varies = key => new Set(results.map(r => JSON.stringify(r[key]))).size > 1;
  const name = r => [r.drafter, varies("sampling") && `temperature ${r.sampling?.temperature ?? 0}`, varies("wire") && r.wire,
                     varies("plan") && words(r.plan), varies("compute") && words(r.compute)].filter(Boolean).join(", ");

  const facts = named => {
    for (const [name, value] of Object.entries(named)) at("source").append(element("div", {}, element("dt", {}, name), element("dd", {}, words(value))));
  };

  // Of a page about attacks alone.
  function attackHeader() {
    const {model: attacked, documents, compute, views} = data.privacy;
    at("title").textContent = "What the server of a split language model could read";
    at("conditions").textContent = `Attacks on what crosses the network, at the ${[...new Set(views.map(v => v.cut))].join(" and the ")} cut, tested on ${count(documents.test, "document")}.`;
    facts({"Model": attacked.path ?? null, "Geometry": geometry(attacked), "Compute": compute,
           "Training": `${count(documents.training, "document")}, ${count(documents.training_tokens, "token")}`});
  }

  const stated = results.filter(r => !r.live), live = results.filter(r => r.live);
  function statedLinks() {
    const rtts = stated.map(r => r.rtt_s * 1e3), low = Math.min(...rtts), high = Math.max(...rtts);
    const lossy = [...stated].sort((a, b) => a.loss - b.loss), others = stated.flatMap(r => [...r.also ?? [], ...r.apart ?? [], ...r.unfit ?? []]);
    return `at ${low === high ? low : `${low} to ${high}`} ms round-trip time, ${listed(stated.map(bandwidth))} up/down` +
      (stated.some(r => r.loss > 0) ? `, packet loss ${listed(lossy.map(loss))}` : "") + (others.length ? `, ${listed(others)}` : "");
  }
  // Links that nobody stated, as they were measured; where TCP told nothing, no more is known.
  function liveLinks() {
    const measured = live.filter(c => !unknownLink(c));
    return "over a live connection" + (measured.length ? `, measured as ${listed(measured.map(condition))}` : "");
  }

  function header() {
    const links = [...stated.length ? [statedLinks()] : [], ...live.length ? [liveLinks()] : []];
    at("conditions").textContent = `${count(source.runs, "run")} ${links.join("; and ")}, decoding ${listed(results.map(r => r.drafter))}.`;
    facts({"Compute": source.compute, "Network": listed(results.map(r => r.network)), "Split": source.plan, "Wire": source.wire,
           "Geometry": geometry(source.geometry), "Machine": source.machine, "Commit": source.commit});
  }

  const card = (value, title, detail) => element("div", {class: "card"}, element("b", {}, value), element("span", {}, title), element("small", {}, detail));

  function headline() {
    const decoded = results.filter(r => r.tokens_per_s !== null);
    if (!decoded.length) return;
    if (study) {
      at("headline").append(...guessing.headline(study).map(([value, title, detail]) => card(value, title, detail)));
      return;
    }
    const best = decoded.reduce((a, b) => b.tokens_per_s > a.tokens_per_s ? b : a);
    const usual = data.usual_condition ?? best;
    const there = decoded.filter(r => condition(r) === condition(usual) || (unknownLink(r) && usual.live)).sort((a, b) => b.tokens_per_s - a.tokens_per_s);
    for (const r of there.slice(0, 3)) {
      at("headline").append(card(fixed(r.tokens_per_s, 2), `tokens/s, ${name(r)}`, `at ${condition(r)}, ${fixed(r.tokens_per_step, 2)} tokens per step`));
    }
    if (!there.includes(best)) at("headline").append(card(fixed(best.tokens_per_s, 2), `tokens/s at best, ${name(best)}`, `at ${condition(best)}`));
    const v = data.validation?.folds, way = v?.condition?.n ? v.condition : v?.rtt;
    if (way?.n) at("headline").append(card(size(way.median), v.condition?.n ? "median error, held-out conditions" : "median error, held-out round-trip times", `worst ${size(way.worst)} of the step time`));
  }

  const known = (r, value) => unknownLink(r) ? null : value;
  const resultColumns = [
    {name: "rtt_s", title: "RTT, ms", value: r => known(r, r.rtt_s), text: r => fixed(known(r, r.rtt_s * 1e3), 0)},
    {name: "bandwidth", title: "Up/down", value: r => known(r, bandwidth(r)) ?? "not stated"},
    {name: "loss", title: "Loss", value: r => known(r, r.loss), text: r => known(r, loss(r)) ?? "–"},
    ...(results.some(r => r.also ?? r.apart ?? r.unfit) ? [{name: "link", title: "Link", value: r => listed([...r.also ?? [], ...r.apart ?? [], ...r.unfit ?? []])}] : []),
    {name: "drafter", title: "Decoding", value: name},
    {name: "tokens_per_s", title: "Tokens/s", value: r => r.tokens_per_s, text: r => fixed(r.tokens_per_s, 2)},
    {name: "tokens_per_s_half_width", title: "± 90 %", value: r => r.tokens_per_s_half_width, text: r => fixed(r.tokens_per_s_half_width, 2)},
    {name: "tokens_per_step", title: "Tokens/step", value: r => r.tokens_per_step, text: r => fixed(r.tokens_per_step, 2)},
    {name: "time_to_first_token_s", title: "First token, ms", value: r => r.time_to_first_token_s, text: r => ms(r.time_to_first_token_s)},
    {name: "step_s", title: "Step, ms", value: r => r.step.total_s, text: r => ms(r.step.total_s)},
    ...charts.partsOf(results).map(p => ({name: `${p.key}_s`, title: charts.titleOf(p, results), value: r => r.step.total_s === null ? null : p.seconds(r.step),
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

  // Every result, or where that is too many, those on the usual link, or of one round-trip time of it.
  function decomposition() {
    const usual = data.usual_condition ?? results[Math.floor(results.length / 2)];
    const link = r => linkOf(r) === linkOf(usual);
    const choices = [results, results.filter(link), results.filter(r => link(r) && r.rtt_s === usual.rtt_s)];
    const shown = choices.find(c => c.length <= mostBars) ?? choices.at(-1).slice(0, mostBars);
    if (results.some(r => r.tokens_per_step > 1)) at("bars-guessing").hidden = false;
    at("bars-why").textContent = (shown.length < results.length ? `Shown: ${shown.length} of ${results.length}; the table has all. ` : "") +
      (study ? "From here on every prompt counts, those left out above too." : "");
    at("bars").append(charts.bars(shown, name));
    at("bars-data").append(dataBlock(resultColumns, results, "splitwan-measured.csv"));
  }

  function curve() {
    if (!model) {
      at("curve-why").textContent = `No projection: ${data.why_no_model}.`;
      at("curve-block").remove();
      return;
    }
    const links = new Set(results.map(linkOf)).size;
    at("curve-why").textContent = "Lines are the fitted model on the link set below" + (traced ? "; points are measured, with 90 % intervals" : "") +
      (links > 1 ? ", and fade when they were measured on another link" : "") + ". The band, on the usual link, is the model's 90 % interval of a run of the " +
      "fastest. Move the sliders (arrow keys work) to ask about another network.";
    projection.show(data, {controls: at("controls"), curve: at("curve"), readout: at("readout"), data: at("curve-data")});
    at("curve-data").append(dataBlock(pointColumns, data.projection, "splitwan-projection.csv"));
  }

  function gains() {
    if (!study) return;
    at("guessing-section").hidden = false;
    guessing.show(study, {why: at("guessing-why"), at: at("guessing")});
  }

  function attacked() {
    if (!data.privacy) return;
    at("privacy-cards").append(...privacy.headline(data.privacy).map(([value, title, detail]) => card(value, title, detail)));
    at("privacy-section").hidden = false;
    privacy.show(data.privacy, {why: at("privacy-why"), at: at("privacy")});
  }

  function studied() {
    if (!data.studied) return;
    at("studied-section").hidden = false;
    studies.show(data.studied, {heading: at("h-studied"), remarks: at("studied-remarks"), at: at("studied")});
  }

  // Of a page about a study alone.
  function studyHeader() {
    const {title, about, machine, commit} = data.studied;
    at("title").textContent = title;
    at("conditions").textContent = about;
    facts({"Machine": machine, "Commit": commit});
  }

  function swept() {
    if (!data.swept) return;
    at("swept-section").hidden = false;
    sweepSection.show(data.swept, {heading: at("h-swept"), remarks: at("swept-remarks"), at: at("swept")});
  }

  // Of a page about a sweep alone: what all of its rows say alike.
  function sweepHeader() {
    const {title, about, constants} = data.swept;
    at("title").textContent = title;
    at("conditions").textContent = about;
    facts(constants);
  }

  function fitted() {
    const cost = (name, c, unit, scale) => ({name, value: c.value * scale, error: c.error === null ? null : c.error * scale, unit});
    const work = (who, w) => [cost(`${who}, fixed`, w.fixed_s, "ms", 1e3), cost(`${who}, per row`, w.per_row_s, "ms", 1e3),
                              cost(`${who}, per row and 1000 tokens of context`, w.per_row_context_s, "ms", 1e6)];
    const {decode, chance} = model, drafts = model.drafters.filter(d => d.draft_s > 1e-6);
    const rows = [...work("client", decode.client), ...work("server", decode.server), cost("overhead", decode.overhead_s, "ms", 1e3),
      {name: "rare slow steps, spread over all", value: decode.stragglers_s * 1e3, error: null, unit: "ms"},
      ...drafts.map(d => ({name: `guessing, ${d.drafter}`, value: d.draft_s * 1e3, error: null, unit: "ms"})),
      ...["loss", "jitter"].filter(what => chance[what].error !== null).map(what => cost(`cost of ${what}, of theory`, chance[what], "×", 1))];
    const unmeasured = ["loss", "jitter"].filter(what => chance[what].error === null);
    const seen = what => (model.ranges[{loss: "loss", jitter: "jitter_s"}[what]]?.high ?? 0) > 0;
    return [table([{title: "Decode step", value: r => r.name}, {title: "Fitted", value: r => r.value, text: r => fixed(r.value, 4)},
                   {title: "Standard error", value: r => r.error, text: r => fixed(r.error, 4)}, {title: "", value: r => r.unit}], rows),
      element("p", {}, `Fitted to ${count(decode.steps, "decode step")} by robust non-negative least squares; a step strays ` +
        `${ms(decode.residual_s)} ms from it (robust standard deviation). Connections begin with a window of ${model.initial_window_segments} segments where none is stated.` +
        unmeasured.map(what => ` What ${what} costs is theory: ${seen(what) ? "too little was seen to check it" : "no run had any that is stated or measured"}.`).join("") +
        (unmeasured.length < 2 && !chance.applied ? " The multiples of theory are a check; curves and projections follow theory." : ""))];
  }

  function modelText() {
    at("model").append(element("p", {}, "step = round trips × RTT + bytes ÷ rate, up and down + client(rows, context) + server(rows, context) + guessing + overhead + losses + jitter; " +
      "tokens per second = tokens per step ÷ step. What a step waits for follows its connection packet by packet, by Linux's TCP, from the first message on."));
    if (model) at("model").append(...fitted());
    at("model").append(element("p", {}, "It leaves out queueing behind other traffic. Where packets are lost or jitter, curves are means over a few connections drawn by " +
      "chance, others than the table's." + (model?.drafters.some(d => d.tokens_per_step > 1) ? " The slider of guesses that hold changes tokens per step alone, not the rows and bytes sent for them." : "")),
      ...(data.caveats ?? []).map(caveat => element("p", {}, caveat[0].toUpperCase() + caveat.slice(1) + ".")),
      ...(traced ? [element("p", {}, `Compute times come from: ${words(source.compute)}. They hold for that source; another machine has its own.`)] : []));
  }

  const leaveOut = (...ids) => ids.forEach(id => at(id).closest("section").remove());
  if (traced) {
    header();
    headline();
    gains();
    attacked();
    studied();
    swept();
    decomposition();
  } else {
    if (data.privacy) attackHeader();
    else if (data.studied) studyHeader();
    else sweepHeader();
    attacked();
    studied();
    swept();
    leaveOut("headline", "bars");
  }
  if (traced || model) {
    curve();
    validation.show(data, {why: at("validation-why"), at: at("validation")});
    modelText();
  } else {
    leaveOut("curve", "validation", "model");
  }
})();
