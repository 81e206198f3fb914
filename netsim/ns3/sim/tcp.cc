#include "netsim/ns3/sim/tcp.hh"

#include <ns3/boolean.h>
#include <ns3/config.h>
#include <ns3/enum.h>
#include <ns3/node.h>
#include <ns3/nstime.h>
#include <ns3/pointer.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/string.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/tcp-linux-reno.h>
#include <ns3/tcp-socket-base.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "netsim/ns3/sim/prr.hh"
#include "netsim/ns3/sim/rtt_linux.hh"
#include "netsim/ns3/sim/tcp_cubic_linux.hh"

namespace splitwan::netsim::sim {
namespace {

using ns3::BooleanValue;
using ns3::NanoSeconds;
using ns3::StringValue;
using ns3::TimeValue;
using ns3::TypeId;
using ns3::TypeIdValue;
using ns3::UintegerValue;
using ns3::Config::SetDefault;

// By name, so that a class which a linker or a version dropped is an error here and not a crash later.
TypeId type_named(const std::string& name) {
  TypeId type;
  if (!TypeId::LookupByNameFailSafe(name, &type))
    throw std::runtime_error("ns-3: expected its class " + name + ", found none");
  return type;
}

const char* congestion_class(const std::string& name) {
  if (name == "cubic-linux") return "splitwan::TcpCubicLinux";
  if (name == "cubic") return "ns3::TcpCubic";
  return name == "reno" ? "ns3::TcpLinuxReno" : "ns3::TcpBbr";
}

const char* rtt_class(const std::string& rto_form) {
  return rto_form == "linux" ? "splitwan::RttLinux" : "ns3::RttMeanDeviation";
}

ns3::Ptr<ns3::Object> congestion_of(ns3::Ptr<ns3::Socket> socket) {
  ns3::PointerValue algorithm;
  socket->GetAttribute("CongestionOps", algorithm);
  return algorithm.GetObject();
}

}  // namespace

void set_defaults(const Spec& spec) {
  for (const char* name : {"ns3::PointToPointNetDevice", "ns3::DropTailQueue<Packet>", "ns3::TcpL4Protocol",
                           "ns3::TcpSocketBase", "ns3::Ipv4L3Protocol"})
    type_named(name);
  ns3::RngSeedManager::SetSeed(1);
  ns3::RngSeedManager::SetRun(spec.seed);  // the run number has all 64 bits, the seed has 32

  const Tcp& tcp = spec.tcp;
  const TypeIdValue rtt(type_named(rtt_class(tcp.rto_form)));
  const TimeValue min_rto(NanoSeconds(tcp.min_rto_ns));
  SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(type_named(congestion_class(tcp.congestion))));
  SetDefault("ns3::TcpL4Protocol::RttEstimatorType", rtt);
  SetDefault("ns3::TcpL4Protocol::RecoveryType", TypeIdValue(Prr::GetTypeId()));
  SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(tcp.segment));         // ns-3: 536
  SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(tcp.buffer));           // ns-3: 128 KiB
  SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(tcp.buffer));           // ns-3: 128 KiB
  SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(tcp.initial_window));  // RFC 6928
  SetDefault("ns3::TcpSocket::DelAckCount", UintegerValue(tcp.delayed_ack_segments));
  SetDefault("ns3::TcpSocket::DelAckTimeout", TimeValue(NanoSeconds(tcp.delayed_ack_timeout_ns)));
  SetDefault("ns3::TcpSocket::TcpNoDelay", BooleanValue(!tcp.nagle));
  SetDefault("ns3::TcpSocket::DataRetries", UintegerValue(15));  // Linux's tcp_retries2
  SetDefault("ns3::TcpSocketBase::MinRto", min_rto);
  SetDefault("splitwan::RttLinux::LinuxMinRto", min_rto);
  SetDefault("splitwan::TcpCubicLinux::LinuxMinRto", min_rto);
  SetDefault("splitwan::TcpCubicLinux::RttEstimatorType", rtt);
  SetDefault("splitwan::TcpCubicLinux::SlowStartAfterIdle", BooleanValue(tcp.slow_start_after_idle));
  SetDefault("splitwan::TcpCubicLinux::AppLimitedDecay", StringValue(tcp.app_limited_decay));
  // Linux repeats a SYN after 1 s. On longer paths that would cost the window; there set-up is not what we
  // study.
  const LinkTime patience = std::max<LinkTime>(std::chrono::seconds(1), 2 * spec.longest_rtt());
  SetDefault("ns3::TcpSocket::ConnTimeout", TimeValue(NanoSeconds(patience.count())));
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
  BooleanValue no_delay;
  socket->GetAttribute("TcpNoDelay", no_delay);
  const auto congestion = congestion_of(socket);
  TypeIdValue estimator;
  socket->GetNode()->GetObject<ns3::TcpL4Protocol>()->GetAttribute("RttEstimatorType", estimator);
  nlohmann::json all = {
      {"segment_bytes", count("SegmentSize")},
      {"send_buffer_bytes", count("SndBufSize")},
      {"receive_buffer_bytes", count("RcvBufSize")},
      {"initial_window", count("InitialCwnd")},
      {"delayed_ack_segments", count("DelAckCount")},
      {"delayed_ack_timeout_s", seconds("DelAckTimeout")},
      {"min_rto_s", seconds("MinRto")},
      {"rto_form", estimator.Get() == RttLinux::GetTypeId() ? "linux" : "rfc6298"},
      {"nagle", !no_delay.Get()},
      {"congestion", congestion_type(socket)},
      // Only this one has Linux's window rules.
      {"comparable_with_linux", congestion->GetInstanceTypeId() == TcpCubicLinux::GetTypeId()},
      {"slow_start_after_idle", false},
      {"app_limited_decay", "off"}};
  if (ns3::DynamicCast<TcpCubicLinux>(congestion)) {
    BooleanValue restarts;
    StringValue decay;
    congestion->GetAttribute("SlowStartAfterIdle", restarts);
    congestion->GetAttribute("AppLimitedDecay", decay);
    all["slow_start_after_idle"] = restarts.Get();
    all["app_limited_decay"] = decay.Get();
  }
  return all;
}

}  // namespace splitwan::netsim::sim
