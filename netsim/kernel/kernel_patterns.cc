#include "netsim/kernel/kernel_patterns.hh"

#include <algorithm>
#include <functional>
#include <thread>

#include "engine/base/order_statistics.hh"
#include "netsim/kernel/delay_line.hh"
#include "netsim/kernel/emulated_link.hh"
#include "netsim/kernel/kernel_tcp.hh"

namespace splitwan::netsim {
namespace {

constexpr std::uint32_t kPing = 8192, kSmall = 64'000, kWide = 140'000, kLarge = 800'000, kAnswer = 8;
constexpr int kPings = 40;
constexpr LinkTime kIdle = std::chrono::seconds(2);

double seconds(LinkTime t) { return std::chrono::duration<double>(t).count(); }

// All cells of the validation have about five minutes: the longer the round trip, the fewer rounds.
struct Rounds {
  explicit Rounds(LinkTime rtt)
      : pings(rtt < std::chrono::milliseconds(50)    ? 40
              : rtt < std::chrono::milliseconds(150) ? 15
                                                     : 9),
        connections(rtt < std::chrono::milliseconds(150) ? 3 : 1) {}
  int pings, connections;
};

using Connect = std::function<KernelConnection()>;

// A server that answers, and `client` beside it, over a new link.
void with_server(EmulatedLink& link, const std::function<void(const Connect&)>& client) {
  std::unique_ptr<KernelListener> listener;
  link.server().run([&] { listener = std::make_unique<KernelListener>(kServerAddress); });
  const Connect connect = [&] { return KernelConnection(kServerAddress, listener->port()); };
  link.run(
      [&] {
        become_realtime(kEndPriority);
        // Without this the server would wait for ever beside a client that failed.
        struct End {
          const Connect& connect;
          ~End() {
            try {
              connect().end_service();
            } catch (const std::exception&) {
            }
          }
        } end{connect};
        client(connect);
      },
      [&] {
        become_realtime(kEndPriority);
        listener->serve();
      });
}

class Patterns {
 public:
  explicit Patterns(EmulatedLink& link) : link_(link) {}

  void sample(const std::string& pattern, KernelConnection& connection, std::uint32_t bytes,
              std::uint32_t answer = kAnswer) {
    const double timeout = seconds(connection.timeout());
    link_.start_of_report();
    const double took = seconds(connection.exchange(bytes, answer));
    const LinkReport report = link_.report();
    auto found = std::find_if(results_.begin(), results_.end(),
                              [&](const PatternResult& r) { return r.pattern == pattern; });
    if (found == results_.end()) found = results_.insert(found, {pattern, {}, 0, 0, 0, 0});
    found->samples_s.push_back(took);
    found->lateness_s += seconds(report.lateness.mean);
    found->window = connection.window_at_start();
    found->timeout_s = timeout;
  }

  std::vector<PatternResult> finish() {
    for (PatternResult& r : results_) {
      r.seconds = engine::median(r.samples_s);
      r.lateness_s /= static_cast<double>(r.samples_s.size());
    }
    return std::move(results_);
  }

 private:
  EmulatedLink& link_;
  std::vector<PatternResult> results_;
};

}  // namespace

std::vector<PatternResult> run_kernel_patterns(const LinkPair& pair, std::uint64_t seed) {
  EmulatedLink link(pair, seed);
  const Rounds rounds(pair.up.delay + pair.down.delay);
  Patterns patterns(link);
  with_server(link, [&](const Connect& connect) {
    {
      KernelConnection c = connect();
      for (int i = 0; i < rounds.pings; ++i) patterns.sample("pingpong_8k", c, kPing, kPing);
    }
    for (int i = 0; i < rounds.connections; ++i) {
      KernelConnection c = connect();
      patterns.sample("upload_64k_first", c, kSmall);
      patterns.sample("upload_64k_warm", c, kSmall);
    }
    for (int i = 0; i < rounds.connections; ++i) {
      KernelConnection c = connect();
      patterns.sample("upload_800k_first", c, kLarge);
      patterns.sample("upload_800k_warm", c, kLarge);
      if (i + 1 < rounds.connections) continue;
      std::this_thread::sleep_for(kIdle);
      patterns.sample("upload_800k_idle", c, kLarge);
    }
    KernelConnection c = connect();
    c.exchange(kLarge, kAnswer);
    for (int i = 0; i < kPings; ++i) c.exchange(kPing, kPing);
    patterns.sample("decay_140k", c, kWide);
    patterns.sample("decay_800k", c, kLarge);
  });
  return patterns.finish();
}

}  // namespace splitwan::netsim
