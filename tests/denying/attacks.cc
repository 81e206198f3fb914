#include "tests/denying/attacks.hh"

namespace splitwan::denying {
namespace {

using Sockets = std::vector<OpenSocket>;

Sockets callers(const Target& t, int count) {
  Sockets sockets;
  for (int i = 0; i < count; ++i)
    if (auto socket = call(t)) sockets.push_back(std::move(*socket));
  return sockets;
}

// That have said hello and been answered.
Sockets clients(const Target& t, int count) {
  Sockets sockets = callers(t, count);
  for (OpenSocket& socket : sockets) send(socket, t.hello);
  for (OpenSocket& socket : sockets) read(socket, 4096, 2s);
  return sockets;
}

[[noreturn]] void forever(const std::function<void()>& job) {
  while (true) job();
}

void silent_connects(const Target& t) {
  forever([&] {
    const Sockets silent = callers(t, 200);
    std::this_thread::sleep_for(1s);
  });
}

void slow_greeting(const Target& t) {
  forever([&] {
    const Sockets slow = callers(t, 40);
    for (const std::byte& byte : t.hello) {
      for (const OpenSocket& socket : slow) send(socket, {&byte, 1}, 0ms);
      std::this_thread::sleep_for(200ms);
    }
  });
}

void connect_flood(const Target& t) {
  forever([&] { call(t); });
}

void upload_and_leave(const Target& t) {
  const Bytes chunk = engine::encode(request(t, 128, 0));
  forever([&] {
    const auto socket = call(t);
    if (!socket || !send(*socket, t.hello)) return std::this_thread::sleep_for(10ms);
    for (int i = 0; i < 300 && send(*socket, chunk, 10ms); ++i) {
    }
  });
}

void queued_requests(const Target& t) {
  forever([&] {
    Sockets flood = clients(t, 16);
    for (std::uint32_t step = 0; std::cmp_less(step, t.context - 1); ++step) {
      const Bytes one = engine::encode(request(t, 1, step, all_of(step > 0)));
      for (OpenSocket& socket : flood) send(socket, one, 20ms);
    }
    for (OpenSocket& socket : flood)
      while (read(socket, 1 << 20, 200ms) > 0) {
      }
  });
}

void zigzag_tree(const Target& t) {
  const auto rows = static_cast<std::uint32_t>(std::min(t.context, engine::widest_tree));
  std::vector<std::int32_t> parent(rows);
  for (std::int32_t row = 0; std::cmp_less(row, rows); ++row)
    parent[static_cast<std::size_t>(row)] = std::max(-1, row - 2);
  const Bytes tree = engine::encode(request(t, rows, 0, {}, parent));
  forever([&] {
    Sockets four = clients(t, 4);
    for (int i = 0; i < 5; ++i) {
      for (OpenSocket& socket : four) send(socket, tree);
      for (OpenSocket& socket : four) read(socket, 1 << 20, 10s);
    }
  });
}

void announced_payload(const Target& t) {
  Bytes head = engine::encode(request(t, 2048, 0));
  const Bytes drop = {head.end() - 16, head.end()};
  head.resize(engine::prefix_size);
  forever([&] {
    Sockets many = clients(t, 60);
    for (OpenSocket& socket : many) send(socket, head);
    for (int i = 0; i < 20; ++i) {
      for (OpenSocket& socket : many) send(socket, drop, 0ms);
      std::this_thread::sleep_for(100ms);
    }
  });
}

void slow_drain(const Target& t) {
  const Bytes step = engine::encode(request(t, 512, 0));
  forever([&] {
    Sockets slow = clients(t, 30);
    for (int i = 0; i < 40; ++i) {
      for (OpenSocket& socket : slow) {
        send(socket, step, 0ms);
        read(socket, 4096, 0ms);
      }
      std::this_thread::sleep_for(100ms);
    }
  });
}

void full_caches(const Target& t) {
  const auto rows = static_cast<std::uint32_t>(t.context / 2);
  const Bytes fill = engine::encode(request(t, rows, 0)),
              keep = engine::encode(request(t, 1, rows, all_of(rows)));
  forever([&] {
    Sockets idle = clients(t, 50);
    for (OpenSocket& socket : idle) {
      send(socket, fill);
      send(socket, keep);
    }
    std::this_thread::sleep_for(3s);
  });
}

}  // namespace

std::vector<Attack> attacks() {
  return {{"silent_connects", silent_connects},
          {"slow_greeting", slow_greeting},
          {"connect_flood", connect_flood},
          {"upload_and_leave", upload_and_leave},
          {"queued_requests", queued_requests},
          {"zigzag_tree", zigzag_tree},
          {"announced_payload", announced_payload},
          {"slow_drain", slow_drain},
          {"full_caches", full_caches}};
}

}  // namespace splitwan::denying
