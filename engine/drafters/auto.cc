#include "engine/drafters/auto.hh"

#include <fmt/format.h>

#include <algorithm>

#include "engine/drafters/row_odds.hh"
#include "engine/drafters/step_cost.hh"

namespace splitwan::engine {
namespace {

constexpr double margin = 1.02;     // a guess must promise so much more than what it is chosen over
constexpr double allowance = 0.5;   // steps of sequential decoding that guessing may be behind at any time,
constexpr double tolerance = 0.02;  // and the share of the time
constexpr double curiosity = 0.01;  // share of the time for asking arms that did not pay when last asked

struct Arm : AutoArm {
  explicit Arm(AutoArm arm) : AutoArm(std::move(arm)), odds(promise), gain(promise) {}
  RowOdds odds;
  double gain;       // of a whole arm
  double sent = 6;   // steps of a whole arm; the promise counts as so many
  double ask_s = 0;  // what a proposal takes
  int asks = 0;
  int tree_rows = rows;  // that it is asked for
  TokenBatch tree;       // its proposal
};

struct Choice {
  Arm* arm = nullptr;  // none: sequential
  int rows = 1;
  double tokens = 1, seconds = 0;
  double rate() const { return seconds > 0 ? tokens / seconds : 0; }
  bool beats(const Choice& other) const { return rate() > other.rate() * (other.arm ? 1 : margin); }
};

std::string text(const Choice& c) {
  return fmt::format("{} {:.2f} in {:.1f} ms", c.arm ? c.arm->name : "sequential", c.tokens, 1e3 * c.seconds);
}

class Auto : public Drafter {
 public:
  explicit Auto(std::vector<AutoArm> arms) {
    for (AutoArm& arm : arms) arms_.emplace_back(std::move(arm));
  }

  void prefilled(std::span<const Span> spans) override { cost_.learn(times_of(spans)); }

  TokenBatch propose(Party& party, std::span<const Token> context, int room) override {
    settle(party.now(), context);
    const Choice alone{.seconds = cost_.seconds(1)};
    chosen_ = alone;
    reason_.clear();
    text_tokens_ = 1;
    const bool wait = behind();
    for (Arm& arm : arms_) {
      if (wait || room < 1 || !worth_asking(arm)) continue;
      ask(arm, party, context, room);
      const Choice best = best_of(arm, arm.tree.rows(), drafting_s_);
      if (!best.arm) continue;
      if (&arm == &arms_[0] && !arm.whole) text_tokens_ = arm.odds.tokens(arm.tree.rows());
      reason_ += "; " + text(best);
      if (best.beats(chosen_)) chosen_ = best;
    }
    if (chosen_.arm && chosen_.arm->most_rows > 0) resize(*chosen_.arm);
    explain(alone, wait);
    TokenBatch batch = chosen_.arm ? chosen_.arm->tree : TokenBatch::chain(context.last(1));
    batch.ids.resize(chosen_.rows);  // parents come first: any first part of a tree is one
    batch.parent.resize(chosen_.rows);
    return batch;
  }

  void verified(Party& party, const Verified& step) override {
    times_ = times_of(step.spans);
    const auto gained = static_cast<double>(step.accepted.size());
    tokens_ += gained;
    if (!chosen_.arm || !chosen_.arm->whole) return;
    Arm& arm = *chosen_.arm;
    arm.sent = std::min(arm.sent + 1, 32.0);
    arm.gain += (gained - text_tokens_ - arm.gain) / arm.sent;
    arm.drafter->verified(party, step);
  }

  std::string reason() const override { return reason_; }

 private:
  struct Guess {
    Arm* arm;
    TokenBatch tree;
    std::size_t at;  // the text's length then
  };

  // What the last step has shown by now: its whole time, and which of the guesses held or would have.
  void settle(Nanos now, std::span<const Token> context) {
    if (times_.rows > 0) {
      const double took = seconds(now - begin_);
      times_.work_s = std::max(0.0, took - times_.network_s - drafting_s_);
      cost_.learn(times_);
      spent_s_ += took;
      times_ = {};
    }
    begin_ = now;
    drafting_s_ = 0;
    std::erase_if(guesses_, [&](const Guess& guess) {
      return guess.arm->odds.judge(guess.tree, context.subspan(guess.at));
    });
  }

