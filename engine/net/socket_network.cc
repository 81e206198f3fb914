#include <exception>
#include <mutex>
#include <thread>

#include "engine/base/error.hh"
#include "engine/net/sockets.hh"

namespace splitwan::engine {

void SocketNetwork::run(const std::map<PartyId, PartyMain>& parties) {
  WallClock clock;
  std::map<PartyId, std::unique_ptr<SocketTransport>> ends;
  for (const auto& [id, main] : parties) ends[id] = std::make_unique<SocketTransport>(clock);
  auto pairs = pairs_;
  for (auto a = parties.begin(); pairs_.empty() && a != parties.end(); ++a)
    for (auto b = std::next(a); b != parties.end(); ++b) pairs.emplace_back(a->first, b->first);
  for (const auto& [a, b] : pairs) {
    Listener listener({"127.0.0.1", 0});
    ends.at(a)->add(b, fmt::format("party {}", b), connect(listener.address()));
    ends.at(b)->add(a, fmt::format("party {}", a), *listener.accept(), {}, Side::called);
  }
  std::mutex mutex;
  std::exception_ptr failure;  // the first; the others' are its consequences
  std::vector<std::thread> threads;
  threads.reserve(parties.size());
  for (const auto& [id, main] : parties) {
    threads.emplace_back([&, id = id, &main = main] {
      try {
        main(*ends.at(id), clock);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
      ends.at(id).reset();  // the others learn that this party has left
    });
  }
  for (std::thread& t : threads) t.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace splitwan::engine
