#include <ATen/ATen.h>

#include "engine/base/error.hh"
#include "engine/decode/remote_text.hh"
#include "engine/decode/text_session.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

// A step of the layers -> logits of its last row, where they are wanted.
at::Tensor step(Party& party, TextSession& text, const ModelEnds& whole, at::Tensor rows) {
  return party.work(text.layers(), [&] {
    text.open(std::move(rows));
    proceed(whole.head(), text.passage());
    const at::Tensor last = text.close();
    return last.defined() ? whole.logits(last) : at::Tensor();
  });
}

// Some rows of the prompt -> logits when they were its last.
at::Tensor read(Party& party, TextSession& text, const ModelEnds& whole, const Message& m) {
  text.take(m);
  party.begin_step(m.header.step, m.header.context);
  at::Tensor rows = party.work(text.decoding(m.header.rows), [&] { return text.decode(m); });
  return step(party, text, whole, std::move(rows));
}

// Tokens, until the text ends; `asked`: the request that ended the prompt.
void write(Party& party, TextSession& text, const ModelEnds& whole, at::Tensor logits, const Arrival& asked) {
  while (true) {
    party.reply(asked, party.work(text.choosing(), [&] {
      return text.choose({logits.data_ptr<float>(), static_cast<std::size_t>(logits.size(1))});
    }));
    if (text.end()) return party.send(asked.from, plain(Kind::bye, text.end()));
    party.begin_step(text.written() + 1, text.context());
    logits = step(party, text, whole, text.last_row());
  }
}

}  // namespace

void serve_text(Party& party, PartyId client, const ModelEnds& whole, const ServeOptions& options) {
  answering(party, client, options, [&](const NextMessage& next) {
    const int layers = whole.config().layers;
    Arrival arrival = next();
    TextSession text(whole, text_order_of(check_hello(arrival.message, whole.config(), {0, layers})),
                     *options.del);
    party.reply(arrival, plain(Kind::welcome));
    at::Tensor logits;
    do {
      arrival = next();
      if (arrival.message.header.kind == Kind::bye) return;
      logits = read(party, text, whole, arrival.message);
    } while (!logits.defined());
    write(party, text, whole, std::move(logits), arrival);
    while (next().message.header.kind != Kind::bye) {
    }
  });
}

}  // namespace splitwan::engine
