#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace grumpy {

void write_log(std::string_view text) {
  std::string out;
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.append("grumpy: ").append(text.substr(0, end)).push_back('\n');
    if (end + 1 >= text.size()) break;
    text.remove_prefix(end + 1);
  }
  // One write call: lines of several threads and processes stay whole.
  for (std::string_view rest = out; !rest.empty();) {
    const ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (n <= 0) return;
    rest.remove_prefix(size_t(n));
  }
}

bool is_dumping() { return !Config::dump().empty(); }

std::string next_dump_name(std::string_view stage, std::string_view extension) {
  static std::atomic<unsigned> count{0};
  char number[16];
  std::snprintf(number, sizeof number, "%03u-", count.fetch_add(1, std::memory_order_relaxed) + 1);
  return number + std::string(stage) + "." + std::string(extension);
}

void dump(const std::string& file_name, std::string_view text) {
  const std::string folder = Config::dump();
  if (folder.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const std::string path = folder + "/" + file_name;
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), std::streamsize(text.size()));
  file.close();
  static std::atomic<bool> was_told{false};
  if (!file && !was_told.exchange(true)) write_log("cannot write " + path + " (GRUMPY_DUMP)");
}

}  // namespace grumpy
