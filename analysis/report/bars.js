"use strict";
// Building blocks of the page: elements, formatted numbers, tables with a CSV download, stacked bars.
const page = (() => {
  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value);
    }
    node.append(...children.filter(child => child !== null));
    return node;
  }

  const fixed = (value, digits) => value === null ? "–" : value.toFixed(digits);
  const ms = seconds => seconds === null ? "–" : fixed(seconds * 1e3, seconds < 0.01 ? 2 : 1);
  const percent = fraction => fraction === null ? "–" : `${fraction > 0 ? "+" : ""}${fixed(fraction * 100, 2)}\u00a0%`;
  const size = fraction => fraction === null ? "–" : `${fixed(Math.abs(fraction) * 100, 2)}\u00a0%`;
  const megabits = bps => bps === null ? "unlimited" : `${+(bps / 1e6).toPrecision(3)} Mbit/s`;

  // Up and down.
  function bandwidth(c) {
    if (c.up_bps === c.down_bps) return megabits(c.up_bps);
    return c.up_bps === null || c.down_bps === null ? `${megabits(c.up_bps)} / ${megabits(c.down_bps)}` :
      `${+(c.up_bps / 1e6).toPrecision(3)}/${megabits(c.down_bps)}`;
  }
  function condition(c) {
    if (c.network === "sockets") return "live connection";
    return `${+(c.rtt_s * 1e3).toPrecision(4)} ms · ${bandwidth(c)}` + (c.loss > 0 ? ` · ${+(c.loss * 100).toPrecision(3)} % loss` : "");
  }

  // columns: [{name (CSV, SI), title, value(row), text(row)}]
  function table(columns, rows) {
    const numeric = column => rows.every(row => typeof column.value(row) !== "string");
    const align = columns.map(column => numeric(column) ? "number" : "text");
    return element("div", {class: "scroll", tabindex: "0"}, element("table", {},
      element("thead", {}, element("tr", {}, ...columns.map((c, i) => element("th", {scope: "col", class: align[i]}, c.title)))),
      element("tbody", {}, ...rows.map(row => element("tr", {}, ...columns.map((c, i) =>
        element("td", {class: align[i]}, c.text ? c.text(row) : String(c.value(row)))))))));
  }

  function csv(columns, rows) {
    const cell = value => value === null ? "" : typeof value === "string" ? `"${value.replaceAll('"', '""')}"` : String(value);
    return [columns.map(c => c.name), ...rows.map(row => columns.map(c => cell(c.value(row))))].map(line => line.join(",")).join("\n") + "\n";
  }

  function download(name, text) {
    const link = element("a", {href: URL.createObjectURL(new Blob([text], {type: "text/csv"})), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  const csvButton = (columns, rows, file) =>
    element("button", {type: "button", onclick: () => download(file, csv(columns, rows))}, "Download CSV");

  // The numbers behind a chart.
  function dataBlock(columns, rows, file) {
    return element("details", {}, element("summary", {}, "Data table"), csvButton(columns, rows, file), table(columns, rows));
  }

  const parts = [
    {key: "round_trip", title: "Round trips", seconds: s => s.network_s - s.wire_s},
    {key: "wire", title: "Wire", seconds: s => s.wire_s},
    {key: "client", title: "Client", seconds: s => s.client_s},
    {key: "server", title: "Server", seconds: s => s.server_s},
    {key: "overhead", title: "Overhead", seconds: s => s.overhead_s},
  ];

  function bars(results) {
    const known = results.filter(r => r.step.total_s !== null);
    const longest = Math.max(...known.map(r => r.step.total_s));
    const legend = element("ul", {class: "legend"}, ...parts.map(p => element("li", {}, element("i", {class: `swatch ${p.key}`}), p.title)));
    const block = element("div", {class: "bars"}, legend);
    let last = null;
    for (const r of known) {
      if (condition(r) !== last) block.append(element("h3", {}, last = condition(r)));
      const segments = parts.map(p => {
        const seconds = Math.max(0, p.seconds(r.step)), share = seconds / longest;
        return element("span", {class: `segment ${p.key}`, style: `width:${share * 100}%`, title: `${p.title}: ${ms(seconds)} ms`},
                       share > 0.06 ? ms(seconds) : "");
      });
      block.append(element("div", {class: "bar"}, element("span", {class: "bar-name"}, r.drafter),
        element("span", {class: "track"}, ...segments), element("span", {class: "bar-total"}, `${ms(r.step.total_s)} ms`)));
    }
    return block;
  }

  return {element, fixed, ms, percent, size, megabits, bandwidth, condition, table, csvButton, dataBlock, parts, bars};
})();
