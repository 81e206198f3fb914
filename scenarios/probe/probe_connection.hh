// A connection to a server that measures, without threads: what is asked, and when the answers had come.
#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>

#include "engine/net/stream.hh"
#include "engine/wire/wire.hh"

namespace splitwan::scenarios {

using engine::Nanos;

Nanos steady_now();

struct Measure {
  std::uint32_t sent = 0, wanted = 0;  // bytes of payload that way and back
};

struct Measured {
  std::uint32_t seq = 0;  // counts what was asked, from 1 on
  Nanos at{}, held{};     // when all of it had come; how long the server had the question
};

class ProbeConnection {
 public:
  // Connected, greeted, welcomed. Throws Error when the server does not want it.
  ProbeConnection(const engine::Endpoint&, const engine::MakeStream&, const std::string& token,
                  Nanos deadline);
  ~ProbeConnection();
  ProbeConnection(const ProbeConnection&) = delete;

  // Each is written by itself; `at_once`: all in one piece. Returns when that began.
  Nanos ask(std::span<const Measure>, bool at_once = false);
  // The next one, in order; empty when it is not there by then. Throws Error when the connection is lost or
  // refused, and when the deadline is over.
  std::optional<Measured> answer(Nanos until);
  Measured answer() { return *answer(deadline_); }  // waits for it
  void rest(Nanos until);

  engine::TcpInfo info() const { return stream_->info(); }
  std::uint32_t segment() const { return segment_; }  // bytes of data in one; 0: no TCP
  std::string protection() const { return stream_->protection(); }
  Nanos connected() const { return connected_; }  // how long it took until bytes could be sent
  Nanos welcomed() const { return welcomed_; }    // and until the server had answered

 private:
  void read();
  void take(std::size_t bytes);
  void message();
  void measured();
  void write();
  bool wait(Nanos until, const std::function<bool()>& holds);
  [[noreturn]] void fail(const std::string& why) const;

  const std::string name_;
  const Nanos deadline_;
  boost::asio::io_context io_{1};
  std::unique_ptr<engine::Stream> stream_;
  std::uint32_t segment_ = 0, asked_ = 0;
  Nanos connected_{}, welcomed_{};
  std::string lost_;

  engine::Bytes buffer_, noise_;
  engine::Bytes head_;     // of the message that comes
  engine::Header header_;  // once it is whole
  std::uint64_t payload_ = 0, left_ = 0;
  std::string words_;  // of a welcome or an error
  bool opened_ = false, welcome_ = false;
  struct Expected {
    std::uint32_t seq = 0, bytes = 0;
    Nanos at{};
  };
  std::deque<Expected> expected_;  // of what was asked and is not answered yet
  std::deque<Measured> answers_;

  std::deque<engine::Bytes> queue_;
  std::size_t written_ = 0;  // of its first
  bool writing_ = false;
};

}  // namespace splitwan::scenarios
