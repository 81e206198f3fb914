"use strict";
// Fills the page of two runs side by side from the JSON it carries.
(() => {
  const {element, choice, table} = page, {share} = sidesBars;
  const data = JSON.parse(document.getElementById("data").textContent), at = id => document.getElementById(id), {names, cells} = data;
  const part = words => element("h3", {class: "part"}, words);
  let redraws = [];

  function header() {
    const differing = cells.filter(c => !c.same).length;
    at("title").textContent = data.verdict ? `Against the baseline: ${data.verdict}` : data.same ? "The same, side by side" : "Two runs side by side";
    at("lead").textContent = `${names.before} and ${names.now}: ` + (data.same ? `${page.count(cells.length, "cell")}, all the same.` : `${differing} of ${page.count(cells.length, "cell")} ${differing === 1 ? "differs" : "differ"}.`);
    at("notes").append(...data.notes.map(note => element("li", {}, note)));
  }

  function verdicts() {
    if (!data.verdicts.length) return;
    at("verdict-section").hidden = false;
    at("h-verdict").textContent = "The verdict, line by line";
    const figure = value => value === null ? "–" : String(+value.toPrecision(6)), columns = [{name: "scenario", title: "Scenario", value: r => r.scenario}, {name: "cell", title: "Cell", value: r => r.cell}, {name: "metric", title: "Metric", value: r => r.metric},
      {name: "baseline", title: "Before", value: r => r.baseline, text: r => figure(r.baseline)}, {name: "current", title: "Now", value: r => r.current, text: r => figure(r.current)}, {name: "change", title: "Change", value: r => r.change, text: r => share(r.change)},
      {name: "verdict", title: "Verdict", value: r => r.verdict}, {name: "reason", title: "Reason", value: r => r.reason}];
    const told = data.verdicts.filter(r => r.verdict !== "pass"), passed = data.verdicts.length - told.length;
    at("verdict").append(...verdictCells(told, columns.filter(c => !["scenario", "cell", "reason"].includes(c.name))), element("p", {class: "range"}, `${told.length ? "As before" : "All as before"}: ${passed} of ${page.count(data.verdicts.length, "line")}.`), page.dataBlock(columns, data.verdicts, "splitwan-verdict.csv", "Every line"));
  }

  // What of each cell is not as before, and why, said once.
  function verdictCells(told, columns) {
    const names = told.map(r => `${r.scenario}: ${r.cell}`);
    return [...new Set(names)].map(name => {
      const rows = told.filter((_, i) => names[i] === name), shown = table(columns, rows);
      shown.querySelectorAll("tbody tr").forEach((tr, i) => { tr.lastChild.className = `verdict-word ${rows[i].verdict}`; });
      return element("div", {class: "verdict-cell"}, element("h3", {}, name), shown, ...[...new Set(rows.map(r => r.reason))].filter(reason => reason && reason !== "as above").map(reason => element("p", {class: "range"}, reason)));
    });
  }

  function first(cell) {
    if (cell.only) return element("p", {class: "note"}, `Only ${names[cell.only]}: nothing stands beside it.`);
    if (cell.same) return element("p", {class: "alike"}, `Both are the same: every step, message and job of ${page.count(cell.runs.length, "run")}.`);
    return element("div", {class: "said-first"}, element("p", {}, `First to differ: ${cell.first.reason}.`), element("p", {}, `In all it ${cell.cost}.`), ...cell.settings.length ? [element("p", {}, `Settings that changed: ${cell.settings.join("; ")}.`)] : []);
  }

  function show(cell) {
    const width = () => Math.max(320, at("cell").clientWidth), curves = sidesCurves.show(cell, names, width), strip = cell.strips.length ? sidesStrip.show(cell, names, width) : null;
    redraws = [curves.redraw, ...strip ? [strip.redraw] : []];
    const beside = cell.beside ? [element("p", {class: "range"}, `Before: ${cell.beside}`)] : [];
    at("cell").replaceChildren(...beside, first(cell), sidesBars.metrics(cell), part("Where a decode step’s time goes"), ...sidesBars.show(cell, names), part("Tokens over time"), ...curves.nodes,
                               ...strip ? [part("A step that differs, both ways"), ...strip.nodes] : []);
  }

  // One line a cell: how fast, and what first differs.
  function overview() {
    if (cells.length < 2) return;
    const speed = c => c.metrics.find(m => m.metric === "tokens_per_s") ?? {before: null, now: null, change: null}, figure = v => v === null ? "–" : String(+v.toPrecision(5));
    const scenarios = new Set(cells.map(c => c.scenario)).size, first = c => c.only ? `only ${names[c.only]}` : c.first ? `${c.first.what}, step ${c.first.step} of run ${c.first.run}${c.first.prompt ? ` (${c.first.prompt})` : ""}` : "the same";
    const columns = [...scenarios > 1 ? [{name: "scenario", title: "Scenario", value: c => c.scenario}] : [], {name: "cell", title: "Cell", value: c => c.cell}, {name: "change", title: "Change", value: c => speed(c).change, text: c => share(speed(c).change)},
      {name: "tokens_per_s_before", title: "Tokens/s before", value: c => speed(c).before, text: c => figure(speed(c).before)}, {name: "tokens_per_s_now", title: "Now", value: c => speed(c).now, text: c => figure(speed(c).now)}, {name: "first", title: "First to differ", value: first}];
    const shown = table(columns, cells);
    shown.id = "overview";
    at("cells").append(shown, page.csvButton(columns, cells, "splitwan-cells.csv"));
  }

  const label = c => `${c.scenario}: ${c.cell} (${c.only ? `only ${names[c.only]}` : c.same ? "the same" : "differs"})`;
  header();
  verdicts();
  overview();
  const order = cells.map((_, i) => i).sort((a, b) => Number(cells[a].same) - Number(cells[b].same) || a - b);
  const cellChoice = choice("Cell", value => show(cells[Number(value)]));
  cellChoice.offer(order.map(i => [String(i), label(cells[i])]), String(order[0]));
  at("cells").append(element("div", {class: "choices"}, cellChoice.label));
  show(cells[order[0]]);
  addEventListener("resize", () => redraws.forEach(redraw => redraw()));
})();
