// Files that hold secrets: keys and tokens.
#pragma once

#include <string>
#include <string_view>

namespace splitwan::engine {

// Throws Error naming the file where others may read it. A group may, of a file that its reader does not own:
// so systemd hands on credentials.
std::string read_private_file(const std::string& path);

// Throws Error where there is something of this name already; on the disk when it returns. 0600.
void make_private_file(const std::string& path, std::string_view text);
void make_private_folder(const std::string& path);  // 0700; one that is there must be empty

}  // namespace splitwan::engine
