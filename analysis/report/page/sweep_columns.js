"use strict";
// A sweep's rows, column by column, unpacked: what axes_of() and quantities_of() made of the table.
const sweepColumns = (() => {
  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const indices = p => p.u8 !== undefined ? bytes(p.u8) : p.u16 !== undefined ? new Uint16Array(bytes(p.u16).buffer) : new Uint32Array(bytes(p.u32).buffer);
  const unknownIn = at => 256 ** at.BYTES_PER_ELEMENT - 1;

  // Numbers (NaN: none) or words.
  function column(packed, rows) {
    if (packed.all !== undefined) return new Array(rows).fill(packed.all ?? NaN);
    if (packed.list) return packed.list.map(v => v ?? NaN);
    if (packed.of) return Array.from(indices(packed), i => packed.of[i]);
    return new Float64Array(bytes(packed.f64).buffer);
  }

  // -1: a row of a failed cell, on an axis that only runs tell.
  function placesOf(packed) {
    const at = indices(packed), none = unknownIn(at);
    return Int32Array.from(at, i => i === none ? -1 : i);
  }

  function read(data) {
    const failed = new Uint8Array(data.rows);
    for (const row of data.failed_rows) failed[row] = 1;
    return {
      rows: data.rows, failed, cells: column(data.cell_names, data.rows),
      axes: data.axes.map(a => ({...a, at: placesOf(a.at)})),
      quantities: data.quantities.map(q => ({...q, of: column(q.rows, data.rows)})),
      others: Object.entries(data.others).map(([name, packed]) => ({name, of: column(packed, data.rows)})),
    };
  }

  return {read};
})();
