#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "engine/base/error.hh"
#include "engine/split/forward.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

std::span<const std::int32_t> kept_rows(const Header& h) {
  std::span<const std::int32_t> rows = h.keep;
  while (!rows.empty() && rows.back() == no_row) rows = rows.first(rows.size() - 1);
  return rows;
}

// Takes one request through the middle layers.
Message answer(Party& party, const Message& request, const ModelConfig& config, const LayerStack& middle,
               KvCache& cache) {
  const Header& h = request.header;
  cache.commit(kept_rows(h));
  if (h.context != static_cast<std::uint32_t>(cache.committed())) {
    throw Error("out of step: the client has {} tokens, the server {}", h.context, cache.committed());
  }
  if (const int most = std::max(config.context, widest_tree); h.rows == 0 || std::cmp_greater(h.rows, most))
    throw Error("a step of {} rows: expected 1 to {}", h.rows, most);
  auto parent = h.parent;
  if (parent.empty()) {
    for (std::uint32_t i = 0; i < h.rows; ++i) parent.push_back(static_cast<std::int32_t>(i) - 1);
  }
  if (parent.size() != h.rows) throw Error("{} parents for {} rows", parent.size(), h.rows);
  // Branches share positions: near the end of the context, a tree may have more rows than positions are left.
  const int deepest = std::ranges::max(depths(parent));
  if (static_cast<int>(h.context) + deepest >= config.context) {
    throw Error("a path of {} rows after {} tokens: the model's context is {}", deepest + 1, h.context,
                config.context);
  }
  party.begin_step(h.step, h.context);
  const Codec& codec = codec_numbered(h.dtype);
  const Work coding = codec_work(codec, h.rows, config.width);
  at::Tensor hidden =
      party.work(coding, [&] { return decode(request, codec, config.width, middle.device()); });
  hidden = party.work(middle.work(Phase::middle, h.rows, h.context), [&] {
    cache.begin(std::move(parent));
    return middle(hidden, cache);
  });
  Message reply = party.work(coding, [&] { return encode(hidden, codec); });
  reply.header.kind = Kind::reply;
  reply.header.step = h.step;
  reply.header.context = h.context;
  return reply;
}

}  // namespace

void serve_middle(Party& party, PartyId client, const ModelConfig& config, const LayerStack& middle,
                  std::optional<Nanos> idle) {
  KvCache cache = middle.new_cache();
  const auto next = [&] {
    if (!idle) return party.recv(client);
    auto arrival = party.recv(client, *idle);
    if (!arrival) throw Error("session closed: nothing came for {} s", idle->count() / 1'000'000'000);
    return std::move(*arrival);
  };
  try {
    Arrival arrival = next();
    check_hello(arrival.message, config, middle.range());
    party.reply(arrival, plain(Kind::welcome));
    while (true) {
      arrival = next();
      if (arrival.message.header.kind == Kind::bye) return;
      expect(arrival.message, Kind::request);
      party.reply(arrival, answer(party, arrival.message, config, middle, cache));
    }
  } catch (const std::exception& e) {
    try {
      party.send(client, error_message(e.what()));
    } catch (const Error&) {  // the client itself is gone; the first error says more
    }
    throw;
  }
}

}  // namespace splitwan::engine
