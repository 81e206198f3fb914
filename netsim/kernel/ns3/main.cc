// splitwan-link-ns3: carries the kernel's packets between two namespaces over ns-3's point-to-point link, in
// real time. The first line of stdin is the link; then "report" and "start"; ends when stdin does.
//
// Two FdNetDevices on TAPs, no IP and no ARP inside ns-3: each packet goes from the TAP's callback straight
// to the link and from the link to the other TAP, with the receiver's fixed hardware address.
#include <ns3/boolean.h>
#include <ns3/data-rate.h>
#include <ns3/drop-tail-queue.h>
#include <ns3/error-model.h>
#include <ns3/fd-net-device.h>
#include <ns3/global-value.h>
#include <ns3/node.h>
#include <ns3/nstime.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/realtime-simulator-impl.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/uinteger.h>
#include <sys/prctl.h>

#include <cstdio>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "netsim/kernel/delay_line.hh"
#include "netsim/kernel/net_namespace.hh"

namespace splitwan::netsim {
namespace {

using namespace ns3;
using nlohmann::json;

constexpr std::uint16_t ipv4 = 0x0800;
constexpr std::uint32_t framing = 2;  // PPP's

void answer(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

// What the events count and the conversation reads.
struct Statistics {
  std::mutex mutex;
  Lateness lateness;
};

// One end: the TAP in a namespace, and the link's device that sends what comes out of it.
class End {
 public:
  End(const NetNamespace& where, const std::string& address, const std::string& hardware, const json& out,
      Statistics& statistics)
      : statistics_(statistics),
        tap_(open_interface(where, {"wan", Layer::ethernet, address, out.at("mtu"), hardware})),
        hardware_(hardware.c_str()),
        rate_(out.at("bps").get<std::uint64_t>()),
        queue_(CreateObject<DropTailQueue<Packet>>()),
        loss_(CreateObject<RateErrorModel>()) {
    const Ptr<Node> node = CreateObject<Node>();
    queue_->SetMaxSize(QueueSize(QueueSizeUnit::BYTES, out.at("queue_bytes").get<std::uint32_t>()));
    link_->SetAddress(Mac48Address::Allocate());
    link_->SetQueue(queue_);
    link_->SetDataRate(DataRate(rate_));
    link_->SetMtu(out.at("mtu"));
    device_->SetAddress(Mac48Address::Allocate());
    device_->SetAttribute("RxQueueSize", UintegerValue(20000));  // at its 1000 the reader falls asleep
    device_->SetFileDescriptor(tap_.get());
    node->AddDevice(device_);  // sets callbacks of its own: ours come after
    node->AddDevice(link_);
    device_->SetPromiscReceiveCallback(MakeCallback(&End::from_kernel, this));
    link_->SetReceiveCallback(MakeCallback(&End::from_link, this));
    loss_->SetUnit(RateErrorModel::ERROR_UNIT_PACKET);
    loss_->SetRate(out.at("loss"));
    node_ = node;
  }

  void attach(const Ptr<PointToPointChannel>& channel) { link_->Attach(channel); }
  // Packets that this end sends are lost as they reach the other.
  void lose_at(End& other, std::int64_t stream) {
    loss_->AssignStreams(stream);
    other.link_->SetReceiveErrorModel(loss_);
    other.link_->TraceConnectWithoutContext("PhyRxDrop", MakeCallback(&End::count_loss, this));
  }
  json counts() const {
    const std::uint64_t bytes = queue_->GetTotalReceivedBytes();
    return {{"packets", queue_->GetTotalReceivedPackets()},
            {"bytes", bytes},
            {"queue_drops", queue_->GetTotalDroppedPackets()},
            {"lost", lost_},
            {"busy_ns",
             static_cast<std::int64_t>(8e9 * static_cast<double>(bytes) / static_cast<double>(rate_))}};
  }

 private:
  bool from_kernel(Ptr<NetDevice>, Ptr<const Packet> packet, std::uint16_t protocol, const Address&,
                   const Address&, NetDevice::PacketType) {
    if (protocol == ipv4) link_->Send(packet->Copy(), link_->GetBroadcast(), protocol);
    return true;
  }
  // NOLINTNEXTLINE(performance-unnecessary-value-param): ns-3 says how it calls
  bool from_link(Ptr<NetDevice>, Ptr<const Packet> packet, std::uint16_t protocol, const Address&) {
    const auto simulator = DynamicCast<RealtimeSimulatorImpl>(Simulator::GetImplementation());
    const LinkTime late((simulator->RealtimeNow() - Simulator::Now()).GetNanoSeconds());
    device_->Send(packet->Copy(), hardware_, protocol);
    const std::lock_guard<std::mutex> lock(statistics_.mutex);
    statistics_.lateness.add(late);
    return true;
  }
  void count_loss(Ptr<const Packet>) { ++lost_; }

  Statistics& statistics_;
  File tap_;
  Mac48Address hardware_;
  std::uint64_t rate_;
  Ptr<Node> node_;
  Ptr<FdNetDevice> device_ = CreateObject<FdNetDevice>();
  Ptr<PointToPointNetDevice> link_ = CreateObject<PointToPointNetDevice>();
  Ptr<DropTailQueue<Packet>> queue_;
  Ptr<RateErrorModel> loss_;
  std::uint64_t lost_ = 0;
};

// The process ends with its input, from whatever thread: there is nothing to tidy up.
[[noreturn]] void converse(Statistics& statistics, const End& client, const End& server, bool realtime) {
  const auto started = std::chrono::steady_clock::now();
  for (std::string line; std::getline(std::cin, line);) {
    const std::lock_guard<std::mutex> lock(statistics.mutex);
    if (line == "start") {
      statistics.lateness = {};
      answer("ok");
      continue;
    }
    const LatenessSummary late = statistics.lateness.summary();
    const LinkTime elapsed = std::chrono::steady_clock::now() - started;
    answer(json({{"packets", late.packets},
                 {"mean_ns", late.mean.count()},
                 {"p99_ns", late.p99.count()},
                 {"max_ns", late.max.count()},
                 {"elapsed_ns", elapsed.count()},
                 {"realtime", realtime},
                 {"up", client.counts()},
                 {"down", server.counts()}})
               .dump());
  }
  std::_Exit(0);
}

void carry() {
  std::string line;
  std::getline(std::cin, line);
  const json spec = json::parse(line);
  GlobalValue::Bind("SimulatorImplementationType", StringValue("ns3::RealtimeSimulatorImpl"));
  RngSeedManager::SetSeed(1);
  RngSeedManager::SetRun(spec.at("seed").get<std::uint64_t>());
  Statistics statistics;
  End client(NetNamespace(spec.at("client").get<std::string>()), spec.at("client_address"),
             "02:00:00:00:00:01", spec.at("up"), statistics);
  End server(NetNamespace(spec.at("server").get<std::string>()), spec.at("server_address"),
             "02:00:00:00:00:02", spec.at("down"), statistics);
  const auto channel = CreateObject<PointToPointChannel>();
  channel->SetAttribute("Delay", TimeValue(NanoSeconds(spec.at("delay_ns").get<std::int64_t>())));
  client.attach(channel);
  server.attach(channel);
  client.lose_at(server, 0);
  server.lose_at(client, 1);
  const bool realtime = become_realtime(link_priority);
  prctl(PR_SET_TIMERSLACK, 1);
  Simulator::Schedule(MilliSeconds(1), [] { answer("ready"); });  // the devices read by now
  std::thread(converse, std::ref(statistics), std::cref(client), std::cref(server), realtime).detach();
  Simulator::Stop(Days(3650));  // without an end it would stop as soon as nothing is to be done
  Simulator::Run();
}

}  // namespace
}  // namespace splitwan::netsim

int main() {
  try {
    splitwan::netsim::carry();
  } catch (const std::exception& problem) {
    splitwan::netsim::answer(std::string("error ") + problem.what());
  }
  std::_Exit(2);
}
