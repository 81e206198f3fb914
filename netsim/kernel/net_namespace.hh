// A network namespace without a name: it is an open file, so it goes with its last process whatever happens.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "netsim/kernel/file.hh"

namespace splitwan::netsim {

class NetNamespace {
 public:
  // New: loopback up, TCP as our measurements want it (see net_namespace.cc). Throws Error without root.
  NetNamespace();
  explicit NetNamespace(const std::string& path);  // one that is there, as /proc/PID/fd/3

  int file() const { return file_.get(); }
  void enter() const;  // the calling thread and the processes it starts
  // Calls `job` inside, on a thread of its own, and passes on what it throws.
  void run(const std::function<void()>& job) const;
  std::string congestion() const;  // of sockets that do not ask for another: cubic where the kernel allows it

 private:
  File file_;
};

enum class Layer { ip, ethernet };  // TUN, TAP

struct Interface {
  std::string name;
  Layer layer = Layer::ip;
  std::string address;  // IPv4; its network is /24
  std::uint32_t mtu = 1500;
  std::string hardware = "";  // ethernet: its address, as 02:00:00:00:00:01; it asks for no others (no ARP)
};

// The end of a TUN or TAP in `where`, up and with its address; reads do not wait. One packet per read or
// write.
File open_interface(const NetNamespace& where, const Interface&);

// Why no link can be made here, in one line; empty where it can.
std::string why_no_link();

}  // namespace splitwan::netsim
