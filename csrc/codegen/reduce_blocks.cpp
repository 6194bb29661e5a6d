#include "codegen/reduce_blocks.h"

#include <limits>

#include "base/error.h"

namespace grumpy {

namespace {

constexpr int64_t kNoIndex = std::numeric_limits<int64_t>::max();

/// The element-wise operation that combines two values; the table's names are the ufuncs'.
Op element_op(ReduceOp op) {
  const std::optional<Op> found = find_op(info(op == ReduceOp::count ? ReduceOp::add : op).name);
  GRUMPY_ASSERT(found) << "no element-wise operation " << info(op).name;
  return *found;
}

uint64_t bits_of(DType t, double v) {
  ScalarBlock scratch;
  return scratch.instrs[scratch.constant(t, v)].imm;
}

bool is_least(ReduceOp op) {
  return op == ReduceOp::minimum || op == ReduceOp::fmin || op == ReduceOp::argmin;
}

/// The value every element of real dtype t replaces, under minimum (least) or maximum.
uint64_t last_value(DType t, bool least) {
  const uint64_t all = item_bytes(t) == 8 ? ~uint64_t(0) : (uint64_t(1) << (8 * item_bytes(t))) - 1;
  switch (kind(t)) {
    case Kind::Bool:
      return least;
    case Kind::UInt:
      return least ? all : 0;
    case Kind::Int:
      return least ? all >> 1 : (all >> 1) + 1;
    case Kind::Float:
      return bits_of(t, least ? __builtin_inf() : -__builtin_inf());
    case Kind::Complex:
      break;
  }
  GRUMPY_ASSERT(false) << "order of complex parts";
}

/// Builds the three blocks of one reduction.
class Builder {
 public:
  Builder(ReduceOp op, DType in, DType out) : op_(op), in_(in), out_(out) {}

  ReduceBlocks build() {
    choose_state();
    for (ScalarBlock* b : {&r_.lift, &r_.combine}) b->outputs = r_.parts;
    r_.lift.inputs = {in_, DType::int64};
    r_.combine.inputs = r_.parts;
    r_.combine.inputs.insert(r_.combine.inputs.end(), r_.parts.begin(), r_.parts.end());
    r_.finish.inputs = r_.parts;
    r_.finish.outputs = {out_};
    write_lift();
    write_combine();
    write_finish();
    return std::move(r_);
  }

 private:
  static DType state_float(DType t) { return is_complex(t) ? DType::complex128 : DType::float64; }

  // The dtype values are combined in: wider than elements for sums and for products of float16.
  void choose_state() {
    work_ = in_;
    if (op_ == ReduceOp::add && is_inexact(in_)) work_ = state_float(in_);
    if (op_ == ReduceOp::multiply && in_ == DType::float16) work_ = DType::float32;
    if (op_ == ReduceOp::logical_and || op_ == ReduceOp::logical_or) work_ = DType::bool_;
    if (op_ == ReduceOp::moments) work_ = state_float(in_);
    if (op_ == ReduceOp::count) work_ = DType::int64;
    const DType part = real_part(work_);
    const auto add = [&](DType t, uint64_t bits) {
      r_.parts.push_back(t);
      r_.fresh.push_back(bits);
    };
    const auto add_value = [&](uint64_t re, uint64_t im) {
      add(part, re);
      if (is_complex(work_)) add(part, im);
    };
    switch (op_) {
      case ReduceOp::add:
      case ReduceOp::count:
      case ReduceOp::bitwise_or:
      case ReduceOp::bitwise_xor:
      case ReduceOp::logical_or:
        return add_value(0, 0);
      case ReduceOp::multiply:
        return add_value(bits_of(part, 1), 0);
      case ReduceOp::logical_and:
        return add_value(1, 0);
      case ReduceOp::bitwise_and:
        return add_value(last_value(unsigned_or_bool(part), true), 0);
      case ReduceOp::minimum:
      case ReduceOp::maximum:
        return add_value(last_value(part, is_least(op_)), last_value(part, is_least(op_)));
      case ReduceOp::fmin:
      case ReduceOp::fmax: {
        const uint64_t v =
            is_inexact(in_) ? bits_of(part, __builtin_nan("")) : last_value(part, is_least(op_));
        return add_value(v, v);
      }
      case ReduceOp::argmin:
      case ReduceOp::argmax:
        add_value(0, 0);
        return add(DType::int64, uint64_t(kNoIndex));
      case ReduceOp::moments:
        if (!is_inexact(in_)) throw CompileError("moments of " + std::string(info(in_).name));
        add(part, 0);  // count
        add_value(0, 0);
        return add(part, 0);  // sum of squared deviations
    }
  }

