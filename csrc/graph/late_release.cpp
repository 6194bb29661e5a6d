#include "graph/late_release.h"

#include <vector>

namespace grumpy {
namespace {

struct Waiting {
  void* object;
  void (*release)(void*);
};

bool is_held = false;
std::vector<Waiting>& waiting() {
  static auto* list = new std::vector<Waiting>;  // daemon threads may come after static destructors
  return *list;
}

}  // namespace

void release_object(void* object, void (*release)(void* object)) {
  if (is_held) waiting().push_back({object, release});
  else release(object);
}

void hold_releases(bool held) { is_held = held; }

void run_releases() {
  while (!waiting().empty()) {  // each may add more
    const Waiting last = waiting().back();
    waiting().pop_back();
    last.release(last.object);
  }
}

}  // namespace grumpy
