#include <ATen/Parallel.h>

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <list>
#include <thread>

#include "engine/base/error.hh"
#include "engine/base/units.hh"
#include "engine/net/sockets.hh"
#include "engine/split/hello.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/read/layer_range.hh"
#include "scenarios/read/scenario_options.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::tcp;

struct ServeOptions {
  ScenarioOptions keys;  // model, threads, storage, device
  std::string layers, listen = "127.0.0.1:7420", idle = "5min";
  int threads = 1, sessions = 16;
  bool insecure = false, json = false;
};

struct DropSpans : engine::Recorder {  // a server keeps no trace: the client's holds the durations
  void span(const engine::Span&) override {}
  void step(const engine::Step&) override {}
};

// Serves one connection until the client leaves, or tells it why not; whatever goes wrong ends this session
// only.
void session(tcp::socket socket, int number, bool admitted, const ServeOptions& o,
             const engine::ModelConfig& config, const engine::LayerStack& middle) {
  std::string peer = "client";
  try {
    at::set_num_threads(o.threads);
    const auto remote = socket.remote_endpoint();
    peer = fmt::format("client {}:{}", remote.address().to_string(), remote.port());
    fmt::print(stderr, "session {}: {} connected\n", number, peer);
    engine::WallClock clock;
    engine::SocketTransport transport(clock);
    const int rows = std::max(config.context, engine::widest_tree);
    engine::Limits limits{static_cast<std::uint32_t>(rows)};
    limits.payload = std::max<std::uint64_t>(1 << 16, 4ull * rows * config.width);
    limits.first_payload = 1 << 16;
    transport.add(client, peer, std::move(socket), limits);
    if (!admitted) {
      transport.send(client, engine::error_message("all sessions are taken: try again later"));
      throw Error("refused, all sessions are taken");
    }
    DropSpans nowhere;
    engine::Party party(server, transport, clock, nowhere);
    engine::serve_middle(party, client, config, middle, engine::parse_duration(o.idle));
    fmt::print(stderr, "session {}: {} is done\n", number, peer);
  } catch (const std::exception& e) {
    const std::string what = e.what();
    fmt::print(stderr, "session {}: {}\n", number, what.starts_with(peer) ? what : peer + ": " + what);
  }
}

class Server {
 public:
  Server(const ServeOptions& o, const engine::ModelConfig& config, const engine::LayerStack& middle)
      : options_(o),
        config_(config),
        middle_(middle),
        acceptor_(engine::listen(io_, engine::parse_endpoint(o.listen))),
        signals_(io_, SIGINT, SIGTERM) {}

  int run() {
    announce();
    accept();
    signals_.async_wait([&](auto, int) {
      acceptor_.close();
      std::signal(SIGINT, SIG_DFL);  // a second signal ends the sessions too
      std::signal(SIGTERM, SIG_DFL);
      signals_.clear();
      fmt::print(stderr, "no more sessions are taken; {} still running\n", active_.load());
    });
    io_.run();
    for (Session& s : sessions_) s.thread.join();
    return 0;
  }

 private:
  void announce() const {
    const auto here = acceptor_.local_endpoint();
    const auto range = middle_.range();
    if (options_.json) {
      const Json ready = {{"schema_version", 1},
                          {"host", here.address().to_string()},
                          {"port", here.port()},
                          {"layers", {range.begin, range.end}}};
      fmt::print("{}\n", ready.dump());
    } else {
      fmt::print("listening on {}:{}, layers {}:{} of {}\n", here.address().to_string(), here.port(),
                 range.begin, range.end, config_.layers);
    }
    std::fflush(stdout);
  }

  void accept() {
    acceptor_.async_accept([&](auto error, tcp::socket socket) {
      if (error == boost::asio::error::operation_aborted) return;
      if (error) {  // out of file descriptors, say: better later than never
        fmt::print(stderr, "a client could not be taken: {}\n", error.message());
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      } else {
        begin_session(std::move(socket));
      }
      accept();
    });
  }

  void begin_session(tcp::socket socket) {
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
        session(std::move(s), number, admitted, options_, config_, middle_);
        active_ -= admitted;
        begun.over = true;
      });
    } catch (const std::system_error& e) {
      fmt::print(stderr, "a client could not be taken: {}\n", e.what());
      active_ -= admitted;
      sessions_.pop_back();
    }
  }

  struct Session {
    std::thread thread;
    std::atomic<bool> over = false;
  };

  const ServeOptions& options_;
  const engine::ModelConfig& config_;
  const engine::LayerStack& middle_;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  boost::asio::signal_set signals_;
  std::list<Session> sessions_;
  std::atomic<int> active_ = 0;
  int count_ = 0;
};

int serve_command(ServeOptions o) {
  Scenario s;
  o.keys.read(s, "serve");
  o.threads = s.threads;
  if (!o.insecure && !engine::parse_endpoint(o.listen).is_loopback()) {
    throw Error(
        "--listen {}: not a loopback address, and activations would cross the network in clear: use an SSH "
        "tunnel (see README), or say --insecure",
        o.listen);
  }
  if (engine::parse_duration(o.idle) <= engine::Nanos{})
    throw Error("--idle {}: expected a time above 0, as in 5min", o.idle);
  LoadedModel model(s.model, s.storage, s.place);
  const int layers = model.config().layers;
  const auto range = o.layers.empty() ? exported_layers(s.model, layers) : parse_layers(o.layers, layers);
  return Server(o, model.config(), model.middle(range)).run();
}

}  // namespace

void add_serve_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<ServeOptions>();
  o->keys.add(command, "model")
      ->required()
      ->description("model folder, whole or as `splitwan export` wrote it");
  command.add_option("--layers", o->layers,
                     "BEGIN:END of the layers served, as in 2:30 (default: what an export holds)");
  command.add_option("--listen", o->listen, "HOST:PORT; port 0 takes a free one")->capture_default_str();
  command.add_flag("--insecure", o->insecure,
                   "allow addresses other than loopback although nothing is encrypted yet");
  o->keys.add(command, "threads")->description("compute threads per session");
  o->keys.add(command, "storage");
  o->keys.add(command, "device");
  command.add_option("--sessions", o->sessions, "clients at one time")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command.add_option("--idle", o->idle, "end a session that asks nothing for so long")->capture_default_str();
  command.add_flag("--json", o->json, "announce the address as one JSON object");
  command.callback([o, &chosen] { chosen = [o] { return serve_command(*o); }; });
}

}  // namespace splitwan::scenarios
