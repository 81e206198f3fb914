"use strict";
// Every system over every link: how fast, how many bytes, what others read of it, and what is proved.
const systemsStudy = (() => {
  const {element, fixed, amount, choice, table, dataBlock} = page;
  const known = value => value !== null && value !== undefined;
  const share = value => known(value) ? `${fixed(value * 100, 1)}\u00a0%` : "–";
  const within = (ends, say) => known(ends) ? ` (${say(ends[0])} to ${say(ends[1])})` : "";
  const speed = value => String(+value.toPrecision(3));
  const attacks = r => known(r.attack) ? r.attack.replaceAll("_", " ") : "–";
  const sendsNothing = r => r.parties === 0;

  const columns = {
    system: {name: "system", title: "System", value: r => r.system},
    link: {name: "link", title: "Link", value: r => r.link},
    speed: {name: "tokens_per_s", title: "Tokens/s", value: r => r.tokens_per_s, text: r => speed(r.tokens_per_s)},
    bytes: {name: "bytes_per_token", title: "Bytes a token", value: r => r.bytes_per_token, text: r => amount(r.bytes_per_token)},
    exact: {name: "exact", title: "Text as local", value: r => r.exact ? "yes" : "no"},
    perplexity: {name: "perplexity", title: "Perplexity (90\u00a0%)", value: r => r.perplexity, text: r => known(r.perplexity) ? `${fixed(r.perplexity, 1)}${within(r.perplexity_ci90, v => fixed(v, 1))}` : "the model’s own"},
    found: {name: "attack_success", title: "Found (90\u00a0%)", value: r => r.attack_success, text: r => `${share(r.attack_success)}${within(r.attack_success_ci90, v => fixed(v * 100, 1))}`},
    cost: {name: "attack_passes_per_token", title: "Forwards a token", value: r => r.attack_passes_per_token, text: r => fixed(r.attack_passes_per_token, 1)},
    epsilon: {name: "epsilon", title: "Epsilon", value: r => r.epsilon, text: r => known(r.epsilon) ? fixed(r.epsilon, 1) : "none"},
    parties: {name: "parties", title: "Parties", value: r => r.parties, text: r => String(r.parties)},
    apart: {name: "non_colluding", title: "Must not collude", value: r => r.non_colluding, text: r => String(r.non_colluding)},
    drafter: {name: "drafter", title: "Decoding", value: r => r.drafter},
    first: {name: "time_to_first_token_s", title: "First token, s", value: r => r.time_to_first_token_s, text: r => fixed(r.time_to_first_token_s, 3)},
    attack: {name: "attack", title: "Strongest attack", value: attacks},
  };
  const {link: _, ...ofOneLink} = columns;
  const ends = key => [0, 1].map(i => ({name: `${key}_${i ? "high" : "low"}`, title: i ? "to" : "from", value: r => r[`${key}_ci90`]?.[i] ?? null, text: r => fixed(r[`${key}_ci90`]?.[i], 3)}));
  const everything = [...Object.values(columns), ...ends("perplexity"), ...ends("attack_success"), {name: "own_share", title: "Own tokens", value: r => r.own_share ?? null, text: r => share(r.own_share)}];

  function speeds(data) {
    const at = (system, link) => data.rows.find(r => r.system === system && r.link === link);
    const mark = row => row ? {value: row.tokens_per_s} : null;
    return charts.dots({label: "Tokens per second by system and link", log: true, say: speed, groups: data.links,
                        rows: data.systems.map(({system}) => ({name: system, marks: data.links.map(link => mark(at(system, link)))}))});
  }

  const told = r => `${r.system}: ${speed(r.tokens_per_s)} tokens/s, ${amount(r.bytes_per_token)} a token, ${share(r.attack_success)} found${within(r.attack_success_ci90, share)} by ${attacks(r)}`;

  function speedAndLeak(rows, names, width) {
    const attacked = rows.filter(r => known(r.attack)), here = rows.filter(sendsNothing);
    const silent = rows.filter(r => !known(r.attack) && !sendsNothing(r));
    const left = silent.length ? [element("p", {class: "range"}, `Not attacked, so not drawn: ${silent.map(r => r.system).join("; ")}.`)] : [];
    const drawn = [...attacked, ...here];
    if (!drawn.length) return left;
    const field = leakField.draw({found: attacked.map(r => r.attack_success_ci90[1]), values: drawn.map(r => r.tokens_per_s), up: "tokens per second",
                                  label: "Tokens per second against the share of tokens found", width});
    here.forEach((r, i) => field.level(r.tokens_per_s, i, `${r.system}: nothing is sent`));
    attacked.forEach(r => field.put(r, r.tokens_per_s, null, names.indexOf(r.system), told(r)));
    return [privacyChart.names("Systems", names), element("div", {class: "privacy-chart"}, field.root), ...left];
  }

  function show(data, at) {
    let link = data.links[Math.floor(data.links.length / 2)];
    const names = data.systems.filter(s => known(s.attack)).map(s => s.system), chart = element("div", {}), rows = element("div", {});
    const here = () => data.rows.filter(r => r.link === link);
    const drawChart = () => chart.replaceChildren(...speedAndLeak(here(), names, Math.max(320, at.clientWidth)));
    const redraw = () => {
      drawChart();
      rows.replaceChildren(table(Object.values(ofOneLink), here()));
    };
    const links = choice("Link", wanted => {
      link = wanted;
      redraw();
    });
    links.offer(data.links.map(l => [l, l]), link);
    at.append(element("h3", {class: "part"}, "Tokens per second over each link"), speeds(data),
              element("h3", {class: "part"}, "Speed against what the strongest attack found"), element("div", {class: "choices"}, links.label), chart, rows,
              dataBlock(everything, data.rows, "splitwan-systems.csv", "Data table, every link"));
    redraw();
    addEventListener("resize", drawChart);
  }

  return {show};
})();
