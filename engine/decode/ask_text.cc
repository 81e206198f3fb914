#include <ATen/ATen.h>

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/decode/remote_text.hh"
#include "engine/decode/text_order.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

Message prompt_rows(Party& party, const ModelEnds& embedding, Releases& releases,
                    std::span<const Releases::RowId> names, std::span<const Token> ids) {
  const Work work = mechanism_work(releases.mechanism(), static_cast<std::uint32_t>(ids.size()));
  return party.work(work, [&] { return encode(embedding.embed(ids), releases, names); });
}

}  // namespace

Limits text_limits() { return {.rows = 0, .payload = longest_text, .listed = 1}; }

Generation ask_text(Party& party, PartyId server, const ModelEnds& embedding, const SplitOptions& options,
                    std::span<const Token> prompt, const GenerateOptions& wanted) {
  const ModelConfig& config = embedding.config();
  check_request(config, prompt, wanted);
  if (wanted.on_token) throw Error("the server generates: it sends tokens, and no logits");
  const Mechanism& mechanism = *options.mechanism;
  const TextOrder order{mechanism.terms, static_cast<int>(prompt.size()), wanted.max_new_tokens,
                        wanted.stop_at_eos, wanted.sampling};
  const Nanos begin = party.now();
  party.begin_step(1, 0);
  Releases::RowId last = 0;
  std::vector<Releases::RowId> names;
  for (const Token id : prompt) names.push_back(last = Releases::child(last, id));
  mechanism.releases->reserve(names);
  const auto chunk = static_cast<std::size_t>(options.prefill_chunk);
  Nanos asked{};  // the prompt's last rows
  for (std::size_t at = 0; at < prompt.size(); at += chunk) {
    const auto ids = prompt.subspan(at, std::min(chunk, prompt.size() - at));
    Message m =
        prompt_rows(party, embedding, *mechanism.releases, std::span(names).subspan(at, ids.size()), ids);
    m.header.kind = Kind::request;
    m.header.step = 1;
    m.header.context = static_cast<std::uint32_t>(at);
    asked = party.now();
    if (at == 0)  // only now: a spent budget may have ended the session
      party.send(server, hello(config, {0, config.layers}, *options.wire, to_json(order)));
    party.send(server, std::move(m));
  }
  const Arrival welcome = answer_of(party, server, options.patience);
  check_answer(party, welcome, {.at = begin, .kind = Kind::welcome});
  said_in_welcome(welcome.message);
  Generation done;
  Nanos since = begin;
  while (done.finish.empty()) {
    const Arrival arrival = answer_of(party, server, options.patience);
    const Header& h = arrival.message.header;
    if (h.kind == Kind::bye) {
      check_answer(party, arrival, {.at = asked, .kind = Kind::bye});
      done.finish = text_of(arrival.message);
      if (done.output.empty() ||
          (done.finish != "eos" && done.finish != "length" && done.finish != "context"))
        throw Error("server ended the text after {} tokens: '{}'", done.output.size(), done.finish);
      break;
    }
    check_answer(party, arrival, {.at = asked, .step = party.step(), .listed = 1});
    if (h.keep[0] < 0 || h.keep[0] >= config.vocabulary)
      throw Error("server sent token {}: expected one of the vocabulary's {}", h.keep[0], config.vocabulary);
    if (!arrival.message.payload.empty())
      throw Error("server sent {} bytes beside a token: expected none", arrival.message.payload.size());
    if (std::cmp_greater_equal(done.output.size(), wanted.max_new_tokens))
      throw Error("server sent more than the {} tokens asked for", wanted.max_new_tokens);
    done.output.push_back(h.keep[0]);
    const bool first = done.output.size() == 1;
    if (first) done.prefill = party.now() - begin;
    const auto context = static_cast<std::uint32_t>(first ? 0 : prompt.size() + done.output.size() - 2);
    party.step_done({.step = party.step(),
                     .prefill = first,
                     .begin = since,
                     .end = party.now(),
                     .rows = first ? static_cast<std::uint32_t>(prompt.size()) : 1,
                     .context = context,
                     .accepted = 1});
    since = party.now();
    ++done.steps;
    if (wanted.stop && wanted.stop(h.keep[0])) done.finish = "stop";
    party.begin_step(party.step() + 1, context + 1);
  }
  party.send(server, plain(Kind::bye));
  done.total = since - begin;
  return done;
}

}  // namespace splitwan::engine
