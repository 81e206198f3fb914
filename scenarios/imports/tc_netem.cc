#include "scenarios/imports/tc_netem.hh"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "engine/base/error.hh"
#include "engine/base/nearest.hh"
#include "engine/base/units.hh"
#include "netsim/link/sim_protocol.hh"
#include "scenarios/imports/lines.hh"
#include "scenarios/imports/tc_units.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using netsim::Bursts;
using netsim::JitterLaw;

const std::vector<std::string> options = {"delay",   "loss",      "distribution", "rate", "limit",
                                          "reorder", "duplicate", "corrupt",      "seed"};
const std::set<std::string> not_modelled = {"slot", "ecn", "gap"};

class TcImport {
 public:
  explicit TcImport(const netsim::LinkState& link) : link_(link) {}
  void read_command(TcWords words);
  netsim::LinkState result();
  std::vector<std::string> notes;

 private:
  void read_shown(TcWords& words);
  void limit_packets();
  void read_netem(TcWords& words);
  void read_delay(TcWords& words);
  void read_distribution(TcWords& words);
  void read_loss(TcWords& words);
  void read_chain(TcWords& words);
  void read_rate(TcWords& words);
  void read_tbf(TcWords& words);
  void once(const std::string& option) {
    if (!given_.insert(option).second)
      throw Error("tc: expected {} once, found it twice: one link is one netem and one tbf", option);
  }

  netsim::LinkState link_;
  std::set<std::string> given_;
  std::optional<double> rate_, limit_packets_, queue_bytes_;  // as far as the text names them
  bool jitters_ = false, keeps_order_ = false;
};

void TcImport::read_command(TcWords words) {
  words.take("sudo");
  if (words.take("ip")) {
    for (const char* word : {"link", "set", "dev"}) words.take(word);
    words.next("ip link set", "a device");
    if (!words.take("mtu")) throw Error("ip link set: expected mtu and nothing else");
    const double mtu = tc_size(words.next("ip link set: mtu", "a number of bytes"), "ip link set: mtu");
    if (mtu < 576 || mtu > 65535) throw Error("ip link set: mtu: expected 576 to 65535, found {}", mtu);
    link_.mtu = static_cast<std::uint32_t>(mtu);
    return;
  }
  if (words.take("qdisc")) return read_shown(words);
  if (!words.take("tc")) {
    words.take("netem");
    return read_netem(words);
  }
  if (!words.take("qdisc") || !(words.take("add") || words.take("replace") || words.take("change")))
    throw Error("tc: expected tc qdisc add, replace or change");
  while (true) {
    const std::string word = words.next("tc qdisc", "netem or tbf");
    if (word == "root") continue;
    if (word == "dev" || word == "parent" || word == "handle") {
      words.next("tc qdisc: " + word, "a name");
    } else if (word == "netem") {
      return read_netem(words);
    } else if (word == "tbf") {
      return read_tbf(words);
    } else {
      throw Error("tc qdisc: expected netem or tbf, found {}", in_quotes(word));
    }
  }
}

// "qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 50ms"
void TcImport::read_shown(TcWords& words) {
  const std::string kind = words.next("qdisc", "netem or tbf");
  if (kind != "netem" && kind != "tbf")
    throw Error("qdisc: expected netem or tbf, found {}", in_quotes(kind));
  words.next("qdisc " + kind, "a handle");
  while (true) {
    if (words.take("root")) continue;
    bool more = false;
    for (const char* word : {"dev", "parent", "refcnt"}) {
      if (!words.take(word)) continue;
      words.next(fmt::format("qdisc {}: {}", kind, word), "a name");
      more = true;
    }
    if (!more) break;
  }
  return kind == "netem" ? read_netem(words) : read_tbf(words);
}

