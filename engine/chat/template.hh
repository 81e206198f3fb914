// A chat template, as folders ship them: a strict part of Jinja of our own. What it does not know is an error
// that names line and construct, never left out.
#pragma once

#include <memory>
#include <string>

#include "engine/base/json.hh"

namespace splitwan::engine::chat {

class Template {
 public:
  // `where`: for errors. Throws Error naming the line.
  Template(const std::string& source, std::string where);
  ~Template();
  Template(Template&&) noexcept;

  // `given`: what the template may ask for: messages, add_generation_prompt, bos_token, .. Throws Error, also
  // what the template itself raises (raise_exception), with its own words.
  std::string render(const Json& given) const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace splitwan::engine::chat
