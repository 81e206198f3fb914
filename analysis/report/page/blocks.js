"use strict";
// Building blocks of the page: elements, formatted numbers, tables with a CSV download.
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

  const fixed = (value, digits) => value === null || value === undefined ? "–" : value.toFixed(digits);
  const ms = seconds => seconds === null ? "–" : fixed(seconds * 1e3, seconds < 0.01 ? 2 : 1);
  const percent = fraction => fraction === null ? "–" : `${fraction > 0 ? "+" : ""}${fixed(fraction * 100, 2)}\u00a0%`;
  const size = fraction => fraction === null ? "–" : `${fixed(Math.abs(fraction) * 100, 2)}\u00a0%`;
  const megabits = bps => bps === null ? "unlimited" : `${+(bps / 1e6).toPrecision(3)} Mbit/s`;

  // Up and down.
  function bandwidth(c) {
    if (c.live && c.up_bps === null && c.down_bps === null) return "rate unknown";
    if (c.up_bps === c.down_bps) return megabits(c.up_bps);
    return c.up_bps === null || c.down_bps === null ? `${megabits(c.up_bps)} / ${megabits(c.down_bps)}` :
      `${+(c.up_bps / 1e6).toPrecision(3)}/${megabits(c.down_bps)}`;
  }
  // Where the ways differ, both: a mean would hide that.
  const ways = (mean, up, down, scale) => (up === undefined ? [mean] : [up, down]).map(x => +(x * scale).toPrecision(3)).join("/");
  const loss = c => c.loss_up === undefined ? size(c.loss ?? null) : `${fixed(c.loss_up * 100, 2)}/${size(c.loss_down)}`;
  const jitter = c => `${ways(c.jitter_s ?? 0, c.jitter_up_s, c.jitter_down_s, 1e3)} ms jitter`;
  // Nobody stated this link, and it was not measured either.
  const unknownLink = c => Boolean(c.live) && !c.rtt_s;
  function condition(c) {
    if (unknownLink(c)) return "live connection";
    return [`${+(c.rtt_s * 1e3).toPrecision(4)} ms`, bandwidth(c), ...(c.loss > 0 ? [`${ways(c.loss, c.loss_up, c.loss_down, 100)} % loss`] : []), ...(c.jitter_s > 0 ? [jitter(c)] : []),
            ...(c.also ?? []), ...(c.apart ?? []), ...(c.unfit ?? [])].join(" · ");
  }
  // Everything that the model follows of a link but its round-trip time: what is equal here may be one curve's.
  const linkOf = c => JSON.stringify([c.up_bps, c.down_bps, c.loss ?? 0, c.loss_up, c.jitter_s ?? 0, c.jitter_up_s, c.details, c.unfit]);

  // columns: [{name (CSV, SI), title, value(row), text(row)}]
  function table(columns, rows) {
    const numeric = column => column.text !== undefined && rows.every(row => typeof column.value(row) !== "string");
    const align = columns.map(column => numeric(column) ? "number" : "text");
    return element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "table"}, element("table", {},
      element("thead", {}, element("tr", {}, ...columns.map((c, i) => element("th", {scope: "col", class: align[i]}, c.title)))),
      element("tbody", {}, ...rows.map(row => element("tr", {}, ...columns.map((c, i) =>
        element("td", {class: align[i]}, c.text ? c.text(row) : String(c.value(row)))))))));
  }

  function csv(columns, rows) {
    // A spreadsheet would run a text that begins with = + - or @.
    const tame = text => /^[=+\-@\t\r]/.test(text) && !(text.trim() !== "" && Number.isFinite(Number(text))) ? `'${text}` : text;
    const cell = value => value === null || value === undefined ? "" : typeof value === "string" ? `"${tame(value).replaceAll('"', '""')}"` : String(value);
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
  function dataBlock(columns, rows, file, title = "Data table") {
    return element("details", {}, element("summary", {}, title), csvButton(columns, rows, file), table(columns, rows));
  }

  // A labelled choice; options: [[value, text]].
  function choice(name, onchange) {
    const select = element("select", {onchange: () => onchange(select.value)});
    return {label: element("label", {class: "choice"}, element("span", {}, name), select), offer(options, chosen) {
      select.replaceChildren(...options.map(([value, text]) => element("option", {value}, text)));
      select.value = chosen;
    }};
  }

  // Three digits, in decimal units.
  function amount(bytes) {
    const units = ["B", "kB", "MB", "GB", "TB"], power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3 + 1e-9));
    return `${+(bytes / 1e3 ** power).toPrecision(3)}\u00a0${units[power]}`;
  }

  const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const legend = items => element("ul", {class: "legend"}, ...items.map(([name, mark]) =>
    element("li", {}, element("i", {class: `swatch ${mark}`}), name)));

  return {element, fixed, ms, percent, size, count, megabits, bandwidth, loss, unknownLink, linkOf, condition, table, csvButton, dataBlock, csv, download, choice, amount, legend};
})();
