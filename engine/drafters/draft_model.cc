#include "engine/drafters/draft_model.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/layers/model_ends.hh"

namespace splitwan::engine {
namespace {

// Share of the best guess's probability from which on a token is no guess: drawing noise for the whole
// vocabulary would cost more than the model.
constexpr double unlikely = 1e-3;

struct Node {
  Token token = 0;
  std::int32_t parent = -1;  // node; nodes_[0] is the context's last token
  double log_p = 0;          // of the path from there
  int depth = 0;
  std::int32_t row = -1;  // in the cache's open step; -1 = not computed
};

struct Candidate {
  Token token;
  double log_p;
};

// The best few tokens by score, with the probability that each is the one with the target's best score.
std::vector<Candidate> candidates(const std::vector<float>& scores, int count) {
  const float top = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const float score : scores) sum += std::exp(score - top);
  std::vector<Token> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + std::min<std::ptrdiff_t>(count, static_cast<std::ptrdiff_t>(order.size()));
  std::partial_sort(order.begin(), end, order.end(),
                    [&](Token a, Token b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  std::vector<Candidate> best;
  for (auto at = order.begin(); at != end && std::isfinite(scores[*at]); ++at)
    best.push_back({*at, scores[*at] - top - std::log(sum)});
  return best;
}

class DraftTree : public Drafter {
 public:
  DraftTree(const ModelEnds& model, const Sampler& sampler, DraftTreeOptions options)
      : model_(model), sampler_(sampler), options_(options), cache_(model.head().new_cache(options.length)) {}

  TokenBatch propose(Party& party, std::span<const Token> context, int room) override {
    const int space = model_.config().context - static_cast<int>(context.size());
    const int depth = std::min({options_.depth, options_.rows - 1, room, space});
    keep_accepted(context);
    nodes_.assign(1, {.token = context.back()});
    if (depth < 1) return TokenBatch::chain(context.last(1));
    path_.assign(context.begin(), context.end());
    read(party, context.subspan(cache_.committed()));
    for (auto next = frontier(depth); !next.empty(); next = frontier(depth)) compute(party, next);
    return tree();
  }

  void limit(int rows) override { options_.rows = rows; }

 private:
  // Computed nodes of the last tree that the target took stay in the cache; it then lacks the context's last
  // token at least, whose logits are needed.
  void keep_accepted(std::span<const Token> context) {
    std::vector<std::int32_t> rows;
    for (std::int32_t node = 0; cache_.committed() + rows.size() + 1 < context.size();) {
      const Token token = context[cache_.committed() + rows.size()];
      const auto child = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& n) {
        return n.parent == node && n.token == token && n.row >= 0;
      });
      if (child == nodes_.end()) break;
      rows.push_back(child->row);
      node = static_cast<std::int32_t>(child - nodes_.begin());
    }
    cache_.commit(rows);
    open_rows_ = 0;
  }

  // Takes committed tokens in, and expands the last one.
  void read(Party& party, std::span<const Token> tokens) {
    constexpr std::size_t chunk = 128;
    for (; tokens.size() > chunk; tokens = tokens.subspan(chunk)) forward(party, tokens.first(chunk), 0);
    forward(party, tokens, 1);
  }

  // Scores, noise and sorting cost more than the small model itself: they belong to the work that is charged.
  void forward(Party& party, std::span<const Token> tokens, int wanted) {
    const auto rows = static_cast<std::uint32_t>(tokens.size());
    party.work(work(rows, wanted), [&] {
      cache_.begin(TokenBatch::chain(tokens).parent);
      const at::Tensor hidden = model_.head()(model_.embed(known(tokens)), cache_, wanted);
      std::vector<std::int32_t> all(rows);
      std::iota(all.begin(), all.end(), 0);
      cache_.commit(all);
      if (wanted > 0) expand({0}, model_.logits(hidden));
      return true;
    });
  }

