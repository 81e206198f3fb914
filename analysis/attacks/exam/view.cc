#include "analysis/attacks/exam/view.hh"

#include <ATen/ATen.h>

#include <cmath>

#include "engine/base/philox.hh"

namespace splitwan::attacks {

Split View::split(std::uint64_t stream, std::size_t i) const {
  const auto drawn =
      engine::philox(seed, {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(stream), 13, 0});
  const std::uint64_t noise_seed = std::uint64_t{drawn[1]} << 32 | drawn[2];
  return {depths[drawn[0] % depths.size()], {defence.wire, defence.client, noise_seed}};
}

void decode_documents(View& view, const std::vector<Prompted>& prompts, int new_tokens) {
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const Split split = view.split(documents_stream, i);
    view.documents.push_back(decode(*view.victim, split, prompts[i], new_tokens));
    view.document_depth.push_back(split.depth);
  }
}

void add_labels(Pairs& pairs, std::span<const Text> texts) {
  std::vector<std::int64_t> current, next;
  for (const Text& text : texts) {
    current.insert(current.end(), text.ids.begin(), text.ids.end());
    next.insert(next.end(), text.greedy.begin(), text.greedy.end());
  }
  pairs.current = at::tensor(current, at::kLong);
  pairs.next = at::tensor(next, at::kLong);
}

void make_pairs(View& view, std::span<const Text> texts) {
  const Pieces& known = view.weights_known ? *view.victim : *view.attacker;
  std::vector<at::Tensor> input, output;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto [in, out] = seen(known, view.split(pairs_stream, i), texts.subspan(i, 1));
    input.push_back(std::move(in)), output.push_back(std::move(out));
  }
  view.pairs.input = at::cat(input);
  view.pairs.output = at::cat(output);
  add_labels(view.pairs, texts);
}

double perplexity(const View& view, const std::vector<Prompted>& prompts) {
  const int layers = view.victim->config().layers;
  double log_p = 0, tokens = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const Split split = view.split(documents_stream, i);
    const std::vector<Token>& ids = prompts[i].prompt;
    const std::vector<Text> text{{ids, {}}};
    const auto went = seen(*view.victim, split, text).second;
    // The last layers' keys and values come from the same rows: a session of those alone.
    Session tail(*view.victim, layers);
    tail.begin(chain(ids.size()));
    const at::Tensor x =
        tail.through(round_trip(went, *split.crossing.wire).clone(), layers - split.depth, layers);
    const at::Tensor log_probabilities = at::log_softmax(view.victim->logits(x).to(at::kDouble), 1);
    for (std::size_t t = 1; t < ids.size(); ++t, ++tokens)
      log_p += log_probabilities[static_cast<std::int64_t>(t) - 1][ids[t]].item<double>();
  }
  return std::exp(-log_p / tokens);
}

}  // namespace splitwan::attacks
