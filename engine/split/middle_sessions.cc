#include "engine/split/middle_sessions.hh"

#include <algorithm>

#include "engine/split/answering.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

MiddleSession& session_of(const Asked& asked) { return dynamic_cast<MiddleSession&>(*asked.session); }

}  // namespace

Limits limits_of_width(int width) {
  std::uint64_t row = 0;
  for (const Codec* codec : codecs())
    row = std::max(row, codec->row_bytes(static_cast<std::uint64_t>(width)));
  return {.rows = widest_tree, .payload = widest_tree * row, .first_payload = longest_text};
}

Limits MiddleSessions::limits() const { return limits_of_width(config_.width); }

std::unique_ptr<ServedSession> MiddleSessions::open(const Message& hello, Json& welcome) const {
  auto session =
      std::make_unique<MiddleSession>(config_, middle_, check_hello(hello, config_, middle_.range()), del_);
  session->greet(welcome);
  return session;
}

ServedPhases MiddleSessions::answer(std::span<Asked> asked) const {
  ServedPhases spent;
  Lap lap;
  for (Asked& one : asked) {
    attempt(one, [&] {
      if (!one.request) return;
      MiddleSession& session = session_of(one);
      if (MiddleSession::is_check(one.request->header.kind)) {
        one.reply = session.check(*one.request);
        return;
      }
      session.take(*one.request);
      session.open(session.decode(*one.request));
    });
  }
  spent.decode = lap();
  spent.rows =
      proceed(middle_, asked, [](const Asked& one) -> Passage& { return session_of(one).passage(); });
  spent.layers = lap();
  for (Asked& one : asked) {
    if (one.reply) continue;
    attempt(one, [&] {
      one.more = session_of(one).passage().under_way();
      if (!one.more) one.reply = session_of(one).finish();
    });
  }
  spent.encode = lap();
  return spent;
}

}  // namespace splitwan::engine
