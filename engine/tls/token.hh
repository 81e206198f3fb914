// A bearer token: whoever shows it is let in. It stands in a file of mode 0600 and goes over the wire in a
// hello's body, and nowhere else: no argument, log, trace or report holds it.
#pragma once

#include <string>

namespace splitwan::engine {

// The one line of the file. Throws Error where others may read it, or it is too short to be a secret.
std::string read_token(const std::string& path);

// In a time that does not depend on where they differ.
bool same_token(const std::string& a, const std::string& b);

}  // namespace splitwan::engine
