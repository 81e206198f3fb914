// Text that others wrote, made fit to stand in our lines: names of scenarios and cells, reasons.
#pragma once

#include <string>
#include <string_view>

namespace splitwan::engine {

// Valid UTF-8 on one line: control and invisible formatting characters become spaces, bytes that are no
// character U+FFFD. At most so many bytes: shortened.
std::string one_line(std::string_view, std::size_t most = std::string_view::npos);

// At most so many bytes; cut between characters, and then ends with "...".
std::string shortened(std::string_view valid, std::size_t most);

std::size_t columns_of(std::string_view valid);  // on a terminal

}  // namespace splitwan::engine
