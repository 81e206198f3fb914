#include "engine/serve/server.hh"

#include <boost/asio/post.hpp>

#include "engine/base/error.hh"
#include "engine/serve/server_body.hh"

namespace splitwan::engine {
namespace {

namespace asio = boost::asio;

constexpr auto calm = std::chrono::milliseconds(100);  // between two looks at the house
constexpr auto alert = std::chrono::milliseconds(10);  // while somebody is made to wait for the next one
constexpr auto last_words = std::chrono::seconds(2);   // at the end, for what has been sent to be read
constexpr std::uint64_t largest_hello = 1 << 16, largest_measure = 4 << 20;

ServerTerms with_limits(ServerTerms terms, const Limits& served) {
  terms.channel.limits = served;
  terms.channel.limits.payload = std::max(served.payload, largest_measure);
  terms.channel.limits.first_payload = std::min(served.first_payload, largest_hello);
  // What a client that is back may be told again, and a few answers.
  terms.channel.most_queued =
      std::min(terms.channel.most_queued, terms.kept_replies + 4 * terms.channel.limits.payload);
  return terms;
}

}  // namespace

Server::Body::Body(const Endpoint& here, const Served& served, ServerTerms asked, MakeStream make_stream,
                   ServerWatch& watcher)
    : terms(with_limits(std::move(asked), served.limits())),
      limits(served.limits()),
      make(std::move(make_stream)),
      watch(watcher),
      refusals(watcher),
      admission(terms.seats),
      door(io.get_executor(), here, watcher, [this](OpenSocket s) { called(std::move(s)); }) {
  computer.emplace(served, terms.turns, watch, terms.prepare,
                   [this] { asio::post(io, [this] { collect(); }); });
}

Server::Body::~Body() { computer.reset(); }

// A handler that throws has been dealt with, unless even that could not be: the rest goes on.
void Server::Body::run() {
  const auto working = asio::make_work_guard(io);
  while (!io.stopped()) {
    try {
      if (!draining) door.open();
      if (!ticking) tick();
      io.run();
    } catch (const std::exception& e) {
      watch.log(Level::error, e.what());
    }
  }
  computer.reset();  // at most the call under way
}

void Server::Body::tick() {
  ticking = false;
  const bool waited_for = std::ranges::any_of(
      sessions, [](const auto& named) { return named.second.unread || named.second.unheard; });
  timer.expires_after(waited_for ? alert : calm);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
  ticking = true;
  guarded(0, [this] {
    collect();
    keep_house(clock.now());
    refusals.summarise(clock.now());
    const std::uint64_t waiting = computer->waiting();
    const std::lock_guard lock(mutex);
    state.waiting = waiting;
  });
}

void Server::Body::drain() {
  if (draining) return;
  draining = true;
  door.close();
  const Nanos now = clock.now();
  end_by = now + terms.drain;
  std::vector<SessionId> kept;
  for (const auto& [id, session] : sessions)
    if (!session.visit) kept.push_back(id);
  for (const SessionId id : kept) end(id, Ending::drained);
  for (const auto& [id, visit] : visits)
    if (!visit->session) visit->channel->cut();
  tell(Level::info, "no more sessions are taken; {} still running", sessions.size());
  end_when_empty();
}

// Told to end, and nobody is left; or those who are had their time.
void Server::Body::end_when_empty() {
  if (!draining) return;
  const Nanos now = clock.now();
  if (visits.empty() && sessions.empty()) return stop();
  if (now < end_by) {
    if (sessions.empty()) end_by = std::min(end_by, now + last_words);
    return;
  }
  if (sessions.empty()) return stop();
  end_by = now + last_words;
  while (!sessions.empty()) end(sessions.begin()->first, Ending::drained);
}

void Server::Body::stop() {
  door.close();
  for (const auto& [id, visit] : visits) visit->channel->cut();
  asio::post(io, [this] { io.stop(); });  // behind the cuts
}

void Server::Body::publish() {
  const std::lock_guard lock(mutex);
  state.connections = static_cast<int>(visits.size());
  state.sessions = admission.sessions();
  state.idle = static_cast<int>(sessions.size()) - attached;
  state.cache_bytes = caches;
  state.queued_bytes = queued;
  state.draining = draining;
}

Server::Server(const Endpoint& here, const Served& served, ServerTerms terms, MakeStream make,
               ServerWatch& watch)
    : body_(std::make_unique<Body>(here, served, std::move(terms), std::move(make), watch)) {}
Server::~Server() = default;

const Endpoint& Server::address() const { return body_->door.address(); }

ServerState Server::state() const {
  const std::lock_guard lock(body_->mutex);
  return body_->state;
}

void Server::run() { body_->run(); }
void Server::drain() {
  asio::post(body_->io, [body = body_.get()] { body->guarded(0, [body] { body->drain(); }); });
}
void Server::end() {
  asio::post(body_->io, [body = body_.get()] { body->stop(); });
}
asio::any_io_executor Server::executor() { return body_->io.get_executor(); }

ServerWatch& Server::nobody_watches() {
  static ServerWatch nobody;
  return nobody;
}

}  // namespace splitwan::engine
