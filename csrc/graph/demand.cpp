#include "graph/demand.h"

namespace grumpy {
namespace {

struct Place {
  const void* code;
  int32_t last_instruction;
};
constexpr size_t kPlaces = 256;
Place places[kPlaces];  // one for each hash: whoever comes last; being wrong costs a store

Place& place_of(const Site& s) {
  return places[(reinterpret_cast<uintptr_t>(s.code) >> 4 ^ uint32_t(s.last_instruction) * 0x9e3779b1u >> 16) % kPlaces];
}

}  // namespace

void note_demand(const Node& n) {
  if (n.kind != NodeKind::Constant && n.site.code) place_of(n.site) = {n.site.code, n.site.last_instruction};
}

bool is_in_demand(const Node& n) {
  if (n.kind == NodeKind::Constant || !n.site.code) return false;
  const Place& p = place_of(n.site);
  return p.code == n.site.code && p.last_instruction == n.site.last_instruction;
}

}  // namespace grumpy
