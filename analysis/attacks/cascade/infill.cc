#include "analysis/attacks/cascade/infill.hh"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/cascade/infill_controls.hh"
#include "analysis/attacks/exam/crossing.hh"
#include "engine/base/error.hh"

namespace splitwan::attacks {

using at::Tensor;
using engine::Error;
using engine::Json;
using engine::ShardRole;

namespace {

constexpr std::size_t infill_texts_per_job = 64;
constexpr const char *no_rows = "no_rows", *all_rows = "all_rows";

// One network's lesson: rows of what kind, at which layer, which of them visible.
struct InfillLesson {
  ShardRole role = ShardRole::comp;
  int layer = 0;
  std::vector<Tensor> visible;
};

void check_infill(const Pieces& pieces, std::span<const Text> held_out, std::span<const InfillView> views,
                  const InfillOptions& o) {
  const int layers = pieces.config().layers;
  for (const InfillView& v : views) {
    if (v.layer < 0 || v.layer >= layers)
      throw Error("layer: expected 0 to {}, found {}", layers - 1, v.layer);
    visible_positions(v.sharding, v.node, 1);  // or says what a view is of
  }
  if (o.texts < 1 || o.tokens < 2 || o.epochs < 1 || o.batch < 1)
    throw Error("infill: expected at least 1 text of 2 tokens, 1 epoch and 1 text a step");
  for (std::size_t i = 0; i < held_out.size(); ++i)
    if (held_out[i].ids.size() < 2 || held_out[i].ids.size() > static_cast<std::size_t>(o.tokens))
      throw Error("document {}: expected 2 to {} tokens, found {}", i, o.tokens, held_out[i].ids.size());
  if (held_out.empty()) throw Error("documents: expected at least one, found none");
}

class Infilling {
 public:
  Infilling(const Pieces& pieces, std::span<const Text> held_out, std::span<const InfillView> views,
            const InfillOptions& o, Workers& workers)
      : pieces_(pieces), held_out_(held_out), views_(views), o_(o), workers_(workers) {
    std::set<int> layers;
    for (const InfillView& v : views) layers.insert(v.layer);
    layers_.assign(layers.begin(), layers.end());
  }

  std::vector<Json> rows() {
    if (views_.empty()) return {};
    std::map<std::string, InfillLesson> lessons;
    for (const InfillView& v : views_) {
      const auto visible = visible_positions(v.sharding, v.node, o_.tokens);
      lessons.emplace(v.label(), InfillLesson{v.node.role, v.layer, visible});
      lessons.emplace(
          all_rows_like(v),
          InfillLesson{v.node.role, v.layer, std::vector<Tensor>(visible.size(), at::ones({o_.tokens}))});
    }
    lessons.emplace(no_rows, InfillLesson{ShardRole::comp, layers_.front(), {at::zeros({o_.tokens})}});
    workers_.expect(static_cast<double>(lessons.size()));
    write_texts();
    teach(lessons);
    const auto controls = blind_answers(pieces_, texts_, held_out_);
    std::vector<Json> out;
    for (const InfillView& v : views_) out.push_back(row(v, controls));
    return out;
  }

 private:
  static std::string all_rows_like(const InfillView& v) {
    return fmt::format("{} as {} sees them, layer {}", all_rows,
                       v.node.role == ShardRole::comp ? "comp" : "attn", v.layer);
  }

  void write_texts() {
    texts_.assign(o_.texts, {});
    const std::int64_t width = pieces_.config().width;
    for (const int layer : layers_)
      states_[layer] = at::empty({static_cast<std::int64_t>(o_.texts), o_.tokens, width}, at::kFloat);
    std::vector<Job> jobs;
    for (std::size_t at = 0; at < o_.texts; at += infill_texts_per_job) {
      jobs.push_back({"training text", 0, [this, at] {
                        const auto mine =
                            std::span(texts_).subspan(at, std::min(infill_texts_per_job, texts_.size() - at));
                        std::ranges::move(sample_texts(pieces_, at, mine.size(), o_.tokens, o_.seed),
                                          mine.begin());
                        const auto found = states(pieces_, mine, layers_);
                        for (std::size_t i = 0; i < layers_.size(); ++i) {
                          Tensor& all = states_.at(layers_[i]);
                          const auto count = static_cast<std::int64_t>(mine.size());
                          all.narrow(0, static_cast<std::int64_t>(at), count)
                              .copy_(found[i].view({count, all.size(1), all.size(2)}));
                        }
                      }});
    }
    workers_.run(std::move(jobs));
    std::vector<std::int64_t> labels;
    for (const Text& text : texts_) labels.insert(labels.end(), text.ids.begin(), text.ids.end());
    labels_ = at::tensor(labels, at::kLong);
  }

