// A well-behaved client of a real server beside hostile ones: how much longer its steps take, and what the
// server holds. Exit 1 is a finding.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.hh"
#include "tests/denying/attacks.hh"
#include "tests/denying/good_client.hh"
#include "tests/denying/server_process.hh"

namespace splitwan::denying {
namespace {

using engine::Json;

constexpr double megabyte = 1 << 20;
const std::vector<std::string> budgets = {"--memory", "64MiB"};
// Beyond what the program takes at rest: caches and replies (64 MiB), requests under way (256 MiB at most, of
// which the demo model's clients can have this), what the system's allocator does not give back.
constexpr double most_above_rest = 256 * megabyte;

struct Plan {
  std::string source;
  double seconds = 4;
  int rounds = 5;         // the median of each: a machine that others share is slow at times
  double most_ratio = 2;  // of the 99th percentiles of steps, beside an attack and alone
  int connects = 100'000, idle_sessions = 5'000;
  bool json = false;
  std::string only, log;
};

// Seconds: of steps 5 ms apart, for so long.
std::vector<double> steps(GoodClient& client, double seconds, const ServerProcess& server, double& peak) {
  std::vector<double> taken;
  const auto until = Steady::now() + std::chrono::duration<double>(seconds);
  while (Steady::now() < until && client.has_room()) {
    taken.push_back(client.step());
    peak = std::max(peak, server.resident_bytes());
    std::this_thread::sleep_for(5ms);
  }
  std::ranges::sort(taken);
  return taken;
}

double quantile(const std::vector<double>& sorted, double q) {
  return sorted.at(
      std::min(sorted.size() - 1, static_cast<std::size_t>(q * static_cast<double>(sorted.size()))));
}

// Another process, which yields the processor to whoever wants it: what is measured is the server.
class Elsewhere {
 public:
  explicit Elsewhere(const std::function<void()>& job) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::setpriority(PRIO_PROCESS, 0, 19);
    try {
      job();
    } catch (const std::exception&) {
    }
    ::_exit(0);
  }
  ~Elsewhere() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  const pid_t pid_;
};

Json beside(const Plan& plan, const Attack& attack, bool& good) {
  auto options = budgets;
  if (!plan.log.empty()) options.insert(options.end(), {"--log-level", "debug"});
  const ServerProcess server(plan.source, options, {.log = plan.log});
  GoodClient client(server.target());
  double rest = 0, peak = 0;
  steps(client, 0.5, server, rest);
  std::size_t count = 0;
  std::vector<double> quiet, during;  // the 99th percentile of each round
  for (int round = 0; round < plan.rounds; ++round) {
    client.begin_anew();
    quiet.push_back(quantile(steps(client, plan.seconds, server, rest), 0.99));
    client.begin_anew();
    const Elsewhere attacker([&] { attack.run(server.target()); });
    std::this_thread::sleep_for(500ms);
    const auto taken = steps(client, plan.seconds, server, peak);
    count += taken.size();
    during.push_back(quantile(taken, 0.99));
  }
  std::ranges::sort(quiet);
  std::ranges::sort(during);
  const double alone = quantile(quiet, 0.5), beside = quantile(during, 0.5);
  const bool held = server.lives() && beside / alone < plan.most_ratio && peak - rest < most_above_rest;
  good &= held;
  return {{"attack", attack.name},   {"steps", count},         {"quiet_p99_s", alone}, {"p99_s", beside},
          {"ratio", beside / alone}, {"resident_bytes", rest}, {"peak_bytes", peak},   {"held", held}};
}

// Who has a session goes on, and whoever comes is served once the others have left.
Json exhausted(const Plan& plan, const std::string& name, const Surroundings& around, bool& good) {
  const ServerProcess server(plan.source, budgets, around);
  GoodClient inside(server.target());
  int answered = 0;
  {
    std::vector<OpenSocket> many;
    for (int i = 0; i < 100; ++i) {
      if (auto socket = call(server.target())) many.push_back(std::move(*socket));
      answered += inside.step() > 0;
    }
  }
  std::this_thread::sleep_for(500ms);
  const bool served = GoodClient(server.target()).step() > 0;
  const bool held = server.lives() && served && answered == 100;
  good &= held;
  return {{"exhausted", name}, {"steps", answered}, {"served_afterwards", served}, {"held", held}};
}

struct Holds {
  double bytes;
  int descriptors;
};

Holds settled(const ServerProcess& server) {
  std::this_thread::sleep_for(2s);
  return {server.resident_bytes(), server.descriptors()};
}

Json leak(const std::string& name, int count, const Holds& before, const Holds& after, bool& good) {
  const bool held = after.bytes - before.bytes < 8 * megabyte && after.descriptors <= before.descriptors;
  good &= held;
  return {{"leak", name},
          {"count", count},
          {"grown_bytes", after.bytes - before.bytes},
          {"grown_descriptors", after.descriptors - before.descriptors},
          {"held", held}};
}

Json connects(const Plan& plan, bool& good) {
  const ServerProcess server(plan.source, budgets);
  GoodClient(server.target()).step();
  for (int i = 0; i < plan.connects / 10; ++i)
    call(server.target());  // what an allocator keeps, it has by now
  const Holds before = settled(server);
  for (int i = 0; i < plan.connects; ++i) call(server.target());
  return leak("connects", plan.connects, before, settled(server), good);
}

// Sessions that are left to themselves, all with a cache, time sped up: a day has 288 times 5 minutes.
Json idle(const Plan& plan, bool& good) {
  auto options = budgets;
  options.insert(options.end(), {"--idle", "200ms", "--keep", "300ms"});
  const ServerProcess server(plan.source, options);
  const auto sit = [&](int count) {
    for (int i = 0; i < count; i += 32) {
      std::vector<OpenSocket> idle;
      for (int k = 0; k < 32; ++k) {
        auto socket = call(server.target());
        if (!socket) continue;
        send(*socket, server.target().hello);
        send(*socket, engine::encode(request(server.target(), 16, 0)));
        idle.push_back(std::move(*socket));
      }
      std::this_thread::sleep_for(400ms);  // longer than it may sit
    }
  };
  sit(plan.idle_sessions / 10);
  const Holds before = settled(server);
  sit(plan.idle_sessions);
  return leak("idle_sessions", plan.idle_sessions, before, settled(server), good);
}

int run(const Plan& plan) {
  bool good = true;
  Json results = Json::array();
  const auto found = [&](Json result) {
    fmt::print(stderr, "{}\n", result.dump());
    results.push_back(std::move(result));
  };
  for (const Attack& attack : attacks())
    if (plan.only.empty() || plan.only == attack.name) found(beside(plan, attack, good));
  if (!plan.only.empty()) return good ? 0 : 1;
  found(exhausted(plan, "log", {.log_disk_is_full = true}, good));
  found(exhausted(plan, "descriptors", {.most_descriptors = 40}, good));
  found(connects(plan, good));
  found(idle(plan, good));
  const Json all = {{"schema_version", 1}, {"seconds", plan.seconds}, {"held", good}, {"results", results}};
  if (plan.json) fmt::print("{}\n", all.dump(1));
  return good ? 0 : 1;
}

}  // namespace
}  // namespace splitwan::denying

int main(int argc, char** argv) {
  CLI::App app("a well-behaved client beside hostile ones");
  splitwan::denying::Plan plan{SPLITWAN_SOURCE_DIR};
  app.add_option("--seconds", plan.seconds, "alone and beside an attack, in each round")
      ->check(CLI::Range(0.5, 3600.0));
  app.add_option("--rounds", plan.rounds, "alone and beside an attack by turns")->check(CLI::Range(1, 1000));
  app.add_option("--connects", plan.connects, "that must leave nothing behind");
  app.add_option("--idle-sessions", plan.idle_sessions, "that must leave nothing behind");
  app.add_option("--most-ratio", plan.most_ratio, "of steps' 99th percentiles, beside an attack and alone");
  app.add_option("--only", plan.only, "this attack alone");
  app.add_option("--log", plan.log, "of the server, each call that it computes included");
  app.add_flag("--json", plan.json, "one object at the end");
  CLI11_PARSE(app, argc, argv);
  try {
    return splitwan::denying::run(plan);
  } catch (const std::exception& e) {
    fmt::print(stderr, "denial: {}\n", e.what());
    return 2;
  }
}
