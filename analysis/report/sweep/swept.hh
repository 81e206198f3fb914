// A sweep's table, arranged for people: a section of a report.
#pragma once

#include "analysis/report/sweep/axes.hh"

namespace splitwan::analysis {

struct Sweep {
  SweepTable table;
  std::vector<SweepAxis> axes;
  std::vector<Quantity> quantities;  // of failed cells: none
};
Sweep arranged(SweepTable);

// {schema_version, kind: "sweep", heading, title, about, remarks, rows, cells, failed, axes, quantities,
// constants, failures, best, front}: scenarios/README.md says what each holds.
engine::Json swept_data(const Sweep&);
// The same with every row, column by column and packed: what page/sweep_columns.js reads.
engine::Json with_columns(engine::Json swept, const Sweep&);

}  // namespace splitwan::analysis
