"use strict";
// What the server could read: attackers against depth, and defences against their price.
const privacy = (() => {
  const {element, fixed, count, condition, csv, download, choice, table, dataBlock} = page;
  const measures = {top1: ["top-1", "tokens recovered, first guess"], top5: ["top-5", "tokens among the first five guesses"],
                    exact: ["exact", "documents recovered whole"]};
  const shuffled = {vocabulary_matching_s: "order", vocabulary_matching_d: "columns", vocabulary_matching_sd: "both"};
  const words = name => name in shuffled ? `vocabulary matching, ${shuffled[name]} shuffled` : name.replaceAll("_", " ");
  const share = value => value === null || value === undefined ? "–" : `${fixed(value * 100, 1)}\u00a0%`;
  const distinct = values => [...new Set(values)];
  const between = f => f.low === null ? share(f.mean) : `${share(f.mean)} (${fixed(f.low * 100, 1)} to ${share(f.high)})`;
  const empirical = "Empirical: what these attackers recovered; a lower bound of what leaks, never a guarantee.";

  const plain = (name, title) => ({name, title, value: c => c[name], text: c => words(c[name])});
  const whole = (name, title) => ({name, title, value: c => c[name], text: c => fixed(c[name], 0)});
  const ratio = (name, title) => ({name, title, value: c => c[name], text: c => share(c[name])});
  const part = (key, name, title) => ({name: `${key}_${name}`, title, value: c => c[key]?.[name] ?? null, text: c => share(c[key]?.[name])});
  const columns = [
    plain("cut", "Cut"), plain("target", "Token"), {name: "weights_known", title: "Weights", value: c => c.weights_known ? "known" : "not known"},
    whole("depth", "Depth"), plain("attacker", "Attacker"), plain("defence", "Defence"), whole("seeds", "Seeds"),
    part("top1", "mean", "Top-1"), part("top1", "low", "90 % low"), part("top1", "high", "90 % high"), part("top1", "lowest", "lowest seed"), part("top1", "highest", "highest seed"),
    part("top5", "mean", "Top-5"), part("exact", "mean", "Exact"), part("exact", "low", "90 % low"), part("exact", "high", "90 % high"),
    {name: "rouge_l", title: "ROUGE-L", value: c => c.rouge_l, text: c => fixed(c.rouge_l, 3)}, {name: "bleu", title: "BLEU", value: c => c.bleu, text: c => fixed(c.bleu, 3)},
    ratio("top1_digits", "Digits"), ratio("top1_names", "Names"), ratio("top1_rare", "Rare tokens"),
    whole("pairs", "Training pairs"), whole("documents", "Documents"), whole("tokens", "Tokens"), whole("forward_passes", "Forward passes"),
    {name: "seconds", title: "Time, s", value: c => c.seconds, text: c => fixed(c.seconds, 1)},
  ];

  const cellsOf = (data, view, defence) => view.cells.map(i => data.cells[i]).filter(c => c.control || !defence || c.defence === defence);
  const deepest = view => view.defences.findLast(d => d.defence === "none") ?? view.defences.at(-1);
  const weights = view => view.weights_known ? "outer layers’ weights known" : "weights not known";

  // [value, title, detail] of the deepest cut without a defence, with the weights and without them.
  function headline(data) {
    if (!data.views.length) return [];
    const first = data.views.filter(v => v.cut === data.views[0].cut && v.target === data.views[0].target && deepest(v));
    return first.map(view => [view, deepest(view)]).filter(([, d]) => d.strongest.top1).map(([view, d]) => [
      share(d.strongest.top1.mean), `of tokens recovered, ${words(d.strongest.top1.attacker)}`,
      `${view.cut} cut, depth ${d.depth}, ${weights(view)}${d.defence === "none" ? "" : `, ${d.defence}`}` + (d.best_control.top1 ? `; best control ${share(d.best_control.top1.mean)}` : "")]);
  }

  function lines(data, view, state) {
    const cells = cellsOf(data, view, state.defence), names = control => distinct(data.cells.filter(c => c.control === control).map(c => c.attacker));
    return [true, false].flatMap(control => names(control).map((name, index) => ({name: words(name), key: name, index, control,
      points: cells.filter(c => c.attacker === name && c[state.measure]).sort((a, b) => a.depth - b.depth)
        .map(c => ({depth: c.depth, value: c[state.measure].mean, low: c[state.measure].low, high: c[state.measure].high, text: between(c[state.measure])}))})))
      .filter(l => l.points.length);
  }

  // Under the chart: what its marks mean, of those that are there.
  function intervals(measure, cells) {
    const points = cells.filter(c => c[measure]), seeds = points.some(c => c.seeds > 1);
    const kind = measure === "top1" ? "bootstrap over documents" : "score interval over documents";
    const bars = points.some(c => c[measure].low !== null) ? `; bars on them ${seeds ? "reach from the lowest to the highest end of the seeds’" : "are"} 90 % intervals (${kind})` : "; no interval is stated";
    return points.length ? `Points are ${seeds ? "means over seeds" : "of one seed"}${bars}.` : "";
  }

  // What the dashed lines are: of the controls in this file.
  function controls(cells) {
    const names = distinct(cells.filter(c => c.control).map(c => words(c.attacker)));
    const shuffled = names.filter(name => name === "shuffled labels"), blind = names.filter(name => name !== "shuffled labels");
    const said = [...blind.length ? ["see no activations"] : [], ...shuffled.length ? ["learn from shuffled labels"] : []];
    return said.length ? ` Dashed: controls, which ${said.join(" or ")}.` : "";
  }

  function show(data, places) {
    const state = {view: data.views[0], measure: "top1", defence: "none", wanted: "none", depth: null, hidden: new Set()};
    const {documents} = data;
    const trained = data.cells.some(c => c.pairs > 0) ? " that no attacker was trained on" : "";
    places.why.textContent = `${data.views.length ? `${empirical} ` : ""}Tested on ${count(documents.test, "document")} (${count(documents.test_tokens, "token")})${trained}.` +
      (data.views.length ? controls(data.cells) : "") + (data.partial ? " The attacks were stopped before their end: rows are missing." : "");
    if (!data.views.length) {
      places.at.append(element("p", {class: "note"}, "This file has controls and no attacker."), dataBlock(columns, data.cells, "splitwan-privacy.csv"));
      return;
    }
    const note = element("p", {class: "note", role: "status"}), how = element("p", {class: "range"}), chart = element("div", {}), chips = element("fieldset", {class: "chips"});
    const rows = element("div", {}), priceChart = element("div", {}), priceRows = element("div", {}), priceWhy = element("p", {class: "why"});
    // Of the views that fit what was chosen so far, the nearest to what is chosen now.
    const turn = wish => {
      const wanted = {...state.view, ...wish}, fits = v => Object.entries(wish).every(([key, value]) => v[key] === value);
      const near = v => (v.cut === wanted.cut) * 4 + (v.target === wanted.target) * 2 + (v.weights_known === wanted.weights_known);
      state.view = data.views.filter(fits).sort((a, b) => near(b) - near(a))[0];
      redraw();
    };
    const choices = {
      cut: choice("Cut", cut => turn({cut})), target: choice("Token", target => turn({cut: state.view.cut, target})),
      weights: choice("Outer layers’ weights", known => turn({cut: state.view.cut, target: state.view.target, weights_known: known === "known"})),
      measure: choice("Measure", measure => { state.measure = measure; redraw(); }), defence: choice("Defence", defence => { state.wanted = defence; redraw(); }),
    };
    const depthChoice = choice("Depth", depth => { state.depth = Number(depth); redraw(); });

    function offer() {
      const {view} = state, targets = data.views.filter(v => v.cut === view.cut), defenceNames = distinct(view.defences.map(d => d.defence));
      state.defence = defenceNames.includes(state.wanted) ? state.wanted : defenceNames[0];
      const depths = distinct(view.defences.map(d => d.depth)), many = depth => view.defences.filter(d => d.depth === depth).length;
      const best = depths.filter(d => many(d) === Math.max(...depths.map(many)));
      if (!depths.includes(state.depth)) state.depth = best[Math.floor(best.length / 2)];
      const same = values => distinct(values).map(v => [v, v]);
      choices.cut.offer(same(data.views.map(v => v.cut)), view.cut);
      choices.target.offer(same(targets.map(v => v.target)), view.target);
      choices.weights.offer(targets.filter(v => v.target === view.target).map(v => v.weights_known ? "known" : "not known").map(v => [v, v]), view.weights_known ? "known" : "not known");
      choices.measure.offer(Object.entries(measures).map(([key, [name, meaning]]) => [key, `${name}: ${meaning}`]), state.measure);
      choices.defence.offer(same(defenceNames), state.defence);
      depthChoice.offer(same(depths.map(String)), String(state.depth));
    }

    function drawChart() {
      const all = lines(data, state.view, state), speed = data.speed.filter(s => s.cut === state.view.cut && s.defence === state.defence);
      const depths = distinct(all.flatMap(l => l.points.map(p => p.depth))).sort((a, b) => a - b);
      const bars = speed.filter(s => depths.includes(s.depth)).map(s => ({depth: s.depth, value: s.tokens_per_s, low: s.tokens_per_s_ci90[0], high: s.tokens_per_s_ci90[1]}));
      how.textContent = `${intervals(state.measure, cellsOf(data, state.view, state.defence).filter(c => !c.control))} ` + (bars.length ? `Bars behind, right axis: tokens per second at ${condition(data.link)}.` : "Speed is not in this file for this cut and defence.");
      if (!depths.length) chart.replaceChildren(element("p", {}, `No attacker states ${measures[state.measure][0]} here.`));
      else chart.replaceChildren(privacyChart.draw({lines: all.filter(l => !state.hidden.has(l.key)), bars, depths, measure: measures[state.measure][1],
        label: `Recovery against depth, ${state.view.cut} cut, ${state.view.target} token`, width: Math.max(320, places.at.clientWidth)}));
      return all;
    }

    function redraw() {
      offer();
      note.textContent = state.view.remarks.join(" ");
      const all = drawChart(), here = cellsOf(data, state.view);
      chips.replaceChildren(element("legend", {}, all.some(l => l.control) ? "Attackers, controls" : "Attackers"), ...all.toSorted((a, b) => a.control - b.control).map(l => {
        const box = element("input", {type: "checkbox", onchange: () => {
          state.hidden[box.checked ? "delete" : "add"](l.key);
          drawChart();
        }});
        box.checked = !state.hidden.has(l.key);
        return element("label", {}, box, privacyChart.sample(l), l.name);
      }));
      rows.replaceChildren(table(columns, here));
      const beside = state.view.defences.filter(d => d.depth === state.depth || defences.anyDepth(d)), stated = value => value !== null && value !== undefined;
      const costs = beside.some(d => stated(d.perplexity) || stated(d.tokens_per_s)), guessed = beside.some(d => d.best_control[state.measure]);
      priceWhy.textContent = `At depth ${state.depth}, ${state.view.cut} cut, ${state.view.target} token, ${weights(state.view)}: what the strongest attacker still recovers ` +
        `(${measures[state.measure][0]}: ${measures[state.measure][1]})${costs ? ", and what the defence costs" : ""}.` +
        (guessed ? " The dashed line is the best control: there these attackers do no better than guessing." : "");
      priceChart.replaceChildren(defences.draw(beside, state.measure));
      priceRows.replaceChildren(table(defences.columns, state.view.defences));
    }

    const button = (what, of, file) => element("button", {type: "button", onclick: () => download(file, csv(what, of()))}, "Download CSV");
    const block = (csvButton, at) => element("details", {}, element("summary", {}, "Data table"), csvButton, at);
    const placed = [{name: "cut", title: "Cut", value: d => d.cut}, {name: "target", title: "Token", value: d => d.target}, {name: "weights_known", title: "Weights", value: d => d.weights_known ? "known" : "not known"}, ...defences.columns];
    const everyDefence = () => data.views.flatMap(v => v.defences.map(d => ({...d, cut: v.cut, target: v.target, weights_known: v.weights_known})));
    places.at.append(element("div", {class: "choices"}, ...Object.values(choices).map(c => c.label)), note, chips, chart, how,
      block(button(columns, () => data.cells, "splitwan-privacy.csv"), rows),
      element("h3", {class: "part"}, "Defences and their price"), priceWhy, element("div", {class: "choices"}, depthChoice.label), priceChart,
      block(button(placed, everyDefence, "splitwan-defences.csv"), priceRows));
    redraw();
    addEventListener("resize", drawChart);
  }

  return {show, headline};
})();
