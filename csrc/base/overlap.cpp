// Which storage elements views share: small bounded Diophantine equations.
//
// Two views share an element when offset_a + sum i_k s_k = offset_b + sum j_k t_k has a solution
// within the extents. Sorted by coefficient, largest first, each unknown has few candidates that
// leave the rest within reach: at most two for nested strides. A work limit keeps the odd hard case
// (NP-complete in general) short; then the answer is the careful one.
#include <algorithm>
#include <numeric>
#include <vector>

#include "base/shape.h"

namespace grumpy {
namespace {

using Wide = __int128;

struct Term { int64_t coefficient, bound; };  // coefficient > 0, 0 <= unknown <= bound

class Equation {
 public:
  void add_term(int64_t coefficient, int64_t bound) {
    if (coefficient == 0 || bound == 0) return;
    if (coefficient < 0) {  // count the unknown down from its bound
      right_ -= Wide(coefficient) * bound;
      coefficient = -coefficient;
    }
    for (Term& t : terms_)
      if (t.coefficient == coefficient) {
        t.bound += bound;
        return;
      }
    terms_.push_back({coefficient, bound});
  }

  /// True when sum coefficient * unknown == right has a solution, or work runs out.
  bool may_have_solution(Wide right) {
    right_ += right;
    std::sort(terms_.begin(), terms_.end(),
              [](const Term& x, const Term& y) { return x.coefficient > y.coefficient; });
    reach_.assign(terms_.size() + 1, 0);
    divisor_.assign(terms_.size() + 1, 0);
    for (size_t k = terms_.size(); k-- > 0;) {
      reach_[k] = reach_[k + 1] + Wide(terms_[k].coefficient) * terms_[k].bound;
      divisor_[k] = std::gcd(divisor_[k + 1], terms_[k].coefficient);
    }
    work_ = kWorkLimit;
    return search(0, right_);
  }

 private:
  static constexpr int kWorkLimit = 10000;

  bool search(size_t k, Wide right) {
    if (right < 0 || right > reach_[k]) return false;
    if (right == 0 || k == terms_.size()) return right == 0;
    if (right % divisor_[k] != 0) return false;
    const Term& t = terms_[k];
    const Wide most = std::min<Wide>(t.bound, right / t.coefficient);
    const Wide need = right - reach_[k + 1];
    const Wide least = need <= 0 ? 0 : (need + t.coefficient - 1) / t.coefficient;
    for (Wide x = most; x >= least; --x) {
      if (--work_ < 0) return true;
      if (search(k + 1, right - x * t.coefficient)) return true;
    }
    return false;
  }

  std::vector<Term> terms_;
  std::vector<Wide> reach_;      // largest sum of terms k and on
  std::vector<int64_t> divisor_; // greatest common divisor of terms k and on
  Wide right_ = 0;
  int work_ = 0;
};

}  // namespace

bool may_overlap(const ViewRep& a, const ViewRep& b) {
  if (a.shape->size == 0 || b.shape->size == 0) return false;
  const Range ra = touched(a), rb = touched(b);
  if (ra.first >= rb.end || rb.first >= ra.end) return false;
  if (a.shape->size == 1 && b.shape->size == 1) return true;
  if (a.is_contiguous && b.is_contiguous) return true;
  Equation equation;
  for (int k = 0; k < a.ndim; ++k) equation.add_term(a.strides[k], a.shape->dims[k] - 1);
  for (int k = 0; k < b.ndim; ++k) equation.add_term(-b.strides[k], b.shape->dims[k] - 1);
  return equation.may_have_solution(Wide(b.offset) - a.offset);
}

bool is_injective(const ViewRep& v) {
  if (v.shape->size <= 1 || v.is_contiguous) return true;
  std::vector<Term> axes;
  for (int k = 0; k < v.ndim; ++k) {
    const int64_t n = v.shape->dims[k], s = v.strides[k];
    if (n == 1) continue;
    if (s == 0) return false;
    axes.push_back({s < 0 ? -s : s, n - 1});
  }
  std::sort(axes.begin(), axes.end(),
            [](const Term& x, const Term& y) { return x.coefficient < y.coefficient; });
  Wide reach = 0;  // of the axes before
  bool is_nested = true;
  for (const Term& t : axes) {
    is_nested &= t.coefficient > reach;
    reach += Wide(t.coefficient) * t.bound;
  }
  if (is_nested) return true;
  // Two indices that meet differ first in some axis k, by at least one step; the later axes differ
  // by anything between -bound and bound.
  for (size_t k = 0; k < axes.size(); ++k) {
    Equation equation;
    Wide right = -Wide(axes[k].coefficient);
    equation.add_term(axes[k].coefficient, axes[k].bound - 1);
    for (size_t m = k + 1; m < axes.size(); ++m) {
      equation.add_term(axes[m].coefficient, 2 * axes[m].bound);
      right += Wide(axes[m].coefficient) * axes[m].bound;
    }
    if (equation.may_have_solution(right)) return false;
  }
  return true;
}

}  // namespace grumpy
