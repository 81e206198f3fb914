#include <ATen/ATen.h>
#include <unistd.h>

#include "analysis/summary/summary.hh"
#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/base/plain_text.hh"
#include "engine/base/units.hh"
#include "engine/checkpoint/generation_config.hh"
#include "engine/privacy/del_weights.hh"
#include "engine/text/text_stream.hh"
#include "model/fit/live.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/engine/chat_options.hh"
#include "scenarios/commands/engine/generate_watch.hh"
#include "scenarios/console/console.hh"
#include "scenarios/read/layer_range.hh"
#include "scenarios/read/scenario_keys.hh"
#include "scenarios/read/scenario_options.hh"
#include "scenarios/run/run_output.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::seconds;
using engine::Token;

struct GenerateOptions {
  ScenarioOptions keys;
  std::string server, prompt, prompt_file, prompt_ids, split, link, trace, timeout = "60s",
                                                                           max_outage = "60s";
  Protection protection;
  ChatOptions chat;
  std::vector<std::string> stop, eos;
  int top_logits = 0;
  bool ignore_eos = false, verbose = false, json = false;
};

std::vector<Token> parse_ids(const std::string& text) {
  auto ids = engine::parse_integers(text, ',');
  if (ids.empty())
    throw Error("prompt-ids: '{}': expected token ids joined by commas, as in 1,2,3", text.substr(0, 60));
  return ids;
}

Scenario scenario_for(const GenerateOptions& o) {
  Scenario s;
  s.name = "generate";
  o.keys.read(s, "generate");
  engine::check(s.sampling);
  if (s.decode.size() != 1) throw Error("--decode {}: expected one drafter", o.keys.text("decode"));
  s.stop_at_eos = !o.ignore_eos;
  const bool split = !o.split.empty() || !o.server.empty() || !o.link.empty() || s.privacy.on();
  std::tie(s.head_layers, s.tail_layers) = parse_split(o.split.empty() ? "2,2" : o.split);
  if (s.privacy.on() && o.split.empty()) s.head_layers = engine::read_del_weights(s.privacy.maps).depth;
  if (o.server.empty()) refuse_protection(o.protection);
  if (!o.link.empty()) {
    s.network = parse_link(o.link);
  } else {
    s.network.kind = network_kind_for(!o.server.empty() ? Unnamed::with_a_server
                                      : split           ? Unnamed::split_here
                                                        : Unnamed::all_here);
    s.network.up = s.network.down = {};
    s.network.server = o.server;
    s.network.protection = o.protection;
    s.network.patience = engine::parse_duration(o.timeout);
    s.network.max_outage = engine::parse_duration(o.max_outage);
  }
  check_privacy(s, "generate");
  check_checks(s, "generate");
  s.resolved = {{"command", "generate"},
                {"model", o.keys.text("model")},
                {"decode", s.decode[0]},
                {"draft_model", o.keys.text("draft_model")},
                {"max_new_tokens", s.max_new_tokens}};
  return s;
}

Json top_of(const at::Tensor& logits, int count) {
  const auto [values, ids] = logits.topk(std::min<std::int64_t>(count, logits.size(0)));
  Json json = {{"ids", Json::array()}, {"logits", Json::array()}};
  for (std::int64_t i = 0; i < values.size(0); ++i) {
    json["ids"].push_back(ids[i].item<std::int64_t>());
    json["logits"].push_back(values[i].item<float>());
  }
  return json;
}

// The model's tokenizer; ids need none, their text is then left out.
const engine::Tokenizer* tokenizer_for(const GenerateOptions& o, Resources& resources) {
  try {
    return &resources.tokenizer(o.keys.text("model"));
  } catch (const Error&) {
    if (o.prompt_ids.empty() || !o.stop.empty()) throw;
    return nullptr;
  }
}

// Ids, or control tokens as they are spelled.
std::vector<Token> ends_of(const GenerateOptions& o, const engine::Tokenizer* tokenizer) {
  std::vector<Token> ends;
  for (const std::string& end : o.eos) {
    if (end.find_first_not_of("0123456789") == std::string::npos) {
      ends.push_back(engine::parse_integers(end, ',').front());
      continue;
    }
    const std::vector<Token> ids = tokenizer ? tokenizer->encode(end) : std::vector<Token>{};
    if (ids.size() != 1 || tokenizer->control(ids[0]) != end)
      throw Error("--eos '{}': expected a token id, or a control token of this model as it is spelled", end);
    ends.push_back(ids[0]);
  }
  return ends;
}

