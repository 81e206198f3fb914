"use strict";
// A sweep as a heat map: a quantity over two axes, or which value of a third is best there.
const sweepMap = (() => {
  const {element, legend, dataBlock} = page, {svg, text} = privacyChart;
  const {say, digits, colour, isLog} = sweepScale;
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", nowhere = {labels: [""], column: "", numbers: null};
  const wide = (words, size = 11.5) => String(words).length * size * 0.6;

  // Three digits, noughts too: numbers below each other are as long.
  const even = value => Math.abs(value) >= 1e-3 && Math.abs(value) < 1e3 ? value.toPrecision(3) : digits(value);

  // [{x, y, value, rows, failed, winner}], every place of the map.
  function cellsOf(sweep, state) {
    const x = sweep.axes[state.x], y = sweep.axes[state.y] ?? nowhere, q = sweep.quantities[state.quantity], compared = sweep.axes[state.compared];
    const drawn = [state.x, state.y, state.compared], best = sweepHeld.takesBest(sweep, state, drawn), wide = y.labels.length;
    const at = (axis, row) => axis === nowhere ? [0] : sweepHeld.valuesAt(axis, row);
    const places = sweepHeld.places(sweep, sweepHeld.rowsHeld(sweep, state, drawn), row => at(x, row).flatMap(i => at(y, row).map(j => i * wide + j)));
    const cells = [];
    for (let i = 0; i < x.labels.length; ++i) {
      for (let j = 0; j < wide; ++j) {
        const {rows, failed} = places.get(i * wide + j) ?? {rows: [], failed: []};
        const winner = compared ? sweepHeld.winner(compared, rows, q, best) : null;
        cells.push({x: i, y: j, rows: rows.length, failed, winner, value: compared ? winner?.value ?? NaN : sweepHeld.valueOf(rows, q, best)});
      }
    }
    return cells;
  }

  // How values are coloured: {of(cell) -> {fill, ink, share}, key}.
  function colouring(cells, q, compared) {
    if (compared && !compared.numbers) {
      const look = c => ({fill: `var(--series${c.winner.index % 8})`, ink: "var(--ink)", opacity: 0.16 + 0.36 * Math.min(1, (c.winner.margin ?? 1) / 0.5)});
      const met = [...new Set(cells.filter(c => c.winner).map(c => c.winner.index))].sort((a, b) => a - b);
      const words = "; deeper where its lead is larger (half as much again, or more)";
      return {of: look, key: element("div", {}, legend(met.map(i => [`${letters[i % 26]}  ${compared.labels[i]}`, `series${i % 8} filled`])), element("p", {class: "range"}, `The best ${compared.column} by ${q.title.toLowerCase()}${words}.`))};
    }
    const number = c => compared ? compared.numbers[c.winner.index] : c.value, unit = compared ? compared.unit : q.unit;
    const known = cells.filter(c => !Number.isNaN(c.value)).map(number), low = Math.min(...known), high = Math.max(...known);
    const log = isLog(low, high), put = log ? Math.log : v => v, share = v => high > low ? (put(v) - put(low)) / (put(high) - put(low)) : 0.5;
    const middle = log ? Math.sqrt(low * high) : (low + high) / 2;
    const bar = element("div", {class: "ramp", style: `background:linear-gradient(to right,${Array.from({length: 10}, (_, i) => colour(i / 9).fill).join()})`});
    const ends = element("div", {class: "ramp-ends"}, ...(high > low ? [low, middle, high] : [low]).map(v => element("span", {}, say(v, unit))));
    const what = compared ? `Best ${compared.column} by ${q.title.toLowerCase()}` : q.title;
    return {of: c => ({...colour(share(number(c))), opacity: 1}), key: known.length ? element("div", {class: "ramp-key"}, element("span", {}, what + (log ? ", in even ratios" : "")), bar, ends) : element("p", {}, "Nothing to draw.")};
  }

  const shortText = (c, q, compared) => !compared ? q.unit === "s" || q.unit === "B" || q.unit === "bit/s" || q.unit === "share" ? say(c.value, q.unit) : even(c.value) : compared.labels[c.winner.index];
  function told(c, x, y, q, compared) {
    const where = [`${x.column} ${x.labels[c.x]}`, ...y.column ? [`${y.column} ${y.labels[c.y]}`] : []].join(", ");
    const failed = c.failed.length ? `; failed: ${c.failed.slice(0, 3).join(", ")}${c.failed.length > 3 ? ` and ${c.failed.length - 3} more` : ""}` : "";
    if (!c.rows) return `${where}: ${c.failed.length ? "no result" : "not in the table"}${failed}`;
    const lead = c.winner?.margin !== null && c.winner?.margin !== undefined ? `, ${digits(c.winner.margin * 100)} % from ${compared.labels[c.winner.second]}` : "";
    return `${where}: ${c.winner ? `${compared.labels[c.winner.index]} at ` : ""}${say(c.value, q.unit)}${lead}${c.rows > 1 ? ` (of ${c.rows} rows)` : ""}${failed}`;
  }

  // Labels that would run into each other are left out, evenly, or words turned.
  function acrossLabels(x, place, width, top) {
    const names = x.short ?? x.labels, longest = Math.max(...names.map(n => wide(n))) + 8, every = Math.ceil(longest / width);
    if (every > 1 && !x.numbers) return names.map((n, i) => svg("text", {x: 0, y: 0, "text-anchor": "end", transform: `translate(${place(i) + 4} ${top + 14}) rotate(-40)`}, n));
    return names.flatMap((n, i) => i % every === 0 ? [text(place(i), top + 16, "middle", n)] : []);
  }

  function draw(sweep, state, width) {
    const x = sweep.axes[state.x], y = sweep.axes[state.y] ?? nowhere, q = sweep.quantities[state.quantity], compared = sweep.axes[state.compared];
    const cells = cellsOf(sweep, state), looks = colouring(cells, q, compared), names = y.short ?? y.labels;
    const left = Math.min(width * 0.36, Math.max(...names.map(n => wide(n, 12.5))) + 14), across = (width - left - 8) / x.labels.length, tall = Math.max(20, Math.min(38, across));
    const acrossNames = x.short ?? x.labels, turned = !x.numbers && Math.max(...acrossNames.map(n => wide(n))) + 8 > across;
    const top = 24, bottom = top + tall * y.labels.length, height = bottom + (turned ? 20 + Math.max(...acrossNames.map(n => wide(n))) * 0.65 : 24) + 22;
    const rowOf = j => y.numbers ? y.labels.length - 1 - j : j, left_ = i => left + i * across, top_ = j => top + rowOf(j) * tall;
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${q.title} by ${x.column}${y.column ? ` and ${y.column}` : ""}; the table below has the numbers`});
    root.append(svg("defs", {}, svg("pattern", {id: "hole", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)"}, svg("rect", {class: "hole-ground", width: 7, height: 7}), svg("rect", {class: "hole-line", width: 2, height: 7}))));
    if (y.column) root.append(text(0, 13, "start", y.column));
    names.forEach((n, j) => root.append(text(left - 7, top_(j) + tall / 2 + 4, "end", clipped(n, left - 10))));
    for (const c of cells) root.append(...drawCell(c, left_(c.x), top_(c.y), across, tall, looks, told(c, x, y, q, compared), shortText, q, compared));
    root.append(...acrossLabels(x, i => left_(i) + across / 2, across, bottom), text(left + (width - left - 8) / 2, height - 5, "middle", x.column));
    return {chart: element("div", {}, looks.key, element("div", {class: "privacy-chart sweep-map"}, root)), cells};
  }
  const clipped = (words, room) => wide(words, 12.5) <= room ? words : `${words.slice(0, Math.max(1, Math.floor(room / 7.5) - 1))}…`;

  function drawCell(c, left, top, across, tall, looks, title, short, q, compared) {
    const size = {x: left + 0.5, y: top + 0.5, width: Math.max(1, across - 1), height: tall - 1};
    if (Number.isNaN(c.value)) {
      if (!c.failed.length) return [svg("rect", {class: "cell absent", ...size}, svg("title", {}, title))];
      return [svg("rect", {class: "cell hole", ...size}, svg("title", {}, title)), svg("text", {class: "hole-mark", x: left + across / 2, y: top + tall / 2 + 4, "text-anchor": "middle"}, "×")];
    }
    const {fill, ink, opacity} = looks.of(c), words = short(c, q, compared), fits = wide(words) < across - 5, letter = compared && !compared.numbers ? letters[c.winner.index % 26] : null, stripe = letter ? [svg("rect", {class: "stripe", x: size.x, y: size.y, width: Math.min(5, across / 4), height: size.height, style: `fill:${fill}`})] : [];
    const written = fits ? words : letter && across > 9 ? letter : "";
    return [svg("rect", {class: "cell", ...size, style: `fill:${fill};fill-opacity:${opacity}`}, svg("title", {}, title)), ...stripe,
            ...written ? [svg("text", {class: "cell-value", x: left + across / 2, y: top + tall / 2 + 4, "text-anchor": "middle", style: `fill:${ink}`}, written)] : []];
  }

  function columns(sweep, state) {
    const x = sweep.axes[state.x], y = sweep.axes[state.y], q = sweep.quantities[state.quantity], compared = sweep.axes[state.compared], number = v => Number.isNaN(v) ? null : v;
    return [{name: x.column, title: x.column, value: c => x.labels[c.x]}, ...y ? [{name: y.column, title: y.column, value: c => y.labels[c.y]}] : [],
            ...compared ? [{name: `best_${compared.column}`, title: `Best ${compared.column}`, value: c => c.winner ? compared.labels[c.winner.index] : ""}] : [],
            {name: q.column, title: q.title, value: c => number(c.value), text: c => say(c.value, q.unit)},
            ...compared ? [{name: "margin", title: "Ahead by", value: c => c.winner?.margin ?? null, text: c => say(c.winner?.margin, "share")}, {name: "second", title: "of", value: c => c.winner && c.winner.second !== null ? compared.labels[c.winner.second] : ""}] : [],
            {name: "rows", title: "Rows", value: c => c.rows, text: c => String(c.rows)}, {name: "failed", title: "Failed", value: c => c.failed.join(" ")}];
  }

  function show(sweep, state, width) {
    const {chart, cells} = draw(sweep, state, width), failed = new Set(cells.flatMap(c => c.failed)), holes = cells.filter(c => Number.isNaN(c.value) && c.failed.length).length;
    const said = [sweepHeld.heldText(sweep, state, [state.x, state.y, state.compared]), failed.size ? `${page.count(holes, "hole")}; failed here: ${[...failed].slice(0, 8).join(", ")}${failed.size > 8 ? ` and ${failed.size - 8} more` : ""}.` : ""];
    return [chart, element("p", {class: "range"}, said.filter(Boolean).join(" ")), dataBlock(columns(sweep, state), cells.filter(c => c.rows || c.failed.length), "splitwan-sweep-map.csv")];
  }

  return {show};
})();
