// By what a result is known again: SHA-1 (as sha1sum prints it) of texts, files and folders.
#pragma once

#include <string>
#include <string_view>

namespace splitwan::scenarios {

std::string content_hash(std::string_view text);

// Of its bytes; read once by a process as long as its size and its time of change stay. Throws Error naming
// the file.
std::string file_hash(const std::string& path);

// Of a model's folder, or of one of maps: the names and bytes of the files that are read there
// (configuration, tokenizer, tensors), in the names' order; not of READMEs, nor of the folder's own name.
std::string folder_hash(const std::string& path);

}  // namespace splitwan::scenarios
