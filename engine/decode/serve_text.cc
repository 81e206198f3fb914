#include <ATen/ATen.h>

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/decode/remote_text.hh"
#include "engine/decode/text_order.hh"
#include "engine/layers/device.hh"
#include "engine/split/hello.hh"
#include "engine/split/row_lists.hh"

namespace splitwan::engine {
namespace {

Message token_message(Token token, std::uint64_t step) {
  Message m = plain(Kind::reply);
  m.header.step = step;
  m.header.keep = {token};
  return m;
}

// The server's side of one session.
class Writer {
 public:
  Writer(Party& party, PartyId client, const ModelEnds& whole, const TextOrder& order, const DelWeights& del)
      : party_(party),
        client_(client),
        whole_(whole),
        order_(order),
        mechanism_(order.terms, del, 0),
        cache_(whole.head().new_cache()) {
    const auto& c = whole.config();
    const auto before = order_.prompt_tokens + mechanism_.soft_prompt().size(0);
    if (before >= c.context)
      throw Error("a prompt of {} rows and a soft prompt of {}: the model's context is {}",
                  order_.prompt_tokens, mechanism_.soft_prompt().size(0), c.context);
  }

  // Some rows of the prompt; true when they were the last.
  bool read(const Message& m) {
    const Header& h = m.header;
    if (h.dtype != mechanism_dtype) throw Error("a prompt of wire type {}: expected counts", h.dtype);
    if (h.rows == 0 || h.context != tokens_ || std::cmp_greater(tokens_ + h.rows, order_.prompt_tokens))
      throw Error("{} rows of a prompt after {}: expected at most {} after {}", h.rows, h.context,
                  order_.prompt_tokens - static_cast<int>(tokens_), tokens_);
    party_.begin_step(h.step, h.context);
    at::Tensor hidden =
        party_.work(mechanism_.work(h.rows), [&] { return mechanism_.decode(m, whole_.head().device()); });
    if (tokens_ == 0 && mechanism_.soft_prompt().size(0) > 0)
      hidden = at::cat({upload(mechanism_.soft_prompt(), hidden.device()), hidden});
    tokens_ += h.rows;
    const bool last = std::cmp_equal(tokens_, order_.prompt_tokens);
    logits_ = step(std::move(hidden), last);
    return last;
  }

  // Tokens, until the text ends; `asked`: the request that ended the prompt.
  void write(const Arrival& asked) {
    const Sampler sampler(order_.sampling);
    const auto& c = whole_.config();
    constexpr Token unknown = -1;  // what was prompted; how much it was counts
    std::vector<Token> path(static_cast<std::size_t>(order_.prompt_tokens), unknown);
    for (int n = 1;; ++n) {
      const Work scan{Phase::verify, 1, 0, 0, 4.0 * c.vocabulary};
      const Token token = party_.work(scan, [&] {
        return sampler.choose({logits_.data_ptr<float>(), static_cast<std::size_t>(c.vocabulary)}, path);
      });
      path.push_back(token);
      party_.reply(asked, token_message(token, static_cast<std::uint64_t>(n)));
      const bool eos = order_.stop_at_eos && std::ranges::find(c.eos, token) != c.eos.end();
      const bool full = cache_.committed() >= c.context;
      if (eos || full || n >= order_.max_new_tokens) return finish(eos ? "eos" : full ? "context" : "length");
      party_.begin_step(static_cast<std::uint64_t>(n) + 1, static_cast<std::uint32_t>(path.size() - 1));
      logits_ = step(whole_.embed(std::span(&token, 1)), true);
    }
  }

 private:
  at::Tensor step(at::Tensor hidden, bool wanted) {
    const auto rows = hidden.size(0);
    const auto context = static_cast<std::uint32_t>(cache_.committed());
    const Work layers = whole_.head().work(Phase::middle, static_cast<std::uint32_t>(rows), context);
    return party_.work(wanted ? whole_.logits_work(layers, 1) : layers, [&] {
      cache_.begin(chain_of(static_cast<std::size_t>(rows)));
      hidden = whole_.head()(std::move(hidden), cache_, wanted ? 1 : 0);
      cache_.commit(first_rows(static_cast<std::size_t>(rows)));
      return wanted ? whole_.logits(hidden) : at::Tensor();
    });
  }

  void finish(const char* why) { party_.send(client_, plain(Kind::bye, why)); }

  Party& party_;
  PartyId client_;
  const ModelEnds& whole_;
  TextOrder order_;
  MechanismReader mechanism_;
  KvCache cache_;
  std::uint32_t tokens_ = 0;
  at::Tensor logits_;
};

}  // namespace

void serve_text(Party& party, PartyId client, const ModelEnds& whole, const ServeOptions& options) {
  answering(party, client, options, [&](const NextMessage& next) {
    const int layers = whole.config().layers;
    Arrival arrival = next();
    const TextOrder order = text_order_of(check_hello(arrival.message, whole.config(), {0, layers}));
    Writer writer(party, client, whole, order, *options.del);
    party.reply(arrival, plain(Kind::welcome));
    do {
      arrival = next();
      if (arrival.message.header.kind == Kind::bye) return;
      expect(arrival.message, Kind::request);
    } while (!writer.read(arrival.message));
    writer.write(arrival);
    while (next().message.header.kind != Kind::bye) {
    }
  });
}

}  // namespace splitwan::engine
