#include "engine/tls/tls_folder.hh"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/tls/private_file.hh"

namespace splitwan::engine {
namespace {

bool made_of(const std::string& text, const char* others) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view(others).find(c) != std::string::npos;
  });
}

void check_host(const std::string& name) {
  if (is_ip_address(name)) return;
  if (!made_of(name, "-._") || name.size() > 253 || name.front() == '.')
    throw Error("'{}': expected a host name or an IP address, as in gpu.example.org", name);
}

void write_party(const std::string& folder, const Authority& authority, const Issued& issued) {
  make_private_folder(folder);
  make_private_file(folder + "/ca.pem", authority.own().certificate);
  make_private_file(folder + "/cert.pem", issued.certificate);
  make_private_file(folder + "/key.pem", issued.key);
}

}  // namespace

void check_tls_name(const std::string& name) {
  if (!made_of(name, "-._") || name.size() > 64 || name.front() == '.' || name.starts_with("ca."))
    throw Error("'{}': expected a name of letters, digits, '-', '_' and '.', as in laptop", name);
}

void make_tls_folder(const std::string& folder, const std::vector<TlsParty>& parties, int days) {
  for (const TlsParty& party : parties) {
    check_tls_name(party.name);
    for (const std::string& name : party.names) check_host(name);
    if (std::ranges::count(parties, party.name, &TlsParty::name) > 1)
      throw Error("'{}': two of this name", party.name);
  }
  make_private_folder(folder);
  const Authority authority = Authority::create(Validity::of_days(authority_days));
  make_private_file(folder + "/ca.pem", authority.own().certificate);
  make_private_file(folder + "/ca.key", authority.own().key);
  std::map<std::string, std::string> certificates;
  for (const TlsParty& party : parties) {
    const Issued issued =
        authority.issue({party.name, party.names, party.called, party.calls, Validity::of_days(days)});
    certificates[party.name] = issued.certificate;
    write_party(folder + "/" + party.name, authority, issued);
  }
  for (const TlsParty& party : parties) {
    if (!party.called) continue;
    const std::string clients = folder + "/" + party.name + "/clients";
    make_private_folder(clients);
    for (const std::string& other : party.lets_in)
      make_private_file(fmt::format("{}/{}.pem", clients, other), certificates.at(other));
  }
}

void add_tls_client(const std::string& folder, const std::string& name,
                    const std::vector<std::string>& called, int days) {
  check_tls_name(name);
  const Authority authority = Authority::read(folder + "/ca.pem", folder + "/ca.key");
  for (const std::string& party : called)
    if (!std::filesystem::is_directory(folder + "/" + party + "/clients"))
      throw Error("{}/{}/clients: expected a folder", folder, party);
  const std::string own = folder + "/" + name;
  if (std::filesystem::exists(own)) throw Error("{}: exists: nothing is overwritten", own);
  const Issued issued = authority.issue({name, {}, false, true, Validity::of_days(days)});
  write_party(own, authority, issued);
  for (const std::string& party : called)
    make_private_file(fmt::format("{}/{}/clients/{}.pem", folder, party, name), issued.certificate);
}

}  // namespace splitwan::engine
