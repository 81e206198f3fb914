#include "analysis/attacks/cascade/hole_search.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <queue>

namespace splitwan::attacks {

using at::Tensor;

// A sequence of tokens from the accepted ones on, and those that may follow, the most probable first.
struct HoleSearch::Node {
  Token token = 0;
  int parent = -1;        // among the nodes; the root has none
  int steps = 0;          // tokens from the root on
  double score = 0;       // ln P of them; of one of a few, what it lacks to the best
  std::int32_t row = -1;  // of the session's step; the root's are all accepted
  Tensor hidden = {};     // [width] at the layer
  std::vector<std::pair<Token, float>> next = {};
};

class HoleSearch::Tree {
 public:
  Tree(HoleSearch& of, std::span<const Step> steps, std::uint64_t budget)
      : of_(of), steps_(steps), budget_(budget) {
    nodes_.emplace_back();
    follow(0, of_.next_);
  }

  bool empty() const { return queue_.empty(); }
  // The next `most` sequences in order of probability: those that are whole, and those that go on.
  void take(std::size_t most) {
    whole_.clear(), parts_.clear();
    while (!queue_.empty() && whole_.size() + parts_.size() < most) {
      const auto [score, parent, rank] = queue_.top();
      queue_.pop();
      Node node{.token = nodes_[at(parent)].next[rank].first,
                .parent = parent,
                .steps = nodes_[at(parent)].steps + 1,
                .score = score};
      offer(parent, rank + 1);
      (at(node.steps) == steps_.size() ? whole_ : parts_).push_back(static_cast<int>(nodes_.size()));
      nodes_.push_back(std::move(node));
    }
  }
  // Through all layers: what may follow.
  void expand() {
    if (parts_.empty()) return;
    Tensor x = grow(parts_);
    const Tensor likely = at::log_softmax(
        of_.pieces_.logits(of_.session_.through(x.clone(), of_.layer_, of_.pieces_.config().layers)), 1);
    for (std::size_t i = 0; i < parts_.size(); ++i) follow(parts_[i], likely[static_cast<std::int64_t>(i)]);
  }
  // Up to the layer only: hidden rows of whole sequences, [n, steps, width].
  Tensor whole_rows() {
    grow(whole_);
    std::vector<Tensor> paths;
    for (const int leaf : whole_) {
      std::vector<Tensor> path;
      for (int n = leaf; n > 0; n = nodes_[at(n)].parent) path.push_back(nodes_[at(n)].hidden);
      std::ranges::reverse(path);
      paths.push_back(at::stack(path));
    }
    return at::stack(paths);
  }
  const std::vector<int>& whole() const { return whole_; }
  std::vector<Token> tokens(int node) const {
    std::vector<Token> out;
    for (; node > 0; node = nodes_[at(node)].parent) out.push_back(nodes_[at(node)].token);
    std::ranges::reverse(out);
    return out;
  }
  std::uint64_t rows() const { return static_cast<std::uint64_t>(rows_); }

 private:
  static std::size_t at(int node) { return static_cast<std::size_t>(node); }

  void follow(int node, const Tensor& likely) {
    Node& n = nodes_[at(node)];
    const float* p = likely.data_ptr<float>();
    if (const Step& few = steps_[at(n.steps)]; !few.empty()) {
      // However improbable they are: what counts is after which sequences each is less so, by the best so
      // far.
      n.next.clear();
      for (const Token t : few) {
        float& best = likeliest_.try_emplace({n.steps, t}, p[t]).first->second;
        best = std::max(best, p[t]);
        n.next.emplace_back(t, p[t] - best);
      }
      std::ranges::stable_sort(n.next, std::greater<>{}, [](const auto& one) { return one.second; });
    } else {
      const auto count = std::min<std::int64_t>(likely.size(0), static_cast<std::int64_t>(budget_));
      const auto [values, places] = likely.topk(count);
      for (std::int64_t i = 0; i < count; ++i)
        n.next.emplace_back(static_cast<Token>(places.data_ptr<std::int64_t>()[i]),
                            values.data_ptr<float>()[i]);
    }
    offer(node, 0);
  }
  void offer(int parent, std::size_t rank) {
    const Node& n = nodes_[at(parent)];
    if (rank < n.next.size()) queue_.push({n.score + n.next[rank].second, parent, rank});
  }
  // -> hidden rows at the layer.
  Tensor grow(const std::vector<int>& which) {
    std::vector<Token> tokens;
    std::vector<std::int32_t> parents;
    for (const int n : which) {
      tokens.push_back(nodes_[at(n)].token);
      parents.push_back(nodes_[at(nodes_[at(n)].parent)].row);
      nodes_[at(n)].row = rows_++;
    }
    if (parents.size() == static_cast<std::size_t>(rows_))
      of_.session_.begin(parents);
    else
      of_.session_.grow(parents);
    Tensor x = of_.session_.through(of_.pieces_.embed(tokens), 0, of_.layer_).clone();
    for (std::size_t i = 0; i < which.size(); ++i)
      nodes_[at(which[i])].hidden = x[static_cast<std::int64_t>(i)];
    return x;
  }

