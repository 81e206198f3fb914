// `splitwan serve --init-tls`: a small authority, and a folder for each machine.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace splitwan::scenarios {

struct InitTlsOptions {
  std::string folder;  // "" = not asked for
  std::vector<std::string> names, clients;
  int days = 730;
};

void add_init_tls_options(CLI::App&, InitTlsOptions&);

// `scenario`: one whose tokens are sharded, each of whose parties gets a folder; "" = a server and clients.
int init_tls(const InitTlsOptions&, const std::string& scenario, bool json);

}  // namespace splitwan::scenarios
