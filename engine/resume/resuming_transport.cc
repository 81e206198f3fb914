#include "engine/resume/resuming_transport.hh"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <limits>
#include <thread>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/plain_text.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::engine {
namespace {

constexpr Nanos first_pause = std::chrono::milliseconds(50), longest_pause = std::chrono::milliseconds(2000);
constexpr auto longest_call = std::chrono::seconds(5);
constexpr Nanos longest_start = std::chrono::seconds(5);  // for a session that has not begun yet

std::string random_key() {
  std::array<std::uint8_t, 16> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw Error("no random bytes from the system for a session's key");
  std::string key;
  for (const std::uint8_t b : bytes) key += fmt::format("{:02x}", b);
  return key;
}

Json body_of(const Message& m) {
  const std::string_view text = text_in(m);
  Json body = nests_too_deeply(text, 8) ? Json() : Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return body.is_object() ? body : Json::object();
}

bool keeps_rows(Kind kind) { return kind == Kind::request || kind == Kind::check; }
bool is_asked(Kind kind) { return keeps_rows(kind) || kind == Kind::draw; }
bool is_answer(Kind kind) {
  return kind == Kind::reply || kind == Kind::commitment || kind == Kind::evidence;
}

// Before one more attempt. Many clients lose a server at the same moment: they come back at different ones.
Nanos pause_after(std::uint32_t attempts, std::minstd_rand& chance) {
  if (attempts == 0) return {};
  const Nanos longest = std::min(first_pause * (1 << std::min(attempts - 1, 6u)), longest_pause);
  const double share = std::uniform_real_distribution<>(0.5, 1)(chance);
  return Nanos(static_cast<std::int64_t>(share * static_cast<double>(longest.count())));
}

}  // namespace

ResumingTransport::ResumingTransport(Clock& clock, PartyId server, ResumeTerms terms)
    : clock_(clock),
      server_(server),
      terms_(std::move(terms)),
      sockets_(clock, terms_.make),
      key_(random_key()),
      chance_(static_cast<std::minstd_rand::result_type>(std::stoul(key_.substr(0, 7), nullptr, 16))) {
  // A lost cache is filled with all that it held: here it is held anyway.
  terms_.channel.most_queued = std::numeric_limits<std::uint64_t>::max();
  std::string why;
  for (std::size_t tried = 0; tried < terms_.servers.size(); ++tried) {
    try {
      connect();
      return;
    } catch (const Error& e) {
      why = e.what();
    }
  }
  throw Error("{}", why);
}

// The next server in turn.
void ResumingTransport::connect() {
  const Endpoint& to = terms_.servers[next_server_];
  next_server_ = (next_server_ + 1) % terms_.servers.size();
  OpenSocket socket = engine::connect(to, outage_ ? longest_call : std::chrono::seconds(10));
  sockets_.drop(server_);
  sockets_.add(server_, terms_.name + " " + to.text(), std::move(socket), terms_.channel);
}

// A hello says how the session may be found again, and who asks.
Message ResumingTransport::dressed(const Message& m) const {
  Message hello = m;
  Json body = body_of(m);
  if (terms_.max_outage > Nanos{}) body["session"]["key"] = key_;
  if (!terms_.token.empty()) body["token"] = terms_.token;
  set_text(hello, body.dump());
  return hello;
}

std::uint64_t ResumingTransport::wire_bytes(const Message& m) const {
  return wire_size(m.header.kind == Kind::hello ? dressed(m) : m);
}

void ResumingTransport::put(Message m) {
  m.header.ack = received_;
  if (outage_) outage_->bytes_again += wire_size(m);
  sockets_.send(server_, std::move(m));
}

void ResumingTransport::send(PartyId to, Message m) {
  if (to != server_) throw Error("no connection to party {}", to);
  const Kind kind = m.header.kind;
  if (kind == Kind::hello) hello_ = m = dressed(m);
  if (is_asked(kind)) {
    if (terms_.max_outage > Nanos{}) {
      m.header.seq = ++sent_;
      if (keeps_rows(kind)) rows_.sent(m);
    }
    unanswered_.push_back(m);
  }
  m.header.ack = received_;
  sockets_.send(server_, std::move(m));
}

std::optional<Arrival> ResumingTransport::recv(PartyId, Nanos deadline) {
  while (true) {
    const bool waits = !unanswered_.empty() && terms_.max_outage > Nanos{};
    Nanos until = outage_ || waits ? std::min(deadline, clock_.now() + terms_.patience) : deadline;
    if (outage_) until = std::min(clock_.now() + terms_.patience, outage_->give_up);
    std::optional<Arrival> arrival;
    try {
      arrival = sockets_.recv(server_, until);
    } catch (const Error& e) {
      lost(e.what());
      continue;
    }
    if (arrival && takes(*arrival)) return arrival;
    if (arrival) continue;
    if (!outage_ && !waits) return std::nullopt;
    lost(fmt::format("{}: no answer within {} s", terms_.name, terms_.patience.count() / 1e9));
  }
}

