#include <ATen/ATen.h>

#include <algorithm>
#include <deque>

#include "engine/base/error.hh"
#include "engine/layers/device.hh"
#include "engine/split/boundary_rows.hh"
#include "engine/split/forward.hh"
#include "engine/split/hello.hh"
#include "engine/split/row_lists.hh"

namespace splitwan::engine {
namespace {

class SplitForward : public Forward {
 public:
  SplitForward(Party& party, PartyId server, const ModelEnds& ends, SplitOptions options)
      : party_(party),
        server_(server),
        ends_(ends),
        options_(std::move(options)),
        head_cache_(ends.head().new_cache(options_.length)),
        tail_cache_(ends.tail().new_cache(options_.length)) {
    const LayerRange middle{ends.head().range().end, ends.tail().range().begin};
    Json more = Json::object();
    say_length(more, ends.config(), options_.length);
    if (options_.mechanism) more["mechanism"] = to_json(options_.mechanism->terms);
    if (options_.checks) {
      if (options_.mechanism)
        throw Error("spot checks: what a mechanism's rows become, the server alone knows");
      more["checks"] = true;
      options_.checks->length = options_.length;
      checks_.emplace(party_, server_, *std::exchange(options_.checks, {}), middle, ends.config().width,
                      *options_.wire);
    }
    hello_ = hello(ends.config(), middle, *options_.wire, more);
    if (!options_.mechanism) greet();  // else a spent budget may yet end the session: nothing is sent before
  }

  at::Tensor prefill(std::span<const Token> prompt) override {
    ++round_trips_;
    std::vector<TokenBatch> chunks;
    if (options_.mechanism) {
      name_rows(TokenBatch::chain(prompt));
      options_.mechanism->releases->reserve(sent_);
    }
    for (std::size_t at = 0; at < prompt.size(); at += options_.prefill_chunk) {
      const auto rows = std::min<std::size_t>(options_.prefill_chunk, prompt.size() - at);
      chunks.push_back(TokenBatch::chain(prompt.subspan(at, rows)));
      send(chunks.back(), Part::prompt);
      keep_ = first_rows(rows);
      head_cache_.commit(keep_);
      if (checks_) checks_->commit_sent(keep_);
      if (options_.mechanism) last_ = sent_[rows - 1];
    }
    at::Tensor logits;
    for (const TokenBatch& chunk : chunks) {
      logits = finish(chunk, /*wanted=*/&chunk == &chunks.back() ? 1 : 0);
      tail_cache_.commit(first_rows(chunk.ids.size()));
      if (checks_) checks_->commit_received(first_rows(chunk.ids.size()));
    }
    return logits;
  }

  at::Tensor run(const TokenBatch& batch) override {
    ++round_trips_;
    send(batch, Part::generated);
    return finish(batch, batch.rows());
  }

  void commit(std::span<const std::int32_t> rows) override {
    head_cache_.commit(rows);
    tail_cache_.commit(rows);
    keep_.assign(rows.begin(), rows.end());
    if (checks_) {
      checks_->commit_sent(rows);
      checks_->commit_received(rows);
    }
    if (!rows.empty() && options_.mechanism) last_ = sent_.at(static_cast<std::size_t>(rows.back()));
  }

  int committed() const override { return tail_cache_.committed(); }
  std::uint64_t round_trips() const override { return round_trips_; }
  void step_done() override {
    if (!checks_) return;
    checks_->step_done();
    check(checks_->due(/*at_the_end=*/false));
  }
  void close() override {
    if (hello_) return;
    if (checks_) check(checks_->due(/*at_the_end=*/true));
    party_.send(server_, plain(Kind::bye));
  }

 private:
  // Dummies repeat the first token, beside it: they need no position of their own, and no other row sees
  // them.
  TokenBatch padded(TokenBatch batch) const {
    const auto rows = static_cast<std::size_t>(options_.defences.padded(batch.rows()));
    batch.ids.resize(rows, batch.ids[0]);
    batch.parent.resize(rows, -1);
    return batch;
  }

  enum class Part : std::uint8_t { prompt, generated };

  void check(bool now) {
    if (!now) return;
    if (options_.defences.pad()) keep_.resize(sent_rows_, no_row);
    checks_->run(std::exchange(keep_, {}), options_.patience);
  }

  void greet() {
    if (!hello_) return;
    greeted_ = party_.now();
    party_.send(server_, *std::exchange(hello_, {}));
  }

  // Which rows of the session these are.
  void name_rows(const TokenBatch& batch) {
    sent_.clear();
    for (std::size_t i = 0; i < batch.ids.size(); ++i) {
      const std::int32_t parent = batch.parent[i];
      sent_.push_back(
          Releases::child(parent < 0 ? last_ : sent_[static_cast<std::size_t>(parent)], batch.ids[i]));
    }
  }

  Message encoded(const at::Tensor& hidden, Part part, int real) {
    const at::Tensor leaving = defended(hidden, options_.defences, options_.seed);
    if (!options_.mechanism) return encode(leaving, *options_.wire);
    Releases& releases = *options_.mechanism->releases;
    if (part == Part::prompt || options_.mechanism->generated) return encode(leaving, releases, sent_);
    releases.expose(static_cast<std::uint64_t>(real));
    return encode(leaving, *options_.wire);
  }

