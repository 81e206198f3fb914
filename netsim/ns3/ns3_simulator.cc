#include "netsim/ns3/ns3_simulator.hh"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "engine/base/error.hh"
#include "netsim/link/link_check.hh"
#include "netsim/link/network_spec.hh"
#include "netsim/link/sim_protocol.hh"
#include "netsim/ns3/simulator_pool.hh"

namespace splitwan::netsim {
namespace {

using engine::Error;
using nlohmann::json;

std::string simulator_path() {
  if (const char* given = std::getenv("SPLITWAN_SIM")) return given;
  return std::filesystem::read_symlink("/proc/self/exe").replace_filename("splitwan-sim").string();
}

// The simulator has compared its links with what it was asked for; this is with what we asked for.
void expect_as_asked(const ProbeReport& found, const NetworkSpec& spec) {
  for (std::size_t i = 0; i < spec.edges.size(); ++i) {
    const Edge& edge = spec.edges[i];
    const ProbeReport::Connection& connection = found.connections[i];
    const std::string where = fmt::format("edges[{}]", i);
    Nanos asked = edge.forward.delay + edge.backward.delay;
    for (const bool forward : {true, false}) {
      const LinkSpec& link = forward ? edge.forward : edge.backward;
      const ProbeReport::Way& way = forward ? connection.forward : connection.backward;
      const std::string direction = where + (forward ? ": forward" : ": backward");
      expect_loss(direction, link, way.sent, way.lost);
      if (!link.opportunities.empty()) continue;  // when they come, only the simulator can know
      asked += last_bit_leaves(link, {}, probe_bytes);
      if (rate_is_measurable(link)) expect_rate(direction, link, link.bits_per_second, way.bits_per_second);
    }
    if (edge.forward.opportunities.empty() && edge.backward.opportunities.empty())
      expect_rtt(where, std::chrono::duration<double>(asked).count(), connection.rtt_s);
  }
}

class PipedNs3 final : public Ns3Simulator {
 public:
  PipedNs3(std::unique_ptr<LinePeer> process, const NetworkSpec& spec, ProbeReport* report,
           std::chrono::milliseconds answer_timeout)
      : connections_(spec.edges.size()),
        answer_timeout_(answer_timeout),
        path_(process->program()),
        process_(std::move(process)) {
    const json ready = ask_json("open " + to_json(spec).dump(), "ready ");
    ProbeReport found;
    understand(ready, [&] {
      if (ready.at("connections").size() != connections_)
        throw std::runtime_error("not one entry per connection");
      found = read_report(ready);
    });
    try {
      expect_as_asked(found, spec);
    } catch (const std::runtime_error& problem) {
      throw Error("{}: {}", path_, problem.what());
    }
    if (report) *report = std::move(found);
    in_order_ = true;
  }

  // What is in order serves the next simulation.
  ~PipedNs3() override {
    if (!in_order_) return;
    try {
      answer_timeout_ = std::min(answer_timeout_, std::chrono::milliseconds(2000));
      PipedNs3::close();
    } catch (const std::exception&) {  // then it ends with this
    }
  }

  void send(Nanos t, std::uint32_t connection, bool forward, std::uint64_t id, std::uint64_t bytes) override {
    check("send", t, connection);
    if (!in_flight_.emplace(id, t).second) throw Error("send: expected an id not in flight, found {}", id);
    catch_up();
    pending_ += fmt::format("send {} {} {:d} {} {}\n", t.count(), connection, forward, id, bytes);
  }

  std::optional<Delivery> advance(Nanos limit) override {
    if (limit < now_)
      throw Error("advance: expected a time from {} ns, found {} ns", now_.count(), limit.count());
    if (process_ && in_flight_.empty() &&
        limit.count() < sim_forever) {  // there is but one answer: told with what comes next
      now_ = limit;
      behind_ = true;
      return std::nullopt;
    }
    const std::string answer = ask(fmt::format("advance {}", limit.count()));
    if (answer == fmt::format("reached {}", limit.count())) {
      now_ = limit;
      return std::nullopt;
    }
    Delivery delivery = read_delivery(answer);
    const auto sent = in_flight_.find(delivery.id);
    if (sent == in_flight_.end() || delivery.at < std::max(now_, sent->second) || delivery.at > limit)
      throw Error("{}: expected a message in flight, delivered from {} ns to {} ns, found: {}", path_,
                  now_.count(), limit.count(), answer.substr(0, 200));
    in_flight_.erase(sent);
    now_ = delivery.at;
    return delivery;
  }

  SimTotals close() override {
    catch_up();
    const json told = ask_json("close", "totals ");
    in_order_ = false;  // for more questions
    SimTotals totals;
    understand(told, [&] {
      told.at("events").get_to(totals.events);
      totals.elapsed = Nanos(told.at("elapsed_ns").get<std::int64_t>());
      for (const json& connection : told.at("connections"))
        totals.connections.push_back(
            {read_wire(connection.at("forward")), read_wire(connection.at("backward"))});
    });
    put_idle(std::move(process_));
    return totals;
  }

