#include "engine/net/sockets.hh"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "engine/base/error.hh"

namespace splitwan::engine {

namespace {

constexpr std::size_t most_waiting = 256u << 20;  // bytes received and not yet taken: then reading pauses
constexpr std::size_t most_queued = 1u << 30;     // bytes accepted for sending: then the peer is stuck
constexpr auto probe_spacing = std::chrono::milliseconds(100);
constexpr auto last_words = std::chrono::seconds(2);  // for a peer to read why it was refused

}  // namespace

// What has arrived from anybody, and who has gone.
struct SocketTransport::Inbox {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Arrival> arrivals;
  std::map<PartyId, std::string> gone;  // peer -> why
  std::set<PartyId> told;               // of those: who waits for anybody was told
  std::size_t bytes = 0;                // of messages waiting in `arrivals`
  bool closing = false;
};

class SocketTransport::Connection {
 public:
  Connection(PartyId peer, std::string name, std::unique_ptr<Stream> stream, const Limits& limits,
             Probes probes, Clock& clock, Inbox& inbox)
      : name(std::move(name)),
        peer_(peer),
        stream_(std::move(stream)),
        limits_(limits),
        probes_(probes),
        clock_(clock),
        inbox_(inbox) {
    reader_ = std::thread([this] { read(); });
    writer_ = std::thread([this] { write(); });
  }

  ~Connection() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    queued_.notify_one();
    writer_.join();
    {
      std::unique_lock lock(inbox_.mutex);
      inbox_.closing = true;
      inbox_.changed.notify_all();
      // Closing with unread bytes would reset the connection, and the reset overtake the refusal.
      if (refused_) {
        stream_->end_writing();
        inbox_.changed.wait_for(lock, last_words, [&] { return inbox_.gone.count(peer_) > 0; });
      }
    }
    stream_->cancel();
    reader_.join();
  }

  void send(const Message& message) {
    refused_ = message.header.kind == Kind::error;
    Bytes bytes = encode(message);
    {
      const std::lock_guard lock(mutex_);
      // What the peer said before it left explains more: recv gives it out, and then says that it is gone.
      if (!failure_.empty()) return;
      if (queued_bytes_ > most_queued) throw Error("{}: does not read what it is sent", name);
      queued_bytes_ += bytes.size();
      queue_.push_back(std::move(bytes));
      const Kind kind = message.header.kind;
      unanswered_ += kind == Kind::hello || kind == Kind::request;
    }
    queued_.notify_one();
  }

  const std::string name;

 private:
  void read() {
    std::string why;
    std::uint32_t sent_again = 0;  // as of the last message
    try {
      Limits limits{limits_.rows, limits_.first_payload};
      while (true) {
        Prefix prefix;
        read_all(*stream_, prefix);
        const std::uint64_t begun = stream_->info().received;
        const Nanos began = clock_.now();
        Arrival arrival{peer_, {}, {}, 0};
        const Sizes sizes = read_prefix(prefix, limits, arrival.message.header);
        Bytes lists(sizes.lists);
        arrival.message.payload.resize(sizes.payload);
        read_all(*stream_, lists, arrival.message.payload);
        read_lists(lists, arrival.message.header);
        const TcpInfo info = stream_->info();
        if (is_probe(arrival.message.header)) continue;
        limits = limits_;  // no stranger any longer
        arrival.tcp = info.sample;
        arrival.tcp.probe = std::exchange(probed_.probe, {});
        arrival.tcp.probe_bytes = std::exchange(probed_.probe_bytes, 0);
        arrival.tcp.peer_retransmits = std::exchange(probed_.peer_retransmits, 0);
        if (info.received > begun) {
          arrival.tcp.coming = clock_.now() - began;
          arrival.tcp.came = info.received - begun;
        }
        arrival.retransmits = info.retransmits - std::exchange(sent_again, info.retransmits);
        const Kind kind = arrival.message.header.kind;
        std::unique_lock lock(inbox_.mutex);
        arrival.at = clock_.now();     // under the lock: stamps grow along the inbox
        if (inbox_.closing) continue;  // nobody will look
        inbox_.bytes += wire_size(arrival.message);
        inbox_.arrivals.push_back(std::move(arrival));
        inbox_.changed.notify_all();
        if (kind == Kind::welcome || kind == Kind::reply) answered();
        // A peer that asks faster than it is served is left to TCP's own back pressure.
        inbox_.changed.wait(lock, [&] { return inbox_.bytes <= most_waiting || inbox_.closing; });
      }
    } catch (const std::exception& e) {
      why = e.what();
    }
    const std::lock_guard lock(inbox_.mutex);
    inbox_.gone[peer_] = why;
    inbox_.changed.notify_all();
  }

