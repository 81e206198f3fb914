// What the steps of one TCP connection wait for, from its first message on: what one waits depends on the
// window that those before it have opened, and on what they lost. Followed packet by packet (packets.hh), in
// several worlds where chance has a part.
#pragma once

#include <random>
#include <span>
#include <vector>

#include "model/observe/observation.hh"
#include "model/path/packets.hh"
#include "model/path/work_noise.hh"

namespace splitwan::model {

// The path that a condition states. `initial_window`: where it states no TCP.
Setup setup_of(const Condition&, double initial_window);

// What chance adds to the waiting; multiples of what the packets' own laws give, so 1 is theory.
struct Chance {
  double loss = 1, jitter = 1;
};

// Where chance has a part there are so many worlds, else one.
struct Worlds {
  std::size_t many = 8;
  std::uint64_t seed = 1;
  // Of a step's work and of a prompt's chunk: then so many in any case.
  const WorkNoise *noise = nullptr, *prompt_noise = nullptr;
};

class Connection {
 public:
  Connection(const Condition&, double initial_window, const Chance& = {}, Worlds = {});

  // A request and its reply; held_s is the server's work on it alone. Of several, each is sent when its lead
  // work is done, the server answers them in turn.
  Waits exchange(std::span<const engine::Exchange>, bool prompt = false);
  Waits exchange(double bytes_up, double bytes_down, double held_s);
  // Nothing is sent. Before the first exchange: since the greeting.
  void rest(double seconds);
  // The rest before a step, and what a spot check sent before it.
  void begin_step(const Observation&);

  // Something was lost to a full queue, or a pause came near the timeout that closes a window: work that
  // varies then decides what comes after.
  bool fragile() const;
  bool by_chance() const { return by_chance_; }
  double window(bool up) const;  // segments; where chance has no part
  // Of the last exchange: each world's seconds beyond its work.
  const std::vector<double>& by_world() const { return by_world_; }

 private:
  struct World {
    Packets packets;
    Nanos now{};  // the client's
    std::uint64_t exchanged = 0;
    std::mt19937_64 random{};
    NoiseStream noise[2] = {};               // of decoding, of prompts
    std::uint64_t resent = 0, timeouts = 0;  // seen so far
  };
  struct News {
    std::uint64_t resent, timeouts;
  };
  News news(World&) const;
  // The same work as it varies in this world.
  static std::vector<engine::Exchange> varied(World&, std::span<const engine::Exchange>, bool prompt);
  // Seconds of all, less the client's work and the server's on the last request.
  double follow(World&, std::span<const engine::Exchange>);

  Setup setup_;
  Chance chance_;
  double wire_rate_[2];
  bool by_chance_;
  World plain_;  // without chance
  std::vector<World> worlds_;
  std::vector<double> by_world_;
};

}  // namespace splitwan::model
