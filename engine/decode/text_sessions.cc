#include "engine/decode/text_sessions.hh"

#include <ATen/ATen.h>

#include "engine/decode/text_session.hh"
#include "engine/split/answering.hh"
#include "engine/split/hello.hh"
#include "engine/split/middle_sessions.hh"

namespace splitwan::engine {
namespace {

TextSession& text_of(const Asked& asked) { return dynamic_cast<TextSession&>(*asked.session); }

void begin(Asked& one) {
  TextSession& text = text_of(one);
  if (one.request) {
    text.take(*one.request);
    text.open(text.decode(*one.request));
  } else if (text.end()) {
    one.reply = plain(Kind::bye, text.end());
  } else if (!text.passage().under_way()) {
    text.open(text.last_row());
  }
}

}  // namespace

Limits TextSessions::limits() const { return limits_of_width(whole_.config().width); }

std::unique_ptr<ServedSession> TextSessions::open(const Message& hello, Json&) const {
  const Json said = check_hello(hello, whole_.config(), {0, whole_.config().layers});
  return std::make_unique<TextSession>(whole_, text_order_of(said), del_);
}

ServedPhases TextSessions::answer(std::span<Asked> asked) const {
  ServedPhases spent;
  Lap lap;
  for (Asked& one : asked) attempt(one, [&] { begin(one); });
  spent.decode = lap();
  spent.rows =
      proceed(whole_.head(), asked, [](const Asked& one) -> Passage& { return text_of(one).passage(); });
  std::vector<at::Tensor> last;
  std::vector<Asked*> whose;
  for (Asked& one : asked) {
    attempt(one, [&] {
      if (one.reply) return;
      one.more = text_of(one).passage().under_way();
      if (one.more) return;
      const at::Tensor row = text_of(one).close();
      if (!row.defined()) return;
      last.push_back(row);
      whose.push_back(&one);
    });
  }
  at::Tensor logits;
  for (Asked* one : whose) {
    attempt(*one, [&] {
      if (!logits.defined()) logits = whole_.logits(at::cat(last));
    });
  }
  spent.layers = lap();
  for (std::size_t i = 0; i < whose.size(); ++i) {
    attempt(*whose[i], [&] {
      const auto vocabulary = static_cast<std::size_t>(logits.size(1));
      whose[i]->reply = text_of(*whose[i]).choose({logits.data_ptr<float>() + i * vocabulary, vocabulary});
      whose[i]->more = true;
    });
  }
  spent.encode = lap();
  return spent;
}

}  // namespace splitwan::engine
