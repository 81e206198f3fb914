#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/layers/device.hh"
#include "engine/split/boundary_rows.hh"
#include "engine/split/forward.hh"
#include "engine/split/hello.hh"
#include "engine/split/row_lists.hh"

namespace splitwan::engine {
namespace {

// `lead` and then these rows of a step, or their parents, which come after so many others.
RowList behind(RowList lead, std::span<const std::int32_t> rows) {
  const auto shift = static_cast<std::int32_t>(lead.size());
  for (const std::int32_t row : rows) lead.push_back(row + shift);
  return lead;
}

bool asks_for_checks(const Json& said) { return said.value("checks", Json()) == true; }

std::string welcome_to(const Json& said, const LayerStack& middle) {
  return asks_for_checks(said) ? Json{{"checks", offer_checks(middle)}}.dump() : "";
}

// One session: its cache, and how its rows are read.
class Session {
 public:
  Session(const ModelConfig& config, const LayerStack& middle, const Json& said, const DelWeights* weights)
      : config_(config), middle_(middle), cache_(middle.new_cache()) {
    if (asks_for_checks(said)) boundaries_.emplace(middle.range(), config.width);
    const auto terms = said.find("mechanism");
    if (terms == said.end()) return;
    if (!weights)
      throw Error("the client's rows come through a binomial mechanism: this server has no decoder");
    mechanism_.emplace(mechanism_terms_of({*terms, "the client's mechanism"}), *weights,
                       middle.range().begin);
    back_ = &codec_named(said["wire"].get<std::string>());
    lead_ = static_cast<std::size_t>(mechanism_->soft_prompt().size(0));
    if (std::cmp_greater_equal(lead_, config.context))
      throw Error("a soft prompt of {} rows: the model's context is {}", lead_, config.context);
  }

  Message answer_check(Party& party, const Message& m) {
    if (!boundaries_) throw Error("a {} in a session that asked for none in its hello", name_of(m.header.kind));
    party.begin_step(m.header.step, m.header.context);
    if (m.header.kind == Kind::draw) return boundaries_->evidence(m.header);
    commit(m.header);
    return boundaries_->commitment(m.header);
  }

  // Takes one request through the middle layers.
  Message answer(Party& party, const Message& request) {
    const Header& h = request.header;
    commit(h);
    const RowList parent = parents_of(h);
    party.begin_step(h.step, h.context);
    const bool counts = mechanism_ && h.dtype == mechanism_dtype;
    const Codec& codec = counts ? *back_ : codec_numbered(h.dtype);
    const Work coding = codec_work(codec, h.rows, config_.width);
    at::Tensor hidden = party.work(counts ? mechanism_->work(h.rows) : coding, [&] {
      return counts ? mechanism_->decode(request, middle_.device())
                    : decode(request, codec, config_.width, middle_.device());
    });
    const auto rows = h.rows + static_cast<std::uint32_t>(lead_);
    const auto context = static_cast<std::uint32_t>(cache_.committed());
    hidden = party.work(middle_.work(Phase::middle, rows, context), [&] {
      if (lead_ > 0) hidden = at::cat({upload(mechanism_->soft_prompt(), middle_.device()), hidden});
      cache_.begin(behind(chain_of(lead_), parent));
      const SessionRows alone{&cache_, h.rows, boundaries_ ? &*boundaries_ : nullptr};
      if (boundaries_) boundaries_->begin(codec);
      return middle_(hidden, std::span(&alone, 1));
    });
    sent_ = h.rows;
    Message reply = party.work(coding, [&] { return encode(hidden, codec); });
    reply.header.kind = Kind::reply;
    reply.header.step = h.step;
    reply.header.context = h.context;
    return reply;
  }

 private:
  // The rows of the last step that the client keeps. A session through the mechanism may say "all of them" by
  // the context alone: its messages are short, and a list would be half of them.
  void commit(const Header& h) {
    std::span<const std::int32_t> listed = h.keep;
    while (!listed.empty() && listed.back() == no_row) listed = listed.first(listed.size() - 1);
    for (const std::int32_t row : listed)  // lest the shift behind a soft prompt overflow
      if (std::cmp_greater(row, Limits{}.rows)) throw Error("row {} to keep: the step had {}", row, sent_);
    const RowList all = first_rows(sent_);
    if (mechanism_ && listed.empty() && h.context == tokens_ + sent_) listed = all;
    if (!listed.empty()) {
      cache_.commit(behind(first_rows(lead_), listed));
      if (boundaries_) boundaries_->commit(listed);
      lead_ = 0;  // the soft prompt is where it belongs
      tokens_ += static_cast<std::uint32_t>(listed.size());
    }
    if (h.context != tokens_)
      throw Error("out of step: the client has {} tokens, the server {}", h.context, tokens_);
  }

  RowList parents_of(const Header& h) const {
    if (const int most = std::max(config_.context, widest_tree);
        h.rows == 0 || std::cmp_greater(h.rows, most))
      throw Error("a step of {} rows: expected 1 to {}", h.rows, most);
    RowList parent = h.parent;
    if (parent.empty()) parent = chain_of(h.rows);
    if (parent.size() != h.rows) throw Error("{} parents for {} rows", parent.size(), h.rows);
    // Branches share positions: near the end of the context, a tree may have more rows than positions are
    // left.
    const int deepest = std::ranges::max(depths(parent));
    if (const int before = cache_.committed() + static_cast<int>(lead_);
        before + deepest >= config_.context) {
      throw Error("a path of {} rows after {} tokens{}: the model's context is {}", deepest + 1, h.context,
                  std::cmp_greater(before, h.context) ? " and a soft prompt" : "", config_.context);
    }
    return parent;
  }

  const ModelConfig& config_;
  const LayerStack& middle_;
  KvCache cache_;
  std::optional<MechanismReader> mechanism_;
  std::optional<BoundaryRows> boundaries_;
  const Codec* back_ = nullptr;          // of replies to counts
  std::size_t lead_ = 0;                 // rows of the soft prompt, as long as it is not committed
  std::uint32_t tokens_ = 0, sent_ = 0;  // committed ones of the client's; rows of the step in flight
};

}  // namespace

void answering(Party& party, PartyId client, const ServeOptions& options,
               const std::function<void(const NextMessage&)>& serve) {
  const NextMessage next = [&] {
    if (!options.idle) return party.recv(client);
    auto arrival = party.recv(client, *options.idle);
    if (!arrival) throw Error("session closed: nothing came for {} s", options.idle->count() / 1'000'000'000);
    return std::move(*arrival);
  };
  try {
    serve(next);
  } catch (const std::exception& e) {
    try {
      party.send(client, error_message(e.what()));
    } catch (const Error&) {  // the client itself is gone; the first error says more
    }
    throw;
  }
}

void serve_middle(Party& party, PartyId client, const ModelConfig& config, const LayerStack& middle,
                  const ServeOptions& options) {
  answering(party, client, options, [&](const NextMessage& next) {
    Arrival arrival = next();
    const Json said = check_hello(arrival.message, config, middle.range());
    Session session(config, middle, said, options.del);
    party.reply(arrival, plain(Kind::welcome, welcome_to(said, middle)));
    while (true) {
      arrival = next();
      if (arrival.message.header.kind == Kind::bye) return;
      if (const Kind kind = arrival.message.header.kind; kind == Kind::check || kind == Kind::draw) {
        party.reply(arrival, session.answer_check(party, arrival.message));
        continue;
      }
      expect(arrival.message, Kind::request);
      party.reply(arrival, session.answer(party, arrival.message));
    }
  });
}

}  // namespace splitwan::engine
