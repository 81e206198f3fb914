#include "engine/drafters/named.hh"

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/error.hh"
#include "engine/drafters/auto.hh"
#include "engine/drafters/draft_model.hh"
#include "engine/drafters/jacobi.hh"
#include "engine/drafters/lookahead.hh"
#include "engine/drafters/ngram.hh"

namespace splitwan::engine {
namespace {

class Sequential : public Drafter {
 public:
  TokenBatch propose(Party&, std::span<const Token> context, int) override {
    return TokenBatch::chain(context.last(1));
  }
};

using Numbers = std::vector<int>;
using Made = std::unique_ptr<Drafter>;

std::unique_ptr<Drafter> draft(const DrafterTools& tools, DraftTreeOptions options) {
  options.length = tools.length;
  options.vocabulary = tools.vocabulary;
  return make_draft_tree(*tools.draft_model, *tools.sampler, options);
}

// The draft model's trees are best first: any first part of one may be sent.
// Promises hold until steps have been judged. Lookahead's agree with the ablation (README.md beside this
// file): window 15 gains 0.36 tokens a step over n-grams, window 5 0.17. The n-gram's and the tree's, rows
// and costs were chosen by hand on the demo model.
Made choose(const DrafterTools& tools) {
  std::vector<AutoArm> arms;
  arms.push_back({.name = "n-gram", .drafter = make_ngram({.n = 7}), .promise = 0.2});
  for (const auto& [window, promise] : {std::pair{6, 0.25}, {15, 0.35}}) {
    arms.push_back({.name = fmt::format("lookahead-{}", window),
                    .drafter = make_lookahead({.window = window, .n = 5, .candidates = window}),
                    .promise = promise,
                    .rows = 6 * window,
                    .whole = true});
  }
  if (tools.draft_model) {
    arms.push_back({.name = "draft tree",
                    .drafter = draft(tools, {.rows = 32}),
                    .promise = 0.7,
                    .rows = 32,
                    .most_rows = 96,
                    .costs_rows = 16});
  }
  return make_auto(std::move(arms));
}

// `name`, or `name` and as many numbers as there are limits, as in lookahead-15-5-15.
struct Family {
  const char* name;
  const char* usage;
  std::vector<std::pair<int, int>> limits;  // least and most of each number
  std::function<Made(const DrafterTools&, const Numbers&)> make;
  enum { no, may, must } draft_model = no;
};

const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {"sequential", "sequential", {}, [](auto&, auto&) { return make_sequential(); }},
      {"ngram", "ngram (ngram-4)", {}, [](auto&, auto&) { return make_ngram({}); }},
      {"ngram", "ngram-3 to ngram-7", {{3, 7}}, [](auto&, auto& n) { return make_ngram({.n = n[0]}); }},
      {"jacobi", "jacobi (jacobi-8)", {}, [](auto&, auto&) { return make_jacobi({}); }},
      {"jacobi", "jacobi-BLOCK", {{1, 64}}, [](auto&, auto& n) { return make_jacobi({.block = n[0]}); }},
      {"lookahead", "lookahead (lookahead-15-5-15)", {}, [](auto&, auto&) { return make_lookahead({}); }},
      {"lookahead",
       "lookahead-WINDOW-NGRAM-CANDIDATES",
       {{1, 64}, {2, 16}, {1, 64}},
       [](auto&, auto& n) { return make_lookahead({.window = n[0], .n = n[1], .candidates = n[2]}); }},
      {"draft",
       "draft (draft-tree-16)",
       {},
       [](auto& tools, auto&) { return draft(tools, {}); },
       Family::must},
      {"draft-chain",
       "draft-chain-LENGTH (1 to 64)",
       {{1, 64}},
       [](auto& tools, auto& n) { return draft(tools, {.rows = n[0] + 1, .depth = n[0], .branches = 1}); },
       Family::must},
      {"draft-tree",
       "draft-tree-ROWS (2 to 256)",
       {{2, 256}},
       [](auto& tools, auto& n) { return draft(tools, {.rows = n[0]}); },
       Family::must},
      {"auto", "auto", {}, [](auto& tools, auto&) { return choose(tools); }, Family::may},
  };
  return all;
}

// The numbers of `text`, when it is the family's name and they are within its limits.
std::optional<Numbers> numbers_in(const std::string& text, const Family& family) {
  if (!text.starts_with(family.name)) return {};
  const char* at = text.data() + std::string_view(family.name).size();
  const char* const end = text.data() + text.size();
  Numbers numbers;
  for (const auto& [least, most] : family.limits) {
    int number = 0;
    if (at == end || *at != '-') return {};
    const auto [next, error] = std::from_chars(at + 1, end, number);
    if (error != std::errc() || number < least || number > most) return {};
    numbers.push_back(number);
    at = next;
  }
  if (at != end) return {};
  return numbers;
}

std::pair<const Family*, Numbers> find(const std::string& name) {
  std::vector<std::string> usages;
  for (const Family& family : families()) {
    if (auto numbers = numbers_in(name, family)) return {&family, std::move(*numbers)};
    usages.emplace_back(family.usage);
  }
  throw Error("decode '{}': expected {}", name, fmt::join(usages, ", "));
}

}  // namespace

std::unique_ptr<Drafter> make_sequential() { return std::make_unique<Sequential>(); }

std::unique_ptr<Drafter> make_drafter(const std::string& name, const DrafterTools& tools) {
  const auto& [family, numbers] = find(name);
  if (family->draft_model == Family::must && !tools.draft_model)
    throw Error(
        "decode '{}': expected a draft model beside it (--draft-model DIR, or \"draft_model\" in a scenario)",
        name);
  return family->make(tools, numbers);
}

void check_drafter(const std::string& name) { find(name); }
bool needs_draft_model(const std::string& name) { return find(name).first->draft_model == Family::must; }
bool uses_draft_model(const std::string& name) { return find(name).first->draft_model != Family::no; }

std::vector<std::string> every_drafter(bool with_draft_model) {
  std::vector<std::string> names = {"sequential", "ngram-3", "ngram-4",   "ngram-5", "ngram-6",
                                    "ngram-7",    "jacobi",  "lookahead", "auto"};
  if (with_draft_model) names.insert(names.end(), {"draft-chain-4", "draft-tree-16"});
  return names;
}

std::vector<std::string> text_drafters(bool with_draft_model) {
  std::vector<std::string> names = {"sequential"};
  for (int n = 3; n <= 7; ++n) names.push_back(fmt::format("ngram-{}", n));
  if (!with_draft_model) return names;
  for (int length = 1; length <= 16; ++length) names.push_back(fmt::format("draft-chain-{}", length));
  for (const int rows : {4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 48, 64})
    names.push_back(fmt::format("draft-tree-{}", rows));
  return names;
}

std::vector<std::string> asking_drafters() { return {"lookahead-5-4-5", "lookahead-15-5-15"}; }

}  // namespace splitwan::engine
