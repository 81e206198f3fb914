// What TLS adds to a step over loopback: a request and its reply, with and without, in turn, both connections
// open.
//   cmake --build build --target splitwan_tls_bench && build/splitwan_tls_bench [STEPS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "engine/base/json_file.hh"
#include "engine/net/sockets.hh"
#include "engine/tls/tls_folder.hh"
#include "engine/tls/tls_stream.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan {
namespace {

using namespace engine;

Message message(Kind kind, std::size_t bytes) {
  Message m;
  m.header.kind = kind;
  m.payload.resize(bytes);
  return m;
}

// A client and a server that answers with as many bytes as it was asked with.
class Connection {
 public:
  Connection(MakeStream caller, MakeStream called) : client_(clock_, std::move(caller)) {
    Listener listener({"127.0.0.1", 0});
    client_.add(1, "server", connect(listener.address()));
    OpenSocket incoming = *listener.accept();
    server_ = std::thread([this, make = std::move(called), socket = std::move(incoming)]() mutable {
      SocketTransport server(clock_, std::move(make));
      server.add(0, "client", std::move(socket), {}, Side::called);
      while (true) {
        const auto asked = server.recv(0, no_deadline);
        if (asked->message.header.kind == Kind::bye) return;
        server.send(0, message(Kind::reply, asked->message.payload.size()));
      }
    });
  }
  ~Connection() {
    client_.send(1, message(Kind::bye, 0));
    server_.join();
  }
  double step_us(std::size_t bytes) {
    const Nanos began = clock_.now();
    client_.send(1, message(Kind::request, bytes));
    client_.recv(1, no_deadline);
    return static_cast<double>((clock_.now() - began).count()) / 1e3;
  }

 private:
  WallClock clock_;
  SocketTransport client_;
  std::thread server_;
};

double quantile(std::vector<double> values, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

void measure(int steps) {
  const tests::TemporaryFolder folder;
  const std::string tls = folder / "tls";
  make_tls_folder(tls,
                  {{.name = "server", .names = {"127.0.0.1"}, .called = true, .lets_in = {"client"}},
                   {.name = "client", .calls = true}},
                  1);
  Connection plain(make_plain_stream, make_plain_stream);
  Connection secure(tls_streams({tls + "/client", "", TlsSides::caller}),
                    tls_streams({tls + "/server", "", TlsSides::called}));
  std::printf("bytes each way   plain us   TLS us   added us, median [quartiles]\n");
  for (const std::size_t bytes : {256, 4096, 65536, 1 << 20}) {
    std::vector<double> without, with, added;
    const int so_many = bytes > 100'000 ? steps / 10 : steps;
    for (int i = -100; i < so_many; ++i) {  // the first ones warm up
      const bool plain_first = i % 2 == 0;
      double a = plain_first ? plain.step_us(bytes) : 0;
      const double b = secure.step_us(bytes);
      if (!plain_first) a = plain.step_us(bytes);
      if (i < 0) continue;
      without.push_back(a);
      with.push_back(b);
      added.push_back(b - a);
    }
    std::printf("%14zu %10.1f %8.1f   %.1f [%.1f, %.1f]\n", bytes, quantile(without, 0.5),
                quantile(with, 0.5), quantile(added, 0.5), quantile(added, 0.25), quantile(added, 0.75));
  }
}

}  // namespace
}  // namespace splitwan

int main(int argc, char** argv) { splitwan::measure(argc > 1 ? std::max(10, std::atoi(argv[1])) : 2000); }
