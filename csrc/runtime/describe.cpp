#include "runtime/describe.h"

#include <sstream>

#include "base/error.h"
#include "base/log.h"
#include "codegen/jit.h"
#include "codegen/ptx.h"
#include "device/cpu/blas.h"
#include "device/cpu/costs.h"
#include "device/cpu/launch.h"
#include "device/cpu/run_kernel.h"
#include "device/cpu/thread_pool.h"
#include "passes/pipeline.h"
#include "runtime/plan.h"

namespace grumpy {
namespace {

/// The wavefront that the step is in; null: none.
const Wavefront* wavefront_of(const Plan& plan, size_t step) {
  for (const Wavefront& w : plan.wavefronts)
    if (step >= w.first && step < w.first + w.steps.size()) return &w;
  return nullptr;
}

std::string step_text(const Plan& plan, size_t i) {
  std::ostringstream o;
  if (const Wavefront* w = wavefront_of(plan, i); w && w->first == i)
    o << "wavefront: steps " << i << " to " << i + w->steps.size() - 1 << " in turn, " << w->fronts << " blocks\n";
  o << "step " << i << ": ";
  return o.str();
}

std::string kernel_text(const Plan& plan) {
  std::ostringstream o;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& st = plan.steps[i];
    o << step_text(plan, i);
    switch (st.kind) {
      case StepKind::Kernel: o << st.code->name() << '\n' << to_string(st.spec); break;
      case StepKind::Matmul:
        o << "matmul " << code(st.matmul.dtype) << ' ' << st.matmul.m << 'x' << st.matmul.k << 'x'
          << st.matmul.n << '\n';
        break;
      case StepKind::Compress: o << "compress " << code(st.compress.dtype) << '\n'; break;
      case StepKind::Put: o << "put " << code(st.put.dtype) << " along axis " << st.put.axis << '\n'; break;
      case StepKind::Take: o << "take along axis " << st.take.axis << '\n'; break;
    }
  }
  return o.str();
}

std::string bytes_text(double bytes) {
  std::ostringstream o;
  o.precision(3);
  if (bytes >= 1e6) o << bytes / 1e6 << " MB";
  else if (bytes >= 1e3) o << bytes / 1e3 << " kB";
  else o << bytes << " bytes";
  return o.str();
}

/// Bytes that a kernel writes in one piece.
double written_bytes(const PlanStep& st) {
  double bytes = 0;
  const KernelSpec& spec = st.spec;
  const size_t first = size_t(spec.program.nloads) + spec.program.nscalars;
  for (size_t a = first; a < first + spec.stores.size(); ++a)
    if (!st.args[a].strides.empty() && st.args[a].strides.back() == 1)
      bytes += st.points * double(item_bytes(spec.arg_dtype(int(a))));
  return bytes;
}

std::string kernel_choices(const PlanStep& st, const Wavefront* wavefront) {
  std::ostringstream o;
  o.precision(3);
  const KernelKind kind = st.spec.kind;
  o << st.code->name() << ", " << (kind == KernelKind::Map ? "map" : kind == KernelKind::Reduce ? "reduction" : "scan")
    << " of " << st.spec.program.instrs.size() << " operations over " << int64_t(st.points) << " points, "
    << bytes_text(st.bytes) << "\n  code     " << st.code->explain(st.points);
  if (wavefront) {
    const size_t chunks = num_threads() > 1 ? chunks_for(*wavefront, num_threads()).chunks.size() : 1;
    if (chunks > 0) {
      o << "\n  threads  " << std::min<size_t>(chunks, size_t(num_threads())) << " of " << num_threads()
        << " for the wavefront, in " << chunks << " chunks\n";
      return o.str();
    }
  }
  const RunEstimate run = estimate_run(st.spec, st.code->present_steps(), st.points, num_threads());
  o << "\n  threads  " << run.workers << " of " << num_threads() << ": some " << run.work_ns / 1e3 << " us of work";
  if (run.workers == 1 && run.work_ns > costs().wake_ns / 8) o << ", waking a thread takes " << costs().wake_ns / 1e3 << " us";
  if (const double bytes = kind == KernelKind::Map ? written_bytes(st) : 0; bytes > 0)
    o << "\n  stores   " << (leaves_caches(int64_t(bytes)) ? "past the caches, unless in place: " : "through the caches: ")
      << bytes_text(bytes);
  o << '\n';
  return o.str();
}

/// What the cost model makes of each step, and the figures it decides by.
std::string choices_text(const Plan& plan) {
  const Costs& c = costs();
  std::ostringstream o;
  o.precision(3);
  o << "costs " << (c.is_measured ? "measured here" : "built in") << ": a step " << c.step_ns << " ns an element and "
    << c.call_ns << " ns, compiling " << c.compile_ns / 1e3 << " us and " << c.compile_op_ns / 1e3
    << " us an operation, waking a thread " << c.wake_ns / 1e3 << " us\n";
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& st = plan.steps[i];
    o << step_text(plan, i);
    switch (st.kind) {
      case StepKind::Kernel: o << kernel_choices(st, wavefront_of(plan, i)); break;
      case StepKind::Matmul:
        o << "product " << code(st.matmul.dtype) << ' ' << st.matmul.m << 'x' << st.matmul.k << 'x' << st.matmul.n
          << "\n  code     " << describe_product(st.matmul.dtype, st.matmul.m, st.matmul.n, st.matmul.k) << '\n';
        break;
      case StepKind::Take: o << "take\n"; break;
      case StepKind::Compress: o << "compress\n"; break;
      case StepKind::Put: o << "put\n"; break;
    }
  }
  return o.str();
}

