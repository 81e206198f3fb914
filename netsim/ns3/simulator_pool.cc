#include "netsim/ns3/simulator_pool.hh"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "netsim/ns3/ns3_simulator.hh"

namespace splitwan::netsim {
namespace {

struct Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<LinePeer>> idle;
  pid_t owner = getpid();  // after a fork both would talk to the same processes

  bool is_ours() {
    if (owner == getpid()) return true;
    for (auto& process : idle) static_cast<void>(process.release());  // the parent's to end
    idle.clear();
    owner = getpid();
    return false;
  }
};

Pool& pool() {
  static Pool pool;
  return pool;
}

}  // namespace

std::unique_ptr<LinePeer> take_idle(const std::string& path) {
  std::vector<std::unique_ptr<LinePeer>> dead;  // ended outside the lock
  const std::lock_guard lock(pool().mutex);
  if (!pool().is_ours()) return nullptr;
  auto& idle = pool().idle;
  while (true) {
    const auto it = std::find_if(idle.rbegin(), idle.rend(), [&](auto& p) { return p->program() == path; });
    if (it == idle.rend()) return nullptr;
    std::unique_ptr<LinePeer> process = std::move(*it);
    idle.erase(std::next(it).base());
    if (process->is_quiet()) return process;
    dead.push_back(std::move(process));
  }
}

void put_idle(std::unique_ptr<LinePeer> process) {
  const std::size_t most = std::max(4u, std::thread::hardware_concurrency());
  const std::lock_guard lock(pool().mutex);
  pool().is_ours();
  if (pool().idle.size() < most) pool().idle.push_back(std::move(process));
}

void end_idle_simulators() {
  std::vector<std::unique_ptr<LinePeer>> ending;
  const std::lock_guard lock(pool().mutex);
  if (pool().is_ours()) ending.swap(pool().idle);
}

}  // namespace splitwan::netsim