  struct Offer {
    double score;
    int parent;
    std::size_t rank;
    bool operator<(const Offer& o) const {  // ties: the older first
      return std::tie(score, o.parent, o.rank) < std::tie(o.score, parent, rank);
    }
  };
  HoleSearch& of_;
  std::span<const Step> steps_;
  std::uint64_t budget_;
  std::vector<Node> nodes_;
  std::priority_queue<Offer> queue_;
  // ln P of one of a few, by step and token, after the sequence that it suits best.
  std::map<std::pair<int, Token>, float> likeliest_;
  std::vector<int> whole_, parts_;
  std::int32_t rows_ = 0;
};

HoleSearch::HoleSearch(const Pieces& pieces, int layer, Token first)
    : pieces_(pieces), layer_(layer), session_(pieces, pieces.config().layers) {
  accept(std::span(&first, 1));
}

void HoleSearch::accept(std::span<const Token> tokens) {
  if (tokens.empty()) return;
  session_.begin(chain(tokens.size()));
  const Tensor x = session_.through(pieces_.embed(tokens), 0, layer_).clone();
  hidden_ = hidden_.defined() ? at::cat({hidden_, x}) : x;
  const Tensor last = session_.through(x.clone(), layer_, pieces_.config().layers).slice(0, -1);
  next_ = at::log_softmax(pieces_.logits(last.contiguous()), 1)[0];
  session_.commit_all();
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
}

Bridge HoleSearch::bridge(std::span<const Step> steps, const Judge& judge, double tolerance,
                          std::uint64_t budget, const Stop& stop) {
  Bridge out{.distance = std::numeric_limits<double>::infinity()};
  Tree tree(*this, steps, budget);
  // Batches that grow, as most are found among the first few; the last is cut to the budget.
  for (std::size_t size = 4; !tree.empty() && tree.rows() < budget && !out.found;
       size = std::min<std::size_t>(2 * size, 128)) {
    if (stop()) throw Stopped{};
    tree.take(std::min<std::size_t>(size, budget - tree.rows()));
    tree.expand();
    if (tree.whole().empty()) continue;
    const Tensor distances = judge(tree.whole_rows());
    const auto best = distances.argmin().item<std::int64_t>();
    if (const double d = distances[best].item<double>(); d < out.distance) {
      out.distance = d;
      out.tokens = tree.tokens(tree.whole()[static_cast<std::size_t>(best)]);
    }
    out.found = out.distance <= tolerance;
  }
  out.passes = tree.rows();
  if (out.tokens.empty()) {  // no sequence was whole within the budget
    out.tokens = continuation(static_cast<int>(steps.size()));
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (!steps[i].empty()) out.tokens[i] = steps[i].front();
  }
  return out;
}

std::vector<Token> HoleSearch::continuation(int tokens) const {
  std::vector<Token> out{static_cast<Token>(next_.argmax().item<std::int64_t>())};
  Session session(pieces_, pieces_.config().layers);
  std::vector<Token> ids = tokens_;
  while (static_cast<int>(out.size()) < tokens) {
    ids.push_back(out.back());
    const auto fresh = session.committed() == 0 ? std::span<const Token>(ids) : std::span(ids).last(1);
    session.begin(chain(fresh.size()));
    const Tensor x = session.through(pieces_.embed(fresh), 0, pieces_.config().layers);
    session.commit_all();
    out.push_back(
        static_cast<Token>(pieces_.logits(x.slice(0, -1).contiguous()).argmax().item<std::int64_t>()));
  }
  return out;
}

}  // namespace splitwan::attacks