// Whether it is for the party.
bool ResumingTransport::takes(Arrival& arrival) {
  const Header& h = arrival.message.header;
  if (h.kind == Kind::error) {
    const std::string words = one_line(text_in(arrival.message), 500);
    if (is_final(words) || (!outage_ && !resumable_)) return true;
    lost(fmt::format("{}: {}", terms_.name, words));
    return false;
  }
  if (h.kind == Kind::welcome) {
    const Json said = body_of(arrival.message), session = said.value("session", Json::object()),
               checks = said.value("checks", Json());
    const auto says = [&](const char* key, const Json& value) {
      const auto found = session.is_object() ? session.find(key) : session.end();
      return found != session.end() && *found == value;
    };
    resumable_ = resumable_ || says("resumable", true) || says("resumed", "cold");
    protection_ = sockets_.protection(server_);
    if (std::exchange(awaits_welcome_, false) && says("resumed", "cold")) {
      if (checks != checks_) {
        lost(
            terms_.name +
            ": computes with other instructions than the server before: checks would compare different bits");
        return false;
      }
      fill_again();
    }
    if (!welcomed_) checks_ = checks;
    return !std::exchange(welcomed_, true);
  }
  if (!is_answer(h.kind)) return true;
  if (resumable_ && h.seq > 0) {
    if (h.seq <= received_) return false;  // sent again, and had come already
    const std::uint32_t due = unanswered_.empty() ? 0 : unanswered_.front().header.seq;
    if (h.seq != due)
      throw Error("{}: answered message {}: {} was due", terms_.name, h.seq,
                  due > 0 ? std::to_string(due) : "nothing");
    received_ = h.seq;
  }
  if (!unanswered_.empty()) unanswered_.pop_front();
  if (outage_) {
    outage_->end = arrival.at;
    if (terms_.say)
      terms_.say(fmt::format("{}: back after {:.1f} s", terms_.name,
                             std::chrono::duration<double>(outage_->end - outage_->begin).count()));
    arrival.outages.push_back(*std::exchange(outage_, std::nullopt));
  }
  return true;
}

// Words of a server that another try does not change.
bool ResumingTransport::is_final(const std::string& words) const {
  return std::ranges::none_of(std::array{"try again later", "about to end", "session closed"},
                              [&](const char* passing) { return words.find(passing) != std::string::npos; });
}

// Connects again and repeats what has not been answered, or throws why that cannot be.
void ResumingTransport::lost(const std::string& why) {
  // A certificate that is not taken now will not be in a minute.
  const bool distrusted =
      !welcomed_ && why.find("TLS: ") != std::string::npos && why.find("closed by") == std::string::npos;
  if (terms_.max_outage <= Nanos{} || distrusted || (welcomed_ && !resumable_)) throw Error("{}", why);
  if (!outage_) {
    outage_.emplace();
    outage_->begin = clock_.now();
    outage_->why = why;
    const Nanos most = welcomed_ ? terms_.max_outage : std::min(terms_.max_outage, longest_start);
    outage_->give_up = outage_->begin + most;
    if (terms_.say) terms_.say(fmt::format("{}; trying again for up to {:g} s", why, most.count() / 1e9));
  }
  for (std::string last = why;;) {
    std::this_thread::sleep_for(pause_after(outage_->attempts, chance_));
    outage_->end = clock_.now();
    if (outage_->end >= outage_->give_up)
      throw LostForGood(fmt::format("{}; not back within {:g} s: {}", outage_->why,
                                    (outage_->give_up - outage_->begin).count() / 1e9, last),
                        *outage_);
    ++outage_->attempts;
    try {
      connect();
      return greet_again();
    } catch (const Error& e) {
      last = e.what();
    }
  }
}

// The hello, and right behind it what has not been answered. Who was never welcomed begins anew: the server
// may have more to say in its welcome than that it knows the session.
void ResumingTransport::greet_again() {
  Message hello = hello_;
  if (welcomed_) {
    Json body = body_of(hello);
    Json& session = body["session"];
    session["received"] = received_;
    session["first"] = received_ + 1;
    session["in_flight"] = unanswered_.size();
    set_text(hello, body.dump());
  }
  awaits_welcome_ = welcomed_;
  outage_->cold = false;
  outage_->rows_fed = 0;
  put(std::move(hello));
  for (const Message& m : unanswered_) put(m);
}

// The server has nothing of the session: it gets the rows that it was told to keep, and then what has not
// been answered.
void ResumingTransport::fill_again() {
  outage_->cold = true;
  const auto first =
      std::ranges::find_if(unanswered_, keeps_rows, [](const Message& m) { return m.header.kind; });
  rows_.feed(first != unanswered_.end() ? first->header.context : rows_.kept(), prefill_rows,
             [&](Message feed) {
               feed.header.seq = ++sent_;
               outage_->rows_fed += feed.header.rows;
               put(std::move(feed));
             });
  received_ = sent_;  // nothing before is waited for
  bool fed = true;
  for (Message& m : unanswered_) {
    m.header.seq = ++sent_;
    if (keeps_rows(m.header.kind) && std::exchange(fed, false)) m = without_keeps(std::move(m));
    put(m);
  }
}

}  // namespace splitwan::engine
