#include "analysis/report/sweep/text.hh"
#include "engine/base/plain_text.hh"

namespace splitwan::analysis {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& path) : rest_(text), table_{path, {}, {}} {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);  // spreadsheets begin with it
  }

  SweepText read() {
    table_.names = record().cells;
    while (!rest_.empty()) {
      SweepRecord row = record();
      if (row.cells.size() != table_.names.size())
        throw engine::Error("{}:{}: expected {} fields as in the first line, found {}", table_.path, row.line,
                            table_.names.size(), row.cells.size());
      table_.records.push_back(std::move(row));
    }
    return std::move(table_);
  }

 private:
  SweepRecord record() {
    SweepRecord row{line_, {}};
    do row.cells.push_back(engine::text_of_csv(field(row.cells.size())));
    while (take(','));
    if (!rest_.empty() && !line_end())
      refuse_cell(table_.path, line_, name_of(row.cells.size() - 1), "a comma or the line's end after \"",
                  std::string_view(rest_).substr(0, 1));
    return row;
  }

  std::string field(std::size_t index) {
    if (!take('"')) return plain(index);
    const std::size_t begin = line_;
    std::string text;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"' && !take('"')) return text;
      line_ += c == '\n' ? 1 : 0;
      text += c;
    }
    refuse_cell(table_.path, begin, name_of(index), "a closing \"", "the end");
  }

  std::string plain(std::size_t index) {
    const auto end = std::min(rest_.find_first_of(",\"\n"), rest_.size());
    if (end < rest_.size() && rest_[end] == '"')
      refuse_cell(table_.path, line_, name_of(index),
                  "a field with \" to be quoted as a whole, and \" doubled", rest_.substr(0, end + 1));
    std::string text(rest_.substr(0, end));
    if (end < rest_.size() && rest_[end] == '\n' && text.ends_with('\r'))
      text.pop_back(), rest_.remove_prefix(end);
    else
      rest_.remove_prefix(end);
    return text;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool line_end() {
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!take('\n')) return false;
    ++line_;
    return true;
  }

  std::string name_of(std::size_t index) const {
    return index < table_.names.size() ? table_.names[index] : std::to_string(index + 1);
  }

  std::string_view rest_;
  SweepText table_;
  std::size_t line_ = 1;
};

}  // namespace

void refuse_cell(const std::string& path, std::size_t line, std::string_view column,
                 std::string_view expected, std::string_view found) {
  throw engine::Error("{}:{}: column '{}': expected {}, found '{}'", path, line, column, expected,
                      found.substr(0, 60));
}

SweepText read_sweep_csv(std::string_view text, const std::string& path) {
  return CsvReader(text, path).read();
}

}  // namespace splitwan::analysis