// As it comes. A terminal obeys what a model may have been taught to write; a program gets the bytes.
void show_piece(std::string_view more) {
  static const bool terminal = isatty(STDOUT_FILENO) == 1;
  const std::string shown = terminal ? engine::terminal_text(more) : std::string(more);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  std::fflush(stdout);
}

void print_privacy(const Json& p) {
  remark("{}: {} rows through the mechanism (bits of the {}), {} exposed; a token: {}",
         p["trust"].get<std::string>(), p["rows"].dump(), p["random_bits"].get<std::string>(),
         p["exposed_rows"].dump(), p["meaning"].get<std::string>());
}

void print_checks(const Json& c) {
  remark(
      "{} of {} spot checks passed, {} of the server's {} layers each {} steps; {} B up, {} B down, "
      "{:.3g} s",
      c["passed"].dump(), c["made"].dump(), c["drawn"].dump(), c["of"].dump(), c["every_steps"].dump(),
      c["bytes_up"].dump(), c["bytes_down"].dump(), c["time_s"].get<double>());
}

int generate_command(const GenerateOptions& o) {
  const Scenario s = scenario_for(o);
  engine::check_output(o.trace);
  engine::TraceWriter trace(o.trace);
  name_earlier(trace);
  Resources resources;
  Prompt prompt{"prompt", "other", o.prompt, {}};
  if (!o.prompt_ids.empty()) prompt.ids = parse_ids(o.prompt_ids);
  if (!o.prompt_file.empty()) prompt.text = engine::read_text_file(o.prompt_file);
  const engine::Tokenizer* tokenizer = tokenizer_for(o, resources);
  const std::string& folder = o.keys.text("model");
  if (o.chat.on) prompt.ids = chat_ids(prompt.text = chat_text(o.chat, folder), *tokenizer, folder);
  const std::vector<Token> ids = prompt_ids(s, resources, prompt);
  const Json suggested = engine::read_generation_config(folder).sampling;
  if (!suggested.empty())
    remark("generation_config.json suggests {}: what is not asked for here is not used", suggested.dump());
  std::optional<engine::TextStream> text;
  if (tokenizer)
    text.emplace(*tokenizer, o.stop, [&](std::string_view more) {
      if (o.json) return;
      show_piece(more);
    });
  Json tops = Json::array();
  engine::GenerateOptions watch;
  if (text) watch.stop = [&](Token token) { return text->push(token); };
  watch.more_ends = ends_of(o, tokenizer);
  if (o.top_logits > 0)
    watch.on_token = [&](Token, const at::Tensor& logits) { tops.push_back(top_of(logits, o.top_logits)); };
  std::optional<GenerateWatch> live;
  if (o.verbose) {
    live.emplace(text && !o.json);
    watch.on_time = [&](const engine::Step& step, auto spans, auto outages) {
      live->step(step, spans, outages);
    };
  }
  const auto [run, done] = trace.keeping([&] {
    Outcome outcome = run_prompt(s, resources, s.decode[0], prompt, ids, watch, &trace);
    if (text) text->finish();
    trace.finish({outcome.run});
    return outcome;
  });
  const std::string spent = live ? live->total() : "";
  live.reset();
  const auto tokens = static_cast<double>(done.output.size());
  // As a report of this trace says it: bytes of its steps' messages; tokens after the first, over the time of
  // the steps that gained them.
  const Json decoding = analysis::decoding_summary(model::study_of({run}))["results"];
  const Json said = decoding.empty() ? Json::object() : decoding[0];
  const Json decoded = said.value("tokens_per_s", Json()),
             first = said.value("time_to_first_token_s", Json());
  const double rate = decoded.is_number() ? decoded.get<double>() : tokens / seconds(done.total);
  const auto bytes = [&](const char* key) {
    return static_cast<std::uint64_t>(said.value(key, 0.0));  // exact below 2^53
  };
  const bool wall = row_of(s.network.kind).wall_time;
  Json out = {{"schema_version", 1},
              {"prompt_ids", ids},
              {"output_ids", done.output},
              {"text", text ? Json(text->text()) : Json()},
              {"finish", done.finish},
              {"steps", done.steps},
              {"tokens_per_step", tokens / static_cast<double>(done.steps)},
              {"bytes_up", bytes("bytes_up")},
              {"bytes_down", bytes("bytes_down")},
              {"probe_bytes", bytes("probe_bytes")},
              {"round_trips", run.end["round_trips"]},
              {"tokens_per_s", std::isfinite(rate) ? Json(rate) : Json()},
              {"time_to_first_token_s", first.is_number() ? first : Json(seconds(done.prefill))},
              {"total_s", seconds(done.total)},
              {"network", name_of(s.network.kind)},
              {"time", wall ? "wall" : "virtual"},
              {"compute", run.header.compute}};
  if (o.top_logits > 0) out["top_logits"] = tops;
  if (!suggested.empty()) out["suggested_sampling"] = suggested;
  if (o.chat.on) out["chat_prompt"] = prompt.text;
  if (run.end.contains("privacy")) {
    out["privacy"] = run.header.privacy;
    out["privacy"].update(run.end["privacy"]);
  }
  if (run.end.contains("checks")) out["checks"] = run.end["checks"];
  if (run.end.contains("protection")) out["protection"] = run.end["protection"];
  if (!run.outages.empty()) out["outages"] = outages_summary(run.outages);
  if (o.json) {
    fmt::print("{}\n", out.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}\n", text ? "" : fmt::format("{}", fmt::join(done.output, ",")));
    remark(
        "{} tokens in {} steps, {} round trips; {:.2f} tokens/s ({} time, compute: {}); {} B up, {} B down",
        done.output.size(), done.steps, out["round_trips"].dump(), rate, wall ? "wall" : "virtual",
        run.header.compute, out["bytes_up"].dump(), out["bytes_down"].dump());
    if (!spent.empty()) remark("{}", spent);
    if (out.contains("privacy")) print_privacy(out["privacy"]);
    if (out.contains("checks")) print_checks(out["checks"]);
  }
  return 0;
}

}  // namespace

