// Many clients of one server for a long time, some of whom crash, read slowly or are cut off: memory stays
// flat, and whoever behaves gets the right answers.
#include <CLI/CLI.hpp>
#include <cmath>
#include <random>

#include "tests/fixtures/cutting_relay.hh"
#include "tests/fixtures/live_server.hh"
#include "tests/fixtures/replayed_session.hh"

namespace splitwan::tests {
namespace {

using Steady = std::chrono::steady_clock;
constexpr engine::LayerRange middle{2, 10};
constexpr int scripts = 6;  // different sessions

double resident_mb(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/statm", pid));
  double pages = 0, resident = 0;
  in >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

struct Counts {
  std::atomic<int> sessions = 0, failed = 0, cuts = 0, outages = 0, cold = 0, crashes = 0, slow = 0;
  std::mutex mutex;
  std::vector<std::string> failures;
  void fail(const std::string& why) {
    ++failed;
    const std::lock_guard lock(mutex);
    if (failures.size() < 10) failures.push_back(why);
  }
};

class Soak {
 public:
  Soak(double minutes, std::uint64_t seed)
      : seed_(seed),
        server_({"--model", demo_model, "--layers", "2:10", "--threads", "1", "--memory", "256MiB", "--keep",
                 "20s", "--per-source", "256"}),
        here_(engine::parse_endpoint(address(server_.announced()))),
        until_(Steady::now() +
               std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(60 * minutes))) {
    for (int i = 0; i < scripts; ++i) {
      scripts_.push_back(made_up(config_, 20 + 60 * i, 60, 8, seed + static_cast<std::uint64_t>(i)));
      expected_.push_back(replay(scripts_.back(), config_, middle, terms(here_)).replies);
    }
  }

  nlohmann::json run(int clients) {
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
      threads.emplace_back([this, i] {
        std::mt19937_64 chance(seed_ * 977 + static_cast<std::uint64_t>(i));
        while (Steady::now() < until_)
          i % 8 == 6 ? crash(chance) : i % 8 == 7 ? read_slowly(chance) : behave(chance, i % 2 == 0);
      });
    const auto begun = Steady::now();
    std::vector<std::pair<double, double>> memory;
    while (Steady::now() < until_) {
      std::this_thread::sleep_for(1s);
      memory.emplace_back(std::chrono::duration<double>(Steady::now() - begun).count(),
                          resident_mb(server_.pid()));
    }
    for (std::thread& t : threads) t.join();
    return told(memory, clients);
  }

 private:
  static engine::ResumeTerms terms(const engine::Endpoint& to) {
    engine::ResumeTerms t;
    t.servers = {to};
    t.patience = 20s;
    t.max_outage = 60s;
    return t;
  }

  // A whole session, right to the bit; half of them over connections that break.
  void behave(std::mt19937_64& chance, bool cut) {
    const auto which = chance() % scripts;
    try {
      std::unique_ptr<CuttingRelay> relay;
      if (cut) {
        const std::uint64_t at = 1 + chance() % 200'000;
        const How how = chance() % 2 ? How::reset : How::end;
        relay = std::make_unique<CuttingRelay>(here_, [=](int n) { return n < 2 ? Cut{how, at} : Cut{}; });
      }
      const Replayed done = replay(scripts_[which], config_, middle, terms(cut ? relay->address() : here_),
                                   std::chrono::milliseconds(chance() % 20));
      if (done.replies != expected_[which]) counts_.fail("other answers than alone");
      if (relay) counts_.cuts += relay->cuts();
      counts_.outages += static_cast<int>(done.outages.size());
      counts_.cold += static_cast<int>(std::ranges::count_if(done.outages, &engine::Outage::cold));
      ++counts_.sessions;
    } catch (const std::exception& e) {
      counts_.fail(e.what());
    }
  }

  // Says hello, asks for more than it will ever read, and is gone.
  void crash(std::mt19937_64& chance) {
    try {
      const engine::OpenSocket socket = engine::connect(here_);
      send_some(socket, chance);
      std::this_thread::sleep_for(std::chrono::milliseconds(chance() % 200));
      const linger at_once{1, 0};
      if (chance() % 2) ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      ++counts_.crashes;
    } catch (const std::exception&) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + chance() % 400));
  }

  void read_slowly(std::mt19937_64& chance) {
    try {
      const engine::OpenSocket socket = engine::connect(here_);
      send_some(socket, chance);
      std::array<char, 200> few;
      for (int i = 0; i < 100 && Steady::now() < until_; ++i) {
        if (::recv(socket.descriptor(), few.data(), few.size(), 0) == 0) break;
        std::this_thread::sleep_for(50ms);
      }
      ++counts_.slow;
    } catch (const std::exception&) {
    }
  }

