// Two sides that meet over a pair of sockets: what each of them hears.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <thread>

#include "engine/net/sockets.hh"
#include "engine/tls/tls_folder.hh"
#include "engine/tls/tls_stream.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::tests {

using namespace engine;

// A folder with an authority, a server (gpu.example.org, 10.0.0.2) and a client.
class TlsFolders {
 public:
  TlsFolders() {
    make_tls_folder(
        folder_ / "tls",
        {{.name = "server", .names = {"gpu.example.org", "10.0.0.2"}, .called = true, .lets_in = {"client"}},
         {.name = "client", .calls = true}},
        730);
  }
  std::string operator/(const std::string& file) const { return (folder_ / "tls") + "/" + file; }
  MakeStream server() const { return tls_streams({*this / "server", "", TlsSides::called}); }
  MakeStream client(const std::string& name = "gpu.example.org") const {
    return tls_streams({*this / "client", name, TlsSides::caller});
  }
  // Puts another certificate in the place of a party's.
  void replace(const std::string& party, const IssuedTerms& terms) const {
    const Issued issued = Authority::read(*this / "ca.pem", *this / "ca.key").issue(terms);
    for (const auto& [file, text] : {std::pair{"/cert.pem", issued.certificate}, {"/key.pem", issued.key}}) {
      std::filesystem::remove(*this / (party + file));
      make_file(*this / (party + file), text);
    }
  }
  static void make_file(const std::string& path, const std::string& text);

 private:
  TemporaryFolder folder_;
};

inline std::pair<OpenSocket, OpenSocket> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error("socketpair");
  return {OpenSocket(ends[0], "uid 0"), OpenSocket(ends[1], "uid 0")};
}

inline Message of_kind(Kind kind, std::size_t bytes = 0) {
  Message m;
  m.header.kind = kind;
  m.payload.resize(bytes, std::byte{7});
  return m;
}

struct End {
  std::shared_ptr<Channel> channel;
  bool opened = false, gone = false;
  std::string why, protection;
  std::vector<Message> messages;
};

// What came of it: each side's reason to end, or the greeting and its answer.
struct Met {
  End caller, called;
  bool greeted() const { return !caller.messages.empty() && caller.messages[0].header.kind == Kind::welcome; }
};

// One end of a connection; a caller says hello at once, and closes when it is welcome.
inline void start(End& end, boost::asio::io_context& io, const WallClock& clock, const MakeStream& make,
                  OpenSocket socket, Side side) {
  auto stream = make(boost::asio::make_strand(io), std::move(socket), side);
  end.channel = std::make_shared<Channel>(0, std::move(stream), ChannelTerms{}, clock);
  end.channel->start({[&end] {
                        end.opened = true;
                        end.protection = end.channel->protection();
                      },
                      [&end](Arrival arrival) {
                        const Kind kind = arrival.message.header.kind;
                        end.messages.push_back(std::move(arrival.message));
                        if (kind == Kind::hello) end.channel->send(of_kind(Kind::welcome));
                        if (kind == Kind::welcome) end.channel->close();
                      },
                      [&end](const std::string& why) {
                        end.gone = true;
                        end.why = why;
                      }});
  if (side == Side::caller) end.channel->send(of_kind(Kind::hello));
}

inline Met meet(const MakeStream& caller, const MakeStream& called, OpenSocket calling,
                OpenSocket listening) {
  const WallClock clock;
  boost::asio::io_context io;
  Met met;
  start(met.caller, io, clock, caller, std::move(calling), Side::caller);
  start(met.called, io, clock, called, std::move(listening), Side::called);
  io.run_for(std::chrono::seconds(10));
  met.caller.channel = met.called.channel = nullptr;
  return met;
}
inline Met meet(const MakeStream& caller, const MakeStream& called) {
  auto [calling, listening] = socket_pair();
  return meet(caller, called, std::move(calling), std::move(listening));
}

// The same with somebody else at the other end.
inline End hear(const MakeStream& make, OpenSocket socket, Side side) {
  const WallClock clock;
  boost::asio::io_context io;
  End end;
  start(end, io, clock, make, std::move(socket), side);
  io.run_for(std::chrono::seconds(10));
  end.channel = nullptr;
  return end;
}

}  // namespace splitwan::tests
