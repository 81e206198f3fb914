// Whom a server lets in: who has one of the certificates that lie in a folder, at the moment of calling.
#pragma once

#include <string>

#include "engine/tls/certificate.hh"

namespace splitwan::engine {

// Looks into the folder each time, so that who is removed is not let in again. A file that cannot be read, or
// that is no certificate, lets nobody in.
bool holds_certificate(const std::string& folder, const Certificate&) noexcept;

}  // namespace splitwan::engine
