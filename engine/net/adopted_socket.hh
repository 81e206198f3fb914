// For those that make streams: a connected socket as Asio knows it.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>

#include "engine/net/stream.hh"

namespace splitwan::engine {

// Configured as every connection is: TCP_NODELAY; a peer that vanished without a word is noticed within about
// half a minute.
boost::asio::generic::stream_protocol::socket adopt(boost::asio::any_io_executor, OpenSocket);

std::string reason_of(const boost::system::error_code&);  // "" = none

// A handler for Asio that tells `done`.
inline auto told(Stream::Moved done) {
  return [done = std::move(done)](const boost::system::error_code& error, std::size_t bytes) {
    done(reason_of(error), bytes);
  };
}

}  // namespace splitwan::engine