void TcImport::read_netem(TcWords& words) {
  once("netem");
  if (words.empty()) throw Error("netem: expected parameters such as delay 80ms, found nothing");
  while (!words.empty()) {
    std::string option = words.next("netem", "an option");
    if (not_modelled.contains(option)) throw Error("netem: {} is not modelled", option);
    if (option == "latency") option = "delay";
    if (option == "drop") option = "loss";
    if (std::ranges::find(options, option) == options.end()) {
      const std::string near = engine::nearest(option, options);
      throw Error("netem: expected one of {}, found {}{}", fmt::join(options, ", "), in_quotes(option),
                  near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
    }
    once("netem " + option);
    if (option == "delay") read_delay(words);
    if (option == "distribution") read_distribution(words);
    if (option == "loss") read_loss(words);
    if (option == "rate") read_rate(words);
    if (option == "limit")
      limit_packets_ = tc_size(words.next("netem: limit", "a number of packets"), "netem: limit");
    if (option == "seed") words.next("netem: seed", "a number");  // of its coins, not of their law
    if (option == "reorder" || option == "duplicate" || option == "corrupt") {
      const std::string where = "netem: " + option;
      if (tc_percent(words.next(where, "a percentage"), where) != 0)
        throw Error(
            "{} is not modelled{}", where,
            option == "reorder" ? ": packets that skip the delay; jitter without a rate reorders" : "");
      if (words.number_follows()) tc_percent(words.next(where, ""), where);  // a correlation of none
    }
  }
  if (given_.contains("netem distribution") && !jitters_)
    throw Error("netem: distribution: expected a delay with jitter, as delay 80ms 5ms");
}

void TcImport::read_delay(TcWords& words) {
  const std::string where = "netem: delay";
  link_.delay = tc_time(words.next(where, "a time"), where);
  link_.jitter = {.law = link_.jitter.law};  // the distribution may have come first
  if (words.number_follows()) link_.jitter.scale = tc_time(words.next(where, ""), where + ": jitter");
  jitters_ = link_.jitter.scale > netsim::LinkTime{};
  if (!jitters_)
    link_.jitter.law = JitterLaw::none;
  else if (!given_.contains("netem distribution"))
    link_.jitter.law = JitterLaw::uniform;
  if (!words.number_follows()) return;
  link_.jitter.correlation = tc_percent(words.next(where, ""), where + ": correlation");
  if (link_.jitter.correlation >= 1) throw Error("{}: correlation: expected below 100%, found 100%", where);
}

void TcImport::read_distribution(TcWords& words) {
  const std::string name = words.next("netem: distribution", "uniform, normal or pareto");
  if (name == "uniform")
    link_.jitter.law = JitterLaw::uniform;
  else if (name == "normal")
    link_.jitter.law = JitterLaw::normal;
  else if (name == "pareto")
    link_.jitter.law = JitterLaw::pareto;
  else
    throw Error("netem: distribution: expected uniform, normal or pareto, found {}", in_quotes(name));
}

void TcImport::read_loss(TcWords& words) {
  if (words.take("state")) throw Error("netem: loss state is not modelled: expected loss P% or loss gemodel");
  link_.loss = 0;
  link_.bursts = {};
  if (words.take("gemodel")) return read_chain(words);
  words.take("random");
  const double p = tc_percent(words.next("netem: loss", "a percentage"), "netem: loss");
  if (p >= 1) throw Error("netem: loss: expected below 100%, found 100%");
  const double c = words.number_follows() ? tc_percent(words.next("", ""), "netem: loss: correlation") : 0;
  if (c >= 1) throw Error("netem: loss: correlation: expected below 100%, found 100%");
  // The chain of two states whose packets are lost with p and correlate with c from one to the next. The
  // kernel's own way loses fewer than p: it filters the random numbers, which narrows them.
  if (c > 0 && p > 0)
    link_.bursts = Bursts{p * (1 - c), (1 - p) * (1 - c), 1};
  else
    link_.loss = p;
}

// tc's defaults: q_netem.c, "gemodel".
void TcImport::read_chain(TcWords& words) {
  const std::string where = "netem: loss gemodel";
  Bursts& chain = link_.bursts;
  chain.to_bad = tc_percent(words.next(where, "p"), where + ": p");
  chain.to_good = 1 - chain.to_bad;
  if (words.number_follows()) chain.to_good = tc_percent(words.next(where, ""), where + ": r");
  if (words.number_follows()) chain.loss = tc_percent(words.next(where, ""), where + ": 1-h");
  if (words.number_follows()) link_.loss = tc_percent(words.next(where, ""), where + ": 1-k");
  if (link_.loss >= 1) throw Error("{}: 1-k: expected below 100%, found 100%", where);
  if (chain.to_bad > 0 && chain.to_good == 0 && chain.loss == 1)
    throw Error("{}: expected a way out of losing everything, found r 0%", where);
}

void TcImport::read_rate(TcWords& words) {
  rate_ = std::min(rate_.value_or(1e15), tc_rate(words.next("netem: rate", "a rate"), "netem: rate"));
  keeps_order_ = true;
  if (!words.number_follows()) return;
  const std::string overhead = words.next("", "");
  throw Error("netem: rate: packet overhead and cells are not modelled, found {}", in_quotes(overhead));
}

void TcImport::read_tbf(TcWords& words) {
  once("tbf");
  std::optional<double> rate, burst;
  std::optional<netsim::LinkTime> latency;
  while (!words.empty()) {
    const std::string option = words.next("tbf", "an option");
    const std::string where = "tbf: " + option;
    if (option == "rate")
      rate = tc_rate(words.next(where, "a rate"), where);
    else if (option == "burst" || option == "buffer" || option == "maxburst")
      burst = tc_size(words.next(where, "a number of bytes"), where);
    else if (option == "limit")
      queue_bytes_ = tc_size(words.next(where, "a number of bytes"), where);
    else if (option == "latency" || option == "lat")
      latency = tc_time(words.next(where, "a time"), where);
    else
      throw Error("tbf: expected rate, burst, limit or latency, found {}", in_quotes(option));
  }
  if (!rate || !burst || queue_bytes_.has_value() == latency.has_value())
    throw Error("tbf: expected rate, burst and one of limit and latency");
  if (latency) queue_bytes_ = *rate / 8e9 * static_cast<double>(latency->count()) + *burst;  // tc-tbf(8)
  rate_ = std::min(rate_.value_or(1e15), *rate);
}

// sch_netem.c: what is delayed waits in the queue, too. Those within the delay bound what passes in that
// time, and the rest may wait for the rate. A tbf behind it has a queue of its own.
void TcImport::limit_packets() {
  constexpr double usual = 1000;  // tc's
  const double limit = limit_packets_.value_or(usual);
  if (limit < 1) throw Error("tc: limit: expected at least 1, found 0");
  const double bytes = limit * link_.mtu, delay_s = static_cast<double>(link_.delay.count()) / 1e9;
  const double most = delay_s > 0 ? 8 * bytes / delay_s : 1e15;  // bit/s
  if (most < link_.bits_per_second || link_.bits_per_second == 0) {
    if (most < 1e15 && (link_.bits_per_second > 0 || given_.contains("netem limit") || most < 1e9))
      notes.push_back(
          fmt::format("netem: its limit of {:.0f} packets{} counts those within the delay: at {} bytes in "
                      "{:.6g} ms at most "
                      "{:.6g} Mbit/s pass, which is the link's rate here",
                      limit, limit_packets_ ? "" : " (tc's default)", link_.mtu, delay_s * 1e3, most / 1e6));
    if (most < 1e15) link_.bits_per_second = most;
    if (!queue_bytes_) queue_bytes_ = bytes;
    return;
  }
  if (!queue_bytes_) queue_bytes_ = bytes - link_.bits_per_second / 8 * delay_s;
}

netsim::LinkState TcImport::result() {
  if (given_.empty()) throw Error("netem: expected parameters such as delay 80ms, found nothing");
  // sch_netem.c, netem_enqueue: a rate sends each packet after the one before; without one the earlier of two
  // packets may be due later.
  if (jitters_) link_.jitter.reorder = !keeps_order_;
  if (rate_) link_.bits_per_second = *rate_;
  if (given_.contains("netem")) limit_packets();
  if (queue_bytes_) {
    if (given_.contains("tbf") && *queue_bytes_ < 1) throw Error("tc: limit: expected at least 1, found 0");
    const std::uint64_t one_packet = link_.mtu + netsim::ppp_bytes;
    link_.queue_bytes = std::max(static_cast<std::uint64_t>(*queue_bytes_), one_packet);
  }
  return link_;
}

}  // namespace

void apply_netem(std::string_view text, netsim::LinkState& link, std::vector<std::string>* notes) {
  std::string commands(text);
  for (const std::string_view end : {"\r", "\\\n", "&&", ";"})
    for (std::size_t at = 0; (at = commands.find(end, at)) != commands.npos;)
      commands.replace(at, end.size(), end == "&&" || end == ";" ? "\n" : " ");
  TcImport import(link);
  for (const std::string& command : engine::split_list(commands, '\n'))
    if (TcWords words(command); !words.empty()) import.read_command(std::move(words));
  link = import.result();
  if (notes) notes->insert(notes->end(), import.notes.begin(), import.notes.end());
}

}  // namespace splitwan::scenarios