  static DType unsigned_or_bool(DType t) {
    switch (t) {
      case DType::int8:
        return DType::uint8;
      case DType::int16:
        return DType::uint16;
      case DType::int32:
        return DType::uint32;
      case DType::int64:
        return DType::uint64;
      default:
        return t;
    }
  }

  int value_parts() const { return is_complex(work_) ? 2 : 1; }

  // A value of work_ from consecutive slots, each a part.
  PointValue load_value(ScalarBlock& b, int first) const {
    PointValue v;
    v.re = b.input(first, real_part(work_));
    if (is_complex(work_)) v.im = b.input(first + 1, real_part(work_));
    return v;
  }
  void store_value(ScalarBlock& b, int first, PointValue v) const {
    b.store(first, v.re);
    if (is_complex(work_)) b.store(first + 1, v.im);
  }

  void write_lift() {
    ScalarBlock& b = r_.lift;
    const PointValue element = load_slot(b, 0, in_);
    const PointValue v = in_ == work_ ? element : expand_op(b, Op::cast, in_, work_, &element);
    const int parts = value_parts();
    switch (op_) {
      case ReduceOp::argmin:
      case ReduceOp::argmax:
        store_value(b, 0, v);
        b.store(parts, b.input(1, DType::int64));
        return;
      case ReduceOp::moments: {
        // x - x is 0, or NaN for what is not finite: such values must show in the result.
        const DType part = real_part(work_);
        ValueId spread = b.binary(ScalarOp::sub, v.re, v.re);
        if (is_complex(work_))
          spread = b.binary(ScalarOp::add, spread, b.binary(ScalarOp::sub, v.im, v.im));
        b.store(0, b.constant(part, 1));
        store_value(b, 1, v);
        b.store(1 + parts, spread);
        return;
      }
      default:
        store_value(b, 0, v);
    }
  }

  void write_combine() {
    ScalarBlock& b = r_.combine;
    const int n = int(r_.parts.size()), parts = value_parts();
    if (op_ == ReduceOp::moments) return merge_moments();
    const PointValue in[2] = {load_value(b, 0), load_value(b, n)};
    if (op_ != ReduceOp::argmin && op_ != ReduceOp::argmax)
      return store_value(b, 0, expand_op(b, element_op(op_), work_, work_, in));
    const ValueId first = b.input(parts, DType::int64), second = b.input(n + parts, DType::int64);
    const ValueId take = takes_second(in, first, second);
    store_value(b, 0,
                {b.select(take, in[1].re, in[0].re),
                 is_complex(work_) ? b.select(take, in[1].im, in[0].im) : ValueId(0)});
    b.store(parts, b.select(take, second, first));
  }

