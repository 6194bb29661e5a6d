#include "base/config.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/error.h"

namespace grumpy {
namespace {

enum class Parse : uint8_t { Int, Bytes, Bool, Log, Text, Choice };

struct Row {
  const char* name;
  const char* type;
  const char* default_text;
  int64_t least, most;
  const char* doc;
};
constexpr Row kRows[] = {
#define CHOICE(...)
#define CONFIG(name, type, default_text, least, most, doc) {#name, #type, default_text, least, most, doc},
#include "base/config.def"
#undef CHOICE
#undef CONFIG
};
constexpr int kNumRows = int(std::size(kRows));

struct ChoiceRow { std::string_view type, enumerators; };
constexpr ChoiceRow kChoices[] = {
#define CHOICE(type, ...) {#type, #__VA_ARGS__},
#define CONFIG(...)
#include "base/config.def"
#undef CHOICE
#undef CONFIG
};

std::string lower(std::string_view text) {
  std::string s(text);
  for (char& c : s) c = char(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.front()))) s.remove_prefix(1);
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.back()))) s.remove_suffix(1);
  return s;
}

std::vector<std::string> split(std::string_view s, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = std::min(s.find(separator), s.size());
    parts.push_back(lower(trim(s.substr(0, end))));
    if (end == s.size()) return parts;
    s.remove_prefix(end + 1);
  }
}

/// The rows with their texts spelled out; made once, never destroyed (threads may ask at exit).
struct Table {
  std::vector<std::string> variables, choice_texts;
  std::vector<std::vector<std::string>> choices;
  std::vector<Parse> parse;
  std::vector<ConfigRow> rows;

  Table() {
    for (const Row& row : kRows) {
      std::string variable = "GRUMPY_";
      for (const char* c = row.name; *c; ++c) variable += char(std::toupper(static_cast<unsigned char>(*c)));
      variables.push_back(variable);
      std::vector<std::string> words;
      for (const ChoiceRow& choice : kChoices)
        if (choice.type == row.type) words = split(choice.enumerators, ',');
      std::string text;
      for (const std::string& word : words) text += (text.empty() ? "" : "|") + word;
      choices.push_back(words);
      choice_texts.push_back(text);
      const std::string_view type = row.type;
      parse.push_back(!words.empty()    ? Parse::Choice
                      : type == "Int"   ? Parse::Int
                      : type == "Bytes" ? Parse::Bytes
                      : type == "Bool"  ? Parse::Bool
                      : type == "Log"   ? Parse::Log
                                        : Parse::Text);
    }
    for (int i = 0; i < kNumRows; ++i)
      rows.push_back({kRows[i].name, variables[i], kRows[i].type, kRows[i].default_text, choice_texts[i], kRows[i].doc});
  }
};
const Table& table() {
  static const Table& t = *new Table;
  return t;
}

/// Texts are read without a lock; replaced ones are kept, for a reader may still hold them.
std::atomic<const std::string*> texts[kNumRows];
std::mutex load_mutex;
std::string* environment_error = nullptr;

bool parse_int(std::string_view s, int64_t& out) {
  if (s.starts_with('+')) s.remove_prefix(1);
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  return error == std::errc() && end == s.data() + s.size() && !s.empty();
}

/// "512", "64K", "1.5G", "2GiB", "2 GB": powers of 1024.
bool parse_bytes(std::string_view text, int64_t& out) {
  std::string s = lower(text);
  if (s.ends_with("ib")) s.resize(s.size() - 2);
  else if (s.ends_with("b")) s.resize(s.size() - 1);
  double scale = 1;
  if (!s.empty()) {
    const size_t unit = std::string_view("kmgt").find(s.back());
    if (unit != std::string_view::npos) {
      scale = std::pow(1024.0, double(unit + 1));
      s.pop_back();
    }
  }
  const std::string_view digits = trim(s);
  if (parse_int(digits, out) && scale == 1) return true;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return false;
  value *= scale;
  if (!(value >= 0 && value < 9.2e18)) return false;
  out = int64_t(value);
  return true;
}

bool parse_log(std::string_view text, int64_t& out) {
  out = 0;
  for (const std::string& part : split(text, ',')) {
    int64_t level = 0;
    if (part == "fallback") out |= kLogForwards;
    else if (parse_int(part, level) && level >= 0 && level <= 5) out = (out & kLogForwards) | level;
    else return false;
  }
  return true;
}

bool has_auto(int i) { return std::string_view(kRows[i].default_text) == "auto"; }

