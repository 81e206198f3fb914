#include "scenarios/study/cascade_cell.hh"

#include <ATen/ATen.h>

#include "analysis/attacks/cascade/picture.hh"
#include "analysis/attacks/exam/stop.hh"
#include "engine/party/shard_plan.hh"

namespace splitwan::scenarios {
namespace {

using engine::Token;

// Bytes among the nodes, and between them and the client, without greetings.
struct CellBytes {
  std::uint64_t inner = 0, client = 0, messages = 0;
};

CellBytes counted(const engine::Run& run) {
  CellBytes sum;
  for (const engine::Span& span : run.spans) {
    if (span.op != engine::Op::send || span.rows == 0) continue;
    const bool inner = span.party != client && span.peer != client;
    (inner ? sum.inner : sum.client) += span.bytes;
    sum.messages += inner;
  }
  return sum;
}

// The same by closed form: every batch's messages as the terms alone make them.
class PlannedBytes {
 public:
  PlannedBytes(const Scenario& s, const engine::ModelConfig& config)
      : plan_(s.cascade.terms,
              engine::shard_widths_of(geometry(config), {s.head_layers, config.layers - s.tail_layers},
                                      s.model),
              std::string(s.wire->name())) {}

  void prompt(std::size_t tokens) {
    for (std::size_t at = 0; at < tokens; at += engine::prefill_rows) {
      const auto rows = static_cast<std::uint32_t>(std::min<std::size_t>(engine::prefill_rows, tokens - at));
      take(plan_.add(1, engine::chain_depths(rows), true));
      plan_.commit(rows);
    }
  }
  void step(const engine::TokenBatch& batch, std::span<const std::int32_t> kept) {
    const auto depths = engine::depths(batch.parent);
    take(plan_.add(++step_, {depths.begin(), depths.end()}, engine::is_chain(batch.parent)));
    plan_.commit(static_cast<std::uint32_t>(kept.size()));
  }
  const CellBytes& bytes() const { return bytes_; }

 private:
  void take(const engine::ShardBatch& batch) {
    for (const engine::ShardMessage& m : batch.messages) {
      const bool inner = m.from != client && m.to != client;
      (inner ? bytes_.inner : bytes_.client) += m.bytes();
      bytes_.messages += inner;
    }
  }
  engine::ShardSession plan_;
  std::uint64_t step_ = 1;
  CellBytes bytes_;
};

double top_two_margin(const at::Tensor& logits) {
  const auto best = std::get<0>(logits.topk(2));
  return (best[0] - best[1]).item<double>();
}

// What sets a text apart from local decoding's.
struct Comparison {
  std::size_t compared = 0;
  bool identical = true;
  double most = 0;  // of logits that were chosen from in the same context
  Json first = nullptr;

  void add(const std::string& prompt, const LocalTexts::Text& local, const std::vector<Token>& tokens,
           const std::vector<at::Tensor>& logits) {
    for (std::size_t i = 0; i < std::min(tokens.size(), local.tokens.size()); ++i) {
      ++compared;
      most = std::max(most, (logits[i] - local.logits[i]).abs().max().item<double>());
      if (tokens[i] == local.tokens[i]) continue;
      identical = false;
      const double margin = top_two_margin(local.logits[i]);
      if (first.is_null())
        first = {{"prompt", prompt}, {"token", i}, {"margin", margin}, {"close_call", margin < close_call}};
      return;  // from here on the contexts differ
    }
    identical = identical && tokens.size() == local.tokens.size();
  }
};

}  // namespace

const LocalTexts::Text& LocalTexts::of(const Scenario& sharded, Resources& resources, const Prompt& prompt,
                                       std::span<const Token> ids) {
  const auto [found, fresh] = texts_.try_emplace(fmt::format("{}", fmt::join(ids, ",")));
  Text& text = found->second;
  if (!fresh) return text;
  Scenario local = sharded;
  local.cascade = {};
  local.network = {};
  local.network.kind = network_kind_for(Unnamed::all_here);
  local.head_layers = local.tail_layers = 0;
  const auto keep = [&](Token, const at::Tensor& logits) { text.logits.push_back(logits.clone()); };
  text.tokens = run_prompt(local, resources, "sequential", prompt, ids, {.on_token = keep}).generation.output;
  return text;
}

Json cascade_cell(const Scenario& s, Resources& resources, LocalTexts& locals, const Stop& stop) {
  const engine::ModelConfig& config = resources.model(s.model, s.storage, s.place).config();
  Comparison comparison;
  CellBytes bytes, formula;
  std::size_t tokens = 0, longest = 0;
  double time = 0, first_token = 0;
  std::uint64_t steps = 0;
  for (const Prompt& prompt : s.prompts) {
    if (stop()) throw attacks::Stopped();
    const auto ids = prompt_ids(s, resources, prompt);
    const LocalTexts::Text& local = locals.of(s, resources, prompt, ids);
    PlannedBytes planned(s, config);
    planned.prompt(ids.size());
    std::vector<at::Tensor> logits;
    engine::GenerateOptions watch;
    watch.on_token = [&](Token, const at::Tensor& chosen_from) { logits.push_back(chosen_from.clone()); };
    watch.on_step = [&](const auto& batch, auto kept) { planned.step(batch, kept); };
    const Outcome outcome = run_prompt(s, resources, s.decode.front(), prompt, ids, watch);
    const engine::Generation& done = outcome.generation;
    comparison.add(prompt.name, local, done.output, logits);
    const CellBytes found = counted(outcome.run);
    bytes.inner += found.inner, bytes.client += found.client, bytes.messages += found.messages;
    formula.inner += planned.bytes().inner, formula.client += planned.bytes().client;
    tokens += done.output.size();
    longest = std::max(longest, ids.size() + done.output.size());
    time += engine::seconds(done.total);
    first_token += engine::seconds(done.prefill);
    steps += done.steps;
  }
  const auto& terms = s.cascade.terms;
  attacks::CascadeCase what;
  what.sharding = terms.sharding;
  // A text shorter than its shards are apart shows a node one run of tokens, and no gap at all.
  what.tokens = std::max(static_cast<int>(longest), 3 * terms.sharding.stride());
  what.public_prefix = s.cascade.public_prefix;
  what.head_layers = s.head_layers, what.tail_layers = s.tail_layers;
  const auto worst = attacks::worst_view(what);
  const int layers = config.layers - s.head_layers - s.tail_layers;
  const auto prompts = static_cast<double>(s.prompts.size());
  return {{"nodes", terms.sharding.nodes()},
          {"identical", comparison.identical},
          {"first_difference", comparison.first},
          {"tokens_compared", comparison.compared},
          {"max_logit_diff", comparison.most},
          {"bytes", bytes.inner},
          {"formula_bytes", formula.inner},
          {"client_bytes", bytes.client},
          {"client_formula_bytes", formula.client},
          {"messages", bytes.messages},
          {"hops", (terms.sharding.aggregator ? 3 : 2) * layers + 2},
          {"hole_gap", worst.hole_gap ? Json(*worst.hole_gap) : Json()},
          {"inside_gap", worst.inside_gap ? Json(*worst.inside_gap) : Json()},
          {"tokens_per_s", static_cast<double>(tokens) / time},
          {"tokens_per_step", static_cast<double>(tokens) / static_cast<double>(steps)},
          {"time_to_first_token_s", first_token / prompts}};
}

}  // namespace splitwan::scenarios
