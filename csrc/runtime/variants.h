/// How many kernels each line of the program has had compiled, and where that ends.
///
/// A line whose operations come in ever new combinations (a loop that builds another expression each
/// turn) would have a kernel compiled for each of them. From max_line_kernels on, new ones of that line are
/// interpreted, and the user is told which line it is.
/// Threads: safe; variants_of under the GIL.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "graph/node.h"

namespace grumpy {

struct Variants {
  std::string place;             // "file:line"
  std::atomic<int> compiled{0};  // kernels
  std::atomic<bool> is_told{false};
};

/// The line of this site; null where that is unknown.
std::shared_ptr<Variants> variants_of(const Site& site);
/// Whether the line has had as many as it may.
bool is_capped(const Variants* variants);
/// The line wanted one more: the first time, it becomes one to tell of.
void note_capped(Variants& variants);

/// Lines that have met the limit since the last call.
std::vector<std::string> take_capped_places();
namespace detail {
inline std::atomic<bool> has_untold{false};
}
inline bool has_capped_places() { return detail::has_untold.load(std::memory_order_relaxed); }
/// Kernels compiled so far, by line.
std::vector<std::pair<std::string, int>> compiled_by_place();

}  // namespace grumpy
