// `splitwan generate` from outside.
#include "tests/fixtures/command.hh"

namespace splitwan::tests {
namespace {

const std::string generate = "generate --model " + demo_model + " ";

TEST(Generate, prints_the_text_and_nothing_else) {
  const Outcome plain = splitwan(generate + "--prompt 'once upon a time' --max-new-tokens 4");
  const Outcome json = splitwan(generate + "--prompt 'once upon a time' --max-new-tokens 4 --json");
  ASSERT_EQ(plain.code, 0) << plain.err;
  ASSERT_EQ(json.code, 0) << json.err;
  EXPECT_NE(plain.out.find(json.json()["text"].get<std::string>()), std::string::npos) << plain.out;
  EXPECT_EQ(json.json()["output_ids"].size(), 4u);
  EXPECT_EQ(json.json()["finish"], "length");
  EXPECT_EQ(json.json()["network"], "local");
}

TEST(Generate, takes_a_prompt_as_text_as_a_file_and_as_ids) {
  const TemporaryFolder folder;
  std::ofstream(folder / "prompt.txt") << "once upon a time";
  const auto text = splitwan(generate + "--prompt 'once upon a time' --max-new-tokens 4 --json").json();
  const auto file =
      splitwan(generate + "--prompt-file " + folder / "prompt.txt" + " --max-new-tokens 4 --json").json();
  std::string ids;
  for (const int id : text["prompt_ids"]) ids += (ids.empty() ? "" : ",") + std::to_string(id);
  const auto numbers = splitwan(generate + "--prompt-ids " + ids + " --max-new-tokens 4 --json").json();
  EXPECT_EQ(file["output_ids"], text["output_ids"]);
  EXPECT_EQ(numbers["output_ids"], text["output_ids"]);
}

TEST(Generate, answers_once_what_the_folders_chat_template_makes_of_messages) {
  const TemporaryFolder folder;
  std::ofstream(folder / "messages.json")
      << R"([{"role": "system", "content": "once"}, {"role": "user", "content": "upon a time"}])";
  const auto plain = splitwan(generate + "--prompt 'once upon a time' --max-new-tokens 4 --json").json();
  const auto chat =
      splitwan(generate + "--chat --system once --user 'upon a time' --max-new-tokens 4 --json").json();
  EXPECT_EQ(chat["chat_prompt"], "once upon a time");
  EXPECT_EQ(chat["text"], plain["text"]);
  const auto listed =
      splitwan(generate + "--chat --messages " + folder / "messages.json" + " --max-new-tokens 4 --json")
          .json();
  EXPECT_EQ(listed["output_ids"], chat["output_ids"]);
  EXPECT_NE(splitwan(generate + "--chat").err.find("expected --user TEXT, or --messages FILE"),
            std::string::npos);
}

TEST(Generate, ends_at_further_tokens) {
  const std::string ask = generate + "--prompt 'once upon a time' --max-new-tokens 8 --json ";
  const auto whole = splitwan(ask).json();
  const auto cut = splitwan(ask + "--eos " + whole["output_ids"][3].dump()).json();
  EXPECT_EQ(cut["finish"], "eos");
  EXPECT_LE(cut["output_ids"].size(), 4u);
  EXPECT_NE(splitwan(ask + "--eos '<|nothing|>'").err.find("--eos '<|nothing|>': expected a token id"),
            std::string::npos);
}

TEST(Generate, gives_the_same_tokens_split_over_a_link_and_guessed) {
  const std::string ask = generate + "--prompt 'def add(a, b):' --max-new-tokens 8 --json ";
  const auto here = splitwan(ask).json();
  const auto far = splitwan(ask + "--link lan --split 3,1 --compute reference").json();
  const auto guessed =
      splitwan(ask + "--split 2,2 --decode draft-chain-2 --draft-model " + demo_draft).json();
  EXPECT_EQ(far["output_ids"], here["output_ids"]);
  EXPECT_EQ(guessed["output_ids"], here["output_ids"]);
  EXPECT_GT(far["bytes_up"], 0);
  EXPECT_EQ(far["network"], "ns3");
  EXPECT_LE(guessed["steps"], here["steps"]);
}

TEST(Generate, ends_the_text_before_a_stop_string) {
  const auto whole = splitwan(generate + "--prompt 'once upon a time' --max-new-tokens 12 --json").json();
  const std::string text = whole["text"];
  const std::string stop = text.substr(text.size() / 2, 3);
  const auto cut =
      splitwan(generate + "--prompt 'once upon a time' --max-new-tokens 12 --json --stop '" + stop + "'")
          .json();
  EXPECT_EQ(cut["text"], text.substr(0, text.find(stop)));
  EXPECT_EQ(cut["finish"], "stop");
}

TEST(Generate, lists_the_best_logits_of_each_step_on_request) {
  const auto j =
      splitwan(generate + "--prompt abc --max-new-tokens 3 --ignore-eos --top-logits 2 --json").json();
  ASSERT_EQ(j["top_logits"].size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(j["top_logits"][i]["ids"].size(), 2u);
    EXPECT_EQ(j["top_logits"][i]["ids"][0], j["output_ids"][i]);
    EXPECT_GE(j["top_logits"][i]["logits"][0], j["top_logits"][i]["logits"][1].get<double>());
  }
}

TEST(Generate, draws_the_same_tokens_for_a_seed) {
  const std::string ask = generate +
                          "--prompt abc --max-new-tokens 8 --json --temperature 1 --top-k 50 --top-p 0.9 "
                          "--min-p 0.01 --repetition-penalty 1.1 --seed ";
  EXPECT_EQ(splitwan(ask + "3").json()["output_ids"], splitwan(ask + "3").json()["output_ids"]);
  EXPECT_NE(splitwan(ask + "3").json()["output_ids"], splitwan(ask + "4").json()["output_ids"]);
}

TEST(Generate, sends_fewer_bytes_in_a_coarser_wire_and_more_when_rows_are_padded) {
  const std::string ask = generate + "--prompt abc --max-new-tokens 4 --json --split 2,2 ";
  const auto bytes = [&](const std::string& options) {
    return splitwan(ask + options).json()["bytes_up"].get<int>();
  };
  const int plain = bytes("");
  EXPECT_LT(bytes("--wire f16"), plain);
  EXPECT_GT(bytes("--pad-rows 8"), plain);
  EXPECT_EQ(bytes("--noise 0.01"), plain);
}

TEST(Generate, keeps_a_trace_that_says_what_ran) {
  const TemporaryFolder folder;
  const Outcome o =
      splitwan(generate + "--prompt abc --max-new-tokens 3 --storage bf16 --device cpu --threads 1 --trace " +
               folder / "t.jsonl");
  ASSERT_EQ(o.code, 0) << o.err;
  const std::string trace = text_of(folder / "t.jsonl");
  EXPECT_EQ(nlohmann::json::parse(trace.substr(0, trace.find('\n')))["type"], "run");
}

TEST(Generate, says_as_many_tokens_per_second_as_a_report_of_its_trace) {
  const TemporaryFolder folder;
  for (const char* link : {"", "--link rtt=20ms,rate=10Mbit "}) {
    const Outcome o = splitwan(generate + "--prompt abc --max-new-tokens 20 --decode ngram --json " + link +
                               "--trace " + folder / "t.jsonl");
    ASSERT_EQ(o.code, 0) << o.err;
    const Outcome report = splitwan("report --json " + folder / "t.jsonl");
    ASSERT_EQ(report.code, 0) << report.err;
    EXPECT_EQ(nlohmann::json::parse(o.out)["tokens_per_s"],
              nlohmann::json::parse(report.out)["results"][0]["tokens_per_s"]);
  }
}

TEST(Generate, refuses_in_one_line_that_names_the_option) {
  expect_refusal("generate --prompt a", "--model");
  expect_refusal("generate --model /none --prompt a", "/none");
  expect_refusal(generate + "--prompt a --prompt-ids 1", "--prompt-ids");
  expect_refusal(generate + "--prompt a --wire f99", "f99");
  expect_refusal(generate + "--prompt a --threads 0", "threads");
  expect_refusal(generate + "--prompt a --decode guess", "guess");
  expect_refusal(generate + "--prompt a --link lan --server 127.0.0.1:1", "--server");
  expect_refusal(generate + "--prompt a --server 127.0.0.1:1 --timeout 1s", "127.0.0.1:1");
  expect_refusal(generate + "--prompt a --split 9,9", "9");
  expect_refusal(generate + "--prompt a --nonsense", "--nonsense");
}

}  // namespace
}  // namespace splitwan::tests
