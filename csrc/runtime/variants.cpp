#include "runtime/variants.h"

#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/config.h"
#include "base/log.h"
#include "runtime/late_index.h"

namespace grumpy {
namespace {

struct Table {
  std::mutex mutex;
  std::unordered_map<std::string, std::shared_ptr<Variants>> by_place;
  std::vector<std::string> untold;
};
/// Leaked: the background compiler may outlive static destructors.
Table& all_variants() {
  static auto* one = new Table;
  return *one;
}

}  // namespace

std::shared_ptr<Variants> variants_of(const Site& site) {
  std::string place = place_of_site(site);
  if (place.empty()) return nullptr;
  const std::lock_guard lock(all_variants().mutex);
  auto& slot = all_variants().by_place[place];
  if (!slot) {
    slot = std::make_shared<Variants>();
    slot->place = std::move(place);
  }
  return slot;
}

bool is_capped(const Variants* variants) {
  return variants && variants->compiled.load(std::memory_order_relaxed) >= Config::max_line_kernels();
}

void note_capped(Variants& variants) {
  if (variants.is_told.load(std::memory_order_relaxed) || variants.is_told.exchange(true)) return;
  const std::lock_guard lock(all_variants().mutex);
  all_variants().untold.push_back(variants.place);
  detail::has_untold = true;
  GRUMPY_LOG(Device) << variants.place << " has had " << Config::max_line_kernels() << " kernels compiled: further ones are interpreted";
}

std::vector<std::string> take_capped_places() {
  const std::lock_guard lock(all_variants().mutex);
  detail::has_untold = false;
  return std::exchange(all_variants().untold, {});
}

std::vector<std::pair<std::string, int>> compiled_by_place() {
  const std::lock_guard lock(all_variants().mutex);
  std::vector<std::pair<std::string, int>> counts;
  for (const auto& [place, variants] : all_variants().by_place)
    if (const int n = variants->compiled.load(std::memory_order_relaxed)) counts.emplace_back(place, n);
  return counts;
}

}  // namespace grumpy
