// A client's connection with its server that may break at any byte: it is made again, and nothing is lost or
// repeated. engine/serve/README.md says what goes over the wire.
#pragma once

#include <chrono>
#include <deque>
#include <random>

#include "engine/net/sockets.hh"
#include "engine/resume/sent_rows.hh"

namespace splitwan::engine {

struct ResumeTerms {
  std::vector<Endpoint> servers;  // tried in turn, from the one that answered last on
  std::string name = "server";    // for errors
  ChannelTerms channel = {.probes = Probes::asked};
  MakeStream make = make_plain_stream;
  std::string token = {};                            // shown in the hello
  Nanos patience = std::chrono::seconds(60);         // for an answer: then the connection counts as lost
  Nanos max_outage = std::chrono::seconds(60);       // from a loss to the next answer; 0: a loss is an error
  std::function<void(const std::string&)> say = {};  // a line for the user: lost, back
};

class ResumingTransport : public Transport {
 public:
  // Connects. Throws Error when no server can be reached: nothing has been lost yet.
  ResumingTransport(Clock&, PartyId server, ResumeTerms);

  void send(PartyId to, Message) override;
  // A deadline is put off by an outage: it is max_outage that ends one.
  std::optional<Arrival> recv(PartyId from, Nanos deadline) override;
  std::uint64_t wire_bytes(const Message&) const override;
  std::string protection() const { return protection_; }  // of the connection that last gave an answer

 private:
  struct Trouble : Outage {
    Nanos give_up{};
  };
  Message dressed(const Message&) const;
  void put(Message);  // on the wire
  void connect();
  void lost(const std::string& why);
  void greet_again();
  void fill_again();
  bool takes(Arrival&);
  bool is_final(const std::string& why) const;

  Clock& clock_;
  const PartyId server_;
  ResumeTerms terms_;
  SocketTransport sockets_;
  std::string key_;
  std::size_t next_server_ = 0;
  std::string protection_;
  Json checks_;  // what the first server's layers compute with, where it was asked to prove it

  Message hello_;
  bool welcomed_ = false, resumable_ = false, awaits_welcome_ = false;
  std::uint32_t sent_ = 0, received_ = 0;  // numbers
  std::deque<Message> unanswered_;         // in order
  SentRows rows_;
  std::optional<Trouble> outage_;
  std::minstd_rand chance_;
};

}  // namespace splitwan::engine
