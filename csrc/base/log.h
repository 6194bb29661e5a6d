/// What is said on stderr (GRUMPY_LOG) and written for later reading (GRUMPY_DUMP).
///
/// Throws:  nothing; a dump that cannot be written is said once on stderr.
/// Threads: safe; a line is written in one piece.
#pragma once
#include <sstream>
#include <string>
#include <string_view>

#include "base/config.h"

namespace grumpy {

/// Levels of GRUMPY_LOG; each includes those before it.
enum class LogLevel : uint8_t { Off, Device, Kernels, Partitions, Code, Passes };

inline bool is_logged(LogLevel level) { return (Config::log() & 255) >= int64_t(level); }
/// Every forward to NumPy is to be printed (GRUMPY_LOG=fallback).
inline bool logs_forwards() { return Config::log() & kLogForwards; }

/// Writes "grumpy: " and the text to stderr, each line of it on its own.
void write_log(std::string_view text);

namespace detail {
class LogLine {
 public:
  template <class T> LogLine& operator<<(const T& v) { text_ << v; return *this; }
  ~LogLine() { write_log(text_.str()); }
 private:
  std::ostringstream text_;
};
}  // namespace detail

/// GRUMPY_LOG(Kernels) << name << ...;  costs a load and a compare when the level is off.
#define GRUMPY_LOG(level)                                                              \
  if (!::grumpy::is_logged(::grumpy::LogLevel::level)) {} else ::grumpy::detail::LogLine()

/// A dump folder is set.
bool is_dumping();
/// "012-cse.txt" for ("cse", "txt"): the next number of this process.
std::string next_dump_name(std::string_view stage, std::string_view extension);
/// Writes a file of the dump folder, which is made when missing; nothing without a folder.
void dump(const std::string& file_name, std::string_view text);

}  // namespace grumpy
