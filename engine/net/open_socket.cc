#include "engine/net/open_socket.hh"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "engine/base/error.hh"
#include "engine/net/adopted_socket.hh"

namespace splitwan::engine {
namespace {

using Steady = std::chrono::steady_clock;

// Refusal is no error: the kernel then decides.
void prefer_cubic(int socket) { ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5); }

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

std::string text_of(const Address& a) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(a.get(), a.size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "a peer that has left";
  return Endpoint{host.data(), static_cast<std::uint16_t>(std::atoi(port.data()))}.text();
}

std::vector<Address> resolve(const Endpoint& e, bool to_listen) {
  Address a;
  if (e.is_unix()) {
    auto& unix_address = *reinterpret_cast<sockaddr_un*>(&a.storage);
    if (e.path.size() >= sizeof unix_address.sun_path)
      throw Error("{}: a socket's path of {} bytes: expected at most {}", e.text(), e.path.size(),
                  sizeof unix_address.sun_path - 1);
    unix_address.sun_family = AF_UNIX;
    std::memcpy(unix_address.sun_path, e.path.c_str(), e.path.size() + 1);
    a.size = sizeof unix_address;
    return {a};
  }
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0);
  const int failed = ::getaddrinfo(e.host.c_str(), std::to_string(e.port).c_str(), &wanted, &found);
  if (failed) throw Error("{}: cannot be resolved: {}", e.text(), gai_strerror(failed));
  std::vector<Address> all;
  for (const addrinfo* i = found; i; i = i->ai_next) {
    std::memcpy(&a.storage, i->ai_addr, i->ai_addrlen);
    a.size = i->ai_addrlen;
    all.push_back(a);
  }
  ::freeaddrinfo(found);
  return all;
}

