#include "model/ask/advice.hh"

#include <algorithm>
#include <functional>
#include <utility>

#include "engine/base/error.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::model {
namespace {

using Changes = std::vector<std::function<void(Variant&)>>;

// Many choices, each followed packet by packet: in few worlds, and where chance has a part the best of them
// in many, for losses are rare and dear.
constexpr std::size_t few_worlds = 4, more_worlds = 8, many_worlds = 96;
constexpr std::size_t again = 3;  // of what is wanted, so many times as much is followed in many worlds
const std::vector<double> narrower = {4, 8, 16};

// All variants of what `given` leaves open.
class Variants {
 public:
  Variants(const LatencyModel& model, const Variant& given, std::vector<std::string>& assumptions)
      : model_(model), assumptions_(assumptions), all_{given} {
    if (!given.head) multiply("the split", splits());
    if (given.wire.empty()) multiply("the wire's precision", wires());
  }
  const std::vector<Variant>& all() const { return all_; }

 private:
  void multiply(const char* what, const Changes& changes) {
    std::vector<Variant> more = all_;
    std::vector<std::string> unused;
    std::string why;
    for (const Variant& base : all_) {
      for (const auto& change : changes) {
        Variant v = base;
        change(v);
        try {
          vary(model_, v, unused);
          more.push_back(v);
        } catch (const engine::Error& e) {  // a model of few layers, or one whose traces do not say
          why = e.what();
        }
      }
    }
    if (more.size() == all_.size()) assumptions_.push_back(fmt::format("{} is not varied: {}", what, why));
    all_ = std::move(more);
  }

  Changes splits() const {
    const Json plan = model_.source.value("plan", Json::object());
    Changes changes;
    for (const int each : {1, 2, 4, 8}) {
      if (plan.is_object() && plan.value("head", Json()) == each && plan.value("tail", Json()) == each)
        continue;
      changes.push_back([each](Variant& v) { v.head = v.tail = each; });
    }
    return changes;
  }

  Changes wires() const {
    Changes changes;
    for (const engine::Codec* codec : engine::codecs()) {
      if (!codec->label().recommended || model_.source.value("wire", Json()) == codec->name()) continue;
      changes.push_back([name = codec->name()](Variant& v) { v.wire = name; });
    }
    return changes;
  }

  const LatencyModel& model_;
  std::vector<std::string>& assumptions_;
  std::vector<Variant> all_;
};

// Tokens/s that no such step can exceed: the round trip, its bytes at the link's rate and its work, with no
// waiting. By work that the fit says; of a link whose rate changes the fastest is not known.
double ceiling(const LatencyModel& m, const DrafterModel& d, const Condition& c) {
  double step_s = 0;
  for (const StepShape& s : d.shapes) {
    double work_s = 0;
    for (const engine::Exchange& e : m.decode.exchanges(s, false)) work_s += e.lead_s + e.held_s + e.tail_s;
    step_s += s.share * (8 * (s.bytes_up / c.up_bps + s.bytes_down / c.down_bps) + work_s);
  }
  return d.tokens_per_step() / (step_s + d.draft_s + m.decode.overhead_s.value + c.rtt_s);
}

// What the traces do not tell of, for people to run.
std::vector<std::string> untold(const LatencyModel& m) {
  const auto any = [&](const char* begin) {
    return std::ranges::any_of(m.drafters, [&](auto& d) { return d.drafter.starts_with(begin); }) ||
           std::ranges::any_of(m.rehearsed, [&](auto& d) { return d.drafter.starts_with(begin); });
  };
  std::vector<std::string> names;
  for (const auto& [begin, name] :
       {std::pair{"ngram", "n-grams"}, {"lookahead", "lookahead"}, {"draft", "draft chains and trees"}})
    if (!any(begin)) names.emplace_back(name);
  return names;
}

struct Candidate {
  Variant variant;
  const LatencyModel* varied;
  const DrafterModel* drafter;
  double most = 0, found = 0;  // tokens/s

