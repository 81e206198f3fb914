// A few texts over HTTP, for monitors: one thread, a bounded number of visitors, each for a bounded time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/net/open_socket.hh"

namespace splitwan::scenarios {

struct Page {
  unsigned status = 200;
  std::string type, text;
};

class HttpPage {
 public:
  using Find = std::function<Page(std::string_view path)>;  // on the page's own thread

  static constexpr std::size_t most_visitors = 16;  // then the one who has been there longest goes
  // `patience`: for all of a visit. Throws Error.
  HttpPage(const engine::Endpoint&, Find, engine::Nanos patience = std::chrono::seconds(5));
  ~HttpPage();
  const engine::Endpoint& address() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace splitwan::scenarios
