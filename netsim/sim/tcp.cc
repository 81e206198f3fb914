#include "netsim/sim/tcp.hh"

#include <ns3/config.h>
#include <ns3/nstime.h>
#include <ns3/pointer.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/tcp-bbr.h>
#include <ns3/tcp-linux-reno.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "netsim/sim/tcp_cubic_linux.hh"

namespace splitwan::netsim::sim {
namespace {

using ns3::MilliSeconds;
using ns3::NanoSeconds;
using ns3::TimeValue;
using ns3::TypeId;
using ns3::TypeIdValue;
using ns3::UintegerValue;
using ns3::Config::SetDefault;

TypeId congestion_named(const std::string& name) {
  if (name == "cubic-linux") return TcpCubicLinux::GetTypeId();
  if (name == "cubic") return ns3::TcpCubic::GetTypeId();
  if (name == "reno") return ns3::TcpLinuxReno::GetTypeId();
  if (name == "bbr") return ns3::TcpBbr::GetTypeId();
  throw std::runtime_error("open.tcp.congestion: expected cubic-linux, cubic, reno or bbr, found \"" + name +
                           "\"");
}

ns3::Ptr<ns3::Object> congestion_of(ns3::Ptr<ns3::Socket> socket) {
  ns3::PointerValue algorithm;
  socket->GetAttribute("CongestionOps", algorithm);
  return algorithm.GetObject();
}

}  // namespace

void set_defaults(const Spec& spec) {
  ns3::RngSeedManager::SetSeed(1);
  ns3::RngSeedManager::SetRun(spec.seed);  // the run number has all 64 bits, the seed has 32

  const Tcp& tcp = spec.tcp;
  SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(congestion_named(tcp.congestion)));
  SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(tcp.segment));         // ns-3: 536
  SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(tcp.buffer));           // ns-3: 128 KiB
  SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(tcp.buffer));           // ns-3: 128 KiB
  SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(tcp.initial_window));  // RFC 6928
  SetDefault("ns3::TcpSocket::DelAckCount", UintegerValue(1));                   // Linux's quick acks
  SetDefault("ns3::TcpSocket::DelAckTimeout", TimeValue(MilliSeconds(40)));      // Linux's TCP_DELACK_MIN
  SetDefault("ns3::TcpSocket::DataRetries", UintegerValue(15));                  // Linux's tcp_retries2
  SetDefault("ns3::TcpSocketBase::MinRto", TimeValue(NanoSeconds(tcp.min_rto_ns)));
  SetDefault("splitwan::TcpCubicLinux::LinuxMinRto", TimeValue(NanoSeconds(tcp.min_rto_ns)));
  // Linux repeats a SYN after 1 s. On longer paths that would cost the window; there set-up is not what we
  // study.
  const std::int64_t patience = std::max<std::int64_t>(1'000'000'000, 2 * spec.longest_rtt_ns());
  SetDefault("ns3::TcpSocket::ConnTimeout", TimeValue(NanoSeconds(patience)));
}

void assign_streams(ns3::Ptr<ns3::Socket> socket, std::uint32_t stream) {
  if (const auto bbr = ns3::DynamicCast<ns3::TcpBbr>(congestion_of(socket))) bbr->SetStream(stream);
}

std::string congestion_type(ns3::Ptr<ns3::Socket> socket) {
  return congestion_of(socket)->GetInstanceTypeId().GetName();
}

nlohmann::json settings(ns3::Ptr<ns3::Socket> socket) {
  const auto count = [&](const char* name) {
    UintegerValue value;
    socket->GetAttribute(name, value);
    return value.Get();
  };
  const auto seconds = [&](const char* name) {
    TimeValue value;
    socket->GetAttribute(name, value);
    return value.Get().GetSeconds();
  };
  return {{"segment_bytes", count("SegmentSize")},
          {"send_buffer_bytes", count("SndBufSize")},
          {"receive_buffer_bytes", count("RcvBufSize")},
          {"initial_window", count("InitialCwnd")},
          {"delayed_ack_segments", count("DelAckCount")},
          {"delayed_ack_timeout_s", seconds("DelAckTimeout")},
          {"min_rto_s", seconds("MinRto")}};
}

}  // namespace splitwan::netsim::sim
