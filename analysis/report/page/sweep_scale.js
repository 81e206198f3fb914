"use strict";
// How a sweep's numbers are laid out, coloured and written.
const sweepScale = (() => {
  const {fixed, amount, megabits} = page;
  // Viridis (matplotlib, CC0): even steps to the eye, told apart without red and green, in the light and in the dark.
  const stops = ["440154", "482878", "3e4a89", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"].map(hex => [0, 2, 4].map(i => parseInt(hex.slice(i, i + 2), 16)));
  const manyValues = 24, bins = 12;  // of an axis: more values than that are drawn in bins

  function colour(share) {
    const at = Math.max(0, Math.min(1, share)) * (stops.length - 1), low = Math.min(stops.length - 2, Math.floor(at));
    const [r, g, b] = stops[low].map((c, i) => Math.round(c + (stops[low + 1][i] - c) * (at - low)));
    const linear = c => (c / 255) ** 2.2, light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    return {fill: `rgb(${r},${g},${b})`, ink: light > 0.18 ? "#10131a" : "#fff"};
  }

  const digits = (value, count = 3) => value === 0 ? "0" : Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4 ? value.toExponential(count - 1).replace("e+", "e") :
    String(Math.abs(value) >= 10 ** count ? Math.round(value) : +value.toPrecision(count));
  const seconds = s => s === 0 ? "0" : Math.abs(s) < 1e-3 ? `${digits(s * 1e6)} µs` : Math.abs(s) < 1 ? `${digits(s * 1e3)} ms` : `${digits(s)} s`;
  // With its unit.
  function say(value, unit) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (unit === "s") return seconds(value);
    if (unit === "B") return amount(value);
    if (unit === "bit/s") return megabits(value);
    return unit === "share" ? `${fixed(value * 100, value < 0.1 ? 2 : 1)}\u00a0%` : digits(value);
  }

  const isLog = (low, high) => low > 0 && high / low > 30;

  // Of values: {marks, at(value) from 0 to 1}; `ratios`: even ratios where they are far apart.
  function scale(values, ratios = true) {
    const known = values.filter(v => Number.isFinite(v)), least = known.length ? Math.min(...chunked(known, Math.min)) : 0, most = known.length ? Math.max(...chunked(known, Math.max)) : 1;
    if (ratios && isLog(least, most)) {
      const marks = charts.decades(least, most, 8), width = Math.log(marks.at(-1) / marks[0]);
      return {log: true, marks, at: v => Math.log(v / marks[0]) / width};
    }
    const low = Math.min(0, least), high = most > low ? most : low + 1, rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(f => f * power).find(s => s >= rough * 0.9999), first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9);
    const marks = Array.from({length: last - first + 1}, (_, i) => +((first + i) * step).toPrecision(12));
    return {log: false, marks, at: v => (v - marks[0]) / (marks.at(-1) - marks[0])};
  }
  // Too many for one call's arguments.
  function chunked(values, best) {
    const out = [];
    for (let i = 0; i < values.length; i += 5000) out.push(best(...values.slice(i, i + 5000)));
    return out;
  }

  const written = text => text === "" ? "(not set)" : text;

  // An axis as it is drawn: {column, labels, numbers or null, at, unit, spacing, binned}.
  function axis(a) {
    const numbers = a.numbers?.every(n => n !== null) ? a.numbers : null;
    const labels = a.values.map(v => a.implied && numbers ? say(Number(v), a.unit) : written(v));
    if (!numbers || numbers.length <= manyValues) return {...a, labels, numbers, binned: false};
    const log = a.spacing === "log" && numbers[0] > 0, put = log ? Math.log : v => v, back = log ? Math.exp : v => v;
    const low = put(numbers[0]), width = (put(numbers.at(-1)) - low) / bins, edge = i => back(low + i * width);
    const binOf = numbers.map(n => Math.min(bins - 1, Math.floor((put(n) - low) / width)));
    const ids = Array.from({length: bins}, (_, i) => i);
    return {...a, binned: true, labels: ids.map(i => `${say(edge(i), a.unit)} to ${say(edge(i + 1), a.unit)}`), short: ids.map(i => say(edge(i + 0.5), a.unit)),
            numbers: ids.map(i => edge(i + 0.5)), spacing: log ? "log" : "even", at: a.at.map(i => i < 0 ? -1 : binOf[i])};
  }

  // Where an axis' values stand, from 0 to 1.
  function placing(a) {
    const count = a.labels.length, middle = i => count > 1 ? i / (count - 1) : 0.5;
    if (!a.numbers || a.spacing === "places" || count < 2) return middle;
    const put = a.spacing === "log" ? Math.log : v => v, low = put(a.numbers[0]), high = put(a.numbers.at(-1));
    return high > low ? i => (put(a.numbers[i]) - low) / (high - low) : middle;
  }

  return {colour, digits, say, isLog, scale, axis, placing};
})();
