"use strict";
// Charts made of elements, so that style sheets colour them: stacked bars, and dots with intervals.
const charts = (() => {
  const {element, ms, condition, legend} = page;

  const parts = [
    {key: "round_trip", title: "Round trips", seconds: s => s.network_s - s.wire_s},
    {key: "wire", title: "Wire", seconds: s => s.wire_s},
    {key: "client", title: "Client", seconds: s => s.client_s},
    {key: "server", title: "Server", seconds: s => s.server_s},
    {key: "overhead", title: "Overhead", seconds: s => s.overhead_s},
  ];

  // Nobody stated the link: what it was waited for is not told apart.
  const whole = r => page.unknownLink(r);
  const titleOf = (part, results) => part.key === "round_trip" && results.every(whole) ? "Network" : part.title;
  const partsOf = results => results.length && results.every(whole) ? parts.filter(p => p.key !== "wire") : parts;

  // Where the steps of each result went; `name` says which result it is under its condition.
  function bars(results, name) {
    const known = results.filter(r => r.step.total_s !== null);
    const longest = Math.max(...known.map(r => r.step.total_s)), widest = Math.max(...known.map(r => name(r).length));
    const block = element("div", {class: "bars", style: `--names:${Math.min(30, Math.max(11, widest))}ch`}, legend(partsOf(known).map(p => [titleOf(p, known), p.key])));
    let last = null;
    for (const r of known) {
      if (condition(r) !== last) block.append(element("h3", {}, last = condition(r)));
      const segments = partsOf([r]).map(p => {
        const seconds = Math.max(0, p.seconds(r.step)), share = seconds / longest;
        return element("span", {class: `segment ${p.key}`, style: `width:${share * 100}%`, title: `${titleOf(p, [r])}: ${ms(seconds)} ms`},
                       share > 0.06 ? ms(seconds) : "");
      });
      block.append(element("div", {class: "bar"}, element("span", {class: "bar-name"}, name(r)),
        element("span", {class: "track"}, ...segments), element("span", {class: "bar-total"}, `${ms(r.step.total_s)} ms`)));
    }
    return block;
  }

  // Round numbers from 0 to just above `high`, five or so.
  function ticks(high) {
    const rough = high / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(f => f * power).find(s => s >= rough);
    return Array.from({length: Math.ceil(high / step - 1e-9) + 1}, (_, i) => +(i * step).toPrecision(12));
  }

  // 1, 2 and 5 of each power of ten from just below `low` (above 0) to just above `high`; where these were more than `most`, the powers alone.
  function decades(low, high, most = Infinity) {
    const marks = [], least = 10 ** Math.floor(Math.log10(low));
    for (let power = least; power <= high * 10; power *= 10) marks.push(...[1, 2, 5].map(f => +(f * power).toPrecision(12)));
    const first = Math.max(0, marks.findLastIndex(m => m <= low)), last = Math.max(first + 1, marks.findIndex(m => m >= high)), kept = marks.slice(first, last + 1);
    if (kept.length <= most) return kept;
    return Array.from({length: Math.ceil(Math.log10(high / least) - 1e-9) + 1}, (_, i) => +(least * 10 ** i).toPrecision(12));
  }

  // rows: [{name, marks: [{value, low, high} or null, one per group]}]; groups: [name]; `reference`: where a line is drawn;
  // `end`: where the scale ends at least; `log`: even ratios, of values above 0; `say`, `tick`: a value, and one of the scale, as text.
  function dots({rows: all, groups, reference = null, label, end: least = 0, log = false, say = value => value.toFixed(2), tick = String}) {
    const rows = all.map(r => ({...r, marks: r.marks.map(m => m && (m.value > 0 || !log) ? m : null)})), known = rows.flatMap(r => r.marks.filter(m => m));
    if (!known.length) return element("p", {}, "Nothing to draw.");
    const highest = Math.max(reference ?? 0, ...known.map(m => m.high ?? m.value));
    const marks = log ? decades(Math.min(...known.map(m => m.low ?? m.value)), highest, 6) : ticks(Math.max(least, highest) * 1.02);
    const place = log ? value => Math.log(value / marks[0]) / Math.log(marks.at(-1) / marks[0]) * 100 : value => value / marks.at(-1) * 100, at = value => `${place(value)}%`;
    const lines = () => [...marks.map(t => element("i", {class: "grid", style: `left:${at(t)}`})),
                         ...reference === null ? [] : [element("i", {class: "reference", style: `left:${at(reference)}`})]];
    const block = element("div", {class: "dots", role: "img", "aria-label": `${label}; the table below has the numbers`});
    for (const row of rows) {
      const plot = element("span", {class: "plot", style: `height:${10 + 11 * groups.length}px`}, ...lines());
      row.marks.forEach((mark, i) => {
        if (!mark) return;
        const top = `top:${11 + 11 * i}px`, known = mark.low !== undefined && mark.low !== null;
        const text = `${row.name}, ${groups[i]}: ${say(mark.value)}` + (known ? ` (${say(mark.low)} to ${say(mark.high)})` : "");
        if (known) plot.append(element("i", {class: `whisker group${i % 4}`, style: `${top};left:${at(mark.low)};width:${place(mark.high) - place(mark.low)}%`}));
        plot.append(element("i", {class: `mark group${i % 4}`, style: `${top};left:${at(mark.value)}`, title: text}));
      });
      const values = row.marks.map(mark => element("span", {}, mark ? say(mark.value) : "–"));
      block.append(element("span", {class: "dot-name"}, row.name), plot, element("span", {class: "dot-values"}, ...values));
    }
    const every = log && marks.map(tick).join("").length > 18 ? 2 : 1;  // words that would run into each other on a telephone
    block.append(element("span", {}), element("span", {class: "axis"}, ...marks.filter((_, i) => i % every === 0).map(t => element("span", {style: `left:${at(t)}`}, tick(t)))),
                 element("span", {}));
    const key = groups.length > 1 || groups[0] !== "" ? [legend(groups.map((name, i) => [name, `dot group${i % 4}`]))] : [];
    return element("div", {}, ...key, block);
  }

  const leastError = 1e-3;  // of the scatter's scale: less is nothing to see

  // points: [{x, y, name, group}], y a signed share, drawn about 0.
  function scatter({points, across, label}) {
    const right = ticks(Math.max(...points.map(p => p.x), 1e-9) * 1.02), up = ticks(Math.max(...points.map(p => Math.abs(p.y)), leastError));
    const x = value => value / right.at(-1) * 100, y = value => 50 - value / up.at(-1) * 50;
    const shares = [...up.slice(1).map(t => -t).reverse(), ...up], text = t => `${t > 0 ? "+" : ""}${+(t * 100).toPrecision(6)} %`;
    const plot = element("div", {class: "field"});
    for (const t of shares) {
      plot.append(element("i", {class: t === 0 ? "zero" : "rule", style: `top:${y(t)}%`}));
      if (up.length < 5 || up.indexOf(Math.abs(t)) % 2 === 0) plot.append(element("span", {class: "share", style: `top:${y(t)}%`}, text(t)));
    }
    for (const t of right) plot.append(element("span", {class: "tick", style: `left:${x(t)}%`}, String(t)));
    for (const p of points) plot.append(element("i", {class: `point group${p.group}`, style: `left:${x(p.x)}%;top:${y(p.y)}%`, title: p.name}));
    return element("div", {class: "scatter", role: "img", "aria-label": `${label}; the tables below have the numbers`}, plot,
                   element("div", {class: "across"}, across));
  }

  return {partsOf, titleOf, bars, decades, dots, scatter};
})();