  void teach(const std::map<std::string, InfillLesson>& lessons) {
    for (const auto& [name, lesson] : lessons) answers_[name];  // jobs fill in what is there
    std::vector<Job> jobs;
    jobs.reserve(lessons.size());
    for (const auto& [name, lesson] : lessons)
      jobs.push_back({name, 1, [this, &name = name, &lesson = lesson] {
                        answers_.at(name) = answer(lesson, name != no_rows);
                      }});
    workers_.run(std::move(jobs));
  }

  InfillAnswer answer(const InfillLesson& lesson, bool with_rows) const {
    const auto begin = std::chrono::steady_clock::now();
    InfillAnswer a;
    const Tensor hidden = states_.at(lesson.layer).flatten(0, 1);
    const std::vector<Tensor> rows = rows_of_role(pieces_, lesson.role, lesson.layer, hidden);
    std::vector<InfillPart> parts;
    for (std::size_t i = 0; i < rows.size(); ++i) parts.push_back({rows[i], lesson.visible[i]});
    const InfillLayout layout(parts);
    Learner learner(sequence_network(layout.width(), pieces_.config().vocabulary, o_.tokens,
                                     generator_of(o_.seed, learning_stream)),
                    {.pairs = labels_.size(0),
                     .epochs = o_.epochs,
                     .batch = o_.batch * o_.tokens,
                     .rate = o_.rate,
                     .windows = true,
                     .positions = o_.tokens},
                    o_.seed);
    learner.learn(layout(rows, o_.tokens), labels_, workers_.stop());
    const std::array layer = {lesson.layer};
    for (const Text& text : held_out_) {
      const Tensor seen = states(pieces_, std::span(&text, 1), layer).front();
      const auto shown = rows_of_role(pieces_, lesson.role, lesson.layer, seen);
      a.documents.push_back(learner.guess(layout(shown, static_cast<int>(text.ids.size()))));
      a.documents.back().erase(a.documents.back().begin());  // the first is known
    }
    a.pairs = learner.pairs_seen();
    a.forward_passes = static_cast<std::uint64_t>(labels_.size(0)) * (with_rows ? 2 : 1);  // written, and run
    a.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return a;
  }

  Json row(const InfillView& v, const std::map<std::string, InfillAnswer>& blind) const {
    const auto visible = visible_positions(v.sharding, v.node, o_.tokens);
    Tensor any = visible.front();
    for (const Tensor& mask : visible) any = at::maximum(any, mask);
    const std::vector<float> seen(any.data_ptr<float>() + 1, any.data_ptr<float>() + o_.tokens);
    const auto marks = [&](const InfillAnswer& a) { return infill_marks(a, held_out_, seen, o_.seed); };
    Json row = {{"node", name_of(v.node)},
                {"alpha", v.sharding.alpha},
                {"cluster", v.sharding.cluster},
                {"layer", v.layer},
                {"documents", held_out_.size()}};
    row.update(marks(answers_.at(v.label())));
    Json controls = {{no_rows, marks(answers_.at(no_rows))},
                     {all_rows, marks(answers_.at(all_rows_like(v)))}};
    for (const auto& [name, a] : blind) controls[name] = marks(a);
    row["controls"] = std::move(controls);
    return row;
  }

  const Pieces& pieces_;
  std::span<const Text> held_out_;
  std::span<const InfillView> views_;
  const InfillOptions& o_;
  Workers& workers_;
  std::vector<int> layers_;
  std::vector<Text> texts_;
  std::map<int, Tensor> states_;  // by layer: [texts, tokens, width]
  Tensor labels_;
  std::map<std::string, InfillAnswer> answers_;
};

}  // namespace

std::vector<Json> infill(const Pieces& pieces, std::span<const Text> held_out,
                         std::span<const InfillView> views, const InfillOptions& o, Workers& workers) {
  check_infill(pieces, held_out, views, o);
  return Infilling(pieces, held_out, views, o, workers).rows();
}

}  // namespace splitwan::attacks
