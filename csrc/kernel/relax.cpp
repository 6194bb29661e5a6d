#include "kernel/relax.h"

#include <algorithm>
#include <optional>

namespace grumpy {
namespace {

int operands(const ScalarInstr& i, ValueId out[3]) {
  out[0] = i.a, out[1] = i.b, out[2] = i.c;
  return info(i.op).nin;
}

class Relaxer {
 public:
  Relaxer(const ScalarBlock& in, const std::vector<bool>& is_splat)
      : in_(in), uses_(in.instrs.size()), is_same_(in.instrs.size()), as_(in.instrs.size()) {
    out_.inputs = in.inputs;
    out_.outputs = in.outputs;
    for (size_t k = 0; k < in.instrs.size(); ++k) {
      const ScalarInstr& i = in.instrs[k];
      ValueId of[3];
      const int n = operands(i, of);
      bool same = i.op != ScalarOp::store && i.op != ScalarOp::raise &&
                  (i.op != ScalarOp::input || (i.imm / 2 < is_splat.size() && is_splat[i.imm / 2]));
      for (int j = 0; j < n; ++j) {
        ++uses_[of[j]];
        same = same && is_same_[of[j]];
      }
      is_same_[k] = same;
    }
  }

  ScalarBlock run() {
    for (size_t k = 0; k < in_.instrs.size(); ++k) as_[k] = rewrite(in_.instrs[k]);
    return std::move(out_);
  }

 private:
  ValueId rewrite(const ScalarInstr& i) {
    if (i.is_fast && !(info(i.op).nin == 2 && is_same_[i.a] && is_same_[i.b])) {
      if (i.op == ScalarOp::div && is_same_[i.b]) return divide(as_[i.a], as_[i.b]);
      if (i.op == ScalarOp::add || i.op == ScalarOp::sub)
        if (const auto v = add(i)) return *v;
    }
    ScalarInstr copy = i;
    ValueId of[3];
    const int n = operands(i, of);
    ValueId* const to[] = {&copy.a, &copy.b, &copy.c};
    for (int j = 0; j < n; ++j) *to[j] = as_[of[j]];
    return out_.append(copy);
  }

  /// A fast instruction that only the one being rewritten uses.
  const ScalarInstr* inner(ValueId v) const {
    const ScalarInstr& i = in_.instrs[v];
    return i.is_fast && uses_[v] == 1 && !is_same_[v] ? &i : nullptr;
  }

  ValueId negated(ValueId v) { return out_.unary(ScalarOp::neg, v); }

  std::optional<ValueId> add(const ScalarInstr& i) {
    const bool minus = i.op == ScalarOp::sub;
    const ScalarInstr *left = inner(i.a), *right = inner(i.b);
    if (left && left->op == ScalarOp::mul)
      return out_.fma(as_[left->a], as_[left->b], minus ? negated(as_[i.b]) : as_[i.b]);
    if (right && right->op == ScalarOp::mul)
      return out_.fma(minus ? negated(as_[right->a]) : as_[right->a], as_[right->b], as_[i.a]);
    // One of the two the same for all, and the other a sum with such a number.
    if (left && is_same_[i.b]) return merge(*left, as_[i.b], minus);
    if (right && is_same_[i.a] && !minus) return merge(*right, as_[i.a], false);
    return std::nullopt;
  }

  /// (x +- s) +- t as x + (+-s +- t); s - x is left as it is.
  std::optional<ValueId> merge(const ScalarInstr& sum, ValueId t, bool minus_t) {
    if (sum.op != ScalarOp::add && sum.op != ScalarOp::sub) return std::nullopt;
    const bool minus_s = sum.op == ScalarOp::sub;
    ValueId x = sum.a, s = sum.b;
    if (!is_same_[s]) std::swap(x, s);
    if (!is_same_[s] || (minus_s && s != sum.b)) return std::nullopt;
    const ValueId signed_s = minus_s ? negated(as_[s]) : as_[s];
    return out_.binary(ScalarOp::add, as_[x], out_.binary(minus_t ? ScalarOp::sub : ScalarOp::add, signed_s, t));
  }

  /// x * (1 / (s * scale)) * scale, where scale keeps the quotient a normal number.
  ValueId divide(ValueId x, ValueId s) {
    const DType t = out_.type(s);
    const bool wide = t == DType::float64;
    const ValueId magnitude = out_.unary(ScalarOp::abs, s), one = out_.constant(t, 1);
    const ValueId is_tiny = out_.binary(ScalarOp::cmp_lt, magnitude, out_.constant(t, wide ? 0x1p-1020 : 0x1p-124));
    const ValueId is_huge = out_.binary(ScalarOp::cmp_gt, magnitude, out_.constant(t, wide ? 0x1p1020 : 0x1p124));
    const ValueId scale = out_.select(is_tiny, out_.constant(t, 0x1p64),
                                      out_.select(is_huge, out_.constant(t, 0x1p-64), one));
    const ValueId inverse = out_.binary(ScalarOp::div, one, out_.binary(ScalarOp::mul, s, scale));
    return out_.binary(ScalarOp::mul, out_.binary(ScalarOp::mul, x, inverse), scale);
  }

  const ScalarBlock& in_;
  std::vector<uint32_t> uses_;
  std::vector<bool> is_same_;   // for all elements
  std::vector<ValueId> as_;     // what became of each value
  ScalarBlock out_;
};

/// Without what nothing stored or raised depends on: products that became part of a sum.
ScalarBlock without_dead(const ScalarBlock& in) {
  std::vector<bool> is_live(in.instrs.size());
  ValueId of[3];
  for (size_t k = in.instrs.size(); k-- > 0;) {
    const ScalarInstr& i = in.instrs[k];
    if (i.op == ScalarOp::store || i.op == ScalarOp::raise) is_live[k] = true;
    if (!is_live[k]) continue;
    const int n = operands(i, of);
    for (int j = 0; j < n; ++j) is_live[of[j]] = true;
  }
  ScalarBlock out;
  out.inputs = in.inputs;
  out.outputs = in.outputs;
  std::vector<ValueId> as(in.instrs.size());
  for (size_t k = 0; k < in.instrs.size(); ++k) {
    if (!is_live[k]) continue;
    ScalarInstr copy = in.instrs[k];
    const int n = operands(copy, of);
    ValueId* const to[] = {&copy.a, &copy.b, &copy.c};
    for (int j = 0; j < n; ++j) *to[j] = as[of[j]];
    as[k] = out.append(copy);
  }
  return out;
}

}  // namespace

ScalarBlock relax(const ScalarBlock& block, const std::vector<bool>& is_splat) {
  const bool has_fast = std::any_of(block.instrs.begin(), block.instrs.end(),
                                    [](const ScalarInstr& i) { return i.is_fast; });
  return has_fast ? without_dead(Relaxer(block, is_splat).run()) : block;
}

}  // namespace grumpy
