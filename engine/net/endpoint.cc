#include <netinet/tcp.h>

#include <utility>  // Boost 1.74 Asio forgets it

#include <boost/asio.hpp>
#include <charconv>
#include <exception>
#include <mutex>
#include <thread>

#include "engine/base/error.hh"
#include "engine/net/sockets.hh"

namespace splitwan::engine {

namespace asio = boost::asio;

namespace {

// Refusal is no error: the kernel then decides.
void prefer_cubic(int socket) { ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5); }

std::string text_of(const Endpoint& e) { return fmt::format("{}:{}", e.host, e.port); }

tcp::resolver::results_type resolve(asio::io_context& io, const Endpoint& e,
                                    tcp::resolver::flags flags = {}) {
  boost::system::error_code error;
  auto found = tcp::resolver(io).resolve(e.host, std::to_string(e.port), flags, error);
  if (error) throw Error("{}: cannot be resolved: {}", text_of(e), error.message());
  return found;
}

}  // namespace

Endpoint parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  Endpoint e;
  if (colon != std::string::npos && colon > 0) {
    e.host = text.substr(0, colon);
    if (e.host.front() == '[' && e.host.back() == ']') e.host = e.host.substr(1, e.host.size() - 2);
    const char* end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data() + colon + 1, end, e.port);
    if (status == std::errc{} && stop == end && !e.host.empty()) return e;
  }
  throw Error("'{}' is not an address: expected HOST:PORT, as in 127.0.0.1:7000", text);
}

bool Endpoint::is_loopback() const {
  asio::io_context io;
  const auto found = resolve(io, *this);
  return std::all_of(found.begin(), found.end(),
                     [](auto& r) { return r.endpoint().address().is_loopback(); });
}

tcp::socket connect(asio::io_context& io, const Endpoint& e, Nanos patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  boost::system::error_code result = asio::error::host_not_found;
  for (const auto& candidate : resolve(io, e)) {
    tcp::socket socket(io, candidate.endpoint().protocol());
    prefer_cubic(socket.native_handle());
    result = asio::error::timed_out;
    socket.async_connect(candidate.endpoint(), [&](auto error) { result = error; });
    io.restart();
    io.run_until(deadline);
    if (!result) return socket;
    const auto why = result;
    socket.close();  // a late handler must not outlive `result`
    io.restart();
    io.run();
    result = why;
  }
  throw Error("server {}: cannot be reached: {}", text_of(e), result.message());
}

tcp::acceptor listen(asio::io_context& io, const Endpoint& e) {
  try {
    const tcp::endpoint here = resolve(io, e, tcp::resolver::passive).begin()->endpoint();
    tcp::acceptor acceptor(io, here.protocol());
    prefer_cubic(acceptor.native_handle());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(here);
    acceptor.listen();
    return acceptor;
  } catch (const boost::system::system_error& error) {
    throw Error("{}: cannot listen: {}", text_of(e), error.code().message());
  }
}

void SocketNetwork::run(const std::map<PartyId, PartyMain>& parties) {
  asio::io_context io;
  WallClock clock;
  std::map<PartyId, std::unique_ptr<SocketTransport>> ends;
  for (const auto& [id, main] : parties) ends[id] = std::make_unique<SocketTransport>(clock);
  auto pairs = pairs_;
  for (auto a = parties.begin(); pairs_.empty() && a != parties.end(); ++a)
    for (auto b = std::next(a); b != parties.end(); ++b) pairs.emplace_back(a->first, b->first);
  for (const auto& [a, b] : pairs) {
    tcp::acceptor acceptor = listen(io, {"127.0.0.1", 0});
    tcp::socket outgoing = connect(io, {"127.0.0.1", acceptor.local_endpoint().port()});
    ends.at(a)->add(b, fmt::format("party {}", b), make_tcp_stream(std::move(outgoing)), {});
    ends.at(b)->add(a, fmt::format("party {}", a), make_tcp_stream(acceptor.accept()), {});
  }
  std::mutex mutex;
  std::exception_ptr failure;  // the first; the others' are its consequences
  std::vector<std::thread> threads;
  threads.reserve(parties.size());
  for (const auto& [id, main] : parties) {
    threads.emplace_back([&, id = id, &main = main] {
      try {
        main(*ends.at(id), clock);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
      ends.at(id).reset();  // the others learn that this party has left
    });
  }
  for (std::thread& t : threads) t.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace splitwan::engine
