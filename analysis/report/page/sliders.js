"use strict";
// The network that is asked about, and the sliders that set it.
const sliders = (() => {
  const {element, megabits} = page;
  const unlimited = 1000;  // position of the rate sliders' right end
  const lossSteps = [0, 0.00001, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05];
  const jitterSteps = [0, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05];

  // Slider positions 0..999 are 1 Mbit/s to 10 Gbit/s in even ratios; 1000 is no limit.
  const rateAt = position => position >= unlimited ? null : 1e6 * 10 ** (position / 250);
  const positionOf = bps => bps === null ? unlimited : Math.max(0, Math.min(999, Math.log10(bps / 1e6) * 250));

  const tidy = value => +value.toPrecision(4);
  const percent = share => `${tidy(share * 100)} %`;

  function slider(name, attributes, {read, write, text}) {
    const output = element("output", {}), input = element("input", {type: "range", ...attributes});
    return {input, label: element("label", {}, element("span", {}, name), input, output),
            changed() { write(input.valueAsNumber); },
            show() {
              const position = read();
              if (Math.abs(input.valueAsNumber - position) > Number(input.step) / 2) input.value = position;
              output.value = text();
              input.setAttribute("aria-valuetext", text());
            }};
  }

  // A few fixed values, and the one that was there. What is set holds both ways; `ways`: keys that say otherwise.
  function stepped(name, state, key, ways, steps, text) {
    const values = [...new Set([...steps, state.condition[key] ?? 0])].sort((a, b) => a - b);
    return slider(name, {min: 0, max: values.length - 1, step: 1}, {
      read: () => values.indexOf(state.condition[key] ?? 0), write: at => {
        if (values[at] === (state.condition[key] ?? 0)) return;
        state.condition[key] = values[at];
        for (const way of ways) delete state.condition[way];
      },
      text: () => {
        const [up, down] = ways.map(way => state.condition[way]);
        return up === undefined ? text(state.condition[key] ?? 0) : `${text(up)} up, ${text(down)} down`;
      }});
  }

  function rate(name, state, key) {
    return slider(name, {min: 0, max: unlimited, step: 5}, {
      read: () => positionOf(state.condition[key]), write: at => { state.condition[key] = rateAt(at); },
      text: () => megabits(state.condition[key])});
  }

  // state: {condition, usual, acceptance, promptClass, furthest}. Calls onchange() after each change.
  function controls(state, classes, onchange) {
    const all = [
      slider("Round-trip time", {min: 1, max: state.furthest, step: 1}, {
        read: () => Math.round(state.condition.rtt_s * 1e3), write: at => { state.condition.rtt_s = at / 1e3; },
        text: () => `${tidy(state.condition.rtt_s * 1e3)} ms`}),
      rate("Bandwidth up", state, "up_bps"),
      rate("Bandwidth down", state, "down_bps"),
      stepped("Loss", state, "loss", ["loss_up", "loss_down"], lossSteps, percent),
      stepped("Jitter", state, "jitter_s", ["jitter_up_s", "jitter_down_s"], jitterSteps, s => `${tidy(s * 1e3)} ms`),
      slider("Guesses that hold", {min: 0, max: 200, step: 5}, {
        read: () => Math.round(state.acceptance * 100), write: at => { state.acceptance = at / 100; },
        text: () => state.acceptance === 1 ? "as measured" : `${Math.round(state.acceptance * 100)} % of measured`}),
    ];
    const show = () => all.forEach(s => s.show());
    all.forEach(s => s.input.addEventListener("input", () => {
      s.changed();
      show();
      onchange();
    }));
    const choice = element("select", {onchange: () => {
      state.promptClass = choice.value;
      onchange();
    }}, element("option", {value: ""}, "all"), ...classes.map(name => element("option", {value: name}, name)));
    const reset = element("button", {type: "button", onclick: () => {
      Object.assign(state, {condition: {...state.usual}, acceptance: 1, promptClass: ""});
      choice.value = "";
      show();
      onchange();
    }}, "As measured");
    show();
    const prompts = element("label", {class: "choice"}, element("span", {}, "Prompts"), choice);
    return {nodes: [...all.map(s => s.label), element("div", {class: "last"}, ...(classes.length > 1 ? [prompts] : []), reset)], show};
  }

  return {controls};
})();
