#include "scenarios/sweep/run_sweep.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "engine/base/error.hh"
#include "engine/base/plain_text.hh"
#include "engine/base/units.hh"
#include "scenarios/jobs/child_run.hh"
#include "scenarios/jobs/content_hash.hh"
#include "scenarios/sweep/journal.hh"
#include "scenarios/sweep/play_cell.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

constexpr std::size_t most_remarks = 10;

class Sweep {
 public:
  Sweep(const SweepOptions& options, const SweepWatch& watch)
      : options_(options), watch_(watch), design_(read_design(options.design)), scenario_(design_) {
    result_.name = design_.name;
    result_.scenario = scenario_.file();
    result_.keys = design_.keys();
    if (!options.journal.empty()) journal_ = std::make_unique<Journal>(options.journal);
  }

  SweepResult run() {
    if (!scenario_.left_out().empty())
      watch_.remark(fmt::format("{}: its own sweep over {} is left out", scenario_.file(),
                                fmt::join(scenario_.left_out(), ", ")));
    if (journal_ && journal_->skipped() > 0)
      watch_.remark(
          fmt::format("{}: {} torn or strange lines are skipped", journal_->path(), journal_->skipped()));
    list_cells();
    refuse();
    if (!options_.check) play();
    return std::move(result_);
  }

 private:
  void list_cells() {
    std::vector<Json> cells = cells_of(design_);
    std::string all;
    bool alone = false;
    result_.total = cells.size();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      CellResult cell{i, "", std::move(cells[i]), "", ""};
      try {
        const Json whole = scenario_.of(cell.factors);
        cell.hash = scenario_.hash_of(whole);
        alone = alone || runs_alone(whole);
      } catch (const Error& e) {
        cell.reason = e.what();
      }
      all += cell.hash + cell.factors.dump() + "\n";
      if (options_.shard.has(i)) result_.cells.push_back(std::move(cell));
    }
    result_.design = content_hash(all);
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    result_.jobs = alone ? 1 : options_.jobs > 0 ? options_.jobs : cores;
    if (result_.cells.empty())
      throw Error("{}: shard {}/{} of {} cells holds none", options_.design, options_.shard.index,
                  options_.shard.of, result_.total);
  }

  bool is_known(const CellResult& cell) const { return journal_ && journal_->rows(cell.hash); }

  // Cells that the scenario's reader refuses are told at once; the others still run.
  void refuse() {
    std::vector<std::size_t> asked;
    std::vector<Json> factors;
    for (std::size_t i = 0; i < result_.cells.size(); ++i) {
      if (!result_.cells[i].ok() || is_known(result_.cells[i])) continue;
      asked.push_back(i);
      factors.push_back(result_.cells[i].factors);
    }
    for (const Refusal& one : refused_cells(scenario_, factors, watch_.stop))
      result_.cells[asked[one.cell]].reason = one.reason;
    std::vector<const CellResult*> refused;
    for (const CellResult& cell : result_.cells)
      if (!cell.ok()) refused.push_back(&cell);
    if (refused.empty()) return;
    if (refused.size() == result_.total)  // a shard of refused cells is a shard
      throw Error("{}: every cell is refused: {}", options_.design, refused[0]->reason);
    for (std::size_t i = 0; i < std::min(refused.size(), most_remarks); ++i)
      watch_.remark(fmt::format("{}: {}: {}", options_.design,
                                label_of(refused[i]->cell, refused[i]->factors),
                                engine::one_line(refused[i]->reason)));
    watch_.remark(
        fmt::format("{}: {} of {} cells are refused", options_.design, refused.size(), result_.cells.size()));
  }

  void play() {
    std::vector<CellResult*> todo;
    std::set<std::string> listed;
    for (CellResult& cell : result_.cells)
      if (cell.ok() && !is_known(cell) && listed.insert(cell.hash).second) todo.push_back(&cell);
    std::size_t done = result_.cells.size() - todo.size();
    std::size_t failed = 0;
    std::mutex mutex;  // done, failed, progress, result_.ran
    watch_.progress(done, result_.cells.size(), design_.name);
    run_parallel(todo.size(), result_.jobs, [&](std::size_t i) {
      if (watch_.stop()) return;
      CellResult& cell = *todo[i];
      Played played = play_cell(scenario_, cell.factors, watch_.stop);
      if (played.stopped) return;
      if (played.reason.empty() && scenario_.hash_of(scenario_.of(cell.factors)) != cell.hash)
        played = {.rows = "", .reason = "a file that it names changed while it ran"};
      if (played.reason.empty() && journal_) journal_->add(cell.hash, played.rows);
      cell.reason = std::move(played.reason);
      cell.rows = std::move(played.rows);
      const std::lock_guard lock(mutex);
      ++result_.ran;
      if (!cell.ok()) ++failed;
      watch_.progress(++done, result_.cells.size(),
                      failed > 0 ? fmt::format("{}, {} failed", design_.name, failed) : design_.name);
    });
    share(todo);
  }

  // To every cell what is known of its hash.
  void share(const std::vector<CellResult*>& todo) {
    std::unordered_map<std::string, const CellResult*> ran;
    for (const CellResult* cell : todo) ran[cell->hash] = cell;
    for (CellResult& cell : result_.cells) {
      if (!cell.ok() || !cell.rows.empty()) continue;
      if (const auto same = ran.find(cell.hash); same != ran.end()) {
        cell.rows = same->second->rows;
        cell.reason = same->second->reason;
      } else if (is_known(cell)) {
        cell.rows = *journal_->rows(cell.hash);
        ++result_.known;
      }
      if (cell.ok() && cell.rows.empty()) result_.stopped = true;
    }
  }

  const SweepOptions& options_;
  const SweepWatch& watch_;
  Design design_;
  SweptScenario scenario_;
  std::unique_ptr<Journal> journal_;
  SweepResult result_;
};

}  // namespace

Shard parse_shard(const std::string& text) {
  const auto parts = engine::parse_integers(text, '/');
  if (parts.size() != 2 || parts[1] < 1 || parts[1] > 1'000'000 || parts[0] < 1 || parts[0] > parts[1])
    throw Error("--shard '{}': expected I/N, as in 3/8: the third of eight", text);
  return {static_cast<std::size_t>(parts[0]), static_cast<std::size_t>(parts[1])};
}

SweepResult run_sweep(const SweepOptions& options, const SweepWatch& watch) {
  return Sweep(options, watch).run();
}

}  // namespace splitwan::scenarios
