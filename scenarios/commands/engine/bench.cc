#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/base/units.hh"
#include "engine/checkpoint/known_models.hh"
#include "engine/kernels/kernels.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/machine.hh"
#include "scenarios/read/scenario_options.hh"
#include "scenarios/run/bench.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

struct BenchOptions {
  ScenarioOptions keys;  // threads
  std::string model, geometry, storage = "auto", rows, prefill, profile;
  int context = 512, repetitions = 7;
  bool last_logits = false, json = false;
};

std::vector<int> parse_counts(const std::string& text, const char* option, int most) {
  if (text == "none") return {};
  auto counts = engine::parse_integers(text, ',');
  for (const int n : counts)
    if (n < 1 || n > most) throw Error("--{} {}: expected numbers from 1 to {}", option, text, most);
  if (counts.empty()) throw Error("--{} '{}': expected numbers joined by commas, as in 1,4", option, text);
  return counts;
}

// What the measured machine would cost per layer, for replays: base from one row, slope from the longest
// prompt.
Json profile_of(const Json& result, const engine::ModelConfig& c, const std::string& source) {
  const auto us = [](double ms) { return fmt::format("{:.1f}us", ms * 1e3); };
  const Json& decode = result["decode"].at(0);
  const Json& prefill = result["prefill"].back();
  const double layer = decode["layers_ms"].get<double>() / c.layers;
  const double row = prefill["layers_ms"].get<double>() / c.layers / prefill["rows"].get<double>();
  const int ends = std::max(1, std::min(2, (c.layers - 1) / 2));
  const auto phase = [&](int layers, double more) {
    return Json{{"base", us(layers * layer + more)}, {"per_row", us(layers * row)}};
  };
  return {{"name", source},
          {"source", "measured by splitwan bench: " + source},
          {"geometry", engine::geometry(c)},
          {"split", {{"head", ends}, {"tail", ends}}},
          {"wire", "f16"},
          {"phases",
           {{"head", phase(ends, 0)},
            {"middle", phase(c.layers - 2 * ends, 0)},
            {"tail", phase(ends, decode["logits_ms"].get<double>())}}}};
}

std::string table(const Json& out) {
  std::string text = fmt::format(
      "{} threads, {}; memory reads {:.1f} GB/s, f32 matrix products {:.0f} GFLOP/s\n"
      "storage  rows     ms/step   spread  layers ms  logits ms  of bandwidth\n",
      out["threads"].dump(), out["isa"].get<std::string>(),
      out["memory_bandwidth_bytes_per_s"].get<double>() / 1e9, out["gemm_flops_per_s"].get<double>() / 1e9);
  for (const Json& d : out["decode"])
    text += fmt::format("{:<7} {:>5} {:>11.3f} {:>7.1f}% {:>10.3f} {:>10.3f} {:>12.0f}%\n",
                        d["storage"].get<std::string>(), d["rows"].get<int>(), d["ms_per_step"].get<double>(),
                        d["spread"].get<double>() * 100, d["layers_ms"].get<double>(),
                        d["logits_ms"].get<double>(), d["bandwidth_share"].get<double>() * 100);
  text += "storage  prompt       ms   spread   of matrix product peak\n";
  for (const Json& p : out["prefill"])
    text += fmt::format("{:<7} {:>5} {:>11.2f} {:>7.1f}% {:>22.0f}%\n", p["storage"].get<std::string>(),
                        p["rows"].get<int>(), p["ms"].get<double>(), p["spread"].get<double>() * 100,
                        p["gemm_share"].get<double>() * 100);
  return text;
}

