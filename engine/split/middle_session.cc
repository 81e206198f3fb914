#include "engine/split/middle_session.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/layers/device.hh"
#include "engine/split/checks.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

// `lead` and then these rows of a step, or their parents, which come after so many others.
RowList behind(RowList lead, std::span<const std::int32_t> rows) {
  const auto shift = static_cast<std::int32_t>(lead.size());
  for (const std::int32_t row : rows) lead.push_back(row + shift);
  return lead;
}

}  // namespace

MiddleSession::MiddleSession(const ModelConfig& config, const LayerStack& middle, const Json& said,
                             const DelWeights* weights)
    : config_(config), middle_(middle), passage_(middle.new_cache(length_said(said, config))) {
  if (const auto checks = said.find("checks"); checks != said.end() && *checks == true)
    passage_.observe(&boundaries_.emplace(middle.range(), config.width));
  const auto terms = said.find("mechanism");
  if (terms == said.end()) return;
  if (boundaries_) throw Error("spot checks: expected rows that come through no mechanism");
  if (!weights)
    throw Error("the client's rows come through a binomial mechanism: this server has no decoder");
  mechanism_.emplace(mechanism_terms_of({*terms, "the client's mechanism"}), *weights, middle.range().begin);
  back_ = &codec_named(said["wire"].get<std::string>());
  lead_ = static_cast<std::size_t>(mechanism_->soft_prompt().size(0));
  if (std::cmp_greater_equal(lead_, config.context))
    throw Error("a soft prompt of {} rows: the model's context is {}", lead_, config.context);
}

void MiddleSession::greet(Json& welcome) const {
  if (boundaries_) welcome["checks"] = offer_checks(middle_);
}

Message MiddleSession::check(const Message& m) {
  if (!boundaries_) throw Error("a {} in a session that asked for none in its hello", name_of(m.header.kind));
  if (m.header.kind == Kind::draw) return boundaries_->evidence(m.header);
  header_ = m.header;
  commit();
  return boundaries_->commitment(header_);
}

void MiddleSession::take(const Message& m) {
  if (m.header.kind != Kind::feed) expect(m, Kind::request);
  header_ = m.header;
  commit();
  check_tree();
  counts_ = mechanism_ && header_.dtype == mechanism_dtype;
  codec_ = counts_ ? back_ : &codec_numbered(header_.dtype);
}

// The rows of the last step that the client keeps. A session through the mechanism may say "all of them" by
// the context alone: its messages are short, and a list would be half of them.
void MiddleSession::commit() {
  std::span<const std::int32_t> listed = header_.keep;
  while (!listed.empty() && listed.back() == no_row) listed = listed.first(listed.size() - 1);
  for (const std::int32_t row : listed)  // lest the shift behind a soft prompt overflow
    if (std::cmp_greater(row, Limits{}.rows)) throw Error("row {} to keep: the step had {}", row, sent_);
  RowList all;
  if (mechanism_ && listed.empty() && header_.context == tokens_ + sent_) listed = all = first_rows(sent_);
  if (!listed.empty()) {
    passage_.commit(behind(first_rows(lead_), listed));
    if (boundaries_) boundaries_->commit(listed);
    lead_ = 0;  // the soft prompt is where it belongs
    tokens_ += static_cast<std::uint32_t>(listed.size());
  }
  if (header_.context != tokens_)
    throw Error("out of step: the client has {} tokens, the server {}", header_.context, tokens_);
}

void MiddleSession::check_tree() {
  Header& h = header_;
  if (h.rows == 0 || std::cmp_greater(h.rows, widest_tree))
    throw Error("a step of {} rows: expected 1 to {}", h.rows, widest_tree);
  if (h.parent.empty()) h.parent = chain_of(h.rows);
  if (h.parent.size() != h.rows) throw Error("{} parents for {} rows", h.parent.size(), h.rows);
  if (h.kind == Kind::feed && !is_chain(h.parent)) throw Error("a feed with branches: expected a chain");
  // Branches share positions: near the end of the context, a tree may have more rows than positions are left.
  const int deepest = std::ranges::max(depths(h.parent));
  if (const int before = passage_.committed() + static_cast<int>(lead_);
      before + deepest >= config_.context) {
    throw Error("a path of {} rows after {} tokens{}: the model's context is {}", deepest + 1, h.context,
                std::cmp_greater(before, h.context) ? " and a soft prompt" : "", config_.context);
  }
}

at::Tensor MiddleSession::decode(const Message& m) const {
  return counts_ ? mechanism_->decode(m, middle_.device())
                 : engine::decode(m, *codec_, config_.width, middle_.device());
}

Work MiddleSession::layers() const {
  return middle_.work(Phase::middle, header_.rows + static_cast<std::uint32_t>(lead_),
                      static_cast<std::uint32_t>(passage_.committed()));
}

void MiddleSession::open(at::Tensor rows) {
  if (lead_ > 0) rows = at::cat({upload(mechanism_->soft_prompt(), middle_.device()), rows});
  if (boundaries_) boundaries_->begin(*codec_);
  passage_.begin(std::move(rows), behind(chain_of(lead_), header_.parent),
                 header_.kind == Kind::feed ? 0 : header_.rows);
  sent_ = header_.rows;
}

std::optional<Message> MiddleSession::finish() {
  const at::Tensor through = passage_.take_out();
  if (header_.kind == Kind::feed) {
    passage_.commit(first_rows(lead_ + sent_));
    if (boundaries_) boundaries_->commit(first_rows(sent_));
    tokens_ += std::exchange(sent_, 0);
    lead_ = 0;
    return {};
  }
  Message reply = encode(through, *codec_);
  reply.header.kind = Kind::reply;
  reply.header.step = header_.step;
  reply.header.context = header_.context;
  return reply;
}

}  // namespace splitwan::engine
