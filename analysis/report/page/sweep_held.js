"use strict";
// What of a sweep is drawn: which axes, which quantity, and what all other axes are held at.
const sweepHeld = (() => {
  const {choice} = page;

  // 0: nothing. The quantity's values of rows, as one: the best, or their mean.
  function valueOf(rows, q, best) {
    const values = rows.map(r => q.of[r]).filter(v => !Number.isNaN(v));
    if (!values.length) return NaN;
    if (best) return q.higher_is_better ? Math.max(...values) : Math.min(...values);
    return values.reduce((sum, v) => sum + v, 0) / values.length;
  }

  // Rows by place: keys(row) -> where it is, or null. {rows, failed: names of failed cells} of each.
  function places(sweep, rows, keyOf) {
    const found = new Map();
    for (const row of rows) {
      for (const key of keyOf(row)) {
        if (!found.has(key)) found.set(key, {rows: [], failed: []});
        if (sweep.failed[row]) found.get(key).failed.push(sweep.cells[row]);
        else found.get(key).rows.push(row);
      }
    }
    return found;
  }
  // A failed cell's row stands at every value of an axis that only runs tell.
  const valuesAt = (axis, row) => axis.at[row] >= 0 ? [axis.at[row]] : axis.labels.map((_, i) => i);

  // The rows that are at what is held, `drawn` axes aside.
  function rowsHeld(sweep, state, drawn) {
    const fixed = sweep.axes.map((axis, i) => [axis.at, state.held[i], i]).filter(([, held, i]) => !drawn.includes(i) && typeof held === "number");
    const rows = [];
    for (let row = 0; row < sweep.rows; ++row) {
      if (fixed.every(([at, held]) => at[row] === held || at[row] < 0)) rows.push(row);
    }
    return rows;
  }
  const takesBest = (sweep, state, drawn) => sweep.axes.some((_, i) => !drawn.includes(i) && state.held[i] === "best");

  function heldText(sweep, state, drawn) {
    const words = sweep.axes.map((axis, i) => [axis, state.held[i], i]).filter(([, , i]) => i >= 0 && !drawn.includes(i))
      .map(([axis, held]) => `${axis.column} ${typeof held === "number" ? axis.labels[held] : `${held} of all`}`);
    return words.length ? `Held: ${words.join(", ")}.` : "";
  }

  // The two axes with most values first, and of those that are left one with a line for each value. Of values drawn by
  // chance hardly any two rows agree in all: means.
  function initial(sweep) {
    const {axes} = sweep, chance = axes.some(a => a.binned), order = axes.map((_, i) => i).sort((a, b) => axes[b].labels.length - axes[a].labels.length || axes[b].binned - axes[a].binned || a - b);
    const [x = -1, y = -1] = order, rest = order.slice(2), whole = rest.filter(i => !axes[i].binned);
    const line = rest.find(i => ["drafter", "decode"].includes(axes[i].column)) ?? (chance ? whole[0] : undefined) ?? y;
    const panel = (chance ? whole : rest).find(i => i !== line) ?? (chance || line === y ? -1 : y);
    const held = axes.map(a => chance ? "mean" : a.numbers ? Math.floor((a.labels.length - 1) / 2) : 0);
    return {x, y, line, panel, quantity: 0, compared: -1, held};
  }

  // Selects for all of it; calls changed() after each choice.
  function controls(sweep, state, changed) {
    const axisName = i => sweep.axes[i].column, all = sweep.axes.map((_, i) => i);
    // Two of these are never the same axis: what is chosen twice is exchanged.
    const exclusive = [["x", "y"], ["x", "line"], ["x", "panel"], ["line", "panel"]];
    function take(key, value) {
      const before = state[key];
      state[key] = value;
      for (const pair of exclusive) {
        if (!pair.includes(key)) continue;
        const other = pair[0] === key ? pair[1] : pair[0];
        if (state[other] === value) state[other] = before;
      }
      for (const [first, second] of exclusive) if (state[first] === state[second] && state[second] >= 0) state[second] = free(second);
      if ([state.x, state.y].includes(state.compared)) state.compared = -1;
    }
    const free = key => all.find(i => exclusive.filter(p => p.includes(key)).every(p => state[p[0] === key ? p[1] : p[0]] !== i)) ?? -1;

    const axisChoice = (title, key) => ({key, ...choice(title, value => { take(key, Number(value)); show(); changed(); })});
    const quantity = choice("Quantity", value => { state.quantity = Number(value); changed(); });
    const shown = choice("Shown in the map", value => { state.compared = Number(value); show(); changed(); });
    const axes = [axisChoice("Across", "x"), axisChoice("Up", "y"), axisChoice("A line for each", "line"), axisChoice("A panel for each", "panel")];
    const held = all.map(i => choice(axisName(i), value => { state.held[i] = ["best", "mean"].includes(value) ? value : Number(value); changed(); }));

    function show() {
      quantity.offer(sweep.quantities.map((q, i) => [String(i), q.title]), String(state.quantity));
      shown.offer([["-1", "its value"], ...all.filter(i => i !== state.x && i !== state.y).map(i => [String(i), `which ${axisName(i)} is best`])], String(state.compared));
      for (const a of axes) a.offer([...a.key === "panel" ? [["-1", "none"]] : [], ...all.map(i => [String(i), axisName(i)])], String(state[a.key]));
      held.forEach((h, i) => {
        h.offer([...sweep.axes[i].labels.map((l, v) => [String(v), l]), ["mean", "mean of all"], ["best", "best of all"]], String(state.held[i]));
        h.label.hidden = [state.x, state.y, state.compared].includes(i) && [state.x, state.line, state.panel].includes(i);  // drawn, whatever it is held at
      });
    }
    show();
    return {first: [quantity, axes[0], axes[1], shown].map(c => c.label), lines: [axes[2], axes[3]].map(c => c.label), held: held.map(h => h.label)};
  }

  // What of an axis' values is the best in a place, and by how much: {index, value, second, margin}, or null.
  function winner(axis, rows, q, best) {
    const byValue = new Map();
    for (const row of rows) byValue.set(axis.at[row], [...byValue.get(axis.at[row]) ?? [], row]);
    const merit = v => q.higher_is_better ? -v : v;
    const order = [...byValue].map(([index, of]) => ({index, value: valueOf(of, q, best)})).filter(w => !Number.isNaN(w.value)).sort((a, b) => merit(a.value) - merit(b.value) || a.index - b.index);
    if (!order.length) return null;
    const [first, second] = order;
    return {...first, second: second?.index ?? null, margin: second && second.value !== 0 ? Math.abs(first.value / second.value - 1) : null};
  }

  return {valueOf, places, valuesAt, rowsHeld, takesBest, heldText, initial, controls, winner};
})();