  // Runs nodes whose parents have run, and expands them.
  void compute(Party& party, const std::vector<std::int32_t>& nodes) {
    std::vector<Token> tokens;
    std::vector<std::int32_t> parents;
    for (const std::int32_t n : nodes) {
      tokens.push_back(nodes_[n].token);
      parents.push_back(nodes_[n].parent == 0 ? -1 : nodes_[nodes_[n].parent].row);
    }
    const auto rows = static_cast<std::uint32_t>(nodes.size());
    party.work(work(rows, rows), [&] {
      open_rows_ == 0 ? cache_.begin(parents) : cache_.grow(parents);
      for (const std::int32_t n : nodes) nodes_[n].row = open_rows_++;
      expand(nodes, model_.logits(model_.head()(model_.embed(tokens), cache_)));
      return true;
    });
  }

  // Vocabularies may be padded to different sizes: of a token that the draft model lacks it reads another.
  std::vector<Token> known(std::span<const Token> tokens) const {
    std::vector<Token> ids(tokens.begin(), tokens.end());
    for (Token& id : ids)
      if (id >= model_.config().vocabulary) id = 0;
    return ids;
  }

  Work work(std::uint32_t rows, std::uint32_t wanted) const {
    const auto context = static_cast<std::uint32_t>(cache_.committed());
    Work work = model_.head().work(Phase::draft, rows, context);
    return wanted > 0 ? model_.logits_work(work, wanted) : work;
  }

  void expand(const std::vector<std::int32_t>& nodes, const at::Tensor& logits) {
    const auto vocabulary = static_cast<std::size_t>(logits.size(1));
    const std::size_t targets =
        options_.vocabulary > 0 ? static_cast<std::size_t>(options_.vocabulary) : vocabulary;
    const std::size_t context = path_.size();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (std::int32_t n = nodes[i]; n > 0; n = nodes_[n].parent)
        path_.insert(path_.begin() + static_cast<std::ptrdiff_t>(context), nodes_[n].token);
      sampler_.scores({logits.data_ptr<float>() + i * vocabulary, std::min(vocabulary, targets)}, path_,
                      scores_, unlikely);
      path_.resize(context);
      const Node parent = nodes_[nodes[i]];
      for (const Candidate& c : candidates(scores_, options_.branches))
        nodes_.push_back({c.token, nodes[i], parent.log_p + c.log_p, parent.depth + 1});
    }
  }

  // The best nodes that fit the budget, the best first; parents come before children.
  std::vector<std::int32_t> best() const {
    std::vector<std::int32_t> order(nodes_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return nodes_[a].log_p > nodes_[b].log_p; });
    order.resize(std::min<std::size_t>(order.size(), options_.rows));
    return order;
  }

  // Of the best, those to look behind next.
  std::vector<std::int32_t> frontier(int depth) const {
    std::vector<std::int32_t> next;
    for (const std::int32_t n : best()) {
      if (n == 0 || nodes_[n].row >= 0 || nodes_[n].depth >= depth) continue;
      next.push_back(n);
      if (static_cast<int>(next.size()) == options_.frontier) break;
    }
    return next;
  }

  TokenBatch tree() const {
    TokenBatch batch;
    std::vector<std::int32_t> row_of(nodes_.size(), -1);
    for (const std::int32_t n : best()) {
      row_of[n] = batch.rows();
      batch.ids.push_back(nodes_[n].token);
      batch.parent.push_back(n == 0 ? -1 : row_of[nodes_[n].parent]);
    }
    return batch;
  }

  const ModelEnds& model_;
  const Sampler& sampler_;
  DraftTreeOptions options_;
  KvCache cache_;
  std::vector<Node> nodes_;
  std::int32_t open_rows_ = 0;
  std::vector<Token> path_;
  std::vector<float> scores_;
};

}  // namespace

std::unique_ptr<Drafter> make_draft_tree(const ModelEnds& model, const Sampler& sampler,
                                         DraftTreeOptions options) {
  return std::make_unique<DraftTree>(model, sampler, options);
}

}  // namespace splitwan::engine
