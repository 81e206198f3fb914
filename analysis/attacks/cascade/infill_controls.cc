#include "analysis/attacks/cascade/infill_controls.hh"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

#include "analysis/attacks/attackers/learner.hh"

namespace splitwan::attacks {

using engine::Json;

namespace {

InfillAnswer unigram_answer(const Pieces& pieces, std::span<const Text> written,
                            std::span<const Text> held_out) {
  std::vector<Text> rest(written.begin(), written.end());
  for (Text& text : rest) text.ids.erase(text.ids.begin());
  const std::vector<double> count = frequencies(rest, pieces.config().vocabulary);
  const auto commonest = static_cast<Token>(std::ranges::max_element(count) - count.begin());
  InfillAnswer a;
  for (const Text& text : held_out) a.documents.emplace_back(text.ids.size() - 1, std::vector{commonest});
  for (const Text& text : written) a.forward_passes += text.ids.size();
  return a;
}

InfillAnswer greedy_answer(const Pieces& pieces, std::span<const Text> held_out) {
  std::size_t longest = 0;
  for (const Text& text : held_out) longest = std::max(longest, text.ids.size());
  const int layers = pieces.config().layers;
  Session session(pieces, layers);
  Token last = std::max<Token>(pieces.config().bos, 0);
  Guesses text;
  while (text.size() + 1 < longest) {
    session.begin(chain(1));
    const at::Tensor logits = pieces.logits(session.through(pieces.embed(std::span(&last, 1)), 0, layers));
    session.commit_all();
    text.push_back(best_five(logits).front());
    last = text.back().front();
  }
  InfillAnswer a;
  a.forward_passes = text.size();
  for (const Text& t : held_out)
    a.documents.emplace_back(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(t.ids.size()) - 1);
  return a;
}

InfillAnswer told_answer(const Pieces& pieces, std::span<const Text> held_out) {
  const int layers = pieces.config().layers;
  InfillAnswer a;
  for (const Text& text : held_out) {
    Session session(pieces, layers);
    session.begin(chain(text.ids.size()));
    a.documents.push_back(best_five(pieces.logits(session.through(pieces.embed(text.ids), 0, layers))));
    a.documents.back().pop_back();  // what would follow the text
    a.forward_passes += text.ids.size();
  }
  return a;
}

// Of the positions whose mark is this; of all, where none is given.
Figures infill_figures(const InfillAnswer& a, std::span<const Text> held_out, std::span<const float> seen,
                       std::optional<bool> wanted, std::uint64_t seed) {
  std::vector<Truth> truth(held_out.size());
  std::vector<Recovered> found(held_out.size());
  for (std::size_t d = 0; d < held_out.size(); ++d) {
    for (std::size_t i = 0; i + 1 < held_out[d].ids.size(); ++i) {
      if (wanted && (seen[i] > 0) != *wanted) continue;
      truth[d].tokens.push_back(held_out[d].ids[i + 1]);
      found[d].tokens.push_back(a.documents[d][i]);
    }
    truth[d].digit.resize(truth[d].tokens.size());
    truth[d].name = truth[d].rare = truth[d].digit;
  }
  return measure(truth, found, seed);
}

Json infill_share(const Figures& f) {
  if (f.tokens == 0) return {};
  return {{"tokens", f.tokens}, {"top1", f.top1}, {"top1_ci90", {f.low, f.high}}};
}

}  // namespace

std::map<std::string, InfillAnswer> blind_answers(const Pieces& pieces, std::span<const Text> written,
                                                  std::span<const Text> held_out) {
  return {{"unigram", unigram_answer(pieces, written, held_out)},
          {"greedy_text", greedy_answer(pieces, held_out)},
          {"language_model", told_answer(pieces, held_out)}};
}

Json infill_marks(const InfillAnswer& a, std::span<const Text> held_out, std::span<const float> seen,
                  std::uint64_t seed) {
  const Figures all = infill_figures(a, held_out, seen, {}, seed);
  Json marks = infill_share(all);
  marks["seen"] = infill_share(infill_figures(a, held_out, seen, true, seed));
  marks["unseen"] = infill_share(infill_figures(a, held_out, seen, false, seed));
  marks["rouge_l"] = all.rouge_l;
  marks["exact"] = all.exact;
  marks["pairs"] = a.pairs;
  marks["forward_passes"] = a.forward_passes;
  marks["seconds"] = a.seconds;
  return marks;
}

}  // namespace splitwan::attacks
