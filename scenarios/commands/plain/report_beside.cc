#include "scenarios/commands/plain/report_beside.hh"

#include <fmt/ranges.h>

#include <cstdio>
#include <filesystem>

#include "analysis/gate/records.hh"
#include "analysis/sides/sides.hh"
#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "scenarios/commands/plain/read_traces.hh"
#include "scenarios/console/result.hh"

namespace splitwan::scenarios {
namespace {

std::string short_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

}  // namespace

int run_beside(const BesideOptions& o) {
  if (o.traces.empty())
    throw engine::Error("report: --beside {}: expected a trace before it, found none", o.beside);
  auto inputs = o.traces;
  inputs.push_back(o.beside);
  engine::check_output(o.output, inputs);
  const auto records = [](const std::vector<std::string>& paths) {
    return analysis::records_of(read_traces(paths), analysis::Times::any);
  };
  engine::Json data = analysis::sides_data(records(o.traces), records({o.beside}));
  std::vector<std::string> names;
  for (const std::string& trace : o.traces) names.push_back(short_name(trace));
  data["names"] = {{"before", fmt::format("{}", fmt::join(names, ", "))}, {"now", short_name(o.beside)}};
  if (data["names"]["before"] == data["names"]["now"])
    data["names"] = {{"before", o.traces[0]}, {"now", o.beside}};
  if (!o.output.empty())
    engine::write_file(o.output, o.output.ends_with(".md") ? analysis::render_sides_markdown(data)
                                                           : analysis::render_sides_html(data));
  if (o.output == "-") return 0;
  show_result("", o.json, analysis::without_drawings(data), analysis::render_sides_markdown(data));
  return 0;
}

}  // namespace splitwan::scenarios
