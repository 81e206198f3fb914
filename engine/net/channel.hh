// One connection's messages, both ways, on the stream's strand: framing, limits, deadlines, pings. No threads
// of its own.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <mutex>

#include "engine/net/stream.hh"
#include "engine/party/transport.hh"

namespace splitwan::engine {

// Every end answers pings at once, whatever its party does. One that asks sends them itself: when all that it
// asked has been answered, so that nothing of its own is under way, and at most ten a second. None while
// the connection rests, or TCP would not see that it does (slow start after idle).
enum class Probes : std::uint8_t { answered, asked };

struct ChannelTerms {
  Limits limits = {};
  Probes probes = Probes::answered;
  Nanos greeting = std::chrono::seconds(10);  // for the handshake and the first message, both
  // For the rest of a message that has begun to come, and for one to be taken by the peer: this, and what its
  // bytes take at `slowest`.
  Nanos patience = std::chrono::seconds(30);
  std::uint64_t slowest = 32 << 10;  // bytes a second
  // One that asks: while an answer is due and nothing comes for so long, the peer is pinged; silent for as
  // long again, it is gone, though its connection seems to stand. How long it computes does not matter.
  Nanos silence = std::chrono::seconds(5);
  std::uint64_t most_queued = 1u << 30;  // bytes accepted for sending: then the peer is stuck
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  // On the strand. `gone` comes once and last, also after close(); the others may be empty.
  struct Events {
    std::function<void()> opened;
    std::function<void(Arrival)> message;  // whole, stamped with the clock
    std::function<void(const std::string& why)> gone;
  };

  // `peer` stands in the arrivals. The clock must outlive it.
  Channel(PartyId peer, std::unique_ptr<Stream>, ChannelTerms, const Clock&);

  void start(Events);
  // From any thread: never waits. Into a lost connection: nothing. Throws Error when the peer does not read
  // what it is sent.
  void send(const Message&);
  void hold_reading(bool);  // any thread: back pressure, by TCP's own; what has begun to come comes whole
  void close();  // any thread: what is queued is sent within the patience, then the connection ends
  void cut();    // any thread: at once

  std::uint64_t queued() const { return queued_; }  // bytes not yet taken by the system
  std::uint64_t coming() const { return coming_; }  // bytes held of a message that is not whole yet
  const std::string& peer() const;                  // "10.0.0.2:7420"
  std::string protection() const;                   // once opened
  bool may_be(const std::string& name) const { return stream_->may_be(name); }  // likewise

 private:
  using Piece = boost::asio::mutable_buffer;
  template <typename Job>
  void enduring(Job&&);
  template <typename Job>
  void on_strand(Job);  // as soon as it can be, and enduring
  void opened(const std::string& why);
  void tick();
  void read();
  void fill(Piece, std::function<void()> then);
  void head_read();
  void lists_read();
  void payload_read();
  void deliver();
  bool is_probe(const Header&);
  void mind_silence(Nanos now);
  void answered(std::uint32_t number);
  void ping(std::uint64_t number);
  void enqueue(Bytes, Kind, std::uint32_t number);
  bool waits() const { return unanswered_ > 0 || answered_ < asked_; }
  void write();
  void wrote(const std::string& why, std::size_t bytes);
  void finish_closing();
  void end(const std::string& why);
  Nanos allowance(std::uint64_t bytes) const;

  const PartyId peer_;
  const ChannelTerms terms_;
  const Clock& clock_;
  std::unique_ptr<Stream> stream_;
  Events events_;
  boost::asio::steady_timer timer_;
  std::atomic<std::uint64_t> queued_ = 0, coming_ = 0;
  std::atomic<bool> over_ = false;

  // What follows is the strand's alone.
  enum class State : std::uint8_t { fresh, opening, open, closing, gone } state_ = State::fresh;
  Nanos read_by_ = no_deadline, write_by_ = no_deadline, close_by_ = no_deadline;  // steady time
  bool stranger_ = true;  // nothing but probes has come
  bool holding_ = false, reading_ = false, writing_ = false;
  bool refused_ = false;  // the last message sent was an error
  bool leaving_ = false;  // to be closed once it is open
  bool parting_ = false;  // all is sent: only the peer's end is waited for

  Prefix prefix_;
  Bytes lists_;
  Arrival arrival_;
  std::size_t to_come_ = 0;  // bytes of its payload
  std::uint64_t begun_ = 0;  // bytes received when the head had come, and when that was
  Nanos began_{};
  std::uint32_t sent_again_ = 0;  // as of the last message
  Nanos protecting_{};            // as of then, too

  std::deque<Bytes> queue_;
  Bytes out_;  // being written
  std::size_t out_at_ = 0;
  std::size_t unanswered_ = 0;              // of what was asked without a number
  std::uint32_t asked_ = 0, answered_ = 0;  // numbers
  Nanos heard_{};                           // steady time: something came, was taken, or nothing was due
  std::uint64_t unheard_ = 0;               // bytes written since something came
  bool sign_asked_ = false;                 // of life
  std::optional<std::uint64_t> pong_due_;
  std::uint64_t pings_ =
      0;  // sent; whether the last one is out, when, and what probes told since the last message
  bool ping_out_ = false;
  Nanos pinged_{};
  TcpSample probed_;
};

}  // namespace splitwan::engine