  Work encoding(std::uint32_t rows, Part part) const {
    const auto& m = options_.mechanism;
    if (m && (part == Part::prompt || m->generated)) return mechanism_work(m->releases->mechanism(), rows);
    return codec_work(*options_.wire, rows, ends_.config().width);
  }

  // The first layers, then on the wire. Keeps ride along.
  void send(const TokenBatch& real, Part part) {
    const TokenBatch batch = padded(real);
    const auto rows = static_cast<std::uint32_t>(batch.rows());
    const auto context = static_cast<std::uint32_t>(head_cache_.committed());
    const at::Tensor hidden = party_.work(ends_.head().work(Phase::head, rows, context), [&] {
      head_cache_.begin(batch.parent);
      return ends_.head()(ends_.embed(batch.ids), head_cache_);
    });
    const bool keeps_all = keep_.size() == sent_rows_;
    if (options_.mechanism) name_rows(batch);
    Message m = party_.work(encoding(rows, part), [&] { return encoded(hidden, part, real.rows()); });
    m.header.kind = Kind::request;
    m.header.step = party_.step();
    m.header.context = context;
    m.header.keep = std::exchange(keep_, {});
    if (options_.defences.pad()) {  // lists as long as the rows: their length says nothing else
      m.header.keep.resize(sent_rows_, no_row);
      m.header.parent = batch.parent;
    } else {
      if (options_.mechanism && keeps_all) m.header.keep.clear();  // the context says so
      if (!is_chain(batch.parent)) m.header.parent = batch.parent;
    }
    sent_rows_ = rows;
    if (checks_) checks_->sent(decode(m, *options_.wire, ends_.config().width));
    greet();
    asked_.push_back({.at = party_.now(), .step = m.header.step, .rows = rows, .context = context});
    party_.send(server_, std::move(m));
  }

  Message receive() {
    Arrival arrival = answer_of(party_, server_, options_.patience);
    if (!welcomed_) {
      check_answer(party_, arrival, {.at = greeted_, .kind = Kind::welcome});
      const Json said = said_in_welcome(arrival.message);
      if (checks_) checks_->welcomed(said);
      welcomed_ = true;
      arrival = answer_of(party_, server_, options_.patience);
    }
    check_answer(party_, arrival, asked_.front());
    asked_.pop_front();
    return std::move(arrival.message);
  }

  at::Tensor rows_of(const Message& reply) const {
    try {
      return decode(reply, *options_.wire, ends_.config().width, ends_.tail().device());
    } catch (const Error& e) {
      throw Error("server: step {}: {}", reply.header.step, e.what());
    }
  }

  // Waits for the reply, then the last layers; logits of the last `wanted` rows.
  at::Tensor finish(const TokenBatch& batch, int wanted) {
    const Message reply = receive();
    const auto real = static_cast<std::uint32_t>(batch.rows()),
               rows = static_cast<std::uint32_t>(options_.defences.padded(batch.rows()));
    at::Tensor hidden = party_.work(codec_work(*options_.wire, rows, ends_.config().width),
                                    [&] { return rows_of(reply).narrow(0, 0, real); });
    if (checks_) checks_->received(download(hidden).clone());  // the tail's layers overwrite them
    const auto context = static_cast<std::uint32_t>(tail_cache_.committed());
    return party_.work(ends_.logits_work(ends_.tail().work(Phase::tail, real, context), wanted), [&] {
      tail_cache_.begin(batch.parent);
      hidden = ends_.tail()(hidden, tail_cache_, wanted);
      return wanted > 0 ? ends_.logits(hidden) : at::Tensor();
    });
  }

  Party& party_;
  PartyId server_;
  const ModelEnds& ends_;
  SplitOptions options_;
  KvCache head_cache_, tail_cache_;
  std::vector<std::int32_t> keep_;     // rows of the last step that the server has not been told to keep yet
  std::size_t sent_rows_ = 0;          // of the last request, dummies included
  std::vector<Releases::RowId> sent_;  // those rows
  Releases::RowId last_ = 0;           // the last committed one
  std::uint64_t round_trips_ = 0;
  std::optional<Message> hello_;  // until it is sent
  std::deque<Asking> asked_;      // requests that were not answered yet
  std::optional<SpotChecks> checks_;
  Nanos greeted_{};  // when the hello went out
  bool welcomed_ = false;
};

}  // namespace

Limits answer_limits(const ModelConfig& config, const SplitOptions& options) {
  const auto width = static_cast<std::uint64_t>(config.width);
  Limits limits;
  limits.rows = static_cast<std::uint32_t>(std::max(options.prefill_chunk, widest_tree));
  limits.payload = limits.rows * options.wire->row_bytes(width);
  if (options.checks) {
    limits.payload = std::max(limits.payload, 2 * most_drawn_rows * lossless_codec().row_bytes(width));
    limits.payload = std::max<std::uint64_t>(
        limits.payload, static_cast<std::uint64_t>(config.layers + 1) * sizeof(Sha256::Digest));
  }
  limits.payload = std::max(limits.payload, longest_text);
  limits.first_payload = longest_text;  // a welcome, or why there is none
  limits.listed = 0;
  return limits;
}

std::unique_ptr<Forward> make_split(Party& client, PartyId server, const ModelEnds& ends,
                                    SplitOptions options) {
  return std::make_unique<SplitForward>(client, server, ends, std::move(options));
}

}  // namespace splitwan::engine