void add_generate_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<GenerateOptions>();
  // An empty one is a script's unset variable, and would silently mean another run.
  const CLI::Validator not_empty(
      [](const std::string& text) { return text.empty() ? "an empty text" : std::string(); }, "");
  o->keys.add(command, "model")->required();
  auto* text = command.add_option("--prompt", o->prompt, "the prompt");
  auto* file =
      command.add_option("--prompt-file", o->prompt_file, "a file that holds the prompt")->excludes(text);
  auto* ids = command.add_option("--prompt-ids", o->prompt_ids, "token ids, used as they are: 1,2,3")
                  ->excludes(text)
                  ->excludes(file);
  add_chat_options(command, o->chat, {text, file, ids});
  o->keys.add(command, "max_new_tokens");
  command.add_flag("--ignore-eos", o->ignore_eos, "go on past the end-of-text token");
  for (const char* key : {"decode", "draft_model", "sampling.temperature", "sampling.top_k", "sampling.top_p",
                          "sampling.min_p", "sampling.repetition_penalty"})
    o->keys.add(command, key);
  command.add_option("--stop", o->stop, "end the text before this string; may be given several times")
      ->take_all()
      ->allow_extra_args(false)  // or "[END]" would be read as a list, and lose its brackets
      ->check(not_empty);
  command
      .add_option("--eos", o->eos,
                  "this token ends the text, too: an id, or a control token as it is spelled")
      ->take_all()
      ->allow_extra_args(false)
      ->check(not_empty);
  command
      .add_option("--split", o->split,
                  "HEAD,TAIL layers kept here (2,2 with --server or --link; else all stay here)")
      ->check(not_empty);
  auto* server = command.add_option("--server", o->server, "HOST:PORT or unix:PATH of `splitwan serve`")
                     ->check(not_empty);
  add_protection_options(command, o->protection, engine::Side::caller);
  command.add_option("--timeout", o->timeout, schema_key("network.timeout").help)->capture_default_str();
  command.add_option("--max-outage", o->max_outage, schema_key("network.max_outage").help)
      ->capture_default_str();
  command
      .add_option("--link", o->link,
                  "run the split inside ns-3: rtt=80ms,rate=100Mbit[,up=,down=,loss=] or a preset")
      ->excludes(server)
      ->check(not_empty);
  o->keys.add(command, "wire");
  for (const engine::DefenceKind& kind : engine::defence_kinds())
    if (kind.runs()) o->keys.add(command, kind.key);
  for (const ScenarioKey& key : privacy_keys()) o->keys.add(command, key.about.path);
  for (const ScenarioKey& key : check_keys()) o->keys.add(command, key.about.path);
  for (const char* key : {"storage", "device"}) o->keys.add(command, key);
  o->keys.add(command, "compute", "measured");
  for (const char* key : {"threads", "seed"}) o->keys.add(command, key);
  command.add_option("--top-logits", o->top_logits, "with --json: the best N ids and logits of each step")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--trace", o->trace, "keep the trace in this file");
  command.add_flag("-v,--verbose", o->verbose,
                   "a live line on stderr: tokens/s, tokens a step, RTT, where the time goes, outages");
  command.add_flag("--json", o->json, "print one JSON object");
  command.callback([o, &chosen] { chosen = [o] { return generate_command(*o); }; });
}

}  // namespace splitwan::scenarios