  // Whether guessing has cost more so far than it brought.
  bool behind() const {
    const double alone = cost_.seconds(1);
    return spent_s_ - tokens_ * alone > tolerance * spent_s_ + allowance * alone;
  }

  bool worth_asking(Arm& arm) {
    if (!cost_.known()) return false;
    if (arm.asks == 0) arm.ask_s = arm.costs_rows > 0 ? cost_.work_s(arm.costs_rows) : 0;
    if (best_of(arm, arm.rows, drafting_s_ + arm.ask_s).beats(chosen_)) return true;
    if (arm.whole || explored_s_ + arm.ask_s > curiosity * spent_s_) return false;
    explored_s_ += arm.ask_s;
    return true;
  }

  void ask(Arm& arm, Party& party, std::span<const Token> context, int room) {
    const Nanos begin = party.now();
    arm.tree = arm.drafter->propose(party, context, room);
    const double took = seconds(party.now() - begin);
    drafting_s_ += took;
    if (arm.tree.rows() > 1) arm.rows = arm.tree.rows();
    // The first one reads the prompt and tells nothing about the others.
    if (++arm.asks > 1) arm.ask_s = arm.asks == 2 ? took : arm.ask_s + (took - arm.ask_s) / 4;
    if (!arm.whole) guesses_.push_back({&arm, arm.tree, context.size()});
  }

  // A tree sent whole may have been too small; of one sent less than half, the rest was made for nothing.
  void resize(Arm& arm) {
    int& rows = arm.tree_rows;
    if (chosen_.rows >= rows) {
      rows = std::min(rows * 3 / 2, arm.most_rows);
    } else if (2 * chosen_.rows < rows) {
      rows = std::max(rows / 2, 8);
    }
    arm.drafter->limit(rows);
  }

  Choice best_of(Arm& arm, int most, double drafting_s) const {
    Choice best;
    for (int rows = arm.whole ? std::max(most, 2) : 2; rows <= most; ++rows) {
      const double tokens = arm.whole ? std::max(1.0, text_tokens_ + arm.gain) : arm.odds.tokens(rows);
      const Choice choice{&arm, rows, tokens, drafting_s + cost_.seconds(rows)};
      if (choice.rate() > best.rate()) best = choice;
    }
    return best;
  }

  // `reason_` holds the arms that were asked.
  void explain(const Choice& alone, bool wait) {
    if (wait) {
      reason_ = "sequential: guesses have cost more than they brought";
      return;
    }
    const std::string what = chosen_.arm ? fmt::format("{}, {} of {} rows", chosen_.arm->name, chosen_.rows,
                                                       chosen_.arm->tree.rows())
                                         : "sequential";
    const std::string network =
        cost_.rtt_s() > 0
            ? fmt::format("rtt {:.1f} ms, flights {}, ", 1e3 * cost_.rtt_s(), cost_.flights(chosen_.rows))
            : "";
    reason_ =
        fmt::format("{}: {}{} ({}{:.3f} ms a row)", what, text(alone), reason_, network, 1e3 * cost_.row_s());
  }

  std::vector<Arm> arms_;
  StepCost cost_;
  Choice chosen_;
  std::string reason_;
  std::vector<Guess> guesses_;  // not judged yet
  StepTimes times_;             // of the last step
  Nanos begin_{};               // of this step
  double text_tokens_ = 1;      // expected of this step's n-grams, whole
  double drafting_s_ = 0, spent_s_ = 0, explored_s_ = 0, tokens_ = 0;
};

}  // namespace

std::unique_ptr<Drafter> make_auto(std::vector<AutoArm> arms) {
  return std::make_unique<Auto>(std::move(arms));
}

}  // namespace splitwan::engine