  // NumPy's arg reductions: the first NaN, else the first of the best; a fresh state always loses.
  ValueId takes_second(const PointValue* in, ValueId first, ValueId second) {
    ScalarBlock& b = r_.combine;
    const auto op = [&](Op o, PointValue x, PointValue y) {
      const PointValue v[2] = {x, y};
      return expand_op(b, o, work_, DType::bool_, v).re;
    };
    const auto both = [&](ValueId x, ValueId y) { return b.binary(ScalarOp::bit_and, x, y); };
    const auto either = [&](ValueId x, ValueId y) { return b.binary(ScalarOp::bit_or, x, y); };
    const auto invert = [&](ValueId x) { return b.unary(ScalarOp::bit_not, x); };
    const ValueId none = b.constant_bits(DType::int64, uint64_t(kNoIndex));
    const ValueId earlier = b.binary(ScalarOp::cmp_lt, second, first);
    ValueId better = is_least(op_) ? op(Op::less, in[1], in[0]) : op(Op::less, in[0], in[1]);
    ValueId ties = op(Op::equal, in[0], in[1]);
    if (is_inexact(work_)) {
      const ValueId nan0 = op(Op::isnan, in[0], in[0]), nan1 = op(Op::isnan, in[1], in[1]);
      better = either(both(nan1, invert(nan0)), both(better, invert(either(nan0, nan1))));
      ties = either(both(nan0, nan1), both(ties, invert(either(nan0, nan1))));
    }
    const ValueId wins = either(better, both(ties, earlier));
    const ValueId is_fresh0 = b.binary(ScalarOp::cmp_eq, first, none);
    const ValueId is_fresh1 = b.binary(ScalarOp::cmp_eq, second, none);
    return both(invert(is_fresh1), either(is_fresh0, wins));
  }

  // Chan, Golub and LeVeque: two sets by their counts, means and sums of squared deviations.
  void merge_moments() {
    ScalarBlock& b = r_.combine;
    const int n = int(r_.parts.size()), parts = value_parts();
    const DType t = real_part(work_);
    const auto in = [&](int k) { return b.input(k, t); };
    const auto add = [&](ValueId x, ValueId y) { return b.binary(ScalarOp::add, x, y); };
    const auto mul = [&](ValueId x, ValueId y) { return b.binary(ScalarOp::mul, x, y); };
    const ValueId count0 = in(0), count1 = in(n), total = add(count0, count1);
    const ValueId is_empty1 = b.binary(ScalarOp::cmp_eq, count1, b.constant(t, 0));
    const ValueId divisor = b.select(is_empty1, b.constant(t, 1), total);
    const ValueId share = b.binary(ScalarOp::div, count1, divisor);
    ValueId squares = b.constant(t, 0);
    b.store(0, total);
    for (int p = 0; p < parts; ++p) {
      const ValueId mean0 = in(1 + p), mean1 = in(n + 1 + p);
      const ValueId step = b.binary(ScalarOp::sub, mean1, mean0);
      squares = add(squares, mul(step, step));
      // What one side does not have must not enter: infinity times a share of 0 would be NaN.
      const ValueId moved = b.select(b.binary(ScalarOp::cmp_eq, count0, b.constant(t, 0)), mean1,
                                     add(mean0, mul(step, share)));
      b.store(1 + p, b.select(is_empty1, mean0, moved));
    }
    const ValueId across = mul(squares, mul(count0, share));
    const ValueId is_one_sided =
        b.binary(ScalarOp::bit_or, is_empty1, b.binary(ScalarOp::cmp_eq, count0, b.constant(t, 0)));
    const ValueId inside = add(in(1 + parts), in(n + 1 + parts));
    b.store(1 + parts, b.select(is_one_sided, inside, add(inside, across)));
  }

  void write_finish() {
    ScalarBlock& b = r_.finish;
    PointValue v;
    DType t = work_;
    switch (op_) {
      case ReduceOp::argmin:
      case ReduceOp::argmax:
        t = DType::int64;
        v.re = b.input(value_parts(), t);
        break;
      case ReduceOp::moments:
        t = real_part(work_);
        v.re = b.input(1 + value_parts(), t);
        break;
      default:
        v = load_value(b, 0);
    }
    store_slot(b, 0, out_, t == out_ ? v : expand_op(b, Op::cast, t, out_, &v));
  }

  ReduceOp op_;
  DType in_, out_;
  DType work_ = DType::float64;
  ReduceBlocks r_;
};

}  // namespace

ReduceBlocks reduce_blocks(ReduceOp op, DType in, DType out) {
  return Builder(op, in, out).build();
}

}  // namespace grumpy
