#include "engine/net/channel.hh"

#include <algorithm>
#include <boost/asio.hpp>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

namespace asio = boost::asio;

constexpr auto probe_spacing = std::chrono::milliseconds(100);
constexpr std::uint64_t sign_of_life = 0;                    // a ping's number that stands for no measurement
constexpr auto last_words = std::chrono::seconds(2);         // for a peer to read why it was refused
constexpr std::size_t first_piece = std::size_t{256} << 10;  // of a payload: memory follows what has come
constexpr std::size_t turn = std::size_t{64} << 10;          // moved at once: then others' bytes

Nanos steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

bool is_question(Kind kind) {
  return kind == Kind::hello || kind == Kind::request || kind == Kind::check || kind == Kind::draw ||
         kind == Kind::measure;
}
bool is_answer(Kind kind) {
  return kind == Kind::welcome || kind == Kind::reply || kind == Kind::commitment || kind == Kind::evidence ||
         kind == Kind::measured;
}

Message probe(Kind kind, std::uint64_t number) {
  Message m;
  m.header.kind = kind;
  m.header.step = number;
  return m;
}

}  // namespace

Channel::Channel(PartyId peer, std::unique_ptr<Stream> stream, ChannelTerms terms, const Clock& clock)
    : peer_(peer),
      terms_(std::move(terms)),
      clock_(clock),
      stream_(std::move(stream)),
      timer_(stream_->executor()) {}

const std::string& Channel::peer() const { return stream_->peer(); }
std::string Channel::protection() const { return stream_->protection(); }

void Channel::start(Events events) {
  on_strand([this, events = std::move(events)]() mutable {
    events_ = std::move(events);
    if (state_ == State::gone) return;
    state_ = State::opening;
    read_by_ = steady_now() + terms_.greeting;
    tick();
    stream_->open(
        [self = shared_from_this()](const std::string& why) { self->enduring([&] { self->opened(why); }); });
  });
}

// Out of memory, say: the connection ends, and is not left half done.
template <typename Job>
void Channel::enduring(Job&& job) {
  try {
    job();
  } catch (const std::exception& e) {
    end(e.what());
  }
}

template <typename Job>
void Channel::on_strand(Job job) {
  asio::post(stream_->executor(),
             [self = shared_from_this(), job = std::move(job)]() mutable { self->enduring(job); });
}

void Channel::opened(const std::string& why) {
  if (state_ == State::gone) return;
  if (!why.empty()) return end(why);
  state_ = leaving_ ? State::closing : State::open;
  if (events_.opened) events_.opened();
  read();
  write();
}

// Deadlines are looked at a few times in their length: re-arming a timer for every message costs more.
void Channel::tick() {
  if (state_ == State::gone) return;
  const Nanos now = steady_now();
  if (now > close_by_) return end("closed");
  if (now > read_by_)
    return end(stranger_ ? fmt::format("no greeting within {} s", terms_.greeting.count() / 1e9)
                         : std::string("a message that had begun did not come"));
  if (now > write_by_) return end("does not read what it is sent");
  mind_silence(now);
  if (state_ == State::gone) return;
  timer_.expires_after(std::clamp<Nanos>(std::min({terms_.greeting, terms_.patience, terms_.silence}) / 8,
                                         std::chrono::milliseconds(5), std::chrono::milliseconds(250)));
  timer_.async_wait([self = shared_from_this()](auto error) {
    if (!error) self->enduring([&] { self->tick(); });
  });
}

void Channel::mind_silence(Nanos now) {
  if (terms_.probes == Probes::answered || state_ != State::open || !waits()) {
    heard_ = now;
    sign_asked_ = false;
    return;
  }
  const Nanos longest =
      terms_.silence + Nanos(static_cast<std::int64_t>(1e9 * static_cast<double>(unheard_) /
                                                       static_cast<double>(terms_.slowest)));
  if (now - heard_ <= longest) return;
  if (sign_asked_) return end(fmt::format("no sign of life within {:g} s", 2 * terms_.silence.count() / 1e9));
  sign_asked_ = true;
  heard_ = now;
  ping(sign_of_life);
}

Nanos Channel::allowance(std::uint64_t bytes) const {
  return steady_now() + terms_.patience +
         Nanos(static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) /
                                         static_cast<double>(terms_.slowest)));
}

// ---- coming in

