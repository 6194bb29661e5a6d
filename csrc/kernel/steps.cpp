#include "kernel/steps.h"

#include "base/error.h"
#include "kernel/inner_loops.h"
#include "kernel/relax.h"

namespace grumpy {
namespace {

/// What relax() may look into; expansions of functions rely on each rounding.
bool is_arithmetic(Op op) {
  switch (op) {
    case Op::add: case Op::subtract: case Op::multiply: case Op::divide: case Op::square: case Op::negative: return true;
    default: return false;
  }
}

bool is_loop(const Instr& i) { return i.is_foreign || i.loop || !has_expansion(i.op, i.dtype); }

bool is_scalar(const Program& p, int v) { return v >= p.nloads && v < p.nloads + p.nscalars; }

/// Collects instructions into one scalar block.
class SegmentBuilder {
 public:
  SegmentBuilder(const Program& program, std::vector<char> is_needed_later)
      : program_(program), is_needed_later_(std::move(is_needed_later)), points_(program.dtypes.size()),
        is_known_(program.dtypes.size(), 0), is_same_(program.dtypes.size(), 0) {
    for (int v = 0; v < program.nvalues(); ++v) is_same_[size_t(v)] = is_scalar(program, v);
  }

  void add(const Instr& i) {
    PointValue in[4];
    bool is_same = true;
    for (int k = 0; k < i.nin; ++k) {
      in[k] = point(i.in[k]);
      is_same = is_same && is_same_[i.in[k]];
    }
    is_same_[i.out] = is_same;
    segment_.block.has_one_divisor = i.nin == 2 && is_same_[i.in[1]];
    segment_.block.is_fast = i.is_fast && is_arithmetic(i.op);
    segment_.block.is_rough = i.is_fast;
    points_[i.out] = expand_op(segment_.block, i.op, i.dtype, i.result, in);
    segment_.block.is_fast = segment_.block.is_rough = false;
    is_known_[i.out] = 1;
    made_.push_back(i.out);
  }

  bool is_empty() const { return made_.empty(); }

  /// Stores a value as the state of a sum.
  void add_sum(uint16_t v) {
    PointValue p = point(v);
    const DType from = program_.dtypes[v], to = from == DType::float32 ? DType::float64 : from;
    if (to != from) p = expand_op(segment_.block, Op::cast, from, to, &p);
    store_slot(segment_.block, int(segment_.out.size()), to, p);
    segment_.out.push_back(v);
  }
  Segment finish_sums() { return finished(); }

  Segment finish() {
    for (uint16_t v : made_) {
      if (!is_needed_later_[v]) continue;
      store_slot(segment_.block, int(segment_.out.size()), program_.dtypes[v], points_[v]);
      segment_.out.push_back(v);
    }
    return finished();
  }

 private:
  Segment finished() {
    segment_.block = relax(segment_.block, segment_.is_splat);
    return std::move(segment_);
  }

  PointValue point(uint16_t v) {
    if (!is_known_[v]) {
      points_[v] = load_slot(segment_.block, int(segment_.in.size()), program_.dtypes[v]);
      is_known_[v] = 1;
      segment_.in.push_back(v);
      segment_.is_splat.push_back(is_scalar(program_, v));
    }
    return points_[v];
  }

