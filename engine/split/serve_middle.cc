#include <ATen/ATen.h>

#include "engine/base/error.hh"
#include "engine/split/forward.hh"
#include "engine/split/hello.hh"
#include "engine/split/middle_session.hh"

namespace splitwan::engine {
namespace {

// Takes one request through the middle layers.
Message through(Party& party, MiddleSession& session, const LayerStack& middle, const Message& request) {
  session.take(request);
  party.begin_step(request.header.step, request.header.context);
  at::Tensor rows = party.work(session.decoding(), [&] { return session.decode(request); });
  party.work(session.layers(), [&] {
    session.open(std::move(rows));
    proceed(middle, session.passage());
    return true;
  });
  return party.work(session.coding(), [&] { return *session.finish(); });
}

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
    MiddleSession session(config, middle, check_hello(arrival.message, config, middle.range()), options.del);
    Json welcome = Json::object();
    session.greet(welcome);
    party.reply(arrival, plain(Kind::welcome, welcome.empty() ? "" : welcome.dump()));
    while (true) {
      arrival = next();
      if (arrival.message.header.kind == Kind::bye) return;
      if (MiddleSession::is_check(arrival.message.header.kind)) {
        party.begin_step(0, arrival.message.header.context);
        party.reply(arrival, session.check(arrival.message));
        continue;
      }
      expect(arrival.message, Kind::request);
      party.reply(arrival, through(party, session, middle, arrival.message));
    }
  });
}

}  // namespace splitwan::engine