void Channel::read() {
  if (reading_ || holding_ || (state_ != State::open && state_ != State::closing)) return;
  reading_ = true;
  fill(asio::buffer(prefix_), [this] { head_read(); });
}

// Fills the buffer, in as many pieces as it comes in.
void Channel::fill(Piece rest, std::function<void()> then) {
  if (rest.size() == 0) return then();
  stream_->read_some(asio::buffer(rest, turn), [self = shared_from_this(), rest, then = std::move(then)](
                                                   const std::string& why, std::size_t bytes) mutable {
    if (self->state_ == State::gone) return;
    if (!why.empty()) return self->end(why);
    self->heard_ = steady_now();
    self->unheard_ = 0;
    self->sign_asked_ = false;
    // A stranger has one deadline for all of its greeting.
    if (!self->stranger_ && self->read_by_ == no_deadline) self->read_by_ = self->allowance(prefix_size);
    self->enduring([&] { self->fill(rest + bytes, std::move(then)); });
  });
}

void Channel::head_read() {
  try {
    Limits limits = terms_.limits;
    if (stranger_) limits.payload = limits.first_payload;
    arrival_ = {peer_, {}, {}};
    const Sizes sizes = read_prefix(prefix_, limits, arrival_.message.header);
    begun_ = stream_->info().received;
    began_ = clock_.now();
    lists_.resize(sizes.lists);
    to_come_ = sizes.payload;
    if (!stranger_) read_by_ = allowance(sizes.lists + sizes.payload);
  } catch (const std::exception& e) {
    return end(e.what());
  }
  fill(asio::buffer(lists_), [this] { lists_read(); });
}

void Channel::lists_read() {
  read_lists(lists_, arrival_.message.header);
  payload_read();
}

// Memory is taken as bytes come: what a header announces costs its sender as much as it costs us. What comes
// after the last word is read, or the peer would not hear that word, and kept by nobody.
void Channel::payload_read() {
  Bytes& payload = arrival_.message.payload;
  if (state_ == State::closing) payload = Bytes();
  const std::size_t have = payload.size();
  coming_ = have;
  if (to_come_ == 0) return deliver();
  const std::size_t piece = std::min(to_come_, std::max(first_piece, have));
  try {
    payload.resize(have + piece);
  } catch (const std::bad_alloc&) {
    return end(fmt::format("out of memory for a message of {} bytes", have + to_come_));
  }
  fill(asio::buffer(payload.data() + have, piece), [this, piece] {
    to_come_ -= piece;
    payload_read();
  });
}

void Channel::deliver() {
  coming_ = 0;
  reading_ = false;
  if (!stranger_) read_by_ = no_deadline;
  const TcpInfo info = stream_->info();
  if (!is_probe(arrival_.message.header)) {
    stranger_ = false;
    read_by_ = no_deadline;
    arrival_.tcp = info.sample;
    arrival_.tcp.probe = std::exchange(probed_.probe, {});
    arrival_.tcp.probe_bytes = std::exchange(probed_.probe_bytes, 0);
    arrival_.tcp.peer_retransmits = std::exchange(probed_.peer_retransmits, 0);
    arrival_.at = clock_.now();
    if (info.received > begun_) {
      arrival_.tcp.coming = arrival_.at - began_;
      arrival_.tcp.came = info.received - begun_;
    }
    arrival_.tcp.tls = info.tls - std::exchange(protecting_, info.tls);
    arrival_.retransmits = info.retransmits - std::exchange(sent_again_, info.retransmits);
    const Kind kind = arrival_.message.header.kind;
    const std::uint32_t number = arrival_.message.header.seq;
    if (state_ == State::open && events_.message) events_.message(std::move(arrival_));
    if (is_answer(kind)) answered(number);
  }
  read();
}

// Pings that come faster than they can be answered share an answer: nothing piles up.
bool Channel::is_probe(const Header& h) {
  if (h.kind == Kind::ping) {
    pong_due_ = h.step;
    write();
    return true;
  }
  if (h.kind != Kind::pong) return false;
  if (h.step == pings_ && ping_out_) {
    ping_out_ = false;
    probed_.probe = clock_.now() - pinged_;
    probed_.probe_bytes = 2 * prefix_size;
    probed_.peer_retransmits = h.context;
  }
  return true;
}