 private:
  void catch_up() {
    if (std::exchange(behind_, false)) pending_ += fmt::format("until {}\n", now_.count());
  }

  // Sends what is pending and `line`, all at once; returns the answer, errors thrown.
  std::string ask(const std::string& line) {
    if (!process_) throw Error("{}: expected no question after close, found: {}", path_, line.substr(0, 200));
    const bool was_in_order = std::exchange(in_order_, false);
    pending_ += line;
    pending_ += '\n';
    const auto deadline = ChildProcess::Clock::now() + answer_timeout_;
    process_->write(pending_, deadline);
    pending_.clear();
    std::string answer = process_->read_line(deadline);
    if (answer.starts_with("error ")) throw Error("{}: {}", path_, answer.substr(6));
    in_order_ = was_in_order;
    return answer;
  }

  json ask_json(const std::string& line, std::string_view word) {
    const std::string answer = ask(line);
    json object = answer.starts_with(word) ? json::parse(answer.substr(word.size()), nullptr, false) : json();
    if (!object.is_object())
      throw Error("{}: expected {}and one JSON object, found: {}", path_, word, answer.substr(0, 200));
    return object;
  }

  template <typename Read>
  void understand(const json& object, Read read) {
    try {
      read();
    } catch (const std::exception& problem) {
      throw Error("{}: expected an answer as in sim_protocol.hh, found: {} ({})", path_,
                  object.dump().substr(0, 200), problem.what());
    }
  }

  Delivery read_delivery(const std::string& answer) {
    std::istringstream words(answer);
    std::string word, more;
    std::int64_t at = 0;
    Delivery delivery;
    words >> word >> at >> delivery.id >> delivery.flights >> delivery.cwnd >> delivery.retransmits;
    if (word != "delivered" || !words || words >> more)
      throw Error("{}: expected delivered or reached, found: {}", path_, answer.substr(0, 200));
    delivery.at = Nanos{at};
    return delivery;
  }

  static ProbeReport read_report(const json& ready) {
    ProbeReport report{ready.at("ns3").get<std::string>(), ready.at("settings").dump(), {}};
    const auto way = [](const json& found) -> ProbeReport::Way {
      return {found.at("bps").get<double>(), found.at("sent").get<std::uint64_t>(),
              found.at("lost").get<std::uint64_t>()};
    };
    for (const json& connection : ready.at("connections"))
      report.connections.push_back({connection.at("rtt_s").get<double>(),
                                    connection.at("congestion").get<std::string>(),
                                    way(connection.at("forward")), way(connection.at("backward"))});
    return report;
  }

  static WireTotals read_wire(const json& wire) {
    const auto count = [&](const char* key) { return wire.at(key).get<std::uint64_t>(); };
    return {count("bytes"),
            count("packets"),
            count("queue_drops"),
            count("lost"),
            count("retransmits"),
            Nanos(wire.at("busy_ns").get<std::int64_t>()),
            count("most_queued_bytes")};
  }

  void check(const char* what, Nanos t, std::uint32_t connection) const {
    if (t < now_) throw Error("{}: expected a time from {} ns, found {} ns", what, now_.count(), t.count());
    if (connection >= connections_)
      throw Error("{}: expected a connection below {}, found {}", what, connections_, connection);
  }

  std::size_t connections_;
  std::chrono::milliseconds answer_timeout_;
  std::string path_;
  std::unique_ptr<LinePeer> process_;         // none after close
  bool in_order_ = false;                     // open, and every answer was understood
  std::string pending_;                       // lines to go with the next question: one system call a step
  std::map<std::uint64_t, Nanos> in_flight_;  // id to the time it was sent
  Nanos now_{0};
  bool behind_ = false;  // the process has not been told of now_
};

}  // namespace

std::unique_ptr<Ns3Simulator> make_ns3_simulator(const NetworkSpec& spec, ProbeReport* report,
                                                 std::chrono::milliseconds answer_timeout) {
  const std::string path = simulator_path();
  std::unique_ptr<LinePeer> process = take_idle(path);
  if (!process) process = std::make_unique<ChildProcess>(path);
  return make_ns3_simulator(std::move(process), spec, report, answer_timeout);
}

std::unique_ptr<Ns3Simulator> make_ns3_simulator(std::unique_ptr<LinePeer> process, const NetworkSpec& spec,
                                                 ProbeReport* report,
                                                 std::chrono::milliseconds answer_timeout) {
  return std::make_unique<PipedNs3>(std::move(process), spec, report, answer_timeout);
}

}  // namespace splitwan::netsim
