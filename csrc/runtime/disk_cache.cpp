#include "runtime/disk_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "base/config.h"

namespace grumpy {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr uint64_t kMagic = 0x31'65'6c'6e'72'65'6b'67;  // "gkernle1"
constexpr uintmax_t kLimitBytes = uintmax_t{256} << 20;
constexpr int kTrimEvery = 64;  // writes between looks at the folder's size

struct Header {
  uint64_t magic, key_lo, key_hi, size, check_lo, check_hi;
};

Hash128 checksum(const std::vector<char>& bytes) {
  Hash128 h;
  h.add_bytes({bytes.data(), bytes.size()});
  return h;
}

std::string choose_folder() {
  if (const std::string dir = Config::cache_dir(); !dir.empty()) return dir;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg) return std::string(xdg) + "/grumpy";
  if (const char* home = std::getenv("HOME"); home && *home) return std::string(home) + "/.cache/grumpy";
  return {};
}

/// The folder, made private; empty when there is none that is ours alone.
std::string folder() {
  if (!Config::cache()) return {};
  const std::string dir = choose_folder();
  if (dir.empty()) return {};
  std::error_code ignored;
  fs::create_directories(fs::path(dir).parent_path(), ignored);
  ::mkdir(dir.c_str(), 0700);
  struct stat st;
  if (::stat(dir.c_str(), &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != ::geteuid()) return {};
  // Code is loaded from here: nobody else may write it.
  if ((st.st_mode & 077) && ::chmod(dir.c_str(), 0700) != 0) return {};
  return dir;
}

std::string path_of(const std::string& dir, const Hash128& key) { return dir + "/" + hex(key) + ".o"; }

void trim(const std::string& dir) {
  struct Entry { fs::path path; uintmax_t size; fs::file_time_type time; };
  std::vector<Entry> entries;
  uintmax_t total = 0;
  std::error_code e;
  for (const auto& item : fs::directory_iterator(dir, e)) {
    std::error_code f;
    const uintmax_t size = item.file_size(f);
    // What a process left that was killed while it wrote.
    if (!f && item.path().extension() == ".tmp" && item.last_write_time(f) < fs::file_time_type::clock::now() - 1h)
      fs::remove(item.path(), f);
    if (f || item.path().extension() != ".o") continue;
    entries.push_back({item.path(), size, item.last_write_time(f)});
    total += size;
  }
  if (total <= kLimitBytes) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; });
  for (const Entry& entry : entries) {
    if (total <= kLimitBytes / 2) break;
    std::error_code f;
    if (fs::remove(entry.path, f)) total -= entry.size;
  }
}

}  // namespace

std::string hex(const Hash128& h) {
  char text[40];
  std::snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)h.hi, (unsigned long long)h.lo);
  return text;
}

std::optional<std::vector<char>> read_cached_object(const Hash128& key) {
  const std::string dir = folder();
  if (dir.empty()) return {};
  const std::string path = path_of(dir, key);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hold us up
  if (fd < 0) return {};
  std::FILE* file = ::fdopen(fd, "rb");
  Header h;
  std::vector<char> bytes;
  struct stat st;
  bool ok = ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && std::fread(&h, sizeof h, 1, file) == 1 && h.magic == kMagic && h.key_lo == key.lo &&
            h.key_hi == key.hi && h.size < (uint64_t{1} << 30);
  if (ok) {
    bytes.resize(h.size);
    ok = std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fgetc(file) == EOF;
  }
  std::fclose(file);
  if (ok) {
    const Hash128 sum = checksum(bytes);
    ok = sum.lo == h.check_lo && sum.hi == h.check_hi;
  }
  if (!ok) {
    if (::unlink(path.c_str()) != 0) ::rmdir(path.c_str());
    return {};
  }
  return bytes;
}

void write_cached_object(const Hash128& key, const std::vector<char>& object) {
  const std::string dir = folder();
  if (dir.empty()) return;
  static std::atomic<uint64_t> serial{0};
  const std::string temporary =
      dir + "/." + std::to_string(::getpid()) + "." + std::to_string(serial.fetch_add(1)) + ".tmp";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return;
  const Hash128 sum = checksum(object);
  const Header h{kMagic, key.lo, key.hi, object.size(), sum.lo, sum.hi};
  std::FILE* file = ::fdopen(fd, "wb");
  bool ok = std::fwrite(&h, sizeof h, 1, file) == 1 &&
            std::fwrite(object.data(), 1, object.size(), file) == object.size();
  ok = std::fclose(file) == 0 && ok;
  if (!ok || ::rename(temporary.c_str(), path_of(dir, key).c_str()) != 0) ::unlink(temporary.c_str());
  static std::atomic<int> writes{0};
  if (writes.fetch_add(1) % kTrimEvery == 0) {
    static std::mutex trimming;
    const std::lock_guard lock(trimming);
    trim(dir);
  }
}

}  // namespace grumpy
