// A connection's bytes, in pieces of the size that the first byte says: whole messages come out, as they were
// sent, and the connection ends with a reason.
#include "engine/net/channel.hh"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstring>

#include "engine/net/sockets.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace engine;
namespace asio = boost::asio;

class FedStream final : public Stream {
 public:
  FedStream(asio::any_io_executor executor, std::string_view bytes, std::size_t piece)
      : executor_(std::move(executor)), bytes_(bytes), piece_(piece) {}

  asio::any_io_executor executor() override { return executor_; }
  void open(Ready done) override {
    asio::post(executor_, [done = std::move(done)] { done(""); });
  }
  void read_some(asio::mutable_buffer into, Moved done) override {
    asio::post(executor_, [this, into, done = std::move(done)] {
      const std::size_t taken = std::min({piece_, bytes_.size(), into.size()});
      if (taken == 0) return done("closed by the peer", 0);
      std::memcpy(into.data(), bytes_.data(), taken);
      bytes_.remove_prefix(taken);
      done("", taken);
    });
  }
  void write_some(asio::const_buffer bytes, Moved done) override {
    asio::post(executor_, [size = bytes.size(), done = std::move(done)] { done("", size); });
  }
  void end_writing() override {}
  void cancel() override { bytes_ = {}; }
  const std::string& peer() const override { return peer_; }
  std::string protection() const override { return "none"; }

 private:
  asio::any_io_executor executor_;
  const std::string peer_ = "10.0.0.2:7420";
  std::string_view bytes_;
  std::size_t piece_;
};

void feed(std::string_view input) {
  static const WallClock clock;
  const std::size_t piece = 1 + take_byte(input);
  asio::io_context io;
  std::string ended;
  std::size_t at = 0;
  const ChannelTerms terms{.limits = {.rows = 1024, .payload = 1 << 16, .first_payload = 1 << 12}};
  const auto channel = std::make_shared<Channel>(
      1, std::make_unique<FedStream>(io.get_executor(), input, piece), terms, clock);
  channel->start({{},
                  [&](const Arrival& arrival) {
                    const Bytes bytes = encode(arrival.message);
                    const auto found = input.find(
                        std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), at);
                    must(found != input.npos, "messages come as they were sent, in order");
                    at = found + bytes.size();
                    channel->send(arrival.message);
                  },
                  [&](const std::string& why) { ended = why; }});
  io.run();
  must(!ended.empty(), "a connection ends with a reason");
  must(channel->queued() == 0 && channel->coming() == 0, "nothing is held of a connection that has gone");
}

const Stands stands("channel", feed);

}  // namespace
}  // namespace splitwan::fuzz
