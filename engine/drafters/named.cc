#include "engine/drafters/named.hh"

#include <charconv>
#include <optional>

#include "engine/drafters/draft_model.hh"
#include "engine/drafters/ngram.hh"
#include "engine/error.hh"

namespace splitwan::engine {
namespace {

class Sequential : public Drafter {
 public:
  TokenBatch propose(Party&, std::span<const Token> context, int) override {
    return TokenBatch::chain(context.last(1));
  }
};

using Maker = std::function<std::unique_ptr<Drafter>(const DrafterTools&)>;

struct Named {
  Maker make;
  bool needs_model = false;
};

// The number that follows `prefix`, when it is within the limits.
std::optional<int> number_after(std::string_view prefix, std::string_view name, int least, int most) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number < least || number > most) return {};
  return number;
}

Named draft_tree(DraftTreeOptions options) {
  return {[options](const DrafterTools& tools) {
            return make_draft_tree(*tools.draft_model, *tools.sampler, options);
          },
          true};
}

Named find(const std::string& name) {
  if (name == "sequential") return {[](auto&) { return make_sequential(); }};
  if (name == "ngram") return {[](auto&) { return make_ngram({}); }};
  for (int n = 3; n <= 7; ++n) {
    if (name == fmt::format("ngram-{}", n)) return {[n](auto&) { return make_ngram({.n = n}); }};
  }
  if (name == "draft") return draft_tree({});
  if (const auto length = number_after("draft-chain-", name, 1, 64))
    return draft_tree({.rows = *length + 1, .depth = *length, .branches = 1});
  if (const auto rows = number_after("draft-tree-", name, 2, 256)) return draft_tree({.rows = *rows});
  throw Error(
      "decode '{}': expected sequential, ngram, ngram-3 to ngram-7, draft-chain-LENGTH (1 to 64), "
      "draft-tree-ROWS (2 to "
      "256), or draft (draft-tree-16)",
      name);
}

}  // namespace

std::unique_ptr<Drafter> make_sequential() { return std::make_unique<Sequential>(); }

std::unique_ptr<Drafter> make_drafter(const std::string& name, const DrafterTools& tools) {
  const Named named = find(name);
  if (named.needs_model && !tools.draft_model)
    throw Error(
        "decode '{}': expected a draft model beside it (--draft-model DIR, or \"draft_model\" in a scenario)",
        name);
  return named.make(tools);
}

void check_drafter(const std::string& name) { find(name); }
bool needs_draft_model(const std::string& name) { return find(name).needs_model; }

std::vector<std::string> every_drafter(bool with_draft_model) {
  std::vector<std::string> names = {"sequential", "ngram-3", "ngram-4", "ngram-5", "ngram-6", "ngram-7"};
  if (with_draft_model) names.insert(names.end(), {"draft-chain-4", "draft-tree-16"});
  return names;
}

std::int32_t child_holding(const TokenBatch& batch, std::int32_t row, Token token) {
  for (std::int32_t next = row + 1; next < batch.rows(); ++next) {
    if (batch.parent[next] == row && batch.ids[next] == token) return next;
  }
  return -1;
}

std::int32_t graft(TokenBatch& batch, std::int32_t row, std::span<const Token> chain) {
  for (const Token token : chain) {
    std::int32_t next = child_holding(batch, row, token);
    if (next < 0) {
      next = batch.rows();
      batch.ids.push_back(token);
      batch.parent.push_back(row);
    }
    row = next;
  }
  return row;
}

}  // namespace splitwan::engine
