// Two commands on the two sides of a link, for as long as the client runs.
#pragma once

#include <optional>
#include <string>

#include "netsim/kernel/contained_process.hh"
#include "netsim/kernel/emulated_link.hh"

namespace splitwan::netsim {

struct LinkCommands {
  std::string client, server;  // for the shell; {client} and {server} in them are the addresses; may be empty
  LinkTime patience = std::chrono::seconds(60);  // for the server to listen before the client starts
  bool quiet = false;                            // the client's stdout goes to stderr
};

// SIGINT, SIGTERM and SIGHUP wait in this thread, and in those it starts, until a session looks for them.
void block_signals();

// `command` in `where` until it has ended or a signal comes, on the main thread, signals blocked: its exit
// code, 128 + n after a signal. quiet: its stdout goes to stderr.
int run_client_in(const NetNamespace& where, const std::string& command, bool quiet);

class LinkSession {
 public:
  LinkSession(const EmulatedLink& link, LinkCommands commands)
      : link_(link), commands_(std::move(commands)) {}

  // Runs until the client has ended or a signal comes; without a client until a signal. Ends both. Returns
  // the client's exit code, 128 + n after a signal, 2 when only the server failed. Call it on the main
  // thread, signals blocked. Throws Error when the server does not come up.
  int run();

 private:
  int wait_for_server();  // the signal that came meanwhile, or 0
  int run_client();
  int stay();

  const EmulatedLink& link_;
  const LinkCommands commands_;
  std::optional<ContainedProcess> server_;
};

}  // namespace splitwan::netsim
