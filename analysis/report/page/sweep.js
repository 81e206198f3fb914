"use strict";
// A sweep: its cells as a heat map, as curves side by side, and as a front of two quantities.
const sweepSection = (() => {
  const {element, csvButton, table} = page, mostListed = 200;

  const number = v => Number.isNaN(v) ? null : v;
  const part = words => element("h3", {class: "part"}, words);

  // Every row as it stands in the table, and those that failed.
  function everything(sweep, failures) {
    const columns = [{name: "cell", title: "Cell", value: r => String(sweep.cells[r])}, ...sweep.source.axes.map(a => ({name: a.column, title: a.column, value: r => a.at[r] < 0 ? "" : a.values[a.at[r]]})),
                     ...sweep.quantities.map(q => ({name: q.column, title: q.title, value: r => number(q.of[r])})), ...sweep.others.map(o => ({name: o.name, title: o.name, value: r => number(o.of[r])})),
                     {name: "status", title: "Status", value: r => sweep.failed[r] ? "failed" : "ok"}];
    const rows = Array.from({length: sweep.rows}, (_, i) => i);
    const failed = [{title: "Cell", value: f => f.cell}, ...sweep.source.axes.filter(a => !a.implied).map(a => ({title: a.column, value: f => f.at[a.column] ?? ""})), {title: "Reason", value: f => f.reason || "not stated"}];
    const listed = failures.length ? [element("details", {}, element("summary", {}, `Failed cells: ${failures.length}`), table(failed, failures.slice(0, mostListed)), ...failures.length > mostListed ? [element("p", {class: "range"}, `The first ${mostListed} of ${failures.length}.`)] : [])] : [];
    return [element("p", {class: "range"}, `All ${sweep.rows} rows, every column: `, csvButton(columns, rows, "splitwan-sweep.csv")), ...listed];
  }

  function show(data, places) {
    places.heading.textContent = data.heading;
    places.remarks.append(...data.remarks.map(remark => element("li", {}, remark)));
    const read = sweepColumns.read(data), sweep = {...read, source: read, axes: read.axes.map(sweepScale.axis)};
    const at = places.at, width = () => Math.max(320, at.clientWidth);
    if (!sweep.axes.length || !sweep.quantities.length) {
      at.append(element("p", {}, sweep.quantities.length ? "Nothing varies: nothing to draw against anything." : "No row has figures."), ...everything(sweep, data.failures));
      return;
    }
    const state = sweepHeld.initial(sweep), map = element("div", {class: "sweep-part"}), lines = element("div", {class: "sweep-part"}), front = element("div", {class: "sweep-part"});
    const redraw = () => {
      map.replaceChildren(...sweepMap.show(sweep, state, width()));
      lines.replaceChildren(...sweepLines.show(sweep, state, width()));
    };
    const controls = sweepHeld.controls(sweep, state, () => {
      redraw();
      drawFront();
    });
    at.append(part("What is drawn"), element("div", {class: "choices"}, ...controls.first), element("div", {class: "choices held"}, element("span", {class: "held-title"}, "All other axes are held at"), ...controls.held),
              part("Heat map"), map, part("Curves side by side"), element("div", {class: "choices"}, ...controls.lines), lines, part("What no other row beats in both"), front, part("Every row"), ...everything(sweep, data.failures));
    redraw();
    const drawFront = sweepFront.show(sweep, data, front, () => sweepHeld.rowsHeld(sweep, state, [state.x, state.y]));
    addEventListener("resize", () => {
      redraw();
      drawFront();
    });
  }

  return {show};
})();
