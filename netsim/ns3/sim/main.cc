// splitwan-sim: TCP over ns-3 links in lock-step with whoever holds the other end of stdin and stdout.
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "netsim/link/sim_protocol.hh"
#include "netsim/ns3/sim/simulation.hh"

namespace splitwan::netsim::sim {
namespace {

// The words of one command line. What is not there, or not a number, is an error that quotes the line.
class Words {
 public:
  explicit Words(std::string_view line) : line_(line), left_(line) {}

  std::string_view word() {
    const std::size_t end = std::min(left_.find(' '), left_.size());
    const std::string_view word = left_.substr(0, end);
    left_.remove_prefix(std::min(end + 1, left_.size()));
    return word;
  }
  template <typename Int>
  Int number(Int low, Int high) {
    const std::string_view text = word();
    Int value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size() || value < low || value > high)
      throw std::runtime_error("expected a number, found \"" + std::string(text) + "\" in: " + quoted());
    return value;
  }
  std::int64_t time() { return number<std::int64_t>(0, INT64_MAX); }
  std::size_t connection() { return number<std::size_t>(0, UINT32_MAX); }
  bool forward() { return number<int>(0, 1) == 1; }
  std::string rest() {
    std::string text(left_);
    left_ = {};
    return text;
  }
  void expect_end() const {
    if (!left_.empty()) throw std::runtime_error("expected the end of the line, found more in: " + quoted());
  }
  std::string quoted() const { return std::string(line_.substr(0, 200)); }

 private:
  std::string_view line_, left_;
};

void answer(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

void advance(Simulation& simulation, std::int64_t limit) {
  const std::optional<Delivered> next = simulation.advance(limit);
  if (!next) return answer("reached " + std::to_string(limit));
  answer("delivered " + std::to_string(next->at_ns) + " " + std::to_string(next->id) + " " +
         std::to_string(next->flights) + " " + std::to_string(next->cwnd) + " " +
         std::to_string(next->retransmits));
}

// A long advance reads no input. So another thread looks whether anybody is left to hear its answer; it takes
// nothing from the input. Another process may hold a copy of a dead client's socket: then its death counts.
void end_with_client() {
  struct stat input {};
  const bool spawned = fstat(STDIN_FILENO, &input) == 0 && S_ISSOCK(input.st_mode);
  std::thread([spawned, client = getppid()] {
    for (;;) {
      pollfd output{STDOUT_FILENO, 0, 0};
      poll(&output, 1, 500);
      const bool deaf = (output.revents & (POLLHUP | POLLERR)) != 0;
      if (deaf || (spawned && getppid() != client)) _exit(0);
    }
  }).detach();
}

void converse() {
  std::unique_ptr<Simulation> simulation;
  for (std::string line; std::getline(std::cin, line);) {
    Words words(line);
    const std::string_view command = words.word();
    if (command == "open" && !simulation) {
      simulation = std::make_unique<Simulation>(parse_spec(words.rest()));
      answer("ready " + simulation->ready().dump());
      continue;
    }
    if (!simulation) throw std::runtime_error("expected open first, found: " + words.quoted());
    if (command == "send") {
      const std::int64_t t = words.time();
      const std::size_t connection = words.connection();
      const bool forward = words.forward();
      const auto id = words.number<std::uint64_t>(0, UINT64_MAX);
      simulation->send(t, connection, forward, id, words.number<std::uint64_t>(0, UINT64_MAX / 4));
    } else if (command == "advance") {
      const std::int64_t limit = words.time();
      words.expect_end();
      advance(*simulation, limit);
    } else if (command == "until") {
      const std::int64_t limit = words.time();
      if (simulation->advance(limit))
        throw std::runtime_error("expected nothing under way, found: " + words.quoted());
    } else if (command == "close") {
      words.expect_end();
      const std::string totals = simulation->totals().dump();
      simulation.reset();
      answer("totals " + totals);
      continue;
    } else {
      throw std::runtime_error("expected send, advance, until or close, found: " + words.quoted());
    }
    words.expect_end();
  }
}

}  // namespace
}  // namespace splitwan::netsim::sim

int main() {
  std::ios::sync_with_stdio(false);
  splitwan::netsim::sim::end_with_client();
  try {
    splitwan::netsim::sim::converse();
    return 0;
  } catch (const std::exception& problem) {
    std::string line = problem.what();
    for (char& c : line)
      if (c == '\n') c = ' ';
    splitwan::netsim::sim::answer("error " + line);
    return splitwan::netsim::sim_exit_error;
  }
}
