#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "analysis/attacks/cascade/look_up.hh"
#include "analysis/attacks/cascade/measured.hh"
#include "analysis/attacks/mechanism/knowledge.hh"

namespace splitwan::attacks {

CascadeKnowledge::CascadeKnowledge(const Pieces& p, int at, std::uint64_t seed) : pieces(p), layer(at) {
  const Knowledge written(p, {.texts = 64, .tokens = 64, .seed = seed});
  commonest = static_cast<Token>(written.log_unigram().argmax().item<std::int64_t>());
  for (std::size_t i = 0; i < 4; ++i) texts.push_back(written.texts()[i].ids);
  for (const RowKind kind : {RowKind::hidden, RowKind::query, RowKind::key_value, RowKind::partial})
    tolerance[static_cast<std::size_t>(kind)] = tolerance_of(p, kind, at, texts);
}

Figures figures_of(const std::vector<Asked>& asked, std::uint64_t seed) {
  std::vector<Truth> truth;
  std::vector<Recovered> answers;
  for (const Asked& a : asked) {
    Truth t;
    t.tokens = a.truth;
    t.digit.resize(t.tokens.size());
    t.name = t.rare = t.digit;
    truth.push_back(std::move(t));
    answers.emplace_back();
    for (const Token token : a.answer) answers.back().tokens.push_back({token});
  }
  return measure(truth, answers, seed);
}

void add_share(Json& row, const std::string& prefix, const Figures& f) {
  row[prefix + "tokens"] = f.tokens;
  row[prefix + "share"] = f.tokens ? Json(f.top1) : Json();
  row[prefix + "share_ci90"] = f.tokens ? Json{f.low, f.high} : Json();
}

namespace {

struct HoleCell {
  int gap = 1;
  RowKind kind = RowKind::hidden;
  Own own = Own::unknown;
  bool one_at_a_time = false;
};

std::vector<HoleCell> cells_of(const CascadeExam& exam) {
  std::vector<HoleCell> cells;
  for (const int gap : exam.gaps)
    for (const RowKind kind : {RowKind::hidden, RowKind::query, RowKind::key_value})
      for (const Own own : {Own::known, Own::looked_up, Own::unknown})
        for (const bool one : {false, true})
          if (one ? gap > 1 && own != Own::unknown : gap > 1 || own != Own::known)
            cells.push_back({gap, kind, own, one});
  return cells;
}

SearchLimits limits_of(const CascadeExam& exam, const CascadeKnowledge& knows, const HoleCell& cell) {
  SearchLimits limits = knows.limits(cell.kind, exam.budget);
  if (cell.one_at_a_time) limits.budget = std::min<std::uint64_t>(exam.budget, 512), limits.sweeps = 2;
  return limits;
}

// The tokens that the model, told all before each, puts next.
std::vector<Token> told_everything(const Pieces& pieces, std::span<const Token> ids) {
  const int layers = pieces.config().layers;
  Session session(pieces, layers);
  session.begin(chain(ids.size()));
  const at::Tensor best = pieces.logits(session.through(pieces.embed(ids), 0, layers)).argmax(1);
  std::vector<Token> next;
  for (std::int64_t i = 0; i < best.size(0); ++i)
    next.push_back(static_cast<Token>(best[i].item<std::int64_t>()));
  return next;
}

struct Controls {
  std::vector<Asked> language_model, unigram;
};

// On the hidden tokens of every gap-th view.
Controls controls_of(const CascadeExam& exam, const CascadeKnowledge& knows, int gap,
                     const std::vector<std::vector<Token>>& next) {
  Controls c;
  for (std::size_t d = 0; d < exam.texts.size(); ++d) {
    const auto& ids = exam.texts[d];
    c.language_model.emplace_back(), c.unigram.emplace_back();
    for (std::size_t i = 1; i < ids.size(); ++i) {
      if (gap > 1 && i % static_cast<std::size_t>(gap) == 0) continue;
      c.language_model.back().add(ids[i], next[d][i - 1]);
      c.unigram.back().add(ids[i], knows.commonest);
    }
  }
  return c;
}

}  // namespace

double jobs_of(const CascadeExam& exam) {
  return static_cast<double>(exam.texts.size()) * static_cast<double>(cells_of(exam).size());
}

Json measured_holes(const CascadeExam& exam, const CascadeKnowledge& knows, Workers& workers) {
  const Pieces& pieces = knows.pieces;
  std::vector<LayerRows> rows;
  std::vector<std::vector<Token>> next;
  for (const auto& ids : exam.texts) {
    rows.push_back(shown(pieces, exam.layer, ids));
    next.push_back(told_everything(pieces, ids));
  }
  const RowTable table(pieces, exam.layer, exam.texts.front().front());
  const auto cells = cells_of(exam);
  std::vector<std::vector<Reading>> readings(cells.size(), std::vector<Reading>(exam.texts.size()));
  std::vector<Job> jobs;
  for (std::size_t c = 0; c < cells.size(); ++c)
    for (std::size_t d = 0; d < exam.texts.size(); ++d)
      jobs.push_back({fmt::format("gap {}, {}", cells[c].gap, name_of(cells[c].kind)), 1, [&, c, d] {
                        Positions visible;
                        for (int i = 0; i < static_cast<int>(exam.texts[d].size()); i += cells[c].gap)
                          visible.push_back(i);
                        readings[c][d] = read_over_holes(
                            pieces, {exam.texts[d], rows[d]}, cells[c].kind, visible, cells[c].own,
                            limits_of(exam, knows, cells[c]), workers.stop(), &table);
                      }});
  workers.run(std::move(jobs));
  Json out = Json::array();
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const HoleCell& cell = cells[c];
    int searches = 0, found = 0;
    std::uint64_t passes = 0;
    for (const Reading& r : readings[c]) searches += r.searches, found += r.found, passes += r.passes;
    const int unknown = cell.own == Own::unknown ? cell.gap : cell.gap - 1;
    Json row = {{"gap", cell.gap},
                {"rows", name_of(cell.kind)},
                {"layer", exam.layer},
                {"own", name_of(cell.own)},
                {"holes", searches},
                {"bridged", found},
                {"search", cell.one_at_a_time ? "one at a time" : "model order"},
                {"budget", limits_of(exam, knows, cell).budget},
                {"sweeps", limits_of(exam, knows, cell).sweeps},
                {"passes", passes},
                {"passes_per_hole", static_cast<double>(passes) / std::max(searches, 1)},
                {"passes_per_bridged", found ? Json(static_cast<double>(passes) / found) : Json()},
                {"brute_force", std::pow(pieces.config().vocabulary, unknown) *
                                    (cell.own == Own::looked_up ? looked_up_few : 1)}};
    const auto own = [&](int position) { return position % cell.gap == 0; };
    add_share(row, "hidden_",
              marked(
                  readings[c], exam.texts, [&](int p) { return !own(p); }, exam.seed));
    add_share(row, "own_", marked(readings[c], exam.texts, own, exam.seed));
    const Controls controls = controls_of(exam, knows, cell.gap, next);
    row["language_model_share"] = figures_of(controls.language_model, exam.seed).top1;
    row["unigram_share"] = figures_of(controls.unigram, exam.seed).top1;
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace splitwan::attacks
