#include "engine/party/roles.hh"
#include "engine/resume/resuming_transport.hh"
#include "scenarios/console/console.hh"
#include "scenarios/run/networks/networks.hh"

namespace splitwan::scenarios {
namespace {

// Over a live connection only the client is ours.
class LiveServer : public RunNetwork {
 public:
  explicit LiveServer(const NetworkOrder& order) : choice_(order.choice) {
    terms_.servers = servers_of(choice_);
    terms_.channel.limits = order.answers;
    terms_.make = streams_for(choice_);
    terms_.token = token_of(choice_.protection);
    terms_.patience = choice_.patience;
    terms_.max_outage = order.resumable ? choice_.max_outage : Nanos{};
    terms_.say = [](const std::string& line) { remark("{}", line); };
  }

  void run(const std::map<engine::PartyId, engine::PartyMain>& parties) override {
    using namespace engine::roles;
    engine::WallClock clock;
    engine::ResumingTransport transport(clock, server, terms_);
    parties.at(client)(transport, clock);
    protection_ = transport.protection();
  }

  std::string protection() const override { return protection_; }

 private:
  NetworkChoice choice_;
  engine::ResumeTerms terms_;
  std::string protection_;
};

// The same of nodes.
class LiveNodes : public RunNetwork {
 public:
  LiveNodes(engine::ShardLinks links, engine::MakeStream streams)
      : links_(std::move(links)), streams_(std::move(streams)) {}

  void run(const std::map<engine::PartyId, engine::PartyMain>& parties) override {
    engine::WallClock clock;
    engine::SocketTransport transport(clock, streams_);
    join(transport, engine::roles::client, links_, nullptr);
    parties.at(engine::roles::client)(transport, clock);
  }

 private:
  engine::ShardLinks links_;
  engine::MakeStream streams_;
};

class Loopback : public RunNetwork {
 public:
  explicit Loopback(const NetworkChoice& choice) {
    for (const netsim::Edge& edge : choice.edges) pairs_.emplace_back(edge.a, edge.b);
  }
  void run(const std::map<engine::PartyId, engine::PartyMain>& parties) override {
    engine::SocketNetwork(pairs_).run(parties);
  }

 private:
  std::vector<std::pair<engine::PartyId, engine::PartyId>> pairs_;
};

}  // namespace

engine::ShardLinks shard_links(const NetworkChoice& choice, const engine::Sharding& sharding) {
  engine::ShardLinks links{sharding, {}, choice.patience};
  for (const auto& [name, address] : choice.addresses) {
    try {
      links.addresses[party_named(sharding, name)] = engine::parse_endpoint(address);
    } catch (const engine::Error& e) {
      throw engine::Error("network: addresses: {}: {}", name, e.what());
    }
  }
  return links;
}

std::unique_ptr<RunNetwork> make_sockets_network(const NetworkOrder& order) {
  if (order.shards && !order.choice.addresses.empty()) {
    engine::ShardLinks links = shard_links(order.choice, *order.shards);
    links.limits = order.answers;
    return std::make_unique<LiveNodes>(std::move(links),
                                       streams_for(order.choice, *order.shards, engine::roles::client));
  }
  if (order.choice.server.empty()) return std::make_unique<Loopback>(order.choice);
  return std::make_unique<LiveServer>(order);
}

}  // namespace splitwan::scenarios
