"use strict";
// Sharded tokens: speed and bytes by shards, networks and drafters, beside local decoding and the closed form.
const cascadeStudy = (() => {
  const {element, fixed, amount, choice, table, dataBlock} = page;
  const distinct = values => [...new Set(values)], ordered = values => distinct(values).sort((a, b) => a - b);
  const speed = value => String(+value.toPrecision(3)), whole = value => value === null ? "–" : String(value);

  const differs = c => c.identical ? "yes" : c.first_difference ? `no, from ${c.first_difference.prompt}, token ${c.first_difference.token}` : "no";
  const counted = (name, title, say = whole) => ({name, title, value: c => c[name], text: c => say(c[name])});
  const columns = [
    {name: "network", title: "Network", value: c => c.network}, counted("alpha", "Shards (alpha)"), counted("c", "Cluster (c)"), counted("nodes", "Nodes"),
    {name: "drafter", title: "Decoding", value: c => c.drafter}, counted("tokens_per_s", "Tokens/s", speed), counted("tokens_per_step", "Tokens/step", v => fixed(v, 2)),
    counted("time_to_first_token_s", "First token, s", v => fixed(v, 3)), {name: "identical", title: "Text as local", value: differs},
    counted("max_logit_diff", "Logits differ by", v => v.toExponential(1)),
    counted("bytes", "Bytes among nodes", amount), counted("client_bytes", "Bytes with the client", amount),
    {name: "as_formula", title: "As the closed form", value: c => c.bytes === c.formula_bytes && c.client_bytes === c.client_formula_bytes ? "yes" : "no"},
    counted("messages", "Messages"), counted("hops", "Hops"), counted("hole_gap", "Hole gap"), counted("inside_gap", "Inside gap"),
  ];
  const everyColumn = [...columns, {name: "margin", title: "Margin there", value: c => c.first_difference?.margin ?? null, text: c => c.first_difference ? c.first_difference.margin.toExponential(1) : "–"},
    counted("formula_bytes", "Closed form among nodes"), counted("client_formula_bytes", "Closed form with the client")];

  // Cells of one cluster size and one drafter.
  function drawn(cells) {
    const alphas = ordered(cells.map(c => c.alpha)), networks = distinct(cells.map(c => c.network));
    const name = alpha => `${alpha} shards, ${cells.find(c => c.alpha === alpha).nodes} nodes`;
    const at = (alpha, network) => cells.find(c => c.alpha === alpha && c.network === network);
    // Over the networks: one value, or the mean with the least and the most.
    const over = (alpha, key) => {
      const values = cells.filter(c => c.alpha === alpha).map(c => c[key]), low = Math.min(...values), high = Math.max(...values);
      return low === high ? {value: low} : {value: values.reduce((a, b) => a + b) / values.length, low, high};
    };
    return [
      element("h3", {class: "part"}, "Tokens per second over each network"),
      charts.dots({label: "Tokens per second by network and shards", log: true, say: speed, groups: alphas.map(name),
                   rows: networks.map(network => ({name: network, marks: alphas.map(alpha => at(alpha, network)).map(c => c ? {value: c.tokens_per_s} : null)}))}),
      element("h3", {class: "part"}, "Bytes of all prompts and answers"),
      charts.dots({label: "Bytes by shards", log: true, say: amount, tick: amount, groups: ["among the nodes", "with the client"],
                   rows: alphas.map(alpha => ({name: name(alpha), marks: ["bytes", "client_bytes"].map(key => over(alpha, key))}))}),
      table(columns, cells),
    ];
  }

  function show(data, at) {
    const clusters = ordered(data.cells.map(c => c.c)), place = element("div", {});
    let cluster = clusters[0], drafter = data.cells[0].drafter;
    const same = values => values.map(v => [String(v), String(v)]);
    const choices = {
      cluster: choice("Consecutive tokens of one shard (c)", c => redraw(Number(c), drafter)),
      drafter: choice("Decoding", name => redraw(cluster, name)),
    };
    function redraw(c, name) {
      const here = data.cells.filter(cell => cell.c === c), drafters = distinct(here.map(cell => cell.drafter));
      cluster = c;
      drafter = drafters.includes(name) ? name : drafters[0];
      choices.cluster.offer(same(clusters), String(cluster));
      choices.drafter.offer(same(drafters), drafter);
      place.replaceChildren(...drawn(here.filter(cell => cell.drafter === drafter)));
    }
    at.append(element("div", {class: "choices"}, ...Object.values(choices).map(c => c.label)), place,
              dataBlock(everyColumn, data.cells, "splitwan-cascade.csv", "Data table, every cell"));
    redraw(cluster, drafter);
  }

  return {show};
})();
