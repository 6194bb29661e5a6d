#include "graph/snapshot.h"

#include <sstream>

#include "base/error.h"
#include "graph/index_arrays.h"

namespace grumpy {

Snapshot take_snapshot(const Frontier& f) {
  Snapshot s;
  s.nodes.reserve(f.nodes.size());
  for (size_t i = 0; i < f.nodes.size(); ++i) {
    const Node& n = *f.nodes[i];
    SnapNode m{};
    m.kind = n.kind;
    m.op = n.op;
    m.dtype = n.dtype;
    m.nin = n.nin;
    m.part = n.part;
    m.flags = f.flags[i];
    m.shape = n.shape;
    m.tag = uint32_t(i);
    for (int k = 0; k < n.nin; ++k) m.in[k] = n.in[k]->index;
    switch (n.kind) {
      case NodeKind::Leaf:
      case NodeKind::Constant:
      case NodeKind::Map:
      case NodeKind::Check:
      case NodeKind::Matmul:
      case NodeKind::Compress: break;
      case NodeKind::Foreign: m.loop = n.foreign.loop; break;
      case NodeKind::View:
      case NodeKind::Update:
      case NodeKind::Put: m.view = View(n.view); break;
      case NodeKind::Reduce: m.axes = n.axes; break;
      case NodeKind::Scan:
      case NodeKind::Take: m.axis = n.axis; break;
    }
    m.watch = watch_of(n);
    m.is_fast = is_fast(n);
    s.nodes.push_back(std::move(m));
  }
  return s;
}

std::string to_string(const SnapNode& n, uint32_t id) {
  std::ostringstream o;
  o << '%' << id << ' ';
  switch (n.kind) {
    case NodeKind::Map: o << info(Op(n.op)).name; break;
    case NodeKind::Foreign: o << "foreign:" << n.loop->name; break;
    case NodeKind::Reduce: o << info(ReduceOp(n.op)).name << ".reduce"; break;
    case NodeKind::Scan: o << info(ReduceOp(n.op)).name << ".accumulate"; break;
    case NodeKind::Put:
      o << "put";
      if (n.op != kAssign) o << ' ' << info(ReduceOp(n.op)).name << ".at";
      break;
    case NodeKind::Leaf:
    case NodeKind::Constant:
    case NodeKind::View:
    case NodeKind::Update:
    case NodeKind::Matmul:
    case NodeKind::Check:
    case NodeKind::Take:
    case NodeKind::Compress: o << kind_name(n.kind); break;
  }
  o << ' ' << code(n.dtype) << '[';
  for (int k = 0; k < n.shape->ndim; ++k) o << (k ? "," : "") << n.shape->dims[k];
  o << ']';
  for (int k = 0; k < n.nin; ++k) o << " %" << n.in[k];
  if (n.kind == NodeKind::Reduce) {
    o << " axes";
    for (int k = 0; k < 64; ++k)
      if (n.axes >> k & 1) o << ' ' << k;
  }
  if (n.kind == NodeKind::Scan || n.kind == NodeKind::Take) o << " axis " << n.axis;
  if (n.view) {
    o << " offset " << n.view->offset << " strides (";
    for (int k = 0; k < n.view->ndim; ++k) o << (k ? "," : "") << n.view->strides[k];
    o << ')';
    if (n.kind == NodeKind::Put && n.part) o << " axis " << int(n.part);
    if (n.kind != NodeKind::View) o << " shape " << to_string(n.view->shape->extents());
  }
  if (n.is_fast) o << " fast";
  if (n.flags & kOutput) o << " out";
  if (n.flags & kLive) o << " live";
  if (n.flags & kDonatable) o << " donatable";
  if (n.flags & kSaved) o << " saved";
  return o.str();
}

std::string to_string(const Snapshot& s) {
  std::string text;
  for (uint32_t i = 0; i < s.nodes.size(); ++i) text += to_string(s.nodes[i], i) + "\n";
  return text;
}

}  // namespace grumpy
