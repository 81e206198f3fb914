#include "scenarios/sweep/shard_file.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "engine/base/json_file.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;

struct ShardFile {
  std::string path, name, design;
  Shard shard;
  std::size_t total = 0;
  std::vector<std::string> keys;
  std::vector<CellResult> cells;
  bool complete = false;

  auto kin() const { return std::tuple(design, shard.of, total); }
};

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

void read_header(ShardFile& file, const Json& line) {
  ObjectReader r(line, file.path);
  if (r.need<std::string>("type") != "shard") throw Error("{}: expected a shard", file.path);
  r.whole("schema_version", 1, sweep_schema_version);
  file.name = r.need<std::string>("name");
  file.design = r.need<std::string>("design");
  file.shard.of = r.whole<std::size_t>("of", 1, 1'000'000);
  file.shard.index = r.whole<std::size_t>("shard", 1, file.shard.of);
  file.total = r.need<std::size_t>("cells");
  file.keys = r.need<std::vector<std::string>>("keys");
  r.done();
}

CellResult read_cell(const Json& line, const ShardFile& file) {
  ObjectReader r(line, fmt::format("{}: line {}", file.path, file.cells.size() + 2));
  CellResult cell;
  cell.cell = r.need<std::size_t>("cell");
  cell.hash = r.need<std::string>("hash");
  cell.factors = r.at("factors");
  const Json* rows = r.find("rows");
  if (rows)
    cell.rows = dumped(*rows);
  else
    cell.reason = r.need<std::string>("reason");
  r.done();
  if (cell.cell >= file.total || !file.shard.has(cell.cell) || (rows && !rows->is_array()))
    throw Error("{}: cell {}: expected one of shard {}/{}, with rows", r.where(), cell.cell, file.shard.index,
                file.shard.of);
  return cell;
}

ShardFile read_shard(const std::string& path) {
  ShardFile file;
  file.path = path;
  std::istringstream text(engine::read_text_file(path));
  bool begun = false;
  for (std::string line; std::getline(text, line);) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() && begun && text.eof()) break;  // torn
    if (!json.is_object()) throw Error("{}: expected a shard, as splitwan sweep --shard I/N writes it", path);
    if (!std::exchange(begun, true))
      read_header(file, json);
    else if (json.contains("type"))
      file.complete = json["type"] == "end" && json.value("cells", Json()) == file.cells.size();
    else
      file.cells.push_back(read_cell(json, file));
  }
  if (!begun) throw Error("{}: expected a shard, found an empty file", path);
  return file;
}

const ShardFile& most_common(const std::vector<ShardFile>& files) {
  const auto kin = [&](const ShardFile& f) {
    return std::ranges::count_if(files, [&](const ShardFile& o) { return o.kin() == f.kin(); });
  };
  return *std::ranges::max_element(files, {}, kin);  // the first of those with as many
}

void expect_same(const CellResult& a, const CellResult& b, const std::string& file) {
  if (a.hash != b.hash || a.rows != b.rows || a.reason != b.reason)
    throw Error("{}: {}: another result than an earlier file's", file, label_of(b.cell, b.factors));
}

}  // namespace

std::string shard_text(const SweepResult& sweep, const Shard& shard) {
  std::string text = dumped({{"type", "shard"},
                             {"schema_version", sweep_schema_version},
                             {"name", sweep.name},
                             {"design", sweep.design},
                             {"shard", shard.index},
                             {"of", shard.of},
                             {"cells", sweep.total},
                             {"keys", sweep.keys}}) +
                     "\n";
  for (const CellResult& cell : sweep.cells) {
    Json line = {{"cell", cell.cell}, {"hash", cell.hash}, {"factors", cell.factors}};
    if (cell.ok())
      line["rows"] = Json::parse(cell.rows);
    else
      line["reason"] = cell.reason;
    text += dumped(line) + "\n";
  }
  return text + dumped({{"type", "end"}, {"cells", sweep.cells.size()}}) + "\n";
}

std::string Merged::trouble() const {
  std::vector<std::string> words;
  if (!lost.empty()) words.push_back(fmt::format("lost: shards {} of {}", fmt::join(lost, ", "), of));
  for (const auto& [shard, files] : repeated)
    words.push_back(fmt::format("repeated: shard {} in {}", shard, fmt::join(files, ", ")));
  if (!foreign.empty()) words.push_back(fmt::format("of another design: {}", fmt::join(foreign, ", ")));
  if (!incomplete.empty()) words.push_back(fmt::format("without their end: {}", fmt::join(incomplete, ", ")));
  return fmt::format("{}", fmt::join(words, "; "));
}

Merged merge_shards(const std::vector<std::string>& paths) {
  std::vector<ShardFile> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) files.push_back(read_shard(path));
  if (files.empty()) throw Error("expected shards");
  const ShardFile& common = most_common(files);
  Merged merged;
  merged.name = common.name;
  merged.design = common.design;
  merged.keys = common.keys;
  merged.total = common.total;
  merged.of = common.shard.of;
  std::map<std::size_t, std::vector<std::string>> of_shard;
  std::map<std::size_t, const CellResult*> cells;
  for (const ShardFile& file : files) {
    if (file.kin() != common.kin()) {
      merged.foreign.push_back(file.path);
      continue;
    }
    of_shard[file.shard.index].push_back(file.path);
    if (!file.complete) merged.incomplete.push_back(file.path);
    for (const CellResult& cell : file.cells)
      if (const auto [known, fresh] = cells.try_emplace(cell.cell, &cell); !fresh)
        expect_same(*known->second, cell, file.path);
  }
  for (std::size_t i = 1; i <= merged.of; ++i)
    if (!of_shard.contains(i) && i <= merged.total) merged.lost.push_back(i);
  for (const auto& [shard, names] : of_shard)
    if (names.size() > 1) merged.repeated.emplace_back(shard, names);
  for (const auto& [number, cell] : cells) merged.cells.push_back(*cell);
  return merged;
}

}  // namespace splitwan::scenarios
