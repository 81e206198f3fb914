// One direction of a connection: messages of given lengths in, the instant at which the last byte of each has
// been read out, and what TCP did meanwhile.
#pragma once

#include <ns3/socket.h>
#include <ns3/tcp-header.h>
#include <ns3/tcp-socket-base.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

namespace splitwan::netsim::sim {

struct Delivered {
  std::int64_t at_ns = 0;  // on ns-3's clock
  std::uint64_t id = 0;
  std::uint32_t flights = 0, cwnd = 0, retransmits = 0;
};

class Stream {
 public:
  using Deliver = std::function<void(const Delivered&)>;

  Stream(std::uint32_t initial_window_bytes, Deliver deliver)
      : cwnd_(initial_window_bytes), deliver_(std::move(deliver)) {}
  Stream(const Stream&) = delete;  // callbacks hold its address

  void set_sender(ns3::Ptr<ns3::Socket> sender);      // before it connects, or as it is accepted
  void set_receiver(ns3::Ptr<ns3::Socket> receiver);  // its RecvCallback is ours
  void send(std::uint64_t id, std::uint64_t bytes);

  std::uint64_t bytes_read() const { return read_; }
  std::uint64_t retransmits() const { return retransmits_; }

 private:
  // Stream offsets count payload bytes from 0 and do not wrap, as sequence numbers do after 4 GiB.
  struct Message {
    std::uint64_t id = 0, begin = 0, end = 0;
    std::uint32_t first_flight = 0, last_flight = 0;  // 0 = that byte is still to be sent
  };

  void pump(ns3::Ptr<ns3::Socket>, std::uint32_t);
  void read(ns3::Ptr<ns3::Socket>);
  void on_segment(ns3::Ptr<const ns3::Packet>, const ns3::TcpHeader&, ns3::Ptr<const ns3::TcpSocketBase>);
  void on_window(std::uint32_t, std::uint32_t now) { cwnd_ = now; }
  std::uint64_t offset_of(const ns3::SequenceNumber32& sequence) const;

  ns3::Ptr<ns3::Socket> sender_;
  std::deque<Message> messages_;  // not yet delivered
  std::size_t unfinished_ = 0;    // index of the first message with a byte that was never sent
  std::uint64_t queued_ = 0;      // stream offsets: end of the last message,
  std::uint64_t handed_ = 0;      // end of what the socket has taken,
  std::uint64_t sent_ = 0;        // end of what TCP has sent at least once,
  std::uint64_t read_ = 0;        // end of what the receiver has read
  std::uint32_t flight_ = 0;
  std::uint64_t flight_begin_ = 0;  // the flight's first byte; its acknowledgement ends the flight
  std::uint32_t cwnd_;
  std::uint64_t retransmits_ = 0, retransmits_told_ = 0;
  Deliver deliver_;
};

}  // namespace splitwan::netsim::sim
