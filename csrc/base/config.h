/// Settings: every GRUMPY_* variable, one row of config.def each.
///
/// The environment is read once, at the first question; set_config changes a value after that.
/// A malformed variable counts as its default until check_environment says what is wrong with it.
/// Throws:  accessors never; the others Error (ValueError, TypeError).
/// Threads: safe; numbers are relaxed atomics.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace grumpy {

#define CHOICE(type, ...) enum class type : uint8_t { __VA_ARGS__ };
#define CONFIG(...)
#include "base/config.def"
#undef CHOICE
#undef CONFIG

inline constexpr int64_t kAuto = -1;          // value of an Int or Bytes row set to "auto"
inline constexpr int64_t kLogForwards = 256;  // bit of the log row: the word "fallback" was given

namespace detail {
enum class ConfigId : uint8_t {
#define CHOICE(...)
#define CONFIG(name, ...) name,
#include "base/config.def"
#undef CHOICE
#undef CONFIG
};
extern std::atomic<bool> config_is_loaded;
extern std::atomic<int64_t> config_numbers[];
void load_config();
std::string config_text(ConfigId id);

inline int64_t config_number(ConfigId id) {
  if (!config_is_loaded.load(std::memory_order_acquire)) [[unlikely]] load_config();
  return config_numbers[int(id)].load(std::memory_order_relaxed);
}

}  // namespace detail

/// How the row types that are not a CHOICE appear in C++.
namespace config_type {
struct Int { using Value = int64_t; };
struct Bytes { using Value = int64_t; };
struct Log { using Value = int64_t; };  // level, and kLogForwards
struct Bool { using Value = bool; };
struct Text { using Value = std::string; };
}  // namespace config_type

namespace detail {
template <class T> struct ConfigValue { using Value = T; };
template <class T> requires requires { typename T::Value; }
struct ConfigValue<T> { using Value = typename T::Value; };

template <class T> typename ConfigValue<T>::Value config_value(ConfigId id) {
  if constexpr (std::is_same_v<T, config_type::Text>) return config_text(id);
  else return typename ConfigValue<T>::Value(config_number(id));
}
}  // namespace detail

/// Config::num_threads(), Config::fp_warnings(), ... : one typed accessor per row.
struct Config {
#define CHOICE(...)
#define CONFIG(name, type, ...)                                        \
  static auto name() {                                                 \
    using namespace config_type;                                       \
    return detail::config_value<type>(detail::ConfigId::name);         \
  }
#include "base/config.def"
#undef CHOICE
#undef CONFIG
};

/// Facts of a row, for messages and generated documents.
struct ConfigRow {
  std::string_view name;           // "num_threads"
  std::string_view variable;       // "GRUMPY_NUM_THREADS"
  std::string_view type;           // "Int", ..., or the name of the CHOICE
  std::string_view default_text;
  std::string_view choices;        // "lazy|call"; empty for other types
  std::string_view doc;
};
std::span<const ConfigRow> config_rows();

/// Throws ValueError that names the first malformed GRUMPY_* variable and what it takes.
void check_environment();
/// TypeError for an unknown name, ValueError for a value the row does not take.
void set_config(std::string_view name, std::string_view value);
/// The value as set_config takes it back.
std::string get_config(std::string_view name);

}  // namespace grumpy