void Channel::answered(std::uint32_t number) {
  if (number > 0)
    answered_ = std::max(answered_, number);
  else if (unanswered_ > 0)
    --unanswered_;
  const Nanos now = clock_.now();
  if (terms_.probes == Probes::answered || waits() || ping_out_) return;
  if (pings_ > 0 && now - pinged_ < probe_spacing) return;
  ping_out_ = true;
  pinged_ = now;
  ping(++pings_);
}

void Channel::ping(std::uint64_t number) {
  Bytes bytes = encode(probe(Kind::ping, number));
  queued_ += bytes.size();
  enqueue(std::move(bytes), Kind::ping, 0);
}

void Channel::hold_reading(bool hold) {
  on_strand([this, hold] {
    holding_ = hold;
    read();
  });
}

// ---- going out

void Channel::send(const Message& message) {
  if (over_) return;
  if (queued_ > terms_.most_queued) throw Error("{}: does not read what it is sent", peer());
  Bytes bytes = encode(message);
  queued_ += bytes.size();
  on_strand([this, bytes = std::move(bytes), kind = message.header.kind,
             number = message.header.seq]() mutable { enqueue(std::move(bytes), kind, number); });
}

void Channel::enqueue(Bytes bytes, Kind kind, std::uint32_t number) {
  if (state_ == State::gone || state_ == State::closing) {
    queued_ -= bytes.size();
    return;
  }
  refused_ = kind == Kind::error;
  if (is_question(kind)) {
    if (!waits()) heard_ = steady_now();
    if (number > 0)
      asked_ = number;
    else
      ++unanswered_;
  }
  queue_.push_back(std::move(bytes));
  write();
}

void Channel::write() {
  if (writing_ || (state_ != State::open && state_ != State::closing)) return;
  if (pong_due_) {  // first: it waits for nothing
    Message pong = probe(Kind::pong, *std::exchange(pong_due_, std::nullopt));
    pong.header.context = stream_->info().retransmits;
    out_ = encode(pong);
    queued_ += out_.size();
  } else if (!queue_.empty()) {
    out_ = std::move(queue_.front());
    queue_.pop_front();
  } else {
    if (state_ == State::closing) finish_closing();
    return;
  }
  writing_ = true;
  out_at_ = 0;
  write_by_ = allowance(out_.size());
  wrote("", 0);
}

void Channel::wrote(const std::string& why, std::size_t bytes) {
  if (state_ == State::gone) return;
  if (!why.empty()) return end(why);
  out_at_ += bytes;
  queued_ -= bytes;
  if (bytes > 0) heard_ = steady_now();
  unheard_ += bytes;
  if (out_at_ < out_.size()) {
    stream_->write_some(asio::buffer(out_.data() + out_at_, std::min(turn, out_.size() - out_at_)),
                        [self = shared_from_this()](const std::string& failed, std::size_t taken) {
                          self->enduring([&] { self->wrote(failed, taken); });
                        });
    return;
  }
  writing_ = false;
  out_ = Bytes();  // many connections at rest, each with its last answer, would be much
  write_by_ = no_deadline;
  write();
}

// ---- the end

void Channel::close() {
  on_strand([this] {
    if (state_ == State::gone || state_ == State::closing) return;
    close_by_ = allowance(queued_);
    leaving_ = true;
    if (state_ != State::open) return;
    state_ = State::closing;
    write();
  });
}

void Channel::finish_closing() {
  // Closing with unread bytes would reset the connection, and the reset overtake the refusal.
  if (std::exchange(parting_, true)) return;
  if (!refused_) return end("closed");
  holding_ = false;
  stream_->end_writing();
  close_by_ = steady_now() + last_words;
  read();
}

void Channel::cut() {
  on_strand([this] { end("closed"); });
}

void Channel::end(const std::string& why) {
  if (state_ == State::gone) return;
  state_ = State::gone;
  over_ = true;
  try {
    timer_.cancel();
    stream_->cancel();
  } catch (const std::exception&) {  // no memory to say goodbye: `gone` comes all the same
  }
  for (const Bytes& bytes : queue_) queued_ -= bytes.size();
  queue_.clear();
  if (writing_) queued_ -= out_.size() - out_at_;
  coming_ = 0;
  const Events events = std::exchange(events_, {});
  if (events.gone) events.gone(why);
}

}  // namespace splitwan::engine