int milliseconds_until(Steady::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

bool ready(int socket, short events, Steady::time_point deadline) {
  pollfd wanted{socket, events, 0};
  int found;
  do found = ::poll(&wanted, 1, milliseconds_until(deadline));
  while (found < 0 && errno == EINTR);
  return found > 0;
}

// 0 or an errno.
int connect_within(int socket, const Address& to, Steady::time_point deadline) {
  if (::connect(socket, to.get(), to.size) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  if (!ready(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

std::string unix_peer(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return "uid unknown";
  return fmt::format("uid {}", who.uid);
}

int socket_for(const Address& a) {
  const int socket = ::socket(a.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket >= 0 && a.get()->sa_family != AF_UNIX) prefer_cubic(socket);
  return socket;
}

bool somebody_listens(const Address& at) {
  const OpenSocket probe(socket_for(at), "");
  return ::connect(probe.descriptor(), at.get(), at.size) == 0;
}

}  // namespace

bool Endpoint::is_loopback() const {
  if (is_unix()) return true;
  const auto found = resolve(*this, false);
  return std::ranges::all_of(found, [](const Address& a) {
    if (a.get()->sa_family == AF_INET6)
      return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&a.storage)->sin6_addr) != 0;
    return (ntohl(reinterpret_cast<const sockaddr_in*>(&a.storage)->sin_addr.s_addr) >> 24) == 127;
  });
}

std::string Endpoint::text() const {
  if (is_unix()) return "unix:" + path;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Endpoint parse_endpoint(const std::string& text) {
  Endpoint e;
  if (text.starts_with("unix:") && text.size() > 5) {
    e.path = text.substr(5);
    return e;
  }
  if (const auto colon = text.rfind(':'); colon != std::string::npos && colon > 0) {
    e.host = text.substr(0, colon);
    if (e.host.front() == '[' && e.host.back() == ']') e.host = e.host.substr(1, e.host.size() - 2);
    const char* end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data() + colon + 1, end, e.port);
    if (status == std::errc{} && stop == end && !e.host.empty()) return e;
  }
  throw Error("'{}' is not an address: expected HOST:PORT, as in 127.0.0.1:7000, or unix:PATH", text);
}

OpenSocket::~OpenSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string OpenSocket::source() const {
  return peer_.starts_with("uid ") ? peer_ : peer_.substr(0, peer_.rfind(':'));
}

OpenSocket connect(const Endpoint& e, Nanos patience) {
  const auto deadline = Steady::now() + patience;
  int error = EHOSTUNREACH;
  const std::vector<Address> all = resolve(e, false);
  auto left = static_cast<std::int64_t>(all.size());
  for (const Address& candidate : all) {
    // One that nobody answers, IPv6 behind a firewall say, leaves the others their share of the time.
    const auto now = Steady::now(), until = now + (deadline - now) / left--;
    OpenSocket socket(socket_for(candidate), e.is_unix() ? "" : text_of(candidate), e.host);
    error = socket.descriptor() < 0 ? errno : connect_within(socket.descriptor(), candidate, until);
    if (error) continue;
    if (!e.is_unix()) return socket;
    std::string peer = unix_peer(socket.descriptor());
    return {socket.release(), std::move(peer)};
  }
  throw Error("server {}: cannot be reached: {}", e.text(), std::strerror(error));
}

Listener::Listener(const Endpoint& e) : here_(e), descriptor_(-1) {
  const Address at = resolve(e, true).front();
  const auto refuse = [&](int error) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw Error("{}: cannot listen: {}", e.text(), std::strerror(error));
  };
  descriptor_ = socket_for(at);
  if (descriptor_ < 0) refuse(errno);
  if (e.is_unix()) {  // one that a killed server left behind is in the way; one that is served is not ours
    if (struct stat found{}; ::lstat(e.path.c_str(), &found) == 0) {
      if (!S_ISSOCK(found.st_mode)) refuse(EEXIST);
      if (somebody_listens(at)) refuse(EADDRINUSE);
      ::unlink(e.path.c_str());
    }
  } else {
    const int on = 1;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  const mode_t before = e.is_unix() ? ::umask(0177) : 0;  // 0600 from its first moment on
  const int bound = ::bind(descriptor_, at.get(), at.size), why = errno;
  if (e.is_unix()) ::umask(before);
  if (bound != 0) refuse(why);
  if (::listen(descriptor_, SOMAXCONN) != 0) refuse(errno);
  if (e.is_unix()) return;
  Address own;
  own.size = sizeof own.storage;
  ::getsockname(descriptor_, own.get(), &own.size);
  here_ = parse_endpoint(text_of(own));
}

Listener::Listener(Listener&& other) noexcept
    : here_(std::move(other.here_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

Listener::~Listener() {
  if (descriptor_ < 0) return;
  if (here_.is_unix()) ::unlink(here_.path.c_str());
  ::close(descriptor_);
}

std::optional<OpenSocket> Listener::accept(std::optional<Nanos> within) {
  const auto deadline = Steady::now() + within.value_or(std::chrono::hours(24 * 365));
  while (true) {
    Address from;
    from.size = sizeof from.storage;
    const int socket = ::accept4(descriptor_, from.get(), &from.size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket >= 0) return OpenSocket(socket, here_.is_unix() ? unix_peer(socket) : text_of(from));
    switch (errno) {
      case EAGAIN:
        if (!ready(descriptor_, POLLIN, deadline)) return std::nullopt;
        break;
      case EINTR:
        break;
      case ECONNABORTED:
      case EPROTO:
        if (within) return std::nullopt;
        break;
      default:
        throw Error("{}: nobody can be taken: {}", here_.text(), std::strerror(errno));
    }
  }
}

boost::asio::generic::stream_protocol::socket adopt(boost::asio::any_io_executor executor,
                                                    OpenSocket socket) {
  using Protocol = boost::asio::generic::stream_protocol;
  const int descriptor = socket.descriptor();
  int family = AF_INET;
  socklen_t size = sizeof family;
  ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size);
  if (family != AF_UNIX) {
    const auto set = [&](int level, int option, int value) {
      ::setsockopt(descriptor, level, option, &value, sizeof value);
    };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 4);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
  }
  Protocol::socket adopted(executor);
  adopted.assign(Protocol(family, family == AF_UNIX ? 0 : IPPROTO_TCP), descriptor);
  socket.release();
  return adopted;
}

}  // namespace splitwan::engine
