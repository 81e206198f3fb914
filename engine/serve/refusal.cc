#include "engine/serve/refusal.hh"

#include <iterator>

namespace splitwan::engine {
namespace {

struct Row {
  std::string_view name, words;
};
constexpr Row refusals[] = {{"strangers", ""},
                            {"sessions", "all sessions are taken: try again later"},
                            {"source", "all sessions of your address are taken: end one, or try again later"},
                            {"hello", "malformed hello"},
                            {"token", "the token is missing or wrong"},
                            {"draining", "the server is about to end and takes nobody new"},
                            {"request", "malformed request"},
                            {"sequence", "a message is missing"},
                            {"bytes", "session closed: too much of it was under way for the server's memory"},
                            {"memory", "session closed: its memory was needed for others"},
                            {"descriptors", ""},
                            {"measure", "a probe may ask for no more"}};
static_assert(std::size(refusals) == static_cast<std::size_t>(Refusal::measure) + 1);

constexpr std::string_view endings[] = {"bye",      "lost",   "idle",    "refused",
                                        "replaced", "memory", "expired", "drained"};
static_assert(std::size(endings) == static_cast<std::size_t>(Ending::drained) + 1);

}  // namespace

std::string_view name_of(Refusal r) { return refusals[static_cast<std::size_t>(r)].name; }
std::string_view words_of(Refusal r) { return refusals[static_cast<std::size_t>(r)].words; }
std::string_view name_of(Ending e) { return endings[static_cast<std::size_t>(e)]; }

}  // namespace splitwan::engine
