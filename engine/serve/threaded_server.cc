#include "engine/serve/threaded_server.hh"

#include <ATen/Parallel.h>

#include <algorithm>
#include <boost/asio.hpp>

#include "engine/base/error.hh"
#include "engine/party/roles.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

struct DropSpans : Recorder {  // a server keeps no trace: the client's holds the durations
  void span(const Span&) override {}
  void step(const Step&) override {}
};

}  // namespace

ThreadedServer::ThreadedServer(const Endpoint& here, const ModelConfig& config, Serve serve,
                               ThreadedOptions options)
    : config_(config), serve_(std::move(serve)), options_(std::move(options)), listener_(here) {}

ThreadedServer::ThreadedServer(const Endpoint& here, const ModelConfig& config, const LayerStack& middle,
                               ThreadedOptions options)
    : ThreadedServer(
          here, config,
          [&](Party& party, PartyId client, const ServeOptions& each) {
            serve_middle(party, client, config, middle, each);
          },
          std::move(options)) {}

ThreadedServer::~ThreadedServer() {
  for (Session& s : sessions_) s.thread.join();
}

void ThreadedServer::run() {
  while (!ending_) {
    io_.poll();
    io_.restart();
    try {
      if (auto socket = listener_.accept(std::chrono::milliseconds(50))) begin_session(std::move(*socket));
    } catch (const Error& e) {
      options_.log(e.what());
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  { const Listener closed = std::move(listener_); }
  for (Session& s : sessions_) s.thread.join();
  sessions_.clear();
}

void ThreadedServer::end() { ending_ = true; }

void ThreadedServer::begin_session(OpenSocket socket) {
  sessions_.remove_if([](Session& s) {
    if (s.over) s.thread.join();
    return s.over.load();
  });
  const bool admitted = active_ < options_.sessions;
  if (!admitted && sessions_.size() >= 2u * options_.sessions) return;  // a flood gets no explanation
  active_ += admitted;
  Session& begun = sessions_.emplace_back();
  try {
    begun.thread = std::thread([&, admitted, number = ++count_, s = std::move(socket)]() mutable {
      session(std::move(s), number, admitted);
      active_ -= admitted;
      begun.over = true;
    });
  } catch (const std::system_error& e) {
    options_.log(fmt::format("a client could not be taken: {}", e.what()));
    active_ -= admitted;
    sessions_.pop_back();
  }
}

// One connection, until the client leaves, or is told why not; whatever goes wrong ends this session only.
void ThreadedServer::session(OpenSocket socket, int number, bool admitted) const {
  std::string peer = "client";
  try {
    at::set_num_threads(options_.threads);
    peer = "client " + socket.peer();
    options_.log(fmt::format("session {}: {} connected", number, peer));
    WallClock clock;
    SocketTransport transport(clock);
    const int rows = std::max(config_.context, widest_tree);
    Limits limits{static_cast<std::uint32_t>(rows)};
    limits.payload = std::max<std::uint64_t>(1 << 16, 4ull * rows * config_.width);
    limits.first_payload = 1 << 16;
    transport.add(roles::client, peer, std::move(socket), {.limits = limits}, Side::called);
    if (!admitted) {
      transport.send(roles::client, error_message("all sessions are taken: try again later"));
      throw Error("refused, all sessions are taken");
    }
    DropSpans nowhere;
    Party party(roles::server, transport, clock, nowhere);
    serve_(party, roles::client, options_.each);
    options_.log(fmt::format("session {}: {} is done", number, peer));
  } catch (const std::exception& e) {
    const std::string what = e.what();
    options_.log(fmt::format("session {}: {}", number, what.starts_with(peer) ? what : peer + ": " + what));
  }
}

}  // namespace splitwan::engine
