#include "tests/denying/server_process.hh"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/error.hh"
#include "engine/checkpoint/model_config.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::denying {
namespace {

using engine::Error;

std::string first_line(int descriptor) {
  std::string line;
  pollfd ready{descriptor, POLLIN, 0};
  for (char c; ::poll(&ready, 1, 60'000) > 0 && ::read(descriptor, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

[[noreturn]] void become(const std::vector<std::string>& words, int out, const Surroundings& around) {
  ::dup2(out, 1);
  const std::string log = around.log_disk_is_full ? "/dev/full"
                          : around.log.empty()    ? "/dev/null"
                                                  : around.log;
  ::dup2(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
  if (around.most_descriptors > 0) {
    const auto most = static_cast<rlim_t>(around.most_descriptors);
    const rlimit limit{most, most};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(3);
}

}  // namespace

ServerProcess::ServerProcess(const std::string& source, const std::vector<std::string>& options,
                             Surroundings around) {
  const std::string model = source + "/scenarios/demo-model";
  std::vector<std::string> words = {source + "/build/splitwan",
                                    "serve",
                                    "--model",
                                    model,
                                    "--layers",
                                    "2:10",
                                    "--listen",
                                    "127.0.0.1:0",
                                    "--json",
                                    "--threads",
                                    "1"};
  words.insert(words.end(), options.begin(), options.end());
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) throw Error("pipe: {}", std::strerror(errno));
  target_.pid = ::fork();
  if (target_.pid == 0) become(words, out[1], around);
  ::close(out[1]);
  const std::string line = first_line(out[0]);
  ::close(out[0]);
  const auto said = engine::Json::parse(line, nullptr, false);
  if (!said.is_object()) throw Error("splitwan serve: expected an announcement, found '{}'", line);
  const engine::ModelConfig config = engine::read_model_config(model);
  target_.at = {said["host"].get<std::string>(), said["port"].get<std::uint16_t>()};
  target_.width = config.width;
  target_.context = config.context;
  const engine::Json body = {{"geometry", engine::geometry(config)}, {"middle", {2, 10}}, {"wire", "f32"}};
  target_.hello = engine::encode(engine::text_message(Kind::hello, body.dump()));
}

ServerProcess::~ServerProcess() {
  ::kill(target_.pid, SIGKILL);
  ::waitpid(target_.pid, nullptr, 0);
}

bool ServerProcess::lives() const { return ::waitpid(target_.pid, nullptr, WNOHANG) == 0; }

double ServerProcess::resident_bytes() const {
  std::ifstream statm(fmt::format("/proc/{}/statm", target_.pid));
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

int ServerProcess::descriptors() const {
  const std::filesystem::directory_iterator open(fmt::format("/proc/{}/fd", target_.pid));
  return static_cast<int>(std::distance(begin(open), end(open)));
}

}  // namespace splitwan::denying
