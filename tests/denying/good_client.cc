#include "tests/denying/good_client.hh"

#include "engine/base/error.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::denying {

GoodClient::GoodClient(const Target& target) : target_(target) { begin(); }

void GoodClient::begin() {
  transport_ = std::make_unique<engine::SocketTransport>(clock_);
  transport_->add(1, "server", engine::connect(target_.at));
  transport_->send(1, engine::decode(target_.hello));
  if (hear().header.kind != Kind::welcome) throw engine::Error("not welcomed");
  committed_ = 0;
  asked_ = false;
}

Message GoodClient::hear() {
  auto arrival = transport_->recv(1, clock_.now() + 20s);
  if (!arrival) throw engine::Error("no answer within 20 s");
  if (arrival->message.header.kind == Kind::error)
    throw engine::Error("refused: {}", engine::text_in(arrival->message));
  return std::move(arrival->message);
}

double GoodClient::step() {
  if (std::cmp_greater_equal(committed_ + 2, std::min(target_.context, 400))) {
    transport_->send(1, engine::text_message(Kind::bye));
    begin();
  }
  const auto begun = Steady::now();
  committed_ += asked_;
  transport_->send(1, request(target_, 1, committed_, all_of(asked_)));
  asked_ = true;
  hear();
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

}  // namespace splitwan::denying
