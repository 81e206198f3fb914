"use strict";
// The projection chart: the closed form as curves, measured points with their 90 % intervals on it, and sliders.
const projection = (() => {
  const {element, fixed, ms, condition: describe, linkOf, unknownLink, csv, download} = page;
  const series = {light: ["#2f5bd0", "#c2255c", "#2b8a3e", "#d9480f", "#7048e8", "#0b7285", "#7a5d00", "#495057"],
                  dark: ["#8fb0ff", "#ff8fb4", "#7ddc90", "#ffb07a", "#b9a2ff", "#66d9e8", "#e6cf6a", "#c3c9d1"]};
  const ink = {light: {text: "#3f4650", grid: "#e4e6ea", mark: "#868e96"}, dark: {text: "#b8bfca", grid: "#2c323b", mark: "#868e96"}};
  const shownAtFirst = 6, gridPoints = 120, height = 360;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const parts = [["rtt_s", "Round trips", "round_trip"], ["wire_s", "Wire", "wire"], ["client_s", "Client", "client"], ["server_s", "Server", "server"],
                 ["overhead_s", "Overhead", "overhead"], ["loss_s", "Losses", "loss"], ["jitter_s", "Jitter", "jitter"]];

  // Tokens per step at the sliders' acceptance: of guesses, the first token of a step is none.
  function gain(state, drafter) {
    const ofClass = drafter.classes.find(c => c.class === state.promptClass);
    return 1 + ((ofClass ?? drafter).tokens_per_step - 1) * state.acceptance;
  }

  // Round-trip times of the curves' points, in ms: the same for every setting, so that what is known stays known.
  function gridOf(state) {
    const here = state.condition.rtt_s * 1e3, ratio = state.furthest / state.nearest;
    const grid = Array.from({length: gridPoints}, (_, i) => state.nearest * ratio ** (i / (gridPoints - 1)));
    return here < state.nearest ? [Math.max(0.01, here), ...grid] : grid;
  }

  const at = (state, rtt) => ({...state.condition, rtt_s: rtt / 1e3});
  const shown = (data, state) => data.model.drafters.filter(d => state.shown.has(d.drafter));

  // As far as they are known; null where a point is not.
  function known(data, state, grid) {
    return [grid, ...data.model.drafters.map(drafter => grid.map(rtt => {
      const step = state.shown.has(drafter.drafter) ? curves.known(drafter, at(state, rtt)) : undefined;
      return step ? gain(state, drafter) / step.total_s : null;
    }))];
  }

  // What the readout needs comes first.
  function questions(data, state, grid) {
    const plain = data.model.drafters.filter(d => d.drafter === "sequential"), drafters = shown(data, state);
    const first = [...new Set([...drafters, ...plain])].map(d => [d, {...state.condition}]);
    return {first: first.length, all: [...first, ...curves.order(grid.length).flatMap(i => drafters.map(d => [d, at(state, grid[i])]))]};
  }

  // Behind the curves: where nine of ten runs of the fastest drafter at the slider's round-trip time would land, known at
  // the usual link. Between the points of the projection the interval keeps its proportion to the curve.
  function band(data, state) {
    return u => {
      if (linkOf(state.condition) !== linkOf(state.usual) || state.acceptance !== 1 || state.promptClass !== "") return;
      const rates = data.model.drafters.map((d, i) => [state.shown.has(d.drafter) ? 1 / (curves.known(d, state.condition)?.total_s ?? Infinity) * gain(state, d) : 0, i]);
      const [rate, index] = rates.sort((a, b) => b[0] - a[0])[0], {drafter} = data.model.drafters[index], curve = u.data[index + 1];
      const known = data.projection.filter(p => p.drafter === drafter), {ctx, bbox} = u;
      if (rate === 0 || known.length < 2) return;
      const edge = key => u.data[0].map((rtt, k) => {
        const next = known.findIndex(p => p.rtt_s * 1e3 >= rtt);
        if (next < 1 || curve[k] === null) return null;
        const [a, b] = [known[next - 1], known[next]], share = (rtt / 1e3 - a.rtt_s) / (b.rtt_s - a.rtt_s);
        const factor = (1 - share) * a[key] / a.tokens_per_s + share * b[key] / b.tokens_per_s;
        return [u.valToPos(rtt, "x", true), u.valToPos(curve[k] * factor, "y", true)];
      }).filter(p => p);
      ctx.save();
      ctx.globalAlpha = 0.15;
      ctx.beginPath();
      for (const [x, y] of [...edge("low"), ...edge("high").reverse()]) ctx.lineTo(x, Math.max(y, bbox.top));
      ctx.fillStyle = state.colour(drafter);
      ctx.fill();
      ctx.restore();
    };
  }

  // Measured points and whiskers over the curves, and the RTT slider's position under them.
  function overlay(state) {
    return u => {
      const {ctx, bbox} = u, ratio = devicePixelRatio;
      const x = value => u.valToPos(value, "x", true), y = value => u.valToPos(value, "y", true);
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.lineWidth = ratio;
      ctx.strokeStyle = state.ink.mark;
      ctx.setLineDash([4 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x(state.condition.rtt_s * 1e3), bbox.top);
      ctx.lineTo(x(state.condition.rtt_s * 1e3), bbox.top + bbox.height);
      ctx.stroke();
      ctx.setLineDash([]);
      for (const point of state.measured.filter(p => state.shown.has(p.drafter))) {
        const px = x(point.rtt_s * 1e3), half = point.tokens_per_s_half_width ?? 0;
        ctx.globalAlpha = linkOf(point) === linkOf(state.condition) ? 1 : 0.12;  // measured on another link than the curve's
        ctx.strokeStyle = ctx.fillStyle = state.colour(point.drafter);
        ctx.lineWidth = 1.5 * ratio;
        ctx.beginPath();
        ctx.moveTo(px, y(point.tokens_per_s - half));
        ctx.lineTo(px, y(point.tokens_per_s + half));
        for (const end of [point.tokens_per_s - half, point.tokens_per_s + half]) {
          ctx.moveTo(px - 4 * ratio, y(end));
          ctx.lineTo(px + 4 * ratio, y(end));
        }
        ctx.stroke();
        ctx.beginPath();
        ctx.arc(px, y(point.tokens_per_s), 3.5 * ratio, 0, 2 * Math.PI);
        ctx.fill();
      }
      ctx.restore();
    };
  }

  // Of what was measured on the link that is shown.
  const highest = state => Math.max(0, ...state.measured.filter(p => state.shown.has(p.drafter) && linkOf(p) === linkOf(state.condition))
    .map(p => p.tokens_per_s + (p.tokens_per_s_half_width ?? 0)));

  function chart(data, state, place, theme) {
    state.ink = ink[theme];
    const names = data.model.drafters.map(d => d.drafter), colours = series[theme];
    state.colour = name => colours[Math.max(0, names.indexOf(name)) % colours.length];
    const axis = {stroke: state.ink.text, grid: {stroke: state.ink.grid, width: 1}, ticks: {stroke: state.ink.grid, width: 1},
                  font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 24};
    place.replaceChildren();
    return new uPlot({
      width: place.clientWidth, height, legend: {show: false}, cursor: {show: false},
      scales: {x: {time: false, range: () => [0, state.furthest]}, y: {range: (u, low, high) => [0, Math.max(high, highest(state)) * 1.05]}},
      axes: [{...axis, label: "round-trip time, ms"}, {...axis, label: "tokens per second"}],
      series: [{}, ...names.map((name, i) => ({label: name, stroke: state.colour(name), width: 2, points: {show: false}, spanGaps: true,
                                               dash: i >= colours.length ? [8, 5] : undefined}))],
      hooks: {drawAxes: [band(data, state)], draw: [overlay(state)]},
    }, known(data, state, gridOf(state)), place);
  }

  function outside(data, {rtt_s, up_bps, down_bps, loss, jitter_s}) {
    const ranges = data.model.ranges, rate = page.megabits, milliseconds = s => `${+(s * 1e3).toPrecision(4)} ms`;
    const share = v => `${+(v * 100).toPrecision(3)} %`;
    const checks = [["round-trip time", rtt_s, ranges.rtt_s, milliseconds], ["bandwidth up", up_bps, ranges.up_bps, rate], ["bandwidth down", down_bps, ranges.down_bps, rate],
                    ["loss", loss ?? 0, ranges.loss, share], ["jitter", jitter_s ?? 0, ranges.jitter_s, milliseconds]];
    const beyond = ([, value, range]) => (value ?? Infinity) < (range.low ?? Infinity) * (1 - 1e-9) || (value ?? Infinity) > (range.high ?? Infinity) * (1 + 1e-9);
    return checks.filter(beyond).map(([name, , range, text]) =>
      `${name} (measured: ${range.low === range.high ? text(range.low) : `${text(range.low)} to ${text(range.high)}`})`);
  }

  // Time per token by cause, for each curve shown, at the sliders' setting.
  function readout(data, state) {
    const asked = shown(data, state).map(drafter => {
      const step = curves.step(data, drafter, state.condition), tokens = gain(state, drafter);
      return {name: drafter.drafter, step, tokens, rate: tokens / step.total_s};
    }).sort((a, b) => b.rate - a.rate);
    const plain = data.model.drafters.find(d => d.drafter === "sequential");
    const plainStep = plain && curves.step(data, plain, state.condition).total_s;
    const longest = Math.max(...asked.map(a => 1 / a.rate)), used = parts.filter(([key]) => asked.some(a => a.step[key] > 0));
    const rows = asked.map(a => {
      const segments = used.map(([key, title, kind]) => {
        const seconds = a.step[key] / a.tokens;
        return element("span", {class: `segment ${kind}`, style: `width:${seconds / longest * 100}%`, title: `${title}: ${ms(seconds)} ms per token`},
                       seconds / longest > 0.06 ? ms(seconds) : "");
      });
      const needs = plain && a.name !== "sequential" ? `; as fast as sequential from ${fixed(a.step.total_s / plainStep, 2)} tokens per step on` : "";
      return element("div", {class: "bar reading"}, element("span", {class: "bar-name"}, element("i", {class: "swatch", style: `background:${state.colour(a.name)}`}), a.name),
        element("span", {class: "track"}, ...segments), element("b", {class: "bar-total"}, `${fixed(a.rate, 2)} tokens/s`),
        element("small", {}, `${fixed(a.tokens, 2)} tokens per step of ${ms(a.step.total_s)} ms${needs}`));
    });
    const far = outside(data, state.condition);
    const range = far.length ? `Extrapolated, outside what was measured: ${far.join(", ")}.` : "Inside the range that was measured.";
    return [element("h3", {}, `Milliseconds per token at ${describe({...state.condition, live: false})}`), page.legend(used.map(([, title, kind]) => [title, kind])),
            element("div", {class: "bars"}, ...rows), element("p", {class: "range", role: "status"}, range)];
  }

  function firstShown(data, state) {
    const rate = d => d.tokens_per_step / curves.step(data, d, state.condition).total_s;
    const order = data.model.drafters.map(d => [d.drafter === "sequential" ? Infinity : rate(d), d.drafter]).sort((a, b) => b[0] - a[0]);
    return new Set(order.slice(0, shownAtFirst).map(([, name]) => name));
  }

  // Draws everything and keeps it in step with the sliders, the theme, the window and the printer.
  function show(data, places) {
    // A live run states no link; where all were on one, the model's measurement of it places them.
    const live = data.model.fitted_on.conditions.filter(c => c.live);
    const placed = data.summary.results.map(r => unknownLink(r) && live.length === 1 ? {...r, ...live[0]} : r);
    const measured = placed.filter(r => r.tokens_per_s !== null && !unknownLink(r));
    const rtts = [...measured.map(r => r.rtt_s), data.usual_condition.rtt_s];
    const state = {condition: {...data.usual_condition}, usual: data.usual_condition, acceptance: 1, promptClass: "", measured,
                   nearest: Math.max(0.01, Math.min(Math.max(1, 600 * Math.min(...rtts)), data.usual_condition.rtt_s * 1e3)), furthest: Math.ceil(Math.max(0.2, 1.2 * Math.max(...rtts)) * 1e3 / 50) * 50};
    state.shown = firstShown(data, state);
    let plot;
    const follow = curves.follower(data);
    const redraw = () => {
      const grid = gridOf(state), {first, all} = questions(data, state, grid);
      let read = false;
      follow(all, done => {
        plot.setData(known(data, state, grid));
        if (read || done < first) return;
        read = true;
        places.readout.replaceChildren(...readout(data, state));
      });
    };
    const chips = element("fieldset", {class: "chips"}, element("legend", {}, "Curves"));
    const rebuild = theme => {
      plot = chart(data, state, places.curve, theme ?? (dark.matches ? "dark" : "light"));
      redraw();
      for (const chip of chips.querySelectorAll("label")) chip.style.setProperty("--series", state.colour(chip.textContent));
    };
    for (const {drafter: name} of data.model.drafters) {
      const box = element("input", {type: "checkbox", onchange: () => {
        if (box.checked) state.shown.add(name);
        else state.shown.delete(name);
        redraw();
      }});
      box.checked = state.shown.has(name);
      chips.append(element("label", {}, box, name));
    }
    const classes = [...new Set(data.model.drafters.flatMap(d => d.classes.map(c => c.class)))].filter(name => name !== "");
    places.controls.append(...sliders.controls(state, classes, redraw).nodes);
    places.controls.after(chips);
    rebuild();
    const columns = [{name: "rtt_s", value: row => row[0] / 1e3}, ...data.model.drafters.map((d, i) => ({name: `tokens_per_s ${d.drafter}`, value: row => row[i + 1]}))];
    places.data.append(element("button", {type: "button", onclick: () =>
      download("splitwan-curve.csv", csv(columns, plot.data[0].map((_, k) => plot.data.map(column => column[k]))))}, "Download the curves as set (CSV)"));
    dark.addEventListener("change", () => rebuild());
    addEventListener("resize", () => plot.setSize({width: places.curve.clientWidth, height}));
    addEventListener("beforeprint", () => rebuild("light"));
    addEventListener("afterprint", () => rebuild());
  }

  return {show};
})();