  const Program& program_;
  const std::vector<char> is_needed_later_;
  std::vector<PointValue> points_;
  std::vector<char> is_known_;
  std::vector<char> is_same_;  // at all points
  std::vector<uint16_t> made_;
  Segment segment_;
};

}  // namespace

BlockStep interpreted_step(const Program& program, const Instr& i) {
  BlockStep step;
  if (!i.is_foreign && !i.loop) {
    if (i.nin == 2 && is_scalar(program, i.in[1])) step.fn = block_loop_by_number(i.op, i.dtype);
    step.is_by_number = step.fn;
    if (!step.fn) step.fn = i.op == Op::cast ? cast_loop(i.dtype, i.result) : block_loop(i.op, i.dtype);
    if (!step.fn) step.loop = find_inner_loop(i.op, i.dtype);
  } else {
    step.loop = i.loop;
  }
  GRUMPY_ASSERT(step.fn || step.loop) << "no loop for " << info(i.op).name << " of " << info(i.dtype).name;
  step.in.assign(i.in, i.in + i.nin);
  for (int k = 0; k < i.nout; ++k) step.out.push_back(uint16_t(i.out + k));
  return step;
}

StepList make_interpreted_steps(const Program& program) {
  StepList list;
  list.steps.reserve(program.instrs.size());
  for (const Instr& i : program.instrs) list.steps.push_back(interpreted_step(program, i));
  return list;
}

std::vector<std::variant<Segment, BlockStep>> make_segments(const Program& program,
                                                            const std::vector<uint16_t>& live_out) {
  const size_t count = program.instrs.size();
  std::vector<char> is_ready(program.dtypes.size(), 0), is_done(count, 0);
  for (int v = 0; v < program.nloads + program.nscalars; ++v) is_ready[size_t(v)] = 1;
  const auto can_run = [&](size_t k) {
    const Instr& i = program.instrs[k];
    for (int n = 0; n < i.nin; ++n)
      if (!is_ready[i.in[n]]) return false;
    return true;
  };
  const auto mark_done = [&](size_t k) {
    const Instr& i = program.instrs[k];
    for (int n = 0; n < i.nout; ++n) is_ready[size_t(i.out + n)] = 1;
    is_done[k] = 1;
  };

  std::vector<std::variant<Segment, BlockStep>> parts;
  std::vector<char> is_needed_later(program.dtypes.size());
  for (size_t left = count; left > 0;) {
    std::vector<size_t> chosen;
    for (size_t k = 0; k < count; ++k) {
      if (is_done[k] || is_loop(program.instrs[k]) || !can_run(k)) continue;
      mark_done(k);
      chosen.push_back(k);
    }
    is_needed_later.assign(program.dtypes.size(), 0);
    for (uint16_t v : live_out) is_needed_later[v] = 1;
    for (size_t k = 0; k < count; ++k) {
      if (is_done[k]) continue;
      for (int n = 0; n < program.instrs[k].nin; ++n) is_needed_later[program.instrs[k].in[n]] = 1;
    }
    SegmentBuilder builder(program, is_needed_later);
    for (size_t k : chosen) builder.add(program.instrs[k]);
    if (!builder.is_empty()) parts.emplace_back(builder.finish());

    size_t loops = 0;
    std::vector<size_t> ready;
    for (size_t k = 0; k < count; ++k)
      if (!is_done[k] && is_loop(program.instrs[k]) && can_run(k)) ready.push_back(k);
    for (size_t k : ready) {
      parts.emplace_back(interpreted_step(program, program.instrs[k]));
      mark_done(k);
      ++loops;
    }
    GRUMPY_ASSERT(!chosen.empty() || loops > 0) << "instructions use values that nothing makes";
    left -= chosen.size() + loops;
  }
  return parts;
}

bool can_fold(const KernelSpec& spec) {
  if (!spec.is_short || !spec.stores.empty() || spec.program.instrs.empty()) return false;
  for (const Instr& i : spec.program.instrs)
    if (is_loop(i)) return false;
  for (const Reduction& r : spec.reductions) {
    const bool is_wide = r.in == DType::float32 || r.in == DType::float64 || r.in == DType::int64 || r.in == DType::uint64;
    if (r.op != ReduceOp::add || !is_wide) return false;
  }
  return true;
}

Segment make_fold_segment(const KernelSpec& spec) {
  const Program& p = spec.program;
  SegmentBuilder builder(p, {});
  for (const Instr& i : p.instrs) builder.add(i);
  for (const Reduction& r : spec.reductions) builder.add_sum(r.value);
  return builder.finish_sums();
}

}  // namespace grumpy
