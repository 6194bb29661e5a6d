#include "runtime/stats.h"

namespace grumpy {

Stats& stats() {
  static Stats s;
  return s;
}

}  // namespace grumpy
