#include "scenarios/probe/probe_connection.hh"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <random>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/plain_text.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::scenarios {
namespace {

using engine::Kind;
namespace asio = boost::asio;

constexpr std::size_t most_words = 4096, most_pongs = 64;
constexpr std::uint32_t largest = 4u << 20;  // of one message, either way

std::uint32_t segment_of(int socket) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &bytes, &size) == 0 && bytes > 0
             ? static_cast<std::uint32_t>(bytes)
             : 0;
}

// Nothing on the way can make it shorter.
engine::Bytes noise_of(std::size_t bytes) {
  engine::Bytes noise(bytes);
  std::mt19937_64 random(1);
  for (auto& b : noise) b = static_cast<std::byte>(random());
  return noise;
}

}  // namespace

Nanos steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

ProbeConnection::ProbeConnection(const engine::Endpoint& to, const engine::MakeStream& make,
                                 const std::string& token, Nanos deadline)
    : name_(to.text()), deadline_(deadline), buffer_(256 << 10), noise_(noise_of(512 << 10)) {
  const Nanos begin = steady_now();
  engine::OpenSocket socket = engine::connect(to, deadline - begin);
  segment_ = segment_of(socket.descriptor());
  stream_ = make(io_.get_executor(), std::move(socket), engine::Side::caller);
  stream_->open([this](const std::string& why) {
    lost_ = why;
    opened_ = true;
  });
  wait(deadline_, [this] { return opened_; });
  connected_ = steady_now() - begin;
  read();
  engine::Json hello = {{"probe", 1}};
  if (!token.empty()) hello["token"] = token;
  queue_.push_back(encode(engine::text_message(Kind::hello, hello.dump())));
  write();
  wait(deadline_, [this] { return welcome_; });
  welcomed_ = steady_now() - begin;
}

// What Asio has begun ends before the buffers do.
ProbeConnection::~ProbeConnection() {
  if (stream_) stream_->cancel();
  lost_ = "closed";
  io_.restart();
  io_.run_for(std::chrono::seconds(1));
}

Nanos ProbeConnection::ask(std::span<const Measure> list, bool at_once) {
  const Nanos begin = steady_now();
  for (const Measure& m : list) {
    engine::Message message;
    message.header.kind = Kind::measure;
    message.header.seq = ++asked_;
    message.header.context = m.wanted;
    expected_.push_back({asked_, m.wanted, begin});
    message.payload.assign(noise_.begin(), noise_.begin() + std::min<std::size_t>(m.sent, noise_.size()));
    engine::Bytes bytes = encode(message);
    if (at_once && !queue_.empty() && &m != list.data())
      queue_.back().insert(queue_.back().end(), bytes.begin(), bytes.end());
    else
      queue_.push_back(std::move(bytes));
  }
  write();
  return begin;
}

std::optional<Measured> ProbeConnection::answer(Nanos until) {
  if (!wait(until, [this] { return !answers_.empty(); })) return {};
  const Measured first = answers_.front();
  answers_.pop_front();
  return first;
}

void ProbeConnection::rest(Nanos until) {
  wait(until, [] { return false; });
}

// The connection's handlers run in here, and nowhere else.
bool ProbeConnection::wait(Nanos until, const std::function<bool()>& holds) {
  using Steady = std::chrono::steady_clock;
  while (true) {
    if (!lost_.empty()) fail(lost_);
    if (holds()) return true;
    const Nanos last = std::min(until, deadline_);
    if (steady_now() >= last) {
      if (last == deadline_) fail("did not answer in time");
      return false;
    }
    io_.restart();
    io_.run_one_until(Steady::time_point(std::chrono::duration_cast<Steady::duration>(last)));
  }
}

void ProbeConnection::fail(const std::string& why) const {
  throw engine::Error("server {}: {}", name_, engine::one_line(why, most_words));
}

void ProbeConnection::read() {
  stream_->read_some(asio::buffer(buffer_), [this](const std::string& why, std::size_t bytes) {
    if (!lost_.empty()) return;
    if (why.empty()) {
      try {
        take(bytes);
      } catch (const engine::Error& e) {
        lost_ = e.what();
      }
      read();
    } else {
      lost_ = why;
    }
  });
}

void ProbeConnection::take(std::size_t bytes) {
  std::span<const std::byte> rest(buffer_.data(), bytes);
  while (true) {
    if (head_.size() < engine::prefix_size) {
      if (rest.empty()) return;
      const std::size_t some = std::min(rest.size(), engine::prefix_size - head_.size());
      head_.insert(head_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(some));
      rest = rest.subspan(some);
      if (head_.size() < engine::prefix_size) return;
      engine::Prefix prefix;
      std::ranges::copy(head_, prefix.begin());
      const engine::Sizes sizes =
          read_prefix(prefix, {.rows = 0, .payload = largest, .first_payload = largest}, header_);
      payload_ = sizes.payload;
      left_ = sizes.lists + payload_;
      words_.clear();
    }
    const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), left_));
    if (header_.kind != Kind::measured)
      for (std::size_t i = 0; i < some && words_.size() < most_words; ++i)
        words_ += static_cast<char>(rest[i]);
    rest = rest.subspan(some);
    left_ -= some;
    if (left_ > 0) return;
    message();
    head_.clear();
  }
}

void ProbeConnection::message() {
  switch (header_.kind) {
    case Kind::welcome:
      welcome_ = true;
      return;
    case Kind::measured:
      return measured();
    case Kind::error:
      throw engine::Error("{}", words_);
    case Kind::ping: {
      if (queue_.size() > most_pongs) throw engine::Error("asks for more pongs than it reads");
      engine::Message pong;
      pong.header.kind = Kind::pong;
      pong.header.step = header_.step;
      queue_.push_back(encode(pong));
      return write();
    }
    default:
      throw engine::Error("expected what was measured, found {}", engine::name_of(header_.kind));
  }
}

// The server is not believed: it answers what was asked, in order, and held nothing for longer than was
// waited.
void ProbeConnection::measured() {
  const Nanos now = steady_now();
  if (expected_.empty()) throw engine::Error("measured what was not asked for");
  const Expected asked = expected_.front();
  expected_.pop_front();
  if (header_.seq != asked.seq || payload_ != asked.bytes)
    throw engine::Error("measurement {} of {} bytes: expected {} of {}", header_.seq, payload_, asked.seq,
                        asked.bytes);
  // A thousandth: two clocks may run that much apart.
  if (header_.held < Nanos{} || header_.held > (now - asked.at) + (now - asked.at) / 1000)
    throw engine::Error("says that it held measurement {} for {} ns: expected 0 to {}", asked.seq,
                        header_.held.count(), (now - asked.at).count());
  answers_.push_back({header_.seq, now, header_.held});
}

void ProbeConnection::write() {
  if (writing_ || queue_.empty()) return;
  writing_ = true;
  const engine::Bytes& first = queue_.front();
  stream_->write_some(asio::buffer(first.data() + written_, first.size() - written_),
                      [this](const std::string& why, std::size_t bytes) {
                        writing_ = false;
                        if (!why.empty()) {
                          if (lost_.empty()) lost_ = why;
                          return;
                        }
                        written_ += bytes;
                        if (written_ == queue_.front().size()) {
                          queue_.pop_front();
                          written_ = 0;
                        }
                        if (lost_.empty()) write();
                      });
}

}  // namespace splitwan::scenarios
