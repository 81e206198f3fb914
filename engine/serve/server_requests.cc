// What sessions ask, and what they are answered.
#include <algorithm>

#include "engine/base/error.hh"
#include "engine/serve/server_body.hh"

namespace splitwan::engine {
namespace {

constexpr std::uint64_t most_measured = std::uint64_t{64} << 20;  // bytes of a session, both ways
constexpr std::uint32_t longest_measure = 4u << 20;

// Bytes that no link compresses.
Bytes noise_of(std::size_t count) {
  Bytes noise(count);
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (std::byte& b : noise) {
    state = state * 6364136223846793005 + 1442695040888963407;
    b = static_cast<std::byte>(state >> 56);
  }
  return noise;
}

}  // namespace

void Server::Body::asked(Session& session, Arrival arrival) {
  const Header& h = arrival.message.header;
  session.last = clock.now();
  session.exchange.acknowledged(h.ack);
  switch (session.exchange.takes(h.seq)) {
    case Exchange::Next::ignored:
    case Exchange::Next::known:
      return;
    case Exchange::Next::lost:  // who can come back does, and is fed again
      return end(session.id, Ending::memory);
    case Exchange::Next::again:
      reply(session, *session.exchange.kept(h.seq));
      if (session.unread) {  // it costs nothing to ask for it again, and much to say it
        session.unheard = true;
        session.visit->channel->hold_reading(true);
      }
      return;
    case Exchange::Next::missing:
      return refuse(*session.visit, Refusal::sequence,
                    fmt::format("message {} came after {}", h.seq, session.exchange.taken()));
    case Exchange::Next::work:
      break;
  }
  if (session.probe) return refuse(*session.visit, Refusal::request, "a probe asks nothing of the model");
  if (arrival.message.payload.size() > limits.payload)
    return refuse(
        *session.visit, Refusal::request,
        fmt::format("a request of {} bytes: at most {}", arrival.message.payload.size(), limits.payload));
  if (session.evicted) {  // who can come back does, and is fed again
    if (session.key.empty()) return refuse(*session.visit, Refusal::memory);
    return end(session.id, Ending::memory);
  }
  const std::uint64_t bytes = wire_size(arrival.message);
  ++session.unanswered;
  session.queued += bytes;
  queued += bytes;
  if (session.unanswered >= terms.queued_requests || queued > terms.queued_bytes / 2) {
    session.unheard = true;
    session.visit->channel->hold_reading(true);
  }
  computer->ask(session.id, {std::move(arrival.message), arrival.at, arrival.tcp, arrival.retransmits});
}

void Server::Body::measure(Session& session, const Arrival& arrival) {
  const Header& h = arrival.message.header;
  session.last = clock.now();
  session.measured += arrival.message.payload.size() + h.context;
  if (!session.probe || h.context > longest_measure || session.measured > most_measured ||
      session.unsent() > 2 * longest_measure)
    return refuse(*session.visit, Refusal::measure);
  if (noise.empty()) noise = noise_of(longest_measure);
  Message measured;
  measured.header.kind = Kind::measured;
  measured.header.step = h.step;
  measured.header.seq = h.seq;
  measured.header.context = h.context;
  measured.payload.assign(noise.begin(), noise.begin() + h.context);
  measured.header.held = clock.now() - arrival.at;
  reply(session, std::move(measured));
}

void Server::Body::collect() {
  if (!computer) return;
  for (Done& each : computer->collect()) {
    try {
      done(each);
    } catch (const std::exception& e) {  // an answer is lost: its client must not wait for it
      watch.log(Level::error, e.what());
      end(each.session, Ending::lost);
    }
  }
  keep_memory();
  publish();
}

void Server::Body::done(Done& d) {
  const auto found = sessions.find(d.session);
  if (found == sessions.end()) return;
  Session& session = found->second;
  queued -= d.bytes;
  session.queued -= d.bytes;
  session.unanswered -= d.last;
  caches += d.cache_bytes - session.cache;
  session.cache = d.cache_bytes;
  if (session.visit) session.last = clock.now();
  hear_again(session);
  const Header& h = d.asked;
  const bool hello = h.kind == Kind::hello;
  if (!d.refusal.empty()) {
    if (session.visit) return refuse(*session.visit, hello ? Refusal::hello : Refusal::request, d.refusal);
    return end(session.id, Ending::refused);
  }
  if (hello) return welcome(session, d);
  if (!d.reply) return;
  Message& message = *d.reply;
  message.header.seq = h.seq;
  message.header.held = clock.now() - d.at;
  watch.answered(message.header.held, d.tcp);
  if (d.retransmits > 0) watch.sent_again(d.retransmits);
  const bool due = session.exchange.due(h.seq);
  if (!due && !d.last) return end(session.id, Ending::lost);  // a part that is kept by nobody
  if (due) reply(session, message);
  if (!d.last) forget_key(session);  // who is told one thing after another cannot say what it has had
  if (!session.key.empty()) session.exchange.keep(std::move(message));
}

// To its client, if that is there.
void Server::Body::reply(Session& session, const Message& message) {
  if (!session.visit) return;
  const bool behind = session.unsent() > terms.unread;  // and not by this reply, however large
  try {
    session.visit->channel->send(message);
  } catch (const Error& e) {  // it does not read
    watch.log(Level::warning, e.what());
    return session.visit->channel->cut();
  }
  watch.moved(0, wire_size(message));
  if (behind && !session.unread && !session.probe) {
    session.unread = true;
    computer->hold(session.id, true);
  }
}

void Server::Body::hear_again(Session& session) {
  if (!session.unheard || !session.visit || session.unread) return;
  if (session.unanswered > terms.queued_requests / 2 ||
      (session.unanswered > 0 && queued > terms.queued_bytes / 4))
    return;
  session.unheard = false;
  session.visit->channel->hold_reading(false);
}

}  // namespace splitwan::engine
