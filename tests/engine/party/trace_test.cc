#include "engine/party/trace.hh"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using tests::error_of;

Run some_run(int index = 0) {
  Run run;
  run.header.run = static_cast<std::uint64_t>(index);
  run.header.network.kind = "wan";
  run.header.prompt = {"Grüße \"\n", "", 7};
  run.header.seed = 18446744073709551615u;
  run.spans = {{.step = 1,
                .party = 0,
                .op = Op::work,
                .phase = Phase::draft,
                .begin = Nanos(1),
                .end = Nanos(5),
                .rows = 3,
                .context = 9},
               {.step = 1,
                .party = 0,
                .op = Op::send,
                .peer = 4,
                .begin = Nanos(5),
                .end = Nanos(5),
                .bytes = 5'000'000'000,
                .rows = 3,
                .context = 9},
               {.step = 2,
                .party = 0,
                .op = Op::recv,
                .peer = 4,
                .begin = Nanos(6),
                .end = Nanos(4'000'000'000'000),
                .arrived = Nanos(70),
                .held = Nanos(20),
                .bytes = 64,
                .rows = 3,
                .context = 9,
                .flights = 2},
               {.step = ~std::uint64_t{0},
                .party = 4,
                .op = Op::work,
                .phase = Phase::middle,
                .begin = Nanos(-8),
                .end = Nanos(9),
                .rows = 0xffffffff,
                .context = 0}};
  run.steps = {{.step = 1,
                .prefill = true,
                .begin = Nanos(0),
                .end = Nanos(80),
                .rows = 3,
                .context = 0,
                .sent = 8,
                .drafted = 0,
                .accepted = 1},
               {.step = 2,
                .prefill = false,
                .begin = Nanos(80),
                .end = Nanos(99),
                .rows = 5,
                .context = 3,
                .drafted = 4,
                .accepted = 3}};
  run.checks = {
      {.step = 1,
       .peer = 4,
       .begin = Nanos(80),
       .end = Nanos(90),
       .rows = 3,
       .layers = {2, 7},
       .bytes_up = 300,
       .bytes_down = 5'000'000'000},
      {.step = 2, .peer = 4, .begin = Nanos(99), .end = Nanos(100), .rows = 6, .failure = "layer 7: no"}};
  run.end = {{"type", "end"}, {"run", index}, {"output_ids", {1, 2, 3}}, {"tokens_per_s", 11.1}};
  return run;
}

std::string text_of(const std::vector<Run>& runs) {
  std::ostringstream out;
  for (const Run& run : runs) write(out, run);
  return out.str();
}

std::vector<Run> runs_of(const std::string& text) {
  std::istringstream in(text);
  return read_trace(in, "t.jsonl");
}

std::string error_in(const std::string& text) {
  return error_of([&] { runs_of(text); });
}

// The trace of some_run with `from` once replaced by `to`.
std::string edited(const std::string& from, const std::string& to) {
  std::string text = text_of({some_run()});
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Trace, reads_what_it_wrote) {
  const engine::Run run = some_run();
  const auto read = runs_of(text_of({run}));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(to_json(read[0].header).dump(), to_json(run.header).dump());
  EXPECT_EQ(read[0].spans, run.spans);
  EXPECT_EQ(read[0].steps, run.steps);
  EXPECT_EQ(read[0].checks, run.checks);
  EXPECT_EQ(read[0].end, run.end);
}

TEST(Trace, rewrites_byte_for_byte) {
  const std::string text = text_of({some_run(0), some_run(1), some_run(2)});
  EXPECT_EQ(text_of(runs_of(text)), text);
}

TEST(Trace, is_one_json_object_a_line_in_a_fixed_form) {
  std::istringstream lines(text_of({some_run()}));
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  ASSERT_EQ(all.size(), 10u);
  for (const auto& line : all) EXPECT_TRUE(Json::parse(line).is_object());
  EXPECT_EQ(
      all[1],
      R"({"type":"span","run":0,"step":1,"party":0,"op":"work","phase":"draft","begin_ns":1,"end_ns":5,)"
      R"("rows":3,"context":9})");
  EXPECT_EQ(all[3],
            R"({"type":"span","run":0,"step":2,"party":0,"op":"recv","peer":4,"bytes":64,"begin_ns":6,)"
            R"("end_ns":4000000000000,"arrived_ns":70,"held_ns":20,"flights":2,"rows":3,"context":9})");
  EXPECT_EQ(
      all[6],
      R"({"type":"step","run":0,"step":2,"prefill":false,"begin_ns":80,"end_ns":99,"rows":5,"context":3,)"
      R"("drafted":4,"accepted":3})");
}

TEST(Trace, keeps_what_tcp_said_of_a_live_connection) {
  auto run = some_run();
  run.spans[2].tcp = {Nanos(80), Nanos(7), 10, Nanos(60), 1448, 5'000'000, Nanos(3), 128, 7, Nanos(5)};
  std::istringstream in(text_of({run}));
  EXPECT_EQ(read_trace(in, "t.jsonl").at(0).spans, run.spans);
}

TEST(Trace, cut_at_any_line_is_refused) {
  const std::string text = text_of({some_run()});
  std::size_t at = text.find('\n') + 1;
  for (; at < text.size(); at = text.find('\n', at) + 1) {
    EXPECT_EQ(error_in(text.substr(0, at)), "t.jsonl: the last run has no end line: the trace is cut off");
  }
  EXPECT_EQ(error_in(text), "");
}

TEST(Trace, cut_within_a_line_is_refused_with_the_line) {
  const std::string text = text_of({some_run()});
  EXPECT_THAT(error_in(text.substr(0, text.size() - 3)), StartsWith("t.jsonl:10: "));
  EXPECT_THAT(error_in(text.substr(0, text.find("\"step\":1") + 5)), StartsWith("t.jsonl:2: "));
}

TEST(Trace, malformed_lines_are_named) {
  EXPECT_EQ(error_in(edited("{\"type\":\"step\"", "oops")),
            "t.jsonl:6: not a trace line: expected a JSON object, found "
            "oops,\"run\":0,\"step\":1,\"prefill\":true,\"be");
  EXPECT_EQ(error_in(edited("\"begin_ns\":5", "\"began_ns\":5")),
            "t.jsonl:3: not a trace line: span: key 'begin_ns' is missing");
  EXPECT_EQ(error_in(edited("\"party\":0", "\"party\":-1")),
            "t.jsonl:2: not a trace line: span: key 'party': expected a whole number, 0 or above, found -1");
  EXPECT_EQ(error_in(edited("\"party\":0", "\"party\":4294967296")),
            "t.jsonl:2: not a trace line: span: key 'party': expected a whole number up to 4294967295, found "
            "4294967296");
  EXPECT_EQ(error_in(edited("\"end_ns\":5", "\"end_ns\":5.5")),
            "t.jsonl:2: not a trace line: span: key 'end_ns': expected a whole number, found 5.5");
  EXPECT_EQ(error_in(edited("\"prefill\":true", "\"prefill\":1")),
            "t.jsonl:6: not a trace line: step: key 'prefill': expected true or false, found 1");
  EXPECT_EQ(error_in(edited("\"draft\"", "\"belly\"")), "t.jsonl:2: not a trace line: unknown phase 'belly'");
  EXPECT_EQ(error_in(edited("\"op\":\"send\"", "\"op\":\"sent\"")),
            "t.jsonl:3: not a trace line: unknown op 'sent'");
  EXPECT_EQ(error_in(edited("\"span\"", "\"spam\"")),
            "t.jsonl:2: not a trace line: unknown line type 'spam'");
  EXPECT_EQ(error_in("[1]\n"), "t.jsonl:1: not a trace line: expected a JSON object, found [1]");
}

TEST(Trace, instants_too_far_apart_to_be_subtracted_are_refused) {
  EXPECT_EQ(error_in(edited("\"begin_ns\":5", "\"begin_ns\":-9223372036854775808")),
            "t.jsonl:3: not a trace line: span: begin_ns: expected a whole number from -8640000000000000 to "
            "8640000000000000, found -9223372036854775808");
}

TEST(Trace, every_line_says_of_which_run_it_is) {
  for (const auto& [type, line] : {std::pair("run", 1), {"span", 2}, {"step", 6}, {"end", 10}}) {
    std::string text = text_of({some_run()});
    const auto at = text.find("\"run\":0,", text.find(fmt::format("{{\"type\":\"{}\"", type)));
    text.erase(at, 8);
    EXPECT_EQ(error_in(text),
              fmt::format("t.jsonl:{}: not a trace line: {}: key 'run' is missing", line, type));
  }
}

TEST(Trace, an_end_holds_what_it_says) {
  EXPECT_EQ(error_in(edited("[1,2,3]", "[1,\"2\",3]")),
            "t.jsonl:10: not a trace line: end: key 'output_ids': expected a whole number, found \"2\"");
  EXPECT_EQ(error_in(edited("\"tokens_per_s\":11.1", "\"total_ns\":\"x\"")),
            "t.jsonl:10: not a trace line: end: key 'total_ns': expected a whole number, found \"x\"");
  EXPECT_EQ(error_in(edited("\"tokens_per_s\":11.1", "\"privacy\":3")),
            "t.jsonl:10: not a trace line: end: privacy: expected an object, found number");
}

TEST(Trace, another_schema_version_is_refused_with_both_versions) {
  EXPECT_EQ(error_in(edited("\"schema_version\":2", "\"schema_version\":9")),
            "t.jsonl:1: not a trace line: schema version 9, this build reads 1 and 2");
}

TEST(Trace, lines_out_of_place_are_refused) {
  const std::string text = text_of({some_run()}), first = text.substr(0, text.find('\n') + 1);
  EXPECT_EQ(error_in(first + text), "t.jsonl:2: not a trace line: a run begins before the last one ended");
  EXPECT_EQ(error_in(text.substr(first.size())), "t.jsonl:1: not a trace line: a 'span' line outside a run");
}

TEST(Trace, an_empty_file_holds_no_run) {
  EXPECT_EQ(error_in(""), "t.jsonl: holds no run");
  EXPECT_EQ(error_in("\n\n"), "t.jsonl: holds no run");
}

TEST(Trace, a_model_file_in_its_place_gets_one_short_line) {
  const Json model = {{"schema", "splitwan-model"}, {"drafters", Json::array()}};
  EXPECT_EQ(error_in(model.dump(2)), "t.jsonl:1: not a trace line: expected a JSON object, found {");
  EXPECT_EQ(error_in(model.dump()), "t.jsonl:1: not a trace line: line: key 'type' is missing");
  EXPECT_THAT(error_in(std::string(5000, '{')), testing::SizeIs(testing::Lt(110u)));
  EXPECT_THAT(error_in(model.dump()), Not(HasSubstr("json.exception")));
}

TEST(Trace, files_are_read_by_path) {
  const tests::TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { read_trace_file(folder / "no.jsonl"); }),
            (folder / "no.jsonl") + ": cannot be opened");
  std::ofstream(folder / "t.jsonl") << text_of({some_run(3)});
  EXPECT_EQ(read_trace_file(folder / "t.jsonl").at(0).header.run, 3u);
}

}  // namespace
}  // namespace splitwan::engine
