// A client that behaves: one row a step, as long as it takes, on a connection of its own.
#pragma once

#include "engine/net/sockets.hh"
#include "tests/denying/raw.hh"

namespace splitwan::denying {

class GoodClient {
 public:
  explicit GoodClient(const Target&);
  double step();  // seconds. Throws Error when it is refused, or not answered within 20 s
  // Another session: not while strangers from its own address crowd the door, where it would be one of them.
  void begin_anew();
  bool has_room() const;  // for another step

 private:
  void begin();
  void greet();
  Message hear();

  const Target& target_;
  engine::WallClock clock_;
  std::unique_ptr<engine::SocketTransport> transport_;
  std::uint32_t committed_ = 0;
  bool asked_ = false;
};

}  // namespace splitwan::denying
