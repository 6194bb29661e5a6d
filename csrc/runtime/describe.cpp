#include "runtime/describe.h"

#include <sstream>

#include "base/error.h"
#include "base/log.h"
#include "codegen/jit.h"
#include "codegen/ptx.h"
#include "passes/pipeline.h"
#include "runtime/plan.h"

namespace grumpy {
namespace {

std::string kernel_text(const Plan& plan) {
  std::ostringstream o;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& st = plan.steps[i];
    o << "step " << i << ": ";
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
  if (what == "llvm") return segment_text(*plan, llvm_text);
  if (what == "asm") return segment_text(*plan, asm_text);
  if (what == "ptx") return ptx_text(*plan);
  GRUMPY_CHECK(false, ValueError) << "show: expected graph, passes, partitions, kernel, llvm, asm, ptx or dot, got '"
                                  << what << "'";
  return {};
}

}  // namespace grumpy
