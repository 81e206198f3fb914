// A bearer token: whoever shows it is let in. It stands in a file of mode 0600 and goes over the wire in a
// hello's body, and nowhere else: no argument, log, trace or report holds it.
#pragma once

#include <string>

#include "engine/base/json.hh"

namespace splitwan::engine {

// The one line of the file. Throws Error where others may read it, or it is too short to be a secret.
std::string read_token(const std::string& path);

// In a time that does not depend on where they differ.
bool same_token(const std::string& a, const std::string& b);

void show_token(Json& hello_body, const std::string& token);  // "" = none is shown
// Takes the token out of a hello's body, whether one is expected or not. Throws Error when it is not the
// expected one; the words never hold it. "" = none is expected: any is taken.
void take_token(Json& hello_body, const std::string& expected);

}  // namespace splitwan::engine
