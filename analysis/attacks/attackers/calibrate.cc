#include "analysis/attacks/attackers/calibrate.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

namespace splitwan::attacks {

namespace {

// Is a wrong candidate that near to one of the text's first rows?
bool wrong_within(const View& view, Cut cut, int norm, const Text& text, double distance) {
  constexpr std::size_t rows = 12;
  const Split split = view.split(calibration_stream, 0);
  const auto [in, out] = seen(*view.victim, split, std::span(&text, 1));
  Prefix prefix(*view.attacker, cut, split.depth, split.crossing.wire);
  std::vector<Token> all(static_cast<std::size_t>(view.victim->config().vocabulary));
  std::iota(all.begin(), all.end(), 0);
  for (std::size_t i = 0; i < std::min(rows, text.ids.size()); ++i) {
    const at::Tensor row = (cut == Cut::input ? in : out)[static_cast<std::int64_t>(i)];
    for (const auto& batch : batches_of(all)) {
      const at::Tensor near = (prefix.try_tokens(batch) - row).norm(norm, 1) <= distance;
      const auto own = std::ranges::find(batch, text.ids[i]);
      if (own != batch.end()) near[own - batch.begin()].fill_(false);
      if (i > 0 && near.any().item<bool>()) return true;
    }
    prefix.accept(text.ids[i]);
  }
  return false;
}

}  // namespace

double calibrate(const View& view, Cut cut, int norm, std::span<const Text> texts) {
  std::vector<double> distances;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Split split = view.split(calibration_stream, i);
    const auto [in, out] = seen(*view.victim, split, texts.subspan(i, 1));
    const Search search{*view.attacker, cut, {split.depth}, split.crossing.wire, 0};
    for (const double d :
         right_distances(search, {cut == Cut::input ? in : out, texts[i].ids.front()}, texts[i].ids, norm))
      distances.push_back(d);
  }
  std::ranges::sort(distances);
  const double right = distances[(distances.size() - 1) * 99 / 100];
  return right > 0 && wrong_within(view, cut, norm, texts.front(), right) ? 0 : right;
}

Search search_in(const Cell& cell, double threshold) {
  const View& view = *cell.view;
  return {*view.attacker, cell.cut, view.depths, view.defence.wire, threshold};
}

Recovered recovered(const Found& found) {
  Recovered r;
  for (const Token t : found.tokens) r.tokens.push_back({t});
  return r;
}

double search_cost(const Cell& cell, const Common& common, double each) {
  const Options& o = common.options;
  return o.search_documents * o.search_tokens * each * (1 + layers_before(cell));  // 1: the comparison
}

}  // namespace splitwan::attacks