  // Pings that come faster than they can be answered share an answer: nothing piles up.
  bool is_probe(const Header& h) {
    if (h.kind == Kind::ping) {
      const std::lock_guard lock(mutex_);
      pong_due_ = h.step;
      queued_.notify_one();
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

  void answered() {
    const std::lock_guard lock(mutex_);
    if (unanswered_ > 0) --unanswered_;
    const Nanos now = clock_.now();
    if (probes_ == Probes::answered || unanswered_ > 0 || ping_out_) return;
    if (pings_ > 0 && now - pinged_ < probe_spacing) return;
    ping_out_ = true;
    pinged_ = now;
    queue_.push_back(encode(probe(Kind::ping, ++pings_)));
    queued_bytes_ += queue_.back().size();
    queued_.notify_one();
  }

  static Message probe(Kind kind, std::uint64_t number) {
    Message m;
    m.header.kind = kind;
    m.header.step = number;
    return m;
  }

  // What goes out next: an answer to a ping first, for it waits for nothing.
  Bytes next() {
    if (pong_due_) {
      Message m = probe(Kind::pong, *std::exchange(pong_due_, std::nullopt));
      m.header.context = stream_->info().retransmits;
      return encode(m);
    }
    Bytes bytes = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= bytes.size();
    return bytes;
  }

  void write() {
    std::unique_lock lock(mutex_);
    while (true) {
      queued_.wait(lock, [&] { return closing_ || pong_due_ || !queue_.empty(); });
      if (queue_.empty() && (closing_ || !pong_due_)) return;
      const Bytes bytes = next();
      lock.unlock();
      std::string failure;
      try {
        write_all(*stream_, bytes);
      } catch (const std::exception& e) {
        failure = e.what();
      }
      lock.lock();
      if (!failure.empty()) {
        failure_ = failure;
        return;
      }
    }
  }

  PartyId peer_;
  std::unique_ptr<Stream> stream_;
  Limits limits_;
  Probes probes_;
  Clock& clock_;
  Inbox& inbox_;
  std::mutex mutex_;  // queue_, queued_bytes_, unanswered_, pong_due_, closing_, failure_
  std::condition_variable queued_;
  std::deque<Bytes> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t unanswered_ = 0;  // of what was asked
  std::optional<std::uint64_t> pong_due_;
  // The reader's alone: pings sent, whether the last one is out, when it was, and what probes told since the
  // last message.
  std::uint64_t pings_ = 0;
  bool ping_out_ = false;
  Nanos pinged_{};
  TcpSample probed_;
  bool closing_ = false;
  bool refused_ = false;  // the last message sent was an error
  std::string failure_;
  std::thread reader_, writer_;
};

SocketTransport::SocketTransport(Clock& clock) : clock_(clock), inbox_(std::make_unique<Inbox>()) {}
SocketTransport::~SocketTransport() = default;

void SocketTransport::add(PartyId peer, std::string name, std::unique_ptr<Stream> stream,
                          const Limits& limits, Probes probes) {
  peers_[peer] =
      std::make_unique<Connection>(peer, std::move(name), std::move(stream), limits, probes, clock_, *inbox_);
}

void SocketTransport::send(PartyId to, Message message) {
  const auto peer = peers_.find(to);
  if (peer == peers_.end()) throw Error("no connection to party {}", to);
  peer->second->send(message);
}

std::optional<Arrival> SocketTransport::recv(PartyId from, Nanos deadline) {
  std::unique_lock lock(inbox_->mutex);
  while (true) {
    auto& arrivals = inbox_->arrivals;
    const auto it = std::find_if(arrivals.begin(), arrivals.end(),
                                 [&](const Arrival& a) { return from == any_party || a.from == from; });
    if (it != arrivals.end()) {
      Arrival arrival = std::move(*it);
      arrivals.erase(it);
      inbox_->bytes -= wire_size(arrival.message);
      inbox_->changed.notify_all();
      return arrival;
    }
    if (from == any_party && tells_of_departures_) {
      for (const auto& [peer, why] : inbox_->gone) {
        if (!inbox_->told.insert(peer).second) continue;
        Arrival arrival{peer, clock_.now(), {}};
        arrival.message.header.kind = Kind::error;
        const std::string text = "connection lost: " + why;
        const auto bytes = std::as_bytes(std::span(text));
        arrival.message.payload.assign(bytes.begin(), bytes.end());
        return arrival;
      }
    }
    const auto gone = from == any_party ? inbox_->gone.begin() : inbox_->gone.find(from);
    if (gone != inbox_->gone.end() && (from != any_party || inbox_->gone.size() == peers_.size())) {
      throw Error("{}: connection lost: {}", peers_.at(gone->first)->name, gone->second);
    }
    if (deadline == no_deadline) {
      inbox_->changed.wait(lock);
    } else {
      const Nanos left = deadline - clock_.now();
      if (left <= Nanos(0)) return std::nullopt;
      inbox_->changed.wait_for(lock, left);
    }
  }
}

}  // namespace splitwan::engine
