#include "device/cpu/host_limits.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace grumpy {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

/// The number a file holds, `none` when there is no file or it says "max" or -1.
double read_number(const std::string& path, double none) {
  const std::string text = read_text(path);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return end == text.c_str() || value < 0 ? none : value;
}

/// Folders of this process's control group and the groups above it, nearest first.
/// `controller` is empty for version 2, else the name of a version 1 hierarchy.
std::vector<std::string> group_folders(const std::string& controller) {
  std::istringstream lines(read_text("/proc/self/cgroup"));
  std::vector<std::string> folders;
  for (std::string line; std::getline(lines, line);) {  // "4:cpu,cpuacct:/path", "0::/path"
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controller.empty() ? names != ",," : names.find("," + controller + ",") == std::string::npos) continue;
    const std::string root = controller.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
    std::string path = line.substr(second + 1);
    while (true) {
      while (!path.empty() && path.back() == '/') path.pop_back();
      folders.push_back(root + path);
      if (path.empty()) break;
      path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  }
  return folders;
}

double cpu_quota() {
  double least = HUGE_VAL;
  for (const std::string& folder : group_folders("")) {
    std::istringstream text(read_text(folder + "/cpu.max"));  // "200000 100000" or "max 100000"
    double quota = 0, period = 0;
    if (text >> quota >> period && quota > 0 && period > 0) least = std::min(least, quota / period);
  }
  for (const std::string& folder : group_folders("cpu")) {
    const double quota = read_number(folder + "/cpu.cfs_quota_us", 0);
    const double period = read_number(folder + "/cpu.cfs_period_us", 0);
    if (quota > 0 && period > 0) least = std::min(least, quota / period);
  }
  return least;
}

struct MemoryFiles { const char *controller, *limit, *used, *reclaimable; };
constexpr MemoryFiles kMemoryFiles[] = {
    {"", "/memory.max", "/memory.current", "inactive_file "},
    {"memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file "},
};

/// The value after `key` in text of lines "key value".
double field(const std::string& text, const std::string& key, double none) {
  for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1))
    if (at == 0 || text[at - 1] == '\n') return std::strtod(text.c_str() + at + key.size(), nullptr);
  return none;
}

/// The kernel's list of the caches that the first processor sees: bytes of the largest at `level`; 0 stands for any.
double cache_bytes(int level) {
  double size = 0;
  for (int index = 0; index < 8; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
    if (level && std::strtol(read_text(folder + "/level").c_str(), nullptr, 10) != level) continue;
    const std::string text = read_text(folder + "/size");
    const double unit = text.find('M') != std::string::npos ? 0x1p20 : text.find('K') != std::string::npos ? 0x1p10 : 1;
    size = std::max(size, std::strtod(text.c_str(), nullptr) * unit);
  }
  return size;
}

double physical_bytes() { return double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)); }

}  // namespace

int usable_cpus() {
  int count = 0;
  // The kernel refuses a set that is too small for the machine.
  for (size_t size = 1024; count == 0 && size <= 1 << 20; size *= 4) {
    cpu_set_t* set = CPU_ALLOC(size);
    if (!set) break;
    if (sched_getaffinity(0, CPU_ALLOC_SIZE(size), set) == 0) count = CPU_COUNT_S(CPU_ALLOC_SIZE(size), set);
    CPU_FREE(set);
  }
  if (count == 0) count = int(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  const double quota = std::ceil(cpu_quota() - 0.01);
  return quota < count ? std::max(1, int(quota)) : count;
}

size_t usable_memory_bytes() {
  static const size_t bytes = [] {
    double least = physical_bytes();
    for (const MemoryFiles& files : kMemoryFiles)
      for (const std::string& folder : group_folders(files.controller))
        least = std::min(least, read_number(folder + files.limit, least));
    return size_t(least);
  }();
  return bytes;
}

size_t available_memory_bytes() {
  double least = field(read_text("/proc/meminfo"), "MemAvailable:", physical_bytes() / 1024) * 1024;
  for (const MemoryFiles& files : kMemoryFiles)
    for (const std::string& folder : group_folders(files.controller)) {
      const double limit = read_number(folder + files.limit, HUGE_VAL);
      if (limit >= physical_bytes()) continue;
      const double used = read_number(folder + files.used, 0);
      // Pages of files count as used but are given up on demand.
      const double pages = field(read_text(folder + "/memory.stat"), files.reclaimable, 0);
      least = std::min(least, std::max(0.0, limit - used + pages));
    }
  return size_t(least);
}

size_t second_level_cache_bytes() {
  static const size_t bytes = [] {
    const double size = cache_bytes(2);
    return size > 0 ? size_t(size) : size_t(512) << 10;
  }();
  return bytes;
}

size_t last_level_cache_bytes() {
  static const size_t bytes = [] {
    // The C library's figure is the whole socket's where several caches serve it; the kernel
    // lists the one that this processor sees.
    double size = cache_bytes(0);
#ifdef _SC_LEVEL3_CACHE_SIZE
    if (size == 0) size = double(std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), sysconf(_SC_LEVEL2_CACHE_SIZE)));
#endif
    return size > 0 ? size_t(size) : size_t(8) << 20;
  }();
  return bytes;
}

}  // namespace grumpy
