// Live runs whose connections are cut at random bytes, and whose servers are killed: the tokens are those of
// decoding alone, and the traces account for every connection.
#include <CLI/CLI.hpp>
#include <random>

#include "tests/fixtures/cutting_relay.hh"
#include "tests/fixtures/live_server.hh"

namespace splitwan::tests {
namespace {

enum class Blow : std::uint8_t { reset, end, blackhole, half_open, restart, move };
constexpr std::array blow_names = {"reset", "end", "blackhole", "half_open", "restart", "move"};
constexpr std::array drafters = {"sequential", "ngram", "jacobi",       "lookahead",
                                 "auto",       "draft", "draft-tree-8", "draft-chain-4"};
// What is on the wire; the tokens are those of the same split in one process.
constexpr std::array wires = {
    "", "", "--wire int8 ", "--noise 1 ", "--pad-rows 1,4,8,16,64,2048 ", "--check-steps 3 "};

struct Case {
  Blow blow = Blow::reset;
  std::string drafter, wire;
  bool tls = false;
  double first = 0, second = 0;  // where the connections are cut, as shares of an unbroken run's bytes
};

Case case_of(int number, std::uint64_t seed) {
  std::mt19937_64 chance(seed * 1'000'003 + static_cast<std::uint64_t>(number));
  std::uniform_real_distribution<> share(0, 1);
  Case c;
  c.blow = static_cast<Blow>(number % static_cast<int>(blow_names.size()));
  c.drafter = drafters[chance() % drafters.size()];
  c.wire = wires[chance() % wires.size()];
  c.tls = chance() % 2 == 0;
  c.first = share(chance);
  c.second = share(chance);
  return c;
}

// Where clients and servers find their keys and certificates.
struct Keys {
  Keys() {
    const Outcome made = splitwan("serve --init-tls " + folder / "tls" + " --name 127.0.0.1");
    if (made.code != 0) throw std::runtime_error(made.err);
  }
  std::string client() const { return " --tls " + folder / "tls/client "; }
  std::string server() const { return folder / "tls/server"; }
  TemporaryFolder folder;
};

struct Served {
  Served(const Keys& keys, bool tls, const std::string& at = "127.0.0.1:0")
      : process(options(keys, tls), {"--listen", at}),
        here(engine::parse_endpoint(address(process.announced()))) {}
  static std::vector<std::string> options(const Keys& keys, bool tls) {
    std::vector<std::string> words = {"--model", demo_model, "--layers", "2:10", "--threads", "1"};
    if (tls) words.insert(words.end(), {"--tls", keys.server()});
    return words;
  }
  Server process;
  engine::Endpoint here;
};

class Chaos {
 public:
  Chaos(int tokens) : tokens_(tokens) {
    for (const bool tls : {false, true}) servers_[tls] = std::make_unique<Served>(keys_, tls);
  }

  // Empty, or what went wrong.
  std::string survive(const Case& c, nlohmann::json& told) {
    std::unique_ptr<Served>& server = servers_[c.tls];
    const double total = static_cast<double>(unbroken_bytes(c));
    std::unique_ptr<CuttingRelay> other;  // where a server that moves is found again
    std::unique_ptr<CuttingRelay> relay;
    const auto at = [&](double share) { return 1 + static_cast<std::uint64_t>(share * (total - 2)); };
    const auto blow = [&](double share) {
      Cut cut{c.blow >= Blow::restart ? How::reset : static_cast<How>(static_cast<int>(c.blow) + 1),
              at(share)};
      if (c.blow == Blow::restart)
        cut.then = [&] {
          const engine::Endpoint here = server->here;
          server->process.end(SIGKILL);
          server = std::make_unique<Served>(keys_, c.tls, here.text());
        };
      if (c.blow == Blow::move)
        cut.then = [&] {
          server->process.end(SIGKILL);
          server = std::make_unique<Served>(keys_, c.tls);
          other->lead_to(server->here);
        };
      return cut;
    };
    if (c.blow == Blow::move)
      other =
          std::make_unique<CuttingRelay>(engine::parse_endpoint("127.0.0.1:1"), [](int) { return Cut{}; });
    relay = std::make_unique<CuttingRelay>(server->here, [&](int n) {
      if (n == 0) return blow(c.first);
      return n == 1 && c.blow < Blow::restart ? blow(c.second * (1 - c.first)) : Cut{};
    });
    const TemporaryFolder folder;
    const std::string trace = folder / "trace.jsonl";
    const Outcome o = splitwan(asked(c) + "--timeout 3s --max-outage 60s --trace " + trace + " --server " +
                               relay->address().text() + (other ? "," + other->address().text() : ""));
    cuts_ += relay->cuts();
    if (o.code != 0) return fmt::format("exit code {}: {}", o.code, o.err);
    const nlohmann::json said = o.json();
    if (said["output_ids"] != expected(c)) return "other tokens";
    const nlohmann::json outages = said.value("outages", nlohmann::json{{"count", 0}, {"attempts", 0}});
    const int connections = relay->connections() + (other ? other->connections() : 0);
    told = {{"cuts", relay->cuts()}, {"outages", outages}};
    if (outages["attempts"].get<int>() + 1 != connections)
      return fmt::format("{} connections, and outages that tell of {} attempts", connections,
                         outages["attempts"].dump());
    const std::string text = text_of(trace);
    int lines = 0;
    for (std::size_t at_line = 0; (at_line = text.find("\"type\":\"outage\"", at_line)) != std::string::npos;
         ++at_line)
      ++lines;
    if (lines != outages["count"])
      return fmt::format("{} outages, {} in the trace", outages["count"].dump(), lines);
    outages_ += lines;
    cold_ += outages.value("cold", 0);
    return "";
  }