int bench_command(const BenchOptions& o) {
  engine::check_output(o.profile);
  Scenario s;
  o.keys.read(s, "bench");
  BenchPlan plan;
  if (!o.rows.empty()) plan.rows = parse_counts(o.rows, "rows", 256);
  if (!o.prefill.empty()) plan.prefill = parse_counts(o.prefill, "prefill", 4096);
  plan.context = o.context;
  plan.threads = s.threads;
  plan.repetitions = o.repetitions;
  plan.all_logits = !o.last_logits;
  if (o.model.empty() == o.geometry.empty()) throw Error("expected either --model DIR or --geometry NAME");
  std::vector<engine::Storage> storages;
  for (const std::string& name : engine::split_list(o.storage))
    storages.push_back(engine::storage_named(name));
  if (!o.profile.empty() && (plan.rows.empty() || plan.prefill.empty()))
    throw Error("--profile-out needs decode rows and a prompt to measure");

  const Machine here = this_machine(s.threads);
  Json out = {{"schema_version", 1},
              {"model", o.model.empty() ? "random " + o.geometry : o.model},
              {"threads", s.threads},
              {"isa", engine::kernels::best().name},
              {"machine", to_json(machine(s.threads))},
              {"memory_bandwidth_bytes_per_s", 0},
              {"gemm_flops_per_s", 0},
              {"context", plan.context},
              {"logits", plan.all_logits ? "every row" : "last row"},
              {"decode", Json::array()},
              {"prefill", Json::array()},
              {"storages", Json::array()}};
  std::optional<engine::ModelConfig> shape;
  if (o.model.empty()) {
    shape = engine::model_named(o.geometry);
    for (const engine::Storage storage : storages) check_fits(o.geometry, *shape, storage, free_memory());
  }
  for (const engine::Storage storage : storages) {
    const auto dtype = storage == engine::Storage::bf16  ? engine::DType::bf16
                       : storage == engine::Storage::f16 ? engine::DType::f16
                                                         : engine::DType::f32;
    engine::Checkpoint checkpoint =
        shape ? engine::Checkpoint::random(*shape, dtype) : engine::Checkpoint(o.model);
    const auto& c = checkpoint.config();
    const int longest = std::max(
        plan.context, plan.prefill.empty() ? 0 : *std::max_element(plan.prefill.begin(), plan.prefill.end()));
    const int widest = plan.rows.empty() ? 0 : *std::max_element(plan.rows.begin(), plan.rows.end());
    if (longest + widest > c.context)
      throw Error("{}: a context of {} holds no {} tokens and a step of {} rows",
                  out["model"].get<std::string>(), c.context, longest, widest);
    Progress progress;
    Json result = bench(checkpoint, storage, plan, here, [&](std::size_t done, std::size_t total) {
      progress.show(done, total, std::string(name_of(storage)));
    });
    for (const char* list : {"decode", "prefill"})
      for (const Json& item : result[list]) out[list].push_back(item);
    if (!o.profile.empty() && storage == storages[0])
      engine::write_file(o.profile,
                         profile_of(result, c,
                                    fmt::format("{}, {}, {} threads", out["model"].get<std::string>(),
                                                name_of(storage), s.threads))
                                 .dump(2) +
                             "\n");
    for (const char* list : {"decode", "prefill"}) result.erase(list);
    for (const char* rate : {"memory_bandwidth_bytes_per_s", "gemm_flops_per_s"})  // the mean over storages
      out[rate] = out[rate].get<double>() + result[rate].get<double>() / static_cast<double>(storages.size());
    out["storages"].push_back(std::move(result));
  }
  fmt::print("{}", o.json ? out.dump() + "\n" : table(out));
  return 0;
}

}  // namespace

void add_bench_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<BenchOptions>();
  command.add_option("--model", o->model, "model folder");
  command.add_option("--geometry", o->geometry,
                     "instead: random weights shaped like a config.json or its folder, or like " +
                         engine::known_models() + "; with its first layers only as in mistral-7b-4l");
  command.add_option("--storage", o->storage, schema_key("storage").type + "; several joined by commas")
      ->capture_default_str();
  command.add_option("--rows", o->rows, "rows per decode step, as in 1,4 (default 1,2,4,8,16,32; none)");
  command.add_option("--prefill", o->prefill, "prompt lengths (default 128,512; none)");
  command.add_option("--context", o->context, "tokens in the cache before a decode step")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 20));
  o->keys.add(command, "threads");
  command.add_option("--repetitions", o->repetitions, "rounds over all sizes; the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command.add_flag("--last-logits", o->last_logits, "logits of a step's last row only, as some programs do");
  command.add_option("--profile-out", o->profile, "write the measured costs as a profile for replays");
  command.add_flag("--json", o->json, "print one JSON object");
  command.callback([o, &chosen] { chosen = [o] { return bench_command(*o); }; });
}

}  // namespace splitwan::scenarios
