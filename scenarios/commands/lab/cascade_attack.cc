#include "scenarios/commands/lab/cascade_attack.hh"

#include <fmt/format.h>

#include <cstdio>

#include "analysis/attacks/mechanism/attack_rows.hh"
#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/result.hh"
#include "scenarios/console/signal_watch.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;

// Adds what was measured on texts.
void measure_on_texts(const CascadeOptions& o, Json& result) {
  if (o.documents.empty()) throw Error("--documents: expected a file of texts to attack, found none");
  const attacks::Pieces pieces(o.model);
  const auto& config = pieces.config();
  attacks::CascadeExam exam{.what = o.what, .gaps = o.gaps, .budget = o.budget, .seed = o.seed};
  exam.layer = std::max(1, o.what.head_layers);
  if (exam.layer + o.what.tail_layers >= config.layers)
    throw Error("--head-layers, --tail-layers: {} has {} layers, expected one or more between", o.model,
                config.layers);
  for (auto& text :
       attacks::held_out_texts(o.documents, *engine::load_tokenizer(o.model), config, o.texts, o.text_tokens))
    exam.texts.push_back(std::move(text.ids));
  attacks::one_thread_per_operation();
  const SignalWatch watch;
  Progress progress;
  attacks::Workers workers(
      o.threads, [] { return SignalWatch::received() != 0; },
      [&](double done, double total, const std::string& job) {
        progress.show(static_cast<std::size_t>(done), static_cast<std::size_t>(total), job);
      });
  workers.expect(attacks::jobs_of(exam));
  const attacks::CascadeKnowledge knows(pieces, exam.layer, o.seed);
  result["model"] = {{"path", o.model},
                     {"layers", config.layers},
                     {"width", config.width},
                     {"vocabulary", config.vocabulary}};
  result["documents"] = {{"file", o.documents}, {"texts", exam.texts.size()}, {"text_tokens", o.text_tokens}};
  result["holes"] = attacks::measured_holes(exam, knows, workers);
  result["leaks"] = attacks::measured_leaks(exam, knows, workers);
}

}  // namespace

void add_cascade_options(CLI::App& command, CascadeOptions& o) {
  auto* flag = command.add_flag("--cascade", o.asked,
                                "no scenario: what the parties of a token-sharded model see and read");
  const auto add = [&](const char* name, auto& value, const char* help) {
    return command.add_option(name, value, help)->capture_default_str()->needs(flag);
  };
  add("--alpha", o.what.sharding.alpha, "shards: so many CompNodes, and an AttnNode for each pair");
  add("--cluster", o.what.sharding.cluster, "tokens that stay together");
  command
      .add_flag("--aggregator", o.what.sharding.aggregator,
                "a party of its own merges partial results, not the CompNodes")
      ->needs(flag);
  add("--public-prefix", o.what.public_prefix, "K: the first alpha * cluster * K tokens are public");
  add("--tokens", o.what.tokens, "of the sequence whose views are listed");
  add("--head-layers", o.what.head_layers, "first layers that the client runs");
  add("--tail-layers", o.what.tail_layers, "last layers that the client runs");
  add("--collude", o.what.collude, "nodes that put their views together");
  command
      .add_option("--min-hole-gap", o.min_hole_gap,
                  "exit with 1 when the largest inner gap of the worst view is smaller")
      ->needs(flag);
  add("--model", o.model, "attack real rows of this model; without: what is seen only");
  add("--documents", o.documents, "held-out texts for that, such as scenarios/attack-documents.json");
  add("--texts", o.texts, "of them")->check(CLI::Range(2, 100000));
  add("--text-tokens", o.text_tokens, "of each")->check(CLI::Range(4, 65536));
  add("--gaps", o.gaps, "index gaps that are bridged by trying")->delimiter(',')->check(CLI::Range(1, 16));
  add("--search-budget", o.budget, "token forwards of one search, at most")->check(CLI::Range(1, 1 << 22));
  add("--seed", o.seed, "of the attacker's texts and of the intervals");
  add("--threads", o.threads, "compute threads; the figures stay the same")->check(CLI::Range(1, 1024));
}

int attack_cascade(const CascadeOptions& o) {
  Json result = {{"schema_version", 1}};
  result.update(attacks::picture_of(o.what));
  const Json& gap = result["hole_gap"];
  if (o.min_hole_gap && !gap.is_null() && gap < *o.min_hole_gap) {
    remark("splitwan: hole gap {} under --min-hole-gap {}: shards {} together leave no wider hole",
           gap.dump(), *o.min_hole_gap, Json(attacks::worst_view(o.what).shards).dump());
    return 1;
  }
  engine::check_output(o.output);
  if (!o.model.empty()) measure_on_texts(o, result);
  if (!o.output.empty()) engine::write_file(o.output, result.dump() + "\n");
  if (o.json)
    fmt::print("{}\n", result.dump());
  else if (o.output != "-")
    print_lines(attacks::picture_text(result) + attacks::measured_text(result));
  return 0;
}

}  // namespace splitwan::scenarios
