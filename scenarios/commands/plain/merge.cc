#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/result.hh"
#include "scenarios/sweep/said.hh"
#include "scenarios/sweep/shard_file.hh"

namespace splitwan::scenarios {
namespace {

struct MergeCommand {
  std::vector<std::string> shards;
  std::string output;
  bool partial = false, json = false;
};

Json summary_of(const MergeCommand& o, const Merged& merged) {
  Json j = {{"schema_version", sweep_schema_version},
            {"kind", "merge"},
            {"name", merged.name},
            {"design", merged.design},
            {"shards", merged.of},
            {"cells", merged.total},
            {"missing", merged.total - merged.cells.size()},
            {"rows", rows_in(merged.cells)},
            {"lost", merged.lost},
            {"repeated", Json::array()},
            {"foreign", merged.foreign},
            {"incomplete", merged.incomplete},
            {"failed", failed_cells(merged.cells)},
            {"output", o.output}};
  for (const auto& [shard, files] : merged.repeated)
    j["repeated"].push_back({{"shard", shard}, {"files", files}});
  return j;
}

int run_merge(const MergeCommand& o) {
  engine::check_output(o.output, o.shards);
  if (!o.output.ends_with(".csv") && !o.output.ends_with(".jsonl"))
    throw engine::Error("{}: expected a table's name that ends in .csv or .jsonl", o.output);
  const Merged merged = merge_shards(o.shards);
  if (!merged.whole()) {
    if (!o.partial) throw engine::Error("merge: {} (--partial merges what there is)", merged.trouble());
    remark("splitwan: merge: {}", merged.trouble());
  }
  engine::write_file(o.output, table_text(o.output, merged.keys, merged.cells));
  const Json summary = summary_of(o, merged);
  remark_lines(failed_lines(merged.cells));
  if (o.json)
    fmt::print("{}\n", summary.dump(2, ' ', false, Json::error_handler_t::replace));
  else
    print_lines(fmt::format("{}: {} of {} cells, {} rows in {}, {} failed\n", merged.name,
                            merged.cells.size(), merged.total, summary["rows"].dump(), o.output,
                            summary["failed"].size()));
  return summary["failed"].empty() ? 0 : 2;
}

}  // namespace

void add_merge_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<MergeCommand>();
  command.add_option("SHARD", o->shards, "files that 'splitwan sweep --shard I/N' wrote, in any order")
      ->required();
  command.add_option("-o,--output", o->output, "the table: .csv or .jsonl, as an unsharded sweep writes it")
      ->required();
  command.add_flag("--partial", o->partial,
                   "merge what there is: lost, repeated, foreign and torn shards are named, no error");
  command.add_flag("--json", o->json, "print what was merged as one JSON object");
  command.callback([&chosen, o] { chosen = [o] { return run_merge(*o); }; });
}

}  // namespace splitwan::scenarios