/// False when row i does not take the text. Text rows take anything.
bool parse_value(int i, std::string_view raw, int64_t& out) {
  const Parse kind = table().parse[i];
  if (kind == Parse::Text) return true;
  const std::string_view text = trim(raw);
  const std::string word = lower(text);
  switch (kind) {
    case Parse::Int:
    case Parse::Bytes:
      if (has_auto(i) && word == "auto") { out = kAuto; return true; }
      if (!(kind == Parse::Int ? parse_int(text, out) : parse_bytes(text, out))) return false;
      return out >= kRows[i].least && out <= kRows[i].most;
    case Parse::Bool:
      out = word == "1" || word == "true" || word == "on" || word == "yes";
      return out || word == "0" || word == "false" || word == "off" || word == "no";
    case Parse::Log: return parse_log(text, out);
    case Parse::Choice: {
      const auto& words = table().choices[i];
      out = std::find(words.begin(), words.end(), word) - words.begin();
      return out < int64_t(words.size());
    }
    case Parse::Text: break;
  }
  return true;
}

std::string expectation(int i) {
  const Row& row = kRows[i];
  std::string text;
  switch (table().parse[i]) {
    case Parse::Int:
    case Parse::Bytes:
      text = table().parse[i] == Parse::Int ? "an integer" : "a number of bytes (as 512M or 2G)";
      text += row.most == INT64_MAX ? " of at least " + std::to_string(row.least)
                                    : " from " + std::to_string(row.least) + " to " + std::to_string(row.most);
      return has_auto(i) ? text + ", or auto" : text;
    case Parse::Bool: return "0 or 1";
    case Parse::Log: return "a level from 0 to 5, or the word fallback, or both with a comma";
    case Parse::Choice:
      for (const std::string& word : table().choices[i]) text += (text.empty() ? "" : ", ") + word;
      return "one of " + text;
    case Parse::Text: break;
  }
  return "text";
}

void store(int i, std::string_view text, int64_t number) {
  if (table().parse[i] == Parse::Text) texts[i].store(new std::string(text), std::memory_order_release);
  else detail::config_numbers[i].store(number, std::memory_order_relaxed);
}

int find_row(std::string_view name) {
  for (int i = 0; i < kNumRows; ++i)
    if (name == kRows[i].name) return i;
  std::string known;
  for (const Row& row : kRows) known += (known.empty() ? "" : ", ") + std::string(row.name);
  GRUMPY_CHECK(false, TypeError) << "config: no setting '" << name << "'; there are " << known;
  return -1;
}

}  // namespace

namespace detail {

std::atomic<bool> config_is_loaded{false};
std::atomic<int64_t> config_numbers[kNumRows];

void load_config() {
  const std::lock_guard lock(load_mutex);
  if (config_is_loaded.load(std::memory_order_relaxed)) return;
  for (int i = 0; i < kNumRows; ++i) {
    int64_t number = 0;
    parse_value(i, kRows[i].default_text, number);
    store(i, kRows[i].default_text, number);
    const char* text = std::getenv(table().variables[i].c_str());
    if (!text) continue;
    if (*text == 0 && table().parse[i] != Parse::Text) continue;  // NAME= means unset, as in most tools
    if (parse_value(i, text, number)) store(i, text, number);
    else if (!environment_error)
      environment_error = new std::string(table().variables[i] + ": expected " + expectation(i) + ", got '" + text + "'");
  }
  config_is_loaded.store(true, std::memory_order_release);
}

std::string config_text(ConfigId id) {
  if (!config_is_loaded.load(std::memory_order_acquire)) load_config();
  return *texts[int(id)].load(std::memory_order_acquire);
}

}  // namespace detail

std::span<const ConfigRow> config_rows() { return table().rows; }

void check_environment() {
  if (!detail::config_is_loaded.load(std::memory_order_acquire)) detail::load_config();
  GRUMPY_CHECK(!environment_error, ValueError) << *environment_error;
}

void set_config(std::string_view name, std::string_view value) {
  const int i = find_row(name);
  if (!detail::config_is_loaded.load(std::memory_order_acquire)) detail::load_config();
  int64_t number = 0;
  GRUMPY_CHECK(parse_value(i, value, number), ValueError)
      << "config: " << name << ": expected " << expectation(i) << ", got '" << value << "'";
  store(i, value, number);
}

std::string get_config(std::string_view name) {
  const int i = find_row(name);
  const auto id = detail::ConfigId(i);
  const Parse kind = table().parse[i];
  if (kind == Parse::Text) return detail::config_text(id);
  const int64_t number = detail::config_number(id);
  switch (kind) {
    case Parse::Choice: return table().choices[i][size_t(number)];
    case Parse::Log: {
      const std::string level = std::to_string(number & ~kLogForwards);
      return number & kLogForwards ? (level == "0" ? "fallback" : level + ",fallback") : level;
    }
    case Parse::Int:
    case Parse::Bytes:
    case Parse::Bool:
    case Parse::Text: break;
  }
  return number == kAuto && has_auto(i) ? "auto" : std::to_string(number);
}

}  // namespace grumpy
