"use strict";
// Two quantities of a sweep's rows against each other, and the rows that no other beats in both.
const sweepFront = (() => {
  const {element, choice, table, csvButton, legend} = page, {svg, text, line} = privacyChart, {say, scale} = sweepScale;
  const height = 440, margin = {top: 30, bottom: 50, left: 70, right: 20}, mostListed = 200, mostColours = 8;

  // As front_of() of analysis/report/sweep/front.cc: best in x first, equals beside each other.
  function frontOf(points, xMore, yMore) {
    const x = p => xMore ? p.x : -p.x, y = p => yMore ? p.y : -p.y, front = [];
    const order = [...points].sort((a, b) => x(b) - x(a) || y(b) - y(a) || a.row - b.row);
    let best = -Infinity, of = -Infinity;
    for (const p of order) {
      if (y(p) > best || (y(p) === best && x(p) === of)) {
        front.push(p);
        best = y(p);
        of = x(p);
      }
    }
    return front;
  }

  // Quantities, and axes of numbers.
  const offered = sweep => [...sweep.quantities, ...sweep.source.axes.filter(a => a.numbers).map(a => ({column: a.column, title: a.column, unit: a.unit, higher_is_better: false, of: Array.from(a.at, i => i < 0 ? NaN : a.numbers[i] ?? NaN)}))];

  const placeText = (sweep, row) => sweep.source.axes.map(a => `${a.column} ${a.at[row] < 0 ? "–" : a.values[a.at[row]] || "(not set)"}`).join(", ");

  function draw(sweep, points, front, x, y, state, width, said) {
    const plot = {left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom};
    const across = scale(points.map(p => p.x)), up = scale(points.map(p => p.y)), xAt = v => plot.left + across.at(v) * (plot.right - plot.left), yAt = v => plot.bottom - up.at(v) * (plot.bottom - plot.top);
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${y.title} against ${x.title}; the table below has the rows that no other beats`});
    for (const m of up.marks) root.append(line("rule", plot.left, yAt(m), plot.right, yAt(m)), text(plot.left - 8, yAt(m) + 4, "end", say(m, y.unit)));
    let free = -Infinity;
    for (const m of across.marks) {
      const words = say(m, x.unit), wide = words.length * 7.2 + 8;
      root.append(line("rule", xAt(m), plot.bottom, xAt(m), plot.bottom + 4));
      if (xAt(m) - wide / 2 < free) continue;
      free = xAt(m) + wide / 2;
      root.append(text(Math.min(xAt(m), width - wide / 2 + 4), plot.bottom + 18, "middle", words));
    }
    const better = more => more ? "more is better" : "less is better";
    root.append(text(0, 14, "start", `${y.title} (${better(state.yMore)})`), text(plot.left + (plot.right - plot.left) / 2, height - 8, "middle", `${x.title} (${better(state.xMore)})`));
    const by = sweep.axes[state.colour], paths = new Map();
    for (const p of points) {
      const group = by ? Math.max(0, by.at[p.row]) : 0;
      paths.set(group, (paths.get(group) ?? "") + `M${xAt(p.x).toFixed(1)} ${yAt(p.y).toFixed(1)}h0`);
    }
    for (const [group, d] of [...paths].sort((a, b) => a[0] - b[0])) root.append(svg("path", {class: `cloud series${group % 8}`, d, "stroke-linecap": group % 2 ? "square" : "round"}));
    const steps = [...front].sort((a, b) => a.x - b.x || a.y - b.y);
    root.append(svg("polyline", {class: "front-line", points: steps.map(p => `${xAt(p.x).toFixed(1)},${yAt(p.y).toFixed(1)}`).join(" ")}));
    for (const p of front) root.append(svg("circle", {class: "best", cx: xAt(p.x), cy: yAt(p.y), r: 7, fill: "none", stroke: "currentColor"}, svg("title", {}, told(sweep, p, x, y))));
    root.addEventListener("pointermove", event => {
      const box = root.getBoundingClientRect(), px = (event.clientX - box.left) * width / box.width, py = (event.clientY - box.top) * height / box.height;
      let near = null, least = 400;
      for (const p of points) {
        const far = (xAt(p.x) - px) ** 2 + (yAt(p.y) - py) ** 2;
        if (far < least) [near, least] = [p, far];
      }
      if (near) said.textContent = told(sweep, near, x, y);
    });
    return element("div", {class: "privacy-chart"}, root);
  }
  const told = (sweep, p, x, y) => `${sweep.cells[p.row]}: ${placeText(sweep, p.row)}: ${say(p.x, x.unit)}, ${say(p.y, y.unit)}`;

  // Starts with what the report chose; `held()`: the rows that the controls above hold.
  function show(sweep, data, at, held) {
    const all = offered(sweep), named = column => Math.max(0, all.findIndex(q => q.column === column));
    const first = data.front ?? {x: {column: all.at(-1).column}, y: {column: all[0].column}}, state = {x: named(first.x.column), y: named(first.y.column), of: "all", colour: -1};
    state.xMore = all[state.x].higher_is_better;
    state.yMore = all[state.y].higher_is_better;
    const colours = sweep.axes.map((_, i) => i).filter(i => sweep.axes[i].labels.length <= mostColours);
    state.colour = colours.find(i => ["drafter", "decode"].includes(sweep.axes[i].column)) ?? colours[0] ?? -1;
    const place = element("div", {}), redraw = () => place.replaceChildren(...drawn());
    const picked = (title, key) => choice(title, value => { state[key] = Number(value); state[`${key}More`] = all[state[key]].higher_is_better; offer(); redraw(); });
    const direction = (title, key) => choice(title, value => { state[key] = value === "more"; redraw(); });
    const controls = {x: picked("Against (across)", "x"), xMore: direction("Better across", "xMore"), y: picked("Of (up)", "y"), yMore: direction("Better up", "yMore"),
                      of: choice("Rows", value => { state.of = value; redraw(); }), colour: choice("Coloured by", value => { state.colour = Number(value); redraw(); })};
    function offer() {
      for (const key of ["x", "y"]) {
        controls[key].offer(all.map((q, i) => [String(i), q.title]), String(state[key]));
        controls[`${key}More`].offer([["less", "less is better"], ["more", "more is better"]], state[`${key}More`] ? "more" : "less");
      }
      controls.of.offer([["all", "every row"], ["held", "those held above"]], state.of);
      controls.colour.offer([["-1", "nothing"], ...colours.map(i => [String(i), sweep.axes[i].column])], String(state.colour));
    }
    function drawn() {
      const x = all[state.x], y = all[state.y], rows = state.of === "held" ? held() : Array.from({length: sweep.rows}, (_, i) => i), ran = rows.filter(r => !sweep.failed[r]);
      const points = ran.map(row => ({row, x: x.of[row], y: y.of[row]})).filter(p => !Number.isNaN(p.x) && !Number.isNaN(p.y)), front = frontOf(points, state.xMore, state.yMore);
      if (!points.length) return [element("p", {}, "No row states both.")];
      const said = element("p", {class: "range", "aria-live": "polite"}, "Point at a row to read it."), by = sweep.axes[state.colour];
      const value = (q, key) => ({name: q.column, title: q.title, value: p => p[key], text: p => say(p[key], q.unit)});
      const columns = [...sweep.source.axes.map(a => ({name: a.column, title: a.column, value: p => a.at[p.row] < 0 ? "" : a.values[a.at[p.row]]})), ...[[x, "x"], [y, "y"]].filter(([q], i, pair) => !(i && q === pair[0][0]) && !sweep.source.axes.some(a => a.column === q.column)).map(([q, key]) => value(q, key)), {name: "cell", title: "Cell", value: p => String(sweep.cells[p.row])}];
      const silent = ran.length - points.length;
      return [...by ? [legend(by.labels.map((name, i) => [name, `series${i % 8} filled${i % 2 ? "" : " round"}`]))] : [], draw(sweep, points, front, x, y, state, Math.max(320, place.clientWidth), said), said,
              element("p", {class: "range"}, `Ringed: ${page.count(front.length, "row")} of ${points.length} that no other beats in both.` + (silent ? ` ${page.count(silent, "row")} without both figures not drawn.` : "")),
              csvButton(columns, front, "splitwan-sweep-front.csv"), table(columns, front.slice(0, mostListed)), ...front.length > mostListed ? [element("p", {class: "range"}, `The first ${mostListed}; the CSV has all.`)] : []];
    }
    at.append(element("div", {class: "choices"}, ...Object.values(controls).map(c => c.label)), place);
    offer();
    redraw();
    return redraw;
  }

  return {show, frontOf};
})();
