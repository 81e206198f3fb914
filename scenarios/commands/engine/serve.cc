#include <ATen/Parallel.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "engine/base/error.hh"
#include "engine/base/units.hh"
#include "engine/decode/text_sessions.hh"
#include "engine/privacy/del_weights.hh"
#include "engine/serve/memory_reserve.hh"
#include "engine/serve/server.hh"
#include "engine/split/middle_sessions.hh"
#include "engine/tls/token.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/engine/init_tls.hh"
#include "scenarios/commands/engine/ready.hh"
#include "scenarios/commands/engine/serve_role.hh"
#include "scenarios/read/layer_range.hh"
#include "scenarios/read/protection.hh"
#include "scenarios/read/scenario_options.hh"
#include "scenarios/run/run_scenario.hh"
#include "scenarios/watch/lookout.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

constexpr std::size_t memory_reserve = 4 << 20;

struct ServeOptions {
  ScenarioOptions keys;  // model, threads, storage, device
  std::string layers, listen = "127.0.0.1:7420", idle = "5min", keep = "10min", drain = "30s",
                      memory = "2GiB";
  engine::ServerTerms terms;
  bool whole = false, json = false;
  Protection protection;
  LookoutOptions look;
  RoleOptions as;
  InitTlsOptions init;
};

engine::Nanos time_of(const char* option, const std::string& text) {
  const engine::Nanos time = engine::parse_duration(text);
  if (time <= engine::Nanos{}) throw Error("{} {}: expected a time above 0, as in 5min", option, text);
  return time;
}

engine::ServerTerms terms_of(const ServeOptions& o, int threads) {
  engine::ServerTerms terms = o.terms;
  terms.idle = time_of("--idle", o.idle);
  terms.keep = time_of("--keep", o.keep);
  terms.drain = time_of("--drain", o.drain);
  terms.memory = engine::parse_bytes(o.memory);
  if (terms.memory < (1u << 20)) throw Error("--memory {}: expected 1MiB or more", o.memory);
  if (const std::string token = token_of(o.protection); !token.empty())
    terms.admits = [token](std::string_view shown) { return engine::same_token(std::string(shown), token); };
  terms.prepare = [threads] { at::set_num_threads(threads); };
  return terms;
}

// The first signal lets sessions come to their end, the second one does not.
void end_by_signals(engine::Server& server, boost::asio::signal_set& signals) {
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    server.drain();
    signals.async_wait([&](const boost::system::error_code& again, int) {
      if (again) return;
      server.end();
      std::signal(SIGINT, SIG_DFL);
      std::signal(SIGTERM, SIG_DFL);
      signals.clear();
    });
  });
}

int serve_command(const ServeOptions& o) {
  if (!o.init.folder.empty()) return init_tls(o.init, o.as.scenario, o.json);
  if (o.as.role.empty() && !o.as.scenario.empty())
    throw Error("--scenario {}: expected --role or --init-tls beside it", o.as.scenario);
  if (!o.as.role.empty()) {
    RoleOptions as = o.as;
    as.model = o.keys.text("model");
    as.insecure = o.protection.insecure;
    as.json = o.json;
    return serve_role(as);
  }
  if (o.keys.text("model").empty()) throw Error("--model: expected a folder, or --role with --scenario");
  Scenario s;
  o.keys.read(s, "serve");
  const engine::Endpoint here = engine::parse_endpoint(o.listen);
  const engine::MakeStream streams = streams_at(here, o.protection);
  const engine::ServerTerms terms = terms_of(o, s.threads);
  engine::keep_memory_reserve(memory_reserve);
  Lookout lookout(o.look, o.protection.insecure);  // says "starting" while the model is read
  LoadedModel model(s.model, s.storage, s.place);
  const int layers = model.config().layers;
  std::optional<engine::DelWeights> del;
  if (s.privacy.on()) del = engine::read_del_weights(s.privacy.maps, model.config().width);
  if (o.whole && !del) throw Error("--whole: expected --maps beside it, to read prompts with");
  const auto range = o.whole            ? engine::LayerRange{0, layers}
                     : o.layers.empty() ? exported_layers(s.model, layers)
                                        : parse_layers(o.layers, layers);
  std::unique_ptr<engine::Served> served;
  if (o.whole)
    served = std::make_unique<engine::TextSessions>(model.whole(), *del);
  else
    served =
        std::make_unique<engine::MiddleSessions>(model.config(), model.middle(range), del ? &*del : nullptr);
  engine::Server server(here, *served, terms, streams, lookout);
  const auto looking = lookout.look_at([&] { return server.state(); });
  const std::string watch = lookout.address();
  Json more = {{"layers", {range.begin, range.end}}};
  if (!watch.empty()) more["watch"] = watch;
  say_ready(server.address(), more,
            fmt::format("listening on {}, layers {}:{} of {}{}", server.address().text(), range.begin,
                        range.end, layers, watch.empty() ? "" : ", watched at " + watch),
            o.json);
  boost::asio::signal_set signals(server.executor(), SIGINT, SIGTERM);
  end_by_signals(server, signals);
  server.run();
  return 0;
}

void add_budgets(CLI::App& command, ServeOptions& o) {
  command.add_option("--sessions", o.terms.seats.sessions, "clients at one time")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command.add_option("--per-source", o.terms.seats.per_source, "of them from one address (IPv6: one /64)")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command.add_option("--memory", o.memory, "for caches and replies of all: then idle ones make room")
      ->capture_default_str();
  command.add_option("--idle", o.idle, "end a session that asks nothing for so long")->capture_default_str();
  command.add_option("--keep", o.keep, "keep a session whose connection was lost for so long")
      ->capture_default_str();
  command.add_option("--drain", o.drain, "time for sessions to end in, once told to by SIGTERM")
      ->capture_default_str();
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
  command.add_option("--listen", o->listen, "HOST:PORT or unix:PATH; port 0 takes a free one")
      ->capture_default_str();
  add_protection_options(command, o->protection, engine::Side::called);
  o->keys.add(command, "threads")->description("compute threads");
  o->keys.add(command, "storage");
  o->keys.add(command, "device");
  add_budgets(command, *o);
  add_watch_options(command, o->look);
  command.add_flag("--json", o->json, "announce the address as one JSON object");
  for (const char* other : {"--layers", "--maps", "--whole", "--listen", "--threads", "--storage", "--device",
                            "--sessions", "--per-source", "--memory", "--idle", "--keep", "--drain",
                            "--watch", "--log-level", "--log-json", "--tls", "--token"})
    role->excludes(command.get_option(other));  // a node is as its scenario says
  command.callback([o, &chosen] { chosen = [o] { return serve_command(*o); }; });
}

}  // namespace splitwan::scenarios
