// Folders with what each side of a TLS connection needs, made from one small authority.
//
//   DIR/ca.pem, ca.key     stay where they were made
//   DIR/PARTY/ca.pem       whom it trusts
//   DIR/PARTY/cert.pem, key.pem
//   DIR/PARTY/clients/     of one that is called: the certificates let in; one that is removed is let in no
//   more
#pragma once

#include <string>
#include <vector>

#include "engine/tls/authority.hh"

namespace splitwan::engine {

struct TlsParty {
  std::string name;                     // of its folder
  std::vector<std::string> names = {};  // of one that is called: its host names and addresses
  bool called = false, calls = false;
  std::vector<std::string> lets_in = {};  // other parties
};

constexpr int authority_days = 3650;

// Nothing is overwritten: the folder must not exist, or be empty. Throws Error.
void make_tls_folder(const std::string& folder, const std::vector<TlsParty>&, int days);

// One more that calls, let in by these parties of a folder that is there.
void add_tls_client(const std::string& folder, const std::string& name,
                    const std::vector<std::string>& called, int days);

void check_tls_name(const std::string& name);  // of a party: throws Error where it cannot be a folder's

}  // namespace splitwan::engine
