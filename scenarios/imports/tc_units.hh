// Words and units as tc (iproute2, tc_util.c) reads them. Case does not matter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

// Each throws Error as "WHERE: expected ..., found ...".
netsim::LinkTime tc_time(const std::string& word, const std::string& where);  // a bare number counts us
double tc_rate(const std::string& word, const std::string& where);     // bit/s; bps are bytes per second
double tc_percent(const std::string& word, const std::string& where);  // as fraction; 0.5 is 0.5%
double tc_size(const std::string& word, const std::string& where);     // bytes; k is 1024

class TcWords {
 public:
  explicit TcWords(std::string_view line);
  bool empty() const { return at_ == words_.size(); }
  bool take(std::string_view word);                                       // if it is next
  std::string next(const std::string& where, std::string_view expected);  // throws at the end
  bool number_follows() const;

 private:
  std::vector<std::string> words_;
  std::size_t at_ = 0;
};

}  // namespace splitwan::scenarios
