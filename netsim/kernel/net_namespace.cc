#include "netsim/kernel/net_namespace.hh"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <thread>

#include "engine/base/error.hh"

namespace splitwan::netsim {

using engine::Error;

namespace {

constexpr int interface_queue =
    20'000;  // packets; at its 500 a burst at 1 Gbit/s was dropped before the link

bool try_set(const std::string& key, const std::string& value) {
  std::ofstream file("/proc/sys/net/" + key);
  return static_cast<bool>(file << value << std::flush);
}

void set(const std::string& key, const std::string& value) {
  if (!try_set(key, value)) throw Error("link: /proc/sys/net/{} cannot be set to '{}'", key, value);
}

void configure_tcp() {
  // Some kernels default to bbr, and let a namespace choose only among the first namespace's
  // tcp_allowed_congestion_control. Sockets that ask for cubic, as the engine's do, get it all the same.
  try_set("ipv4/tcp_congestion_control", "cubic");
  set("ipv4/tcp_no_metrics_save", "1");  // a connection must not start with an earlier one's window
  set("ipv4/tcp_rmem", "4096 8388608 8388608");
  set("ipv4/tcp_wmem", "4096 8388608 8388608");
  try_set("ipv6/conf/default/disable_ipv6",
          "1");  // its announcements would cross the link; absent without IPv6
}

// The ioctls of netdevice(7), on one interface of the calling thread's namespace.
class Settings {
 public:
  explicit Settings(const std::string& name) : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (!socket_) throw Error("link: no socket to configure {} with: {}", name, std::strerror(errno));
    std::strncpy(request_.ifr_name, name.c_str(), IFNAMSIZ - 1);
  }
  void address(unsigned long what, const std::string& text) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    inet_pton(AF_INET, text.c_str(), &in.sin_addr);
    std::memcpy(&request_.ifr_addr, &in, sizeof in);
    apply(what, text);
  }
  void number(unsigned long what, int value) {
    request_.ifr_mtu = value;
    apply(what, std::to_string(value));
  }
  void hardware(const std::string& text) {
    unsigned char bytes[6] = {};
    std::sscanf(text.c_str(), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", bytes, bytes + 1, bytes + 2, bytes + 3,
                bytes + 4, bytes + 5);
    request_.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    std::memcpy(request_.ifr_hwaddr.sa_data, bytes, sizeof bytes);
    apply(SIOCSIFHWADDR, text);
  }
  void up(bool ask_neighbours) {
    request_.ifr_flags = static_cast<short>(IFF_UP | IFF_RUNNING | (ask_neighbours ? 0 : IFF_NOARP));
    apply(SIOCSIFFLAGS, "up");
  }

 private:
  void apply(unsigned long what, const std::string& value) {
    if (ioctl(socket_.get(), what, &request_) != 0)
      throw Error("link: interface {}: cannot be set to {}: {}", request_.ifr_name, value,
                  std::strerror(errno));
  }
  File socket_;
  ifreq request_{};
};

File open_device(const Interface& wanted) {
  File device(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!device) throw Error("link: /dev/net/tun cannot be opened: {} (it needs root)", std::strerror(errno));
  ifreq request{};
  request.ifr_flags = static_cast<short>((wanted.layer == Layer::ip ? IFF_TUN : IFF_TAP) | IFF_NO_PI);
  std::strncpy(request.ifr_name, wanted.name.c_str(), IFNAMSIZ - 1);
  if (ioctl(device.get(), TUNSETIFF, &request) != 0)
    throw Error("link: interface {}: cannot be made: {} (it needs CAP_NET_ADMIN)", wanted.name,
                std::strerror(errno));
  return device;
}

// On a thread of its own: a thread that has moved to another namespace is not wanted back.
void run_apart(const std::function<void()>& job) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      job();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

NetNamespace::NetNamespace() {
  run_apart([&] {
    if (unshare(CLONE_NEWNET) != 0)
      throw Error(
          "link: a network namespace cannot be made: {} (it needs root: CAP_SYS_ADMIN, CAP_NET_ADMIN)",
          std::strerror(errno));
    file_ = File(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!file_) throw Error("link: /proc/thread-self/ns/net: cannot be opened: {}", std::strerror(errno));
    Settings("lo").up(true);
    configure_tcp();
  });
}

NetNamespace::NetNamespace(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (!file_) throw Error("link: {}: cannot be opened: {}", path, std::strerror(errno));
}

void NetNamespace::enter() const {
  if (setns(file_.get(), CLONE_NEWNET) != 0)
    throw Error("link: its network namespace cannot be entered: {}", std::strerror(errno));
}

void NetNamespace::run(const std::function<void()>& job) const {
  run_apart([&] {
    enter();
    job();
  });
}

std::string NetNamespace::congestion() const {
  std::string name;
  run([&] { std::ifstream("/proc/sys/net/ipv4/tcp_congestion_control") >> name; });
  return name;
}

File open_interface(const NetNamespace& where, const Interface& wanted) {
  File device;
  where.run([&] {
    device = open_device(wanted);
    Settings settings(wanted.name);
    if (!wanted.hardware.empty()) settings.hardware(wanted.hardware);
    settings.number(SIOCSIFMTU, static_cast<int>(wanted.mtu));
    settings.number(SIOCSIFTXQLEN, interface_queue);
    settings.address(SIOCSIFADDR, wanted.address);
    settings.address(SIOCSIFNETMASK, "255.255.255.0");
    settings.up(wanted.hardware.empty());
  });
  return device;
}

std::string why_no_link() {
  try {
    const NetNamespace probe;
    probe.run([] { open_device({"probe", Layer::ip, "", 1500}); });
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace splitwan::netsim
