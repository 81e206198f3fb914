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

constexpr std::uint32_t ping = 8192, small = 64'000, wide_bytes = 140'000, large = 800'000, answer_bytes = 8;
constexpr int ping_count = 40;
constexpr LinkTime idle = std::chrono::seconds(2);

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
  link.server().run([&] { listener = std::make_unique<KernelListener>(server_ip); });
  const Connect connect = [&] { return KernelConnection(server_ip, listener->port()); };
  link.run(
      [&] {
        become_realtime(end_priority);
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
        become_realtime(end_priority);
        listener->serve();
      });
}

class Patterns {
 public:
  explicit Patterns(EmulatedLink& link) : link_(link) {}

  void sample(const std::string& pattern, KernelConnection& connection, std::uint32_t bytes,
              std::uint32_t answer = answer_bytes) {
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
      for (int i = 0; i < rounds.pings; ++i) patterns.sample("pingpong_8k", c, ping, ping);
    }
    for (int i = 0; i < rounds.connections; ++i) {
      KernelConnection c = connect();
      patterns.sample("upload_64k_first", c, small);
      patterns.sample("upload_64k_warm", c, small);
    }
    for (int i = 0; i < rounds.connections; ++i) {
      KernelConnection c = connect();
      patterns.sample("upload_800k_first", c, large);
      patterns.sample("upload_800k_warm", c, large);
      if (i + 1 < rounds.connections) continue;
      std::this_thread::sleep_for(idle);
      patterns.sample("upload_800k_idle", c, large);
    }
    KernelConnection c = connect();
    c.exchange(large, answer_bytes);
    for (int i = 0; i < ping_count; ++i) c.exchange(ping, ping);
    patterns.sample("decay_140k", c, wide_bytes);
    patterns.sample("decay_800k", c, large);
  });
  return patterns.finish();
}

}  // namespace splitwan::netsim
