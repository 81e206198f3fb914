#include "analysis/attacks/exam/documents.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"

namespace splitwan::attacks {
namespace {

// Decoding needs a party; this one is alone and has no time.
struct Alone : engine::Transport, engine::Clock, engine::Recorder {
  void send(engine::PartyId, engine::Message) override {}
  std::optional<engine::Arrival> recv(engine::PartyId, engine::Nanos) override { return {}; }
  engine::Nanos now() const override { return {}; }
  void work(const engine::Work&, const std::function<void()>& job) override { job(); }
  void span(const engine::Span&) override {}
  void step(const engine::Step&) override {}
};

// Both ends and the server in one place, remembering what the server met.
class Watched : public engine::Forward {
 public:
  Watched(const Pieces& pieces, const Split& split, Document& into)
      : pieces_(pieces), split_(split), session_(pieces, pieces.config().layers), into_(into) {}

  at::Tensor prefill(std::span<const Token> prompt) override {
    const at::Tensor logits = run(engine::TokenBatch::chain(prompt));
    std::vector<std::int32_t> all(prompt.size());
    std::iota(all.begin(), all.end(), 0);
    commit(all);
    return logits.slice(0, -1);
  }

  at::Tensor run(const engine::TokenBatch& batch) override {
    const int layers = pieces_.config().layers, end = layers - split_.depth;
    ids_ = batch.ids;
    session_.begin(batch.parent);
    at::Tensor x = session_.through(pieces_.embed(ids_), 0, split_.depth);
    came_ = split_.crossing(x).clone();  // the layers overwrite their input
    went_ = session_.through(came_.clone(), split_.depth, end).clone();
    x = round_trip(went_, *split_.crossing.wire).clone();
    return pieces_.logits(session_.through(x, end, layers));
  }

  void commit(std::span<const std::int32_t> rows) override {
    session_.commit(rows);
    std::vector<std::int64_t> kept(rows.begin(), rows.end()), rest;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(ids_.size()); ++i)
      if (!std::ranges::count(kept, i)) rest.push_back(i);
    const auto take = [](const at::Tensor& of, const std::vector<std::int64_t>& which) {
      return of.index_select(0, at::tensor(which, at::kLong));
    };
    for (const auto i : kept) into_.ids.push_back(ids_[static_cast<std::size_t>(i)]);
    for (const auto i : rest) into_.rejected.push_back(ids_[static_cast<std::size_t>(i)]);
    parts_[0].push_back(take(came_, kept)), parts_[1].push_back(take(went_, kept));
    parts_[2].push_back(take(came_, rest)), parts_[3].push_back(take(went_, rest));
    into_.input = at::cat(parts_[0]), into_.output = at::cat(parts_[1]);
    into_.rejected_input = at::cat(parts_[2]), into_.rejected_output = at::cat(parts_[3]);
  }

  int committed() const override { return session_.committed(); }
  std::uint64_t round_trips() const override { return 0; }

 private:
  const Pieces& pieces_;
  const Split& split_;
  Session session_;
  Document& into_;
  std::vector<Token> ids_;
  at::Tensor came_, went_;
  std::array<std::vector<at::Tensor>, 4> parts_;
};

}  // namespace

std::string_view name_of(Cut cut) { return cut == Cut::input ? "input" : "output"; }
std::string_view name_of(Target target) { return target == Target::current ? "current" : "next"; }

Document decode(const Pieces& pieces, const Split& split, const Prompted& text, int new_tokens) {
  Document document;
  Alone alone;
  engine::Party party(0, alone, alone, alone);
  Watched forward(pieces, split, document);
  const auto drafter = engine::make_drafter("ngram", {});
  engine::GenerateOptions options;
  options.max_new_tokens = new_tokens;
  options.stop_at_eos = false;
  const auto done = engine::generate(party, forward, *drafter, pieces.config(), text.prompt, options);
  document.prompt = text.prompt.size();
  document.name = text.name;
  document.name.resize(document.ids.size());
  document.next.assign(text.prompt.begin() + 1, text.prompt.end());
  document.next.insert(document.next.end(), done.output.begin(), done.output.end());
  return document;
}

Document first_rows(const Document& d, std::size_t count) {
  Document out = d;
  count = std::min(count, d.ids.size());
  out.ids.resize(count);
  out.next.resize(count);
  out.name.resize(count);
  out.prompt = std::min(d.prompt, count);
  out.rejected.clear();
  const auto rows = static_cast<std::int64_t>(count);
  out.input = d.input.narrow(0, 0, rows), out.output = d.output.narrow(0, 0, rows);
  out.rejected_input = d.rejected_input.narrow(0, 0, 0),
  out.rejected_output = d.rejected_output.narrow(0, 0, 0);
  return out;
}

std::vector<at::Tensor> states(const Pieces& pieces, std::span<const Text> texts,
                               std::span<const int> layers) {
  std::vector<std::vector<at::Tensor>> parts(layers.size());
  const int last = layers.empty() ? 0 : std::ranges::max(layers);
  for (const Text& text : texts) {
    Session session(pieces, last);
    session.begin(chain(text.ids.size()));
    at::Tensor x = pieces.embed(text.ids);
    for (int at = 0; at <= last; ++at) {
      for (std::size_t i = 0; i < layers.size(); ++i)
        if (layers[i] == at) parts[i].push_back(x.clone());
      if (at < last) x = session.through(x, at, at + 1);
    }
  }
  std::vector<at::Tensor> out;
  for (auto& of_layer : parts) {
    out.push_back(at::cat(of_layer));
    of_layer.clear();
  }
  return out;
}

std::pair<at::Tensor, at::Tensor> seen(const Pieces& pieces, const Split& split,
                                       std::span<const Text> texts) {
  std::vector<at::Tensor> came, went;
  const int end = pieces.config().layers - split.depth;
  for (const Text& text : texts) {
    Session session(pieces, end);
    session.begin(chain(text.ids.size()));
    const at::Tensor x = session.through(pieces.embed(text.ids), 0, split.depth);
    came.push_back(split.crossing(x).clone());
    went.push_back(session.through(came.back().clone(), split.depth, end).clone());
  }
  return {at::cat(came), at::cat(went)};
}

}  // namespace splitwan::attacks