  int cuts() const { return cuts_; }
  int outages() const { return outages_; }
  int cold() const { return cold_; }

 private:
  std::string asked(const Case& c) const {
    return fmt::format(
               "generate --model {} --prompt 'def add(a, b):' --max-new-tokens {} --ignore-eos --threads 1 "
               "--split 2,2 --decode {} {}{}{}--json ",
               demo_model, tokens_, c.drafter,
               c.drafter.starts_with("draft") ? "--draft-model " + demo_draft + " " : "", c.wire, "") +
           (c.tls ? keys_.client() : "");
  }

  nlohmann::json expected(const Case& c) {
    nlohmann::json& known = expected_[c.wire + (c.wire.starts_with("--noise") ? c.drafter : "")];
    if (known.is_null()) {
      Case here = c;
      here.tls = false;
      const Outcome o = splitwan(asked(here));
      if (o.code != 0) throw std::runtime_error(o.err);
      known = o.json()["output_ids"];
    }
    return known;
  }

  std::uint64_t unbroken_bytes(const Case& c) {
    std::uint64_t& known = bytes_[c.drafter + c.wire + (c.tls ? "tls" : "")];
    if (known == 0) {
      CuttingRelay relay(servers_[c.tls]->here, [](int) { return Cut{}; });
      const Outcome o = splitwan(asked(c) + "--server " + relay.address().text());
      if (o.code != 0) throw std::runtime_error(o.err);
      known = relay.bytes();
    }
    return known;
  }

  int tokens_;
  Keys keys_;
  std::map<bool, std::unique_ptr<Served>> servers_;
  std::map<std::string, nlohmann::json> expected_;
  std::map<std::string, std::uint64_t> bytes_;
  int cuts_ = 0, outages_ = 0, cold_ = 0;
};

int chaos(int wanted, std::uint64_t seed, int tokens, bool json) {
  Chaos chaos(tokens);
  int runs = 0;
  nlohmann::json failures = nlohmann::json::array();
  std::map<std::string, int> by_blow;
  while (chaos.cuts() < wanted && failures.size() < 10 && runs < 4 * wanted) {
    const Case c = case_of(runs, seed);
    nlohmann::json told;
    const std::string wrong = chaos.survive(c, told);
    const std::string name = fmt::format("{}: {} {} {}{}", runs, blow_names[static_cast<std::size_t>(c.blow)],
                                         c.drafter, c.wire, c.tls ? "TLS" : "plain");
    by_blow[blow_names[static_cast<std::size_t>(c.blow)]] += told.value("cuts", 0);
    if (!wrong.empty()) failures.push_back({{"run", name}, {"seed", seed}, {"why", wrong}});
    fmt::print(stderr, "{} ({} of {} cuts){}\n", name, chaos.cuts(), wanted,
               wrong.empty() ? "" : ": FAILED: " + wrong);
    ++runs;
  }
  const nlohmann::json result = {{"schema_version", 1},
                                 {"kind", "chaos"},
                                 {"seed", seed},
                                 {"runs", runs},
                                 {"cuts", chaos.cuts()},
                                 {"cuts_by_blow", by_blow},
                                 {"outages", chaos.outages()},
                                 {"cold", chaos.cold()},
                                 {"identical", runs - static_cast<int>(failures.size())},
                                 {"failures", failures}};
  if (json)
    fmt::print("{}\n", result.dump(2));
  else
    fmt::print(
        "{} cuts in {} runs, {} outages in the traces, {} of them cold: {} runs with other tokens or "
        "unaccounted connections\n",
        chaos.cuts(), runs, chaos.outages(), chaos.cold(), failures.size());
  return failures.empty() && chaos.cuts() >= wanted ? 0 : 1;
}

}  // namespace
}  // namespace splitwan::tests

int main(int argc, char** argv) {
  CLI::App app("Cuts the connections of live runs at random bytes: every run must end with the same tokens.");
  int cuts = 200, tokens = 40;
  std::uint64_t seed = 1;
  bool json = false;
  app.add_option("--cuts", cuts, "made in all")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--tokens", tokens, "of each run")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "of the plan: what is cut where")->capture_default_str();
  app.add_flag("--json", json, "print one JSON object");
  CLI11_PARSE(app, argc, argv);
  return splitwan::tests::chaos(cuts, seed, tokens, json);
}