/// Each kernel's segments through one of the JIT's printers.
std::string segment_text(const Plan& plan,
                         std::string (*print)(const ScalarBlock&, const BlockLayout&, OptLevel)) {
  std::string text;
  for (const PlanStep& st : plan.steps) {
    if (st.kind != StepKind::Kernel || st.spec.program.instrs.empty()) continue;
    std::vector<uint16_t> live;
    for (const Store& s : st.spec.stores) live.push_back(s.value);
    for (const Reduction& r : st.spec.reductions) live.push_back(r.value);
    for (const auto& piece : make_segments(st.spec.program, live))
      if (const auto* s = std::get_if<Segment>(&piece))
        text += "; " + st.code->name() + "\n" + print(s->block, {s->is_splat, false}, OptLevel::Full) + "\n";
    if (can_fold(st.spec)) {
      const Segment s = make_fold_segment(st.spec);
      text += "; " + st.code->name() + ", summed over rows\n" + print(s.block, {s.is_splat, true}, OptLevel::Full) + "\n";
    }
  }
  return text;
}

std::string ptx_text(const Plan& plan) {
  std::string text;
  for (const PlanStep& st : plan.steps)
    if (st.kind == StepKind::Kernel) text += emit_ptx(st.spec, "sm_90") + "\n";
  return text;
}

std::string escape(const std::string& s) {
  std::string r;
  for (char c : s) {
    if (c == '"' || c == '\\') r += '\\';
    r += c;
  }
  return r;
}

/// A cluster per partition; sources stay outside.
std::string dot_text(const Snapshot& s, const PartitionList& list) {
  static constexpr const char* kColours[] = {"#cfe8ff", "#ffe2c4", "#d8f3d0", "#f6d5e5", "#e6ddfa", "#fff3b8"};
  std::ostringstream o;
  o << "digraph grumpy {\n  rankdir=TB; node [shape=box, style=\"rounded,filled\", fillcolor=white, "
       "fontname=\"Helvetica\", fontsize=10];\n";
  std::vector<bool> drawn(s.nodes.size());
  const auto draw = [&](uint32_t id, const char* indent) {
    const SnapNode& n = s.nodes[id];
    o << indent << 'n' << id << " [label=\"" << escape(to_string(n, id)) << '"'
      << (n.is_source() ? ", shape=ellipse" : "") << (n.flags & kOutput ? ", penwidth=2" : "") << "];\n";
    drawn[id] = true;
  };
  for (size_t i = 0; i < list.partitions.size(); ++i) {
    const Partition& p = list.partitions[i];
    const char* kind = p.kind != PartitionKind::Kernel ? kind_name(p.kind)
                       : p.is_scan ? "map_scan" : p.reductions.empty() ? "map" : "map_reduce";
    o << "  subgraph cluster_" << i << " {\n    label=\"partition " << i << ": " << kind
      << "\"; style=filled; color=\"" << kColours[i % std::size(kColours)] << "\";\n";
    const auto draw_all = [&](const std::vector<uint32_t>& ids) {
      for (uint32_t id : ids)
        if (!drawn[id]) draw(id, "    ");
    };
    draw_all(p.nodes);
    draw_all(p.stores);
    draw_all(p.updates);
    draw_all(p.reductions);
    if (p.kind != PartitionKind::Kernel) draw_all({p.node});
    o << "  }\n";
  }
  for (uint32_t id = 0; id < s.nodes.size(); ++id) {
    if (!drawn[id]) draw(id, "  ");
    for (int k = 0; k < s.nodes[id].nin; ++k) o << "  n" << s.nodes[id].in[k] << " -> n" << id << ";\n";
  }
  o << "}\n";
  return o.str();
}

}  // namespace

void dump_plan(const Snapshot& s, const PartitionList& list, const Plan& plan) {
  dump(next_dump_name("partitions", "txt"), to_string(s) + to_string(list, s));
  dump(next_dump_name("graph", "dot"), dot_text(s, list));
  dump(next_dump_name("kernels", "txt"), kernel_text(plan));
  dump(next_dump_name("kernels", "ll"), segment_text(plan, llvm_text));
  dump(next_dump_name("kernels", "s"), segment_text(plan, asm_text));
  dump(next_dump_name("kernels", "ptx"), ptx_text(plan));
}

void log_code(const Plan& plan) { write_log(kernel_text(plan) + segment_text(plan, llvm_text)); }

std::string describe_plan(const Frontier& f, const std::string& what) {
  Snapshot s = take_snapshot(f);
  if (what == "graph") return to_string(s);
  s = run_pipeline(std::move(s));
  if (what == "passes") return to_string(s);
  const PartitionList list = partition(s);
  if (what == "partitions") return to_string(s) + to_string(list, s);
  if (what == "dot") return dot_text(s, list);
  const std::shared_ptr<const Plan> plan = make_plan(f, s, list);
  if (what == "kernel") return kernel_text(*plan);
  if (what == "choices") return choices_text(*plan);
  if (what == "llvm") return segment_text(*plan, llvm_text);
  if (what == "asm") return segment_text(*plan, asm_text);
  if (what == "ptx") return ptx_text(*plan);
  GRUMPY_CHECK(false, ValueError) << "show: expected graph, passes, partitions, kernel, choices, llvm, asm, ptx or dot, got '"
                                  << what << "'";
  return {};
}

}  // namespace grumpy
