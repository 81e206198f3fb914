#include "netsim/ns3/sim/stream.hh"

#include <ns3/simulator.h>
#include <ns3/tcp-tx-buffer.h>

#include <algorithm>

namespace splitwan::netsim::sim {

using ns3::MakeCallback;
using ns3::Packet;
using ns3::Ptr;
using ns3::SequenceNumber32;
using ns3::Socket;

void Stream::set_sender(Ptr<Socket> sender) {
  sender_ = sender;
  sender->SetSendCallback(MakeCallback(&Stream::pump, this));
  sender->TraceConnectWithoutContext("CongestionWindow", MakeCallback(&Stream::on_window, this));
  sender->TraceConnectWithoutContext("Tx", MakeCallback(&Stream::on_segment, this));
}

void Stream::set_receiver(Ptr<Socket> receiver) {
  receiver->SetRecvCallback(MakeCallback(&Stream::read, this));
}

void Stream::send(std::uint64_t id, std::uint64_t bytes) {
  messages_.push_back({id, queued_, queued_ + bytes});
  queued_ += bytes;
  pump(sender_, 0);
}

// As much as the send buffer takes now; ns-3 calls again when acknowledgements have made room. A packet
// without data is a length only: nothing is allocated for its bytes.
void Stream::pump(Ptr<Socket>, std::uint32_t) {
  while (handed_ < queued_) {
    const std::uint64_t room = std::min<std::uint64_t>(sender_->GetTxAvailable(), queued_ - handed_);
    if (room == 0) return;
    const int taken = sender_->Send(ns3::Create<Packet>(static_cast<std::uint32_t>(room)));
    if (taken <= 0) return;
    handed_ += static_cast<std::uint64_t>(taken);
  }
}

void Stream::read(Ptr<Socket> receiver) {
  while (const Ptr<Packet> packet = receiver->Recv()) read_ += packet->GetSize();
  while (!messages_.empty() && messages_.front().end <= read_) {
    const Message& message = messages_.front();
    deliver_({ns3::Simulator::Now().GetNanoSeconds(), message.id,
              message.last_flight - message.first_flight + 1, cwnd_,
              static_cast<std::uint32_t>(retransmits_ - retransmits_told_)});
    retransmits_told_ = retransmits_;
    messages_.pop_front();
    --unfinished_;  // it was sent before it could be read
  }
}

// Counts flights: one begins with a byte f; the first new data after f was acknowledged begins the next.
void Stream::on_segment(Ptr<const Packet> payload, const ns3::TcpHeader& header,
                        Ptr<const ns3::TcpSocketBase> socket) {
  if (payload->GetSize() == 0) return;
  const std::uint64_t offset = offset_of(header.GetSequenceNumber());
  const std::uint64_t end = offset + payload->GetSize();
  if (offset < sent_) ++retransmits_;
  if (end <= sent_) return;

  const std::uint64_t begin = std::max(offset, sent_);
  sent_ = end;
  if (flight_ == 0 ||
      offset_of(socket->GetTxBuffer()->HeadSequence()) > flight_begin_) {  // HeadSequence: SND.UNA
    ++flight_;
    flight_begin_ = begin;
  }
  for (; unfinished_ < messages_.size(); ++unfinished_) {
    Message& message = messages_[unfinished_];
    if (message.begin >= end) return;
    if (message.first_flight == 0) message.first_flight = flight_;
    if (message.end > end) return;
    message.last_flight = flight_;
  }
}

// ns-3's first data byte has sequence number 1, behind the SYN's 0.
std::uint64_t Stream::offset_of(const SequenceNumber32& sequence) const {
  return sent_ +
         static_cast<std::int64_t>(sequence - SequenceNumber32(static_cast<std::uint32_t>(sent_ + 1)));
}

}  // namespace splitwan::netsim::sim