  void send_some(const engine::OpenSocket& socket, std::mt19937_64& chance) {
    engine::Bytes bytes = engine::encode(engine::hello(config_, middle, engine::lossless_codec()));
    for (const Script::Ask& ask : scripts_[chance() % scripts].asks) {
      const engine::Bytes more = engine::encode(ask.request);
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
    const std::size_t count = chance() % bytes.size();
    for (std::size_t at = 0; at < count;) {
      const ssize_t sent = ::send(socket.descriptor(), bytes.data() + at, count - at, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return;
      if (sent < 0) std::this_thread::sleep_for(5ms);
      at += sent < 0 ? 0 : static_cast<std::size_t>(sent);
      if (Steady::now() > until_) return;
    }
  }

  nlohmann::json told(const std::vector<std::pair<double, double>>& memory, int clients) {
    const double whole = memory.back().first;
    const auto median = [&](double from, double to) {  // MB, in a stretch of the time
      std::vector<double> mb;
      for (const auto& [at, resident] : memory)
        if (at >= from && at <= to) mb.push_back(resident);
      if (mb.empty()) return std::nan("");
      std::ranges::nth_element(mb, mb.begin() + static_cast<std::ptrdiff_t>(mb.size() / 2));
      return mb.at(mb.size() / 2);
    };
    const double warm = median(0.2 * whole, 0.5 * whole), late = median(0.7 * whole, whole);
    std::vector<int> by_minute;
    for (double at = 0; at + 60 <= whole + 5; at += 60)
      if (const double mb = median(at, at + 60); mb > 0)
        by_minute.push_back(static_cast<int>(std::lround(mb)));
    return {{"schema_version", 1},
            {"kind", "soak"},
            {"seed", seed_},
            {"minutes", whole / 60},
            {"clients", clients},
            {"sessions", counts_.sessions.load()},
            {"failed", counts_.failed.load()},
            {"failures", counts_.failures},
            {"cuts", counts_.cuts.load()},
            {"outages", counts_.outages.load()},
            {"cold", counts_.cold.load()},
            {"crashes", counts_.crashes.load()},
            {"slow_readers", counts_.slow.load()},
            {"resident_warm_mb", warm},
            {"resident_late_mb", late},
            {"resident_mb_by_minute", by_minute},
            {"growth", late / warm - 1}};
  }

  std::uint64_t seed_;
  Server server_;
  engine::Endpoint here_;
  Steady::time_point until_;
  engine::ModelConfig config_ = engine::read_model_config(demo_model);
  std::vector<Script> scripts_;
  std::vector<std::vector<engine::Bytes>> expected_;
  Counts counts_;
};

}  // namespace
}  // namespace splitwan::tests

int main(int argc, char** argv) {
  CLI::App app("Many clients of one server: memory stays flat, and whoever behaves gets the right answers.");
  double minutes = 15, growth = 0.02;
  int clients = 32;
  std::uint64_t seed = 1;
  bool json = false;
  app.add_option("--minutes", minutes)->capture_default_str()->check(CLI::Range(0.1, 1e6));
  app.add_option("--clients", clients,
                 "at one time: of eight, one crashes, one reads slowly, three are cut off")
      ->capture_default_str()
      ->check(CLI::Range(8, 4096));
  app.add_option("--growth", growth, "of memory after the warm-up that is let pass")->capture_default_str();
  app.add_option("--seed", seed)->capture_default_str();
  app.add_flag("--json", json, "print one JSON object");
  CLI11_PARSE(app, argc, argv);
  const nlohmann::json result = splitwan::tests::Soak(minutes, seed).run(clients);
  if (json)
    fmt::print("{}\n", result.dump(2));
  else
    fmt::print(
        "{:.1f} minutes, {} clients: {} sessions, {} failed; {} outages, {} of them cold; {} crashes; memory "
        "{:.1f} "
        "to {:.1f} MB ({:+.2f} %)\n",
        result["minutes"].get<double>(), clients, result["sessions"].dump(), result["failed"].dump(),
        result["outages"].dump(), result["cold"].dump(), result["crashes"].dump(),
        result["resident_warm_mb"].get<double>(), result["resident_late_mb"].get<double>(),
        100 * result["growth"].get<double>());
  const bool well = result["failed"] == 0 && result["sessions"] > 0 && result["growth"] < growth;
  return well ? 0 : 1;
}