  // Returns whether chance has a part.
  bool follow(const Condition& condition, std::size_t worlds) {
    const Components step = varied->answer(*drafter, condition, worlds).step;
    found = drafter->tokens_per_step() / step.total_s();
    return step.loss_s() != 0 || step.jitter_s != 0;
  }
};

// Whether a width cuts a drafter short: of what is left the gain is not known.
bool caps(double width, const LatencyModel& model, const std::string& drafter) {
  return width < model.find(drafter)->most_rows();
}

// Behind what is ranked, the best first. Where drafters were rehearsed, narrower ones are among the ranked.
void add_bounds(Advice& advice, const LatencyModel& model, const Variant& given,
                const std::vector<Variant>& variants, const Condition& condition, std::size_t most) {
  if (advice.choices.size() >= most || (!given.width && !model.rehearsed.empty())) return;
  std::vector<Choice> bounds;
  std::vector<std::string> taken;
  for (Variant v : variants) {
    for (const double width : given.width ? std::vector{*given.width} : narrower) {
      v.width = width;
      const LatencyModel narrow = vary(model, v, taken);
      for (const DrafterModel& d : narrow.drafters)
        if (caps(width, model, d.drafter))
          bounds.push_back({v, project(narrow, condition, d.drafter, "", 1, few_worlds), true});
    }
  }
  advice.bounds = bounds.size();
  std::ranges::stable_sort(bounds, std::greater(), [](auto& c) { return c.point.tokens_per_s; });
  bounds.resize(std::min(bounds.size(), most - advice.choices.size()));
  std::ranges::move(bounds, std::back_inserter(advice.choices));
}

}  // namespace

Advice advise(const LatencyModel& model, const Variant& given, const Condition& condition, std::size_t most,
              std::vector<std::string>& assumptions) {
  const auto say = [&](std::string text) {
    if (std::find(assumptions.begin(), assumptions.end(), text) == assumptions.end())
      assumptions.push_back(std::move(text));
  };
  const Variants variants(model, given, assumptions);
  std::vector<LatencyModel> varied;
  varied.reserve(variants.all().size());
  std::vector<Candidate> candidates;
  for (const Variant& v : variants.all()) {
    std::vector<std::string> taken;
    const LatencyModel& m = varied.emplace_back(vary(model, v, taken));
    for (std::string& text : taken) say(std::move(text));
    for (const auto* drafters : {&m.drafters, &m.rehearsed})
      for (const DrafterModel& d : *drafters)
        if (!v.width || !caps(*v.width, model, d.drafter))
          candidates.push_back({v, &m, &d, ceiling(m, d, condition)});
  }
  if (const auto names = untold(model); !names.empty())
    say(fmt::format("not ranked, the traces tell nothing of: {}", fmt::join(names, ", ")));
  std::ranges::stable_sort(candidates, std::greater(), &Candidate::most);
  Advice advice{.ranked = candidates.size()};
  const bool chance = condition.loss > 0 || condition.jitter_s > 0 ||
                      (!candidates.empty() && candidates.front().follow(condition, more_worlds));
  std::vector<Candidate*> best;  // as many as asked for, the fastest first
  const auto enter = [&best](Candidate& c, std::size_t most_of_them) {
    best.insert(std::ranges::upper_bound(best, c.found, std::greater(), &Candidate::found), &c);
    if (best.size() > most_of_them) best.pop_back();
  };
  const std::size_t wanted = chance ? again * most : most;
  for (Candidate& c : candidates) {
    if (best.size() == wanted && c.most <= best.back()->found) {
      ++advice.passed_over;
      continue;
    }
    c.follow(condition, chance ? more_worlds : few_worlds);
    enter(c, wanted);
  }
  if (chance) {
    const std::vector<Candidate*> likely = std::exchange(best, {});
    for (Candidate* c : likely) {
      c->follow(condition, many_worlds);
      enter(*c, most);
    }
  }
  for (const Candidate* c : best)
    advice.choices.push_back({c->variant, project(*c->varied, condition, c->drafter->drafter, "", 1,
                                                  chance ? many_worlds : few_worlds)});
  add_bounds(advice, model, given, variants.all(), condition, most);
  return advice;
}

Json to_json(const Choice& c) {
  const auto or_null = [](const auto& v) { return v ? Json(*v) : Json(); };
  const Json point = to_json(c.point);
  return {{"drafter", c.point.drafter},
          {"head", or_null(c.variant.head)},
          {"tail", or_null(c.variant.tail)},
          {"wire", c.variant.wire.empty() ? Json() : Json(c.variant.wire)},
          {"width", or_null(c.variant.width)},
          {"bound", c.bound},
          {"tokens_per_s", point["tokens_per_s"]},
          {"tokens_per_s_ci90", point["tokens_per_s_ci90"]},
          {"step_s", point["step_s"]},
          {"tokens_per_step", point["tokens_per_step"]},
          {"bytes_per_token", point["bytes_per_token"]},
          {"shares", point["shares"]},
          {"extrapolated", point["extrapolated"]}};
}

}  // namespace splitwan::model
