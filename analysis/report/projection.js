"use strict";
// The projection chart: the closed form as curves, measured points with their 90 % intervals on it, and sliders.
const projection = (() => {
  const {element, fixed, ms, megabits} = page;
  const series = {light: ["#2f5bd0", "#c2255c", "#2b8a3e", "#d9480f", "#7048e8", "#0b7285"],
                  dark: ["#8fb0ff", "#ff8fb4", "#7ddc90", "#ffb07a", "#b9a2ff", "#66d9e8"]};
  const ink = {light: {text: "#3f4650", grid: "#e4e6ea", mark: "#868e96"}, dark: {text: "#b8bfca", grid: "#2c323b", mark: "#868e96"}};
  const unlimited = 1000;  // position of the rate sliders' right end
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // Slider positions 0..999 are 1 Mbit/s to 10 Gbit/s in even ratios; 1000 is no limit.
  const rateAt = position => position >= unlimited ? null : 1e6 * 10 ** (position / 250);
  const positionOf = bps => bps === null ? unlimited : Math.max(0, Math.min(999, Math.log10(bps / 1e6) * 250));

  function slider(name, attributes, onchange) {
    const output = element("output", {});
    const input = element("input", {type: "range", oninput: onchange, ...attributes});
    return {input, output, label: element("label", {}, element("span", {}, name), input, output)};
  }

  // Once per chart: measured points and whiskers over the curves, and the RTT slider's position under them.
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
      for (const point of state.measured) {
        const here = point.up_bps === state.condition.up_bps && point.down_bps === state.condition.down_bps;
        const px = x(point.rtt_s * 1e3), half = point.tokens_per_s_half_width ?? 0;
        ctx.globalAlpha = here ? 1 : 0.25;  // measured on another bandwidth than the curve's
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

  function curves(data, state) {
    const grid = Array.from({length: state.furthest - 4}, (_, i) => i + 5);  // ms; nearer than that the curve is all compute
    return [grid, ...data.model.drafters.map(drafter => grid.map(rtt =>
      closedForm.tokensPerSecond(data.model, drafter, {...state.condition, rtt_s: rtt / 1e3}, data.link)))];
  }

  function chart(data, state, at, theme) {
    state.ink = ink[theme];
    const names = data.model.drafters.map(d => d.drafter);
    state.colour = name => series[theme][Math.max(0, names.indexOf(name)) % series[theme].length];
    const axis = {stroke: state.ink.text, grid: {stroke: state.ink.grid, width: 1}, ticks: {stroke: state.ink.grid, width: 1},
                  font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 24};
    at.replaceChildren();
    return new uPlot({
      width: at.clientWidth, height: 340, scales: {x: {time: false}, y: {range: (u, low, high) => [0, high * 1.08]}},
      axes: [{...axis, label: "round-trip time, ms"}, {...axis, label: "tokens per second"}],
      series: [{label: "RTT", value: (u, v) => v === null ? "–" : `${v} ms`},
               ...names.map(name => ({label: name, stroke: state.colour(name), width: 2, points: {show: false},
                                      value: (u, v) => v === null ? "–" : fixed(v, 2)}))],
      hooks: {draw: [overlay(state)]},
    }, curves(data, state), at);
  }

  function readout(data, state) {
    const {rtt_s, up_bps, down_bps} = state.condition, ranges = data.model.ranges;
    const within = (value, range) => (value ?? Infinity) >= (range.low ?? Infinity) * (1 - 1e-9) &&
                                     (value ?? Infinity) <= (range.high ?? Infinity) * (1 + 1e-9);
    const fitted = within(rtt_s, ranges.rtt_s) && within(up_bps, ranges.up_bps) && within(down_bps, ranges.down_bps);
    const cards = data.model.drafters.map(drafter => {
      const step = closedForm.decodeStep(data.model, drafter, state.condition, data.link);
      return element("div", {class: "reading", style: `--series:${state.colour(drafter.drafter)}`},
        element("b", {}, drafter.drafter), element("span", {class: "value"}, `${fixed(drafter.tokens_per_step / step.total_s, 2)} tokens/s`),
        element("span", {}, `${fixed(drafter.tokens_per_step, 2)} tokens per step of ${ms(step.total_s)} ms: round trips ${ms(step.rtt_s)}, ` +
          `wire ${ms(step.wire_s)}, client ${ms(step.client_s)}, server ${ms(step.server_s)}, overhead ${ms(step.overhead_s)}`));
    });
    return [element("div", {class: "readings"}, ...cards), element("p", {class: "range"}, fitted ? "Inside the range that was measured." :
      "Extrapolated: this round-trip time or bandwidth lies outside what was measured.")];
  }

  // Draws everything and keeps it in step with the sliders, the theme, the window and the printer.
  function show(data, places) {
    const measured = data.summary.results.filter(r => r.tokens_per_s !== null);
    const state = {condition: {...data.usual_condition}, measured,
                   furthest: Math.ceil(Math.max(0.2, 1.2 * Math.max(...measured.map(r => r.rtt_s))) * 1e3 / 50) * 50};
    let plot;
    const redraw = () => {
      places.readout.replaceChildren(...readout(data, state));
      rtt.output.value = `${+(state.condition.rtt_s * 1e3).toPrecision(3)} ms`;
      up.output.value = megabits(state.condition.up_bps);
      down.output.value = megabits(state.condition.down_bps);
    };
    const rebuild = theme => {
      plot = chart(data, state, places.curve, theme ?? (dark.matches ? "dark" : "light"));
      redraw();
    };
    const changed = change => () => {
      change();
      plot.setData(curves(data, state));
      redraw();
    };
    const rtt = slider("Round-trip time", {min: 1, max: state.furthest, step: 1, value: state.condition.rtt_s * 1e3},
                       changed(() => { state.condition.rtt_s = rtt.input.valueAsNumber / 1e3; }));
    const rate = (name, key) => {
      const control = slider(name, {min: 0, max: unlimited, step: 5, value: positionOf(state.condition[key])},
                             changed(() => { state.condition[key] = rateAt(control.input.valueAsNumber); }));
      return control;
    };
    const up = rate("Bandwidth up", "up_bps"), down = rate("Bandwidth down", "down_bps");
    const reset = element("button", {type: "button", onclick: () => {
      state.condition = {...data.usual_condition};
      rtt.input.value = state.condition.rtt_s * 1e3;
      up.input.value = positionOf(state.condition.up_bps);
      down.input.value = positionOf(state.condition.down_bps);
      changed(() => {})();
    }}, "As measured");
    places.controls.append(rtt.label, up.label, down.label, reset);
    rebuild();
    dark.addEventListener("change", () => rebuild());
    addEventListener("resize", () => plot.setSize({width: places.curve.clientWidth, height: 340}));
    addEventListener("beforeprint", () => rebuild("light"));
    addEventListener("afterprint", () => rebuild());
  }

  return {show};
})();
