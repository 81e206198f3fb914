#include "scenarios/watch/http_page.hh"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <thread>

#include "engine/base/error.hh"
#include "engine/net/adopted_socket.hh"
#include "scenarios/console/signal_watch.hh"

namespace splitwan::scenarios {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Failed = boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;

constexpr std::uint32_t most_head = 8 << 10;  // bytes of a request; none has a body

}  // namespace

// One request, one answer.
class Visitor : public std::enable_shared_from_this<Visitor> {
 public:
  Visitor(Socket socket, const HttpPage::Find& find, engine::Nanos patience)
      : socket_(std::move(socket)), timer_(socket_.get_executor(), patience), find_(find) {
    request_.header_limit(most_head);
    request_.body_limit(0);
  }

  void begin() {
    timer_.async_wait([self = shared_from_this()](const Failed& cancelled) {
      if (!cancelled) self->leave();
    });
    http::async_read(socket_, buffer_, request_,
                     [self = shared_from_this()](const Failed& failed, std::size_t) {
                       failed ? self->leave() : self->answer();
                     });
  }

  void leave() {
    Failed ignored;
    timer_.cancel();
    socket_.close(ignored);
  }

 private:
  void answer() {
    const auto& asked = request_.get();
    const bool head = asked.method() == http::verb::head;
    const std::string_view target{asked.target().data(), asked.target().size()};
    Page page = head || asked.method() == http::verb::get ? find_(target.substr(0, target.find('?')))
                                                          : Page{405, "text/plain", "GET and HEAD only\n"};
    answer_.result(page.status);
    answer_.set(http::field::content_type, page.type);
    answer_.set(http::field::cache_control, "no-store");
    answer_.keep_alive(false);
    answer_.body() = std::move(page.text);
    answer_.prepare_payload();
    if (head) answer_.body().clear();  // its length stays
    http::async_write(socket_, answer_, [self = shared_from_this()](const Failed& failed, std::size_t) {
      failed ? self->leave() : self->part();
    });
  }

  // Closing with unread bytes would reset the connection, and the reset overtake the answer.
  void part() {
    Failed ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    drain();
  }
  void drain() {
    socket_.async_read_some(asio::buffer(rest_),
                            [self = shared_from_this()](const Failed& failed, std::size_t) {
                              failed ? self->leave() : self->drain();
                            });
  }

  Socket socket_;
  asio::steady_timer timer_;
  const HttpPage::Find& find_;
  boost::beast::flat_buffer buffer_{most_head};
  http::request_parser<http::empty_body> request_;
  http::response<http::string_body> answer_;
  std::array<char, 512> rest_;
};

struct HttpPage::Body {
  Body(const engine::Endpoint& here, Find finds, engine::Nanos each)
      : listener(here), find(std::move(finds)), patience(each) {}
  ~Body() {
    io.stop();
    if (thread.joinable()) thread.join();
    door.release();  // the listener's
  }

  void run() {
    while (!io.stopped()) {
      try {
        io.run();
      } catch (...) {  // no memory for a visitor: others come
      }
    }
  }

  void wait() {
    door.async_wait(asio::posix::stream_descriptor::wait_read, [this](const Failed& failed) {
      if (failed) return;
      wait_again();
    });
  }

  // Where the system cannot take anybody the door is tried again a little later.
  void wait_again() {
    try {
      take();
      wait();
    } catch (...) {
      pause.expires_after(std::chrono::milliseconds(200));
      pause.async_wait([this](const Failed& cancelled) {
        if (!cancelled) wait();
      });
    }
  }

  void take() {
    auto called = listener.accept(engine::Nanos{});
    if (!called) return;
    std::erase_if(visitors, [](const auto& v) { return v.expired(); });
    while (visitors.size() >= most_visitors) {
      if (const auto longest = visitors.front().lock()) longest->leave();
      visitors.pop_front();
    }
    const auto visitor =
        std::make_shared<Visitor>(engine::adopt(io.get_executor(), std::move(*called)), find, patience);
    visitors.push_back(visitor);
    visitor->begin();
  }

  engine::Listener listener;
  const Find find;
  const engine::Nanos patience;
  asio::io_context io{1};
  asio::posix::stream_descriptor door{io};
  asio::steady_timer pause{io};
  std::deque<std::weak_ptr<Visitor>> visitors;  // the oldest first
  std::thread thread;
};

HttpPage::HttpPage(const engine::Endpoint& here, Find find, engine::Nanos patience)
    : body_(std::make_unique<Body>(here, std::move(find), patience)) {
  Body& b = *body_;
  try {
    b.door.assign(b.listener.descriptor());
    b.wait();
    b.thread = std::thread([&b] {
      take_no_signals();
      b.run();
    });
  } catch (const std::exception& e) {
    throw engine::Error("{}: nobody can answer there: {}", here.text(), e.what());
  }
}

HttpPage::~HttpPage() = default;

const engine::Endpoint& HttpPage::address() const { return body_->listener.address(); }

}  // namespace splitwan::scenarios
