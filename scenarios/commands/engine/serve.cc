#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "engine/base/error.hh"
#include "engine/base/units.hh"
#include "engine/decode/remote_text.hh"
#include "engine/privacy/del_weights.hh"
#include "engine/serve/threaded_server.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/engine/init_tls.hh"
#include "scenarios/commands/engine/serve_role.hh"
#include "scenarios/read/layer_range.hh"
#include "scenarios/read/scenario_options.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

struct ServeOptions {
  ScenarioOptions keys;  // model, threads, storage, device
  std::string layers, listen = "127.0.0.1:7420", idle = "5min";
  int sessions = 16;
  bool whole = false, insecure = false, json = false;
  RoleOptions as;
  InitTlsOptions init;
};

void announce(const engine::ThreadedServer& server, engine::LayerRange range, int layers, bool json) {
  const auto here = server.address();
  if (json) {
    const Json ready = {{"schema_version", 1},
                        {"host", here.host},
                        {"port", here.port},
                        {"layers", {range.begin, range.end}}};
    fmt::print("{}\n", ready.dump());
  } else {
    fmt::print("listening on {}:{}, layers {}:{} of {}\n", here.host, here.port, range.begin, range.end,
               layers);
  }
  std::fflush(stdout);
}

engine::ThreadedServer::Serve served(LoadedModel& model, engine::LayerRange range, bool whole) {
  using engine::PartyId;
  if (whole)
    return [&ends = model.whole()](engine::Party& party, PartyId client, const engine::ServeOptions& each) {
      engine::serve_text(party, client, ends, each);
    };
  return [&config = model.config(), &middle = model.middle(range)](engine::Party& party, PartyId client,
                                                                   const engine::ServeOptions& each) {
    engine::serve_middle(party, client, config, middle, each);
  };
}

int serve_command(const ServeOptions& o) {
  if (!o.init.folder.empty()) return init_tls(o.init, o.as.scenario, o.json);
  if (o.as.role.empty() && !o.as.scenario.empty())
    throw Error("--scenario {}: expected --role or --init-tls beside it", o.as.scenario);
  if (!o.as.role.empty()) {
    RoleOptions as = o.as;
    as.model = o.keys.text("model");
    as.insecure = o.insecure;
    as.json = o.json;
    return serve_role(as);
  }
  if (o.keys.text("model").empty()) throw Error("--model: expected a folder, or --role with --scenario");
  Scenario s;
  o.keys.read(s, "serve");
  if (!o.insecure && !engine::parse_endpoint(o.listen).is_loopback()) {
    throw Error(
        "--listen {}: not a loopback address, and activations would cross the network in clear: use an SSH "
        "tunnel (see README), or say --insecure",
        o.listen);
  }
  const engine::Nanos idle = engine::parse_duration(o.idle);
  if (idle <= engine::Nanos{}) throw Error("--idle {}: expected a time above 0, as in 5min", o.idle);
  LoadedModel model(s.model, s.storage, s.place);
  const int layers = model.config().layers;
  std::optional<engine::DelWeights> del;
  if (s.privacy.on()) del = engine::read_del_weights(s.privacy.maps, model.config().width);
  if (o.whole && !del) throw Error("--whole: expected --maps beside it, to read prompts with");
  const auto range = o.whole            ? engine::LayerRange{0, layers}
                     : o.layers.empty() ? exported_layers(s.model, layers)
                                        : parse_layers(o.layers, layers);
  engine::ThreadedOptions options{
      o.sessions, s.threads, {idle, del ? &*del : nullptr}, [](const std::string& line) {
        fmt::print(stderr, "{}\n", line);
      }};
  engine::ThreadedServer server(engine::parse_endpoint(o.listen), model.config(),
                                served(model, range, o.whole), std::move(options));
  announce(server, range, layers, o.json);
  boost::asio::signal_set signals(server.io(), SIGINT, SIGTERM);
  signals.async_wait([&](auto, int) {
    server.end();
    std::signal(SIGINT, SIG_DFL);  // a second signal ends the sessions too
    std::signal(SIGTERM, SIG_DFL);
    signals.clear();
    fmt::print(stderr, "no more sessions are taken; {} still running\n", server.active());
  });
  server.run();
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<ServeOptions>();
  o->keys.add(command, "model")
      ->description("model folder, whole or as `splitwan export` wrote it (with --role: the scenario's)");
  command.add_option("--layers", o->layers,
                     "BEGIN:END of the layers served, as in 2:30 (default: what an export holds)");
  o->keys.add(command, "privacy.maps")
      ->description("decoder (and soft prompts) for clients that send rows through DEL's mechanism");
  command.add_flag("--whole", o->whole,
                   "every layer and the head: prompts come through the mechanism, text goes back (DEL as "
                   "published)");
  auto* role =
      command.add_option("--role", o->as.role,
                         "which node of a scenario with sharded tokens (cascade) to be: comp:3, attn:0,2, "
                         "merge");
  auto* scenario = command.add_option("--scenario", o->as.scenario,
                                      "its file: who listens where stands in network.addresses");
  role->needs(scenario);
  command.add_flag("--once", o->as.once, "with --role: one session, then exit")->needs(role);
  add_init_tls_options(command, o->init);
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
  for (const char* other : {"--layers", "--maps", "--whole", "--listen", "--threads", "--storage", "--device",
                            "--sessions", "--idle"})
    role->excludes(command.get_option(other));  // a node is as its scenario says
  command.callback([o, &chosen] { chosen = [o] { return serve_command(*o); }; });
}

}  // namespace splitwan::scenarios
