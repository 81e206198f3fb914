#include "tests/denying/good_client.hh"

#include "engine/base/error.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::denying {

GoodClient::GoodClient(const Target& target) : target_(target) { begin(); }

// Who is sent away comes back, as engine/resume does.
void GoodClient::begin() {
  for (const auto until = Steady::now() + 20s;; std::this_thread::sleep_for(50ms)) {
    try {
      return greet();
    } catch (const engine::Error&) {
      if (Steady::now() > until) throw;
    }
  }
}

void GoodClient::greet() {
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

void GoodClient::begin_anew() {
  transport_->send(1, engine::text_message(Kind::bye));
  begin();
}

bool GoodClient::has_room() const { return std::cmp_less(committed_ + 2, target_.context); }

double GoodClient::step() {
  const auto begun = Steady::now();
  committed_ += asked_;
  transport_->send(1, request(target_, 1, committed_, all_of(asked_)));
  asked_ = true;
  hear();
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

}  // namespace splitwan::denying
