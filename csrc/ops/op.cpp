// Looking operations up by name.
#include "ops/op.h"

#include <unordered_map>

namespace grumpy {

std::optional<Op> find_op(std::string_view name) {
  static const auto* by_name = [] {
    auto* map = new std::unordered_map<std::string_view, Op>;
    for (int k = 0; k < kNumOps; ++k) map->emplace(info(Op(k)).name, Op(k));
    return map;
  }();
  const auto found = by_name->find(name);
  if (found == by_name->end()) return std::nullopt;
  return found->second;
}

}  // namespace grumpy
