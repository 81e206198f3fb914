#include "scenarios/study/system_leaks.hh"

#include <ATen/ATen.h>

#include "analysis/attacks/cascade/measured.hh"
#include "analysis/attacks/mechanism/attack_rows.hh"
#include "engine/base/error.hh"
#include "engine/text/tokenizer.hh"
#include "scenarios/study/del_study.hh"

namespace splitwan::scenarios {
namespace {

using engine::Token;

std::vector<std::vector<Token>> texts_of(const SystemsStudy& study, const Scenario& s,
                                         const attacks::Pieces& pieces) {
  std::vector<std::vector<Token>> texts;
  for (auto& text : attacks::held_out_texts(study.documents, *engine::load_tokenizer(s.model),
                                            pieces.config(), study.documents_used, study.document_tokens))
    texts.push_back(std::move(text.ids));
  return texts;
}

Json nothing_leaves() {
  return {{"attack", nullptr},
          {"attack_success", nullptr},
          {"attack_success_ci90", nullptr},
          {"attack_passes_per_token", nullptr},
          {"epsilon", nullptr},
          {"parties", 0},
          {"non_colluding", 0}};
}

// The server has every row at the depth: each is matched with what the model would make of each token there.
Json split_leaks(const SystemsStudy& study, const Scenario& s, const Stop& stop) {
  const attacks::Pieces pieces(s.model);
  const auto texts = texts_of(study, s, pieces);
  const int depth = std::max(1, s.head_layers);
  const attacks::CascadeKnowledge knows(pieces, depth, study.seed);
  std::vector<attacks::Reading> readings(texts.size());
  std::uint64_t passes = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const attacks::LayerRows rows = attacks::shown(pieces, depth, texts[i]);
    const attacks::Positions all =
        attacks::positions_of({.alpha = 1}, {0}, static_cast<int>(texts[i].size()));
    readings[i] = attacks::read_over_holes(
        pieces, {texts[i], rows, 1}, attacks::RowKind::hidden, all, attacks::Own::unknown,
        knows.limits(attacks::RowKind::hidden, static_cast<std::uint64_t>(study.budget)), stop);
    passes += readings[i].passes;
  }
  const auto found = attacks::marked(
      readings, texts, [](int position) { return position > 0; }, study.seed);
  Json leaks = nothing_leaves();
  leaks["attack"] = "vocabulary_matching";
  leaks["attack_success"] = found.top1, leaks["attack_success_ci90"] = {found.low, found.high};
  leaks["attack_passes_per_token"] = static_cast<double>(passes) / static_cast<double>(found.tokens);
  leaks["parties"] = 1, leaks["non_colluding"] = 0;
  return leaks;
}

// One CompNode, told nothing: its own tokens by look-up, the others by the partial results that it gets.
// Shares are of the tokens that a row of its own stands behind.
Json cascade_leaks(const SystemsStudy& study, const Scenario& s, const Stop& stop, const StudyWatch& watch) {
  const attacks::Pieces pieces(s.model);
  attacks::CascadeExam exam;
  exam.what.sharding = s.cascade.terms.sharding;
  exam.what.tokens = study.document_tokens;
  exam.what.public_prefix = s.cascade.public_prefix;
  exam.what.head_layers = s.head_layers, exam.what.tail_layers = s.tail_layers;
  exam.texts = texts_of(study, s, pieces);
  exam.layer = std::max(1, s.head_layers);
  exam.budget = static_cast<std::uint64_t>(study.budget);
  exam.seed = study.seed;
  attacks::Workers workers(study.threads, stop, [&](double done, double total, const std::string& job) {
    watch(static_cast<std::size_t>(done), static_cast<std::size_t>(total), job);
  });
  const attacks::CascadeKnowledge knows(pieces, exam.layer, study.seed);
  Json leaks = nothing_leaves(), all = attacks::measured_leaks(exam, knows, workers);
  double most = -1;  // tokens found
  for (const Json& row : all) {
    // Who is told the tokens before is no attacker of a whole text, and own tokens are told apart.
    const bool whole = row["leak"] == "partials in order" || row["leak"] == "one-key partials" ||
                       row["leak"] == "two-key partials";
    if (!whole || row["remedy"] != "none" || row["share"].is_null()) continue;
    const double found = row["share"].get<double>() * row["tokens"].get<double>();
    if (found <= most) continue;
    most = found;
    leaks["attack"] = row["leak"].get<std::string>() + " by " + row["party"].get<std::string>();
    leaks["attack_success"] = row["share"], leaks["attack_success_ci90"] = row["share_ci90"];
    leaks["attack_passes_per_token"] = row["passes_per_token"];
  }
  leaks["leaks"] = std::move(all);
  leaks["own_share"] = 1.0 / s.cascade.terms.sharding.alpha;
  leaks["parties"] = s.cascade.terms.sharding.nodes();
  leaks["non_colluding"] = s.cascade.terms.sharding.nodes();
  return leaks;
}

// As the study of DEL has it: one cell of it.
Json del_leaks(const SystemsStudy& study, const Scenario& s, const Stop& stop, const StudyWatch& watch) {
  DelOptions o;
  o.name = study.name;
  o.model = s.model;
  o.maps = {s.privacy.maps};
  o.mu = {s.privacy.mu};
  o.bits = {s.privacy.bits};
  o.trust = s.privacy.trust;
  o.tail = s.privacy.text_comes_back() ? 0 : s.tail_layers;
  o.soft_prompt = s.privacy.soft_prompt;
  o.cap = s.privacy.cap;
  o.delta = study.delta;
  o.documents = study.documents;
  o.held_out = study.held_out;
  o.continuations = 0;
  o.prompt_tokens = study.document_tokens;
  o.seed = study.seed;
  o.threads = study.threads;
  const Json result = run_del_study(o, nullptr, stop, watch);
  if (result["partial"].get<bool>()) throw attacks::Stopped();
  const Json& cell = result["cells"][0];
  Json leaks = nothing_leaves();
  for (const char* key :
       {"attack", "attack_success", "attack_success_ci90", "epsilon", "perplexity", "perplexity_ci90"})
    leaks[key] = cell[key];
  leaks["delta"] = o.delta, leaks["meaning"] = cell["meaning"];
  leaks["clean_perplexity"] = result["clean"]["perplexity"];
  leaks["parties"] = 1, leaks["non_colluding"] = 0;
  return leaks;
}

}  // namespace

void check_attacked(const Scenario& s, const std::string& where) {
  const auto refuse = [&](const std::string& key) {
    throw engine::Error("{}: {}: this study's attacks do not know it: see splitwan attack", where, key);
  };
  if (!s.defences.empty()) refuse(s.defences.to_json().begin().key());
  if (!s.wire->label().lossless && !s.privacy.on()) refuse("wire");
  if (!s.cascade.on) return;
  if (s.cascade.terms.sharding.aggregator) refuse("cascade.merge");
  if (s.cascade.public_prefix > 0) refuse("cascade.public_prefix");
  if (s.head_layers > 0) refuse("split.head");
}

Json system_leaks(const SystemsStudy& study, const Scenario& s, const Stop& stop) {
  const StudyWatch quiet = [](auto, auto, const auto&) {};
  attacks::one_thread_per_operation();
  if (!row_of(s.network.kind).splits) return nothing_leaves();
  if (s.cascade.on) return cascade_leaks(study, s, stop, quiet);
  if (s.privacy.on()) return del_leaks(study, s, stop, quiet);
  return split_leaks(study, s, stop);
}

}  // namespace splitwan::scenarios
