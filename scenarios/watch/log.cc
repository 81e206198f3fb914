#include "scenarios/watch/log.hh"

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/plain_text.hh"
#include "scenarios/console/signal_watch.hh"
#include "scenarios/watch/line_writer.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;
using engine::Level;

constexpr std::size_t most_queued = 1024, most_bytes = 2000;  // lines, and bytes of one
constexpr std::array level_words = {"debug", "info", "warning", "error"};

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

class WriterSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit WriterSink(int descriptor) : writer_(descriptor) {}
  std::uint64_t lost() const { return writer_.lost(); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    writer_.write({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  LineWriter writer_;
};

namespace {

// Quotes included. Valid in JSON, and in key=value text as its readers know it (logfmt).
std::string quoted(std::string_view words) { return Json(engine::one_line(words, most_bytes)).dump(); }

std::string number(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null"; }

}  // namespace

struct Log::Body {
  std::shared_ptr<spdlog::details::thread_pool> thread;
  std::shared_ptr<WriterSink> sink;
  std::shared_ptr<spdlog::async_logger> logger;
  bool json = false;
};

Log::Log(int descriptor, Level least, bool json) : body_(std::make_unique<Body>()) {
  try {
    body_->json = json;
    body_->thread = std::make_shared<spdlog::details::thread_pool>(most_queued, 1, take_no_signals);
    body_->sink = std::make_shared<WriterSink>(descriptor);
    body_->logger = std::make_shared<spdlog::async_logger>("splitwan", body_->sink, body_->thread,
                                                           spdlog::async_overflow_policy::overrun_oldest);
  } catch (const std::exception& e) {
    throw engine::Error("log: cannot begin: {}", e.what());
  }
  const char* pattern =
      json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v";
  body_->logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
  body_->logger->set_level(spdlog_level(least));
  body_->logger->set_error_handler([](const std::string&) {});  // the usual one writes to stderr
}

Log::~Log() = default;

bool Log::takes(Level level) const noexcept { return body_->logger->should_log(spdlog_level(level)); }

void Log::line(Level level, std::string_view words, std::span<const LogNumber> numbers) noexcept {
  if (!takes(level)) return;
  try {
    std::string text = (body_->json ? "\"message\":" : "message=") + quoted(words);
    for (const LogNumber& n : numbers)
      text += body_->json ? fmt::format(",\"{}\":{}", n.key, number(n.value))
                          : fmt::format(" {}={}", n.key, number(n.value));
    body_->logger->log(spdlog_level(level), spdlog::string_view_t(text));
  } catch (...) {  // no memory: a line less
  }
}

std::uint64_t Log::lost() const noexcept { return body_->thread->overrun_counter() + body_->sink->lost(); }

Level level_named(const std::string& name) {
  const auto found = std::ranges::find(level_words, name);
  if (found == level_words.end()) throw engine::Error("--log-level '{}': expected {}", name, level_names());
  return static_cast<Level>(found - level_words.begin());
}

std::string level_names() { return "debug, info, warning or error"; }

}  // namespace splitwan::scenarios
