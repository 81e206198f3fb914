#include "analysis/attacks/attackers/attackers.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "analysis/attacks/attackers/sipit.hh"
#include "engine/base/error.hh"
#include "engine/base/philox.hh"

namespace splitwan::attacks {
namespace {

// Rows of a document that ask for a token.
at::Tensor asked(const at::Tensor& rows, const Document& d, Target target) {
  const auto begin = static_cast<std::int64_t>(first_row(d, target));
  return rows.narrow(0, begin, rows.size(0) - begin);
}
std::size_t questions(const Document& d, Target target) { return d.ids.size() - first_row(d, target); }

Attack uniform(const Cell& cell, const Common& common) {
  const auto vocabulary = static_cast<std::uint32_t>(common.frequencies.size());
  return [&cell, &common, vocabulary](const Document& d, std::size_t index) {
    Recovered r;
    for (std::uint32_t i = 0; i < questions(d, cell.target); ++i) {
      r.tokens.emplace_back();
      for (std::uint32_t k = 0; k < 5; ++k)
        r.tokens.back().push_back(static_cast<Token>(
            engine::philox(common.seed, {i, static_cast<std::uint32_t>(index), 23, k})[0] % vocabulary));
    }
    return r;
  };
}

Attack unigram(const Cell& cell, const Common& common) {
  std::vector<Token> order(common.frequencies.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>{},
                           [&](Token t) { return common.frequencies[static_cast<std::size_t>(t)]; });
  order.resize(5);
  return [&cell, order](const Document& d, std::size_t) {
    return Recovered{Guesses(questions(d, cell.target), order), {}};
  };
}

// Every token from those before it, which this control is told; no activation.
Attack language_model(Cell& cell) {
  return [&cell](const Document& d, std::size_t) {
    const Pieces& model = *cell.view->attacker;
    Session session(model, model.config().layers);
    session.begin(chain(d.ids.size()));
    cell.passes += d.ids.size();
    const at::Tensor logits = model.logits(session.through(model.embed(d.ids), 0, model.config().layers));
    return Recovered{best_five(logits.narrow(0, 0, logits.size(0) - 1)), {}};
  };
}

// The rest of the layers, the norm and the head, as the client would run them.
Attack finish_the_model(Cell& cell) {
  return [&cell](const Document& d, std::size_t index) {
    const Pieces& model = *cell.view->attacker;
    const int layers = model.config().layers, depth = cell.view->document_depth[index];
    Session session(model, layers);
    session.begin(chain(d.ids.size()));
    cell.passes += d.ids.size();
    const at::Tensor x =
        session.through(round_trip(d.output, cell.view->defence.wire).clone(), layers - depth, layers);
    return Recovered{best_five(asked(model.logits(x), d, Target::next)), {}};
  };
}

// The nearest (L2) of every token's state after the begin-of-text token.
Attack nearest_neighbour(Cell& cell) {
  const View& view = *cell.view;
  const Pieces& model = *view.attacker;
  const int vocabulary = model.config().vocabulary;
  std::vector<Token> all(static_cast<std::size_t>(vocabulary));
  std::iota(all.begin(), all.end(), 0);
  std::vector<at::Tensor> tables;
  const Token first = std::max<Token>(model.config().bos, 0);
  for (const int depth : view.depths) {
    Prefix prefix(model, cell.cut, depth, view.defence.wire);
    prefix.try_tokens(std::span(&first, 1));
    prefix.accept(first);
    for (std::size_t at = 0; at < all.size(); at += 256)
      tables.push_back(
          prefix.try_tokens(std::span(all).subspan(at, std::min<std::size_t>(256, all.size() - at))).clone());
    cell.passes += prefix.rows();
  }
  const at::Tensor table = at::cat(tables);
  const auto look_up = [table, vocabulary](const at::Tensor& rows) -> Guesses {
    if (rows.size(0) == 0) return {};
    Guesses guesses = best_five(-at::cdist(rows, table, 2, /*compute_mode=*/2));  // 2: never by products
    for (auto& row : guesses)
      for (Token& t : row) t %= vocabulary;
    return guesses;
  };
  return [&cell, look_up](const Document& d, std::size_t) {
    return Recovered{look_up(asked(d.rows(cell.cut), d, cell.target)), look_up(d.rejected_rows(cell.cut))};
  };
}

Attack learned(Cell& cell) {
  return [&cell](const Document& d, std::size_t) {
    Recovered r;
    // All rows at once: a sequence network looks at the neighbours too.
    Guesses all = cell.learner->guess(d.rows(cell.cut));
    r.tokens.assign(all.begin() + static_cast<std::ptrdiff_t>(first_row(d, cell.target)), all.end());
    if (cell.target == Target::current && cell.attacker != "sequence")
      r.rejected = cell.learner->guess(d.rejected_rows(cell.cut));
    return r;
  };
}

Permutation permutation_of(const std::string& attacker) {
  for (const auto p : {Permutation::sequence, Permutation::hidden, Permutation::both})
    if (attacker.ends_with(std::string("matching") + std::string(suffix_of(p)))) return p;
  return Permutation::none;
}

Attack vocabulary_matching(Cell& cell, const Common& common, const Stop& stop) {
  const Permutation permutation = permutation_of(cell.attacker);
  const View& view = *cell.view;
  const Search search{*view.attacker, cell.cut, view.depths, view.defence.wire,
                      calibrate(view, cell.cut, 1, common.calibration)};
  return [&cell, &common, &stop, permutation, search](const Document& d, std::size_t index) {
    const auto key = generator_of(common.seed, permutation_stream << 32 | index);
    const Seen seen{permuted(d.rows(cell.cut), permutation, key), d.ids.front()};
    const Found found = match_vocabulary(search, seen, permutation, stop);
    cell.passes += found.passes;
    Recovered r;
    for (const Token t : found.tokens) r.tokens.push_back({t});
    return r;
  };
}

Attack sipit(Cell& cell, const Common& common, const Stop& stop) {
  const View& view = *cell.view;
  const double radius = calibrate(view, cell.cut, 2, common.calibration);
  const auto search =
      std::make_shared<SipIt>(Search{*view.attacker, cell.cut, view.depths, view.defence.wire, radius});
  return [&cell, &stop, search](const Document& d, std::size_t) {
    const Found found = search->recover({d.rows(cell.cut), d.ids.front()}, stop);
    cell.passes += found.passes;
    Recovered r;
    for (const Token t : found.tokens) r.tokens.push_back({t});
    return r;
  };
}

}  // namespace

Attack make_attack(Cell& cell, const Common& common, const Stop& stop) {
  const std::string& name = cell.attacker;
  if (cell.learns()) return learned(cell);
  if (name == "nearest_neighbour") return nearest_neighbour(cell);
  if (name.starts_with("vocabulary_matching")) return vocabulary_matching(cell, common, stop);
  if (name == "sipit") return sipit(cell, common, stop);
  if (name == "finish_the_model") return finish_the_model(cell);
  if (name == "language_model") return language_model(cell);
  if (name == "unigram") return unigram(cell, common);
  if (name == "uniform") return uniform(cell, common);
  throw engine::Error("attacker '{}': expected one of {}", name, fmt::join(known_attackers(), ", "));
}

}  // namespace splitwan::attacks
