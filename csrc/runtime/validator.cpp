#include "runtime/validator.h"

#include <unordered_map>

#include "graph/index_arrays.h"

namespace grumpy {

std::vector<NodeFacts> facts_of(const Frontier& f) {
  std::unordered_map<const Node*, uint32_t> position;
  std::vector<NodeFacts> list;
  for (const Node* n : f.nodes) {
    position[n] = uint32_t(list.size());
    NodeFacts r;
    const bool is_source = n->is_materialized();
    r.kind = kind_name(n->kind);  // an evaluated node is a Leaf
    r.dtype = n->dtype;
    r.shape.assign(n->shape->dims, n->shape->dims + n->shape->ndim);
    if (n->kind == NodeKind::Constant) r.data = n->constant.bytes;
    else if (is_source) r.data = n->data->data;
    else r.site = n->site;
    for (int k = 0; !is_source && k < n->nin; ++k) r.inputs.push_back(position.at(n->in[k]));
    if (!is_source) {
      switch (n->kind) {
        case NodeKind::Map: r.operation = info(n->map_op()).name; break;
        case NodeKind::Foreign:
          r.operation = n->foreign.loop->name;
          r.part = n->part;
          break;
        case NodeKind::Reduce:
          r.operation = info(n->reduce_op()).name;
          r.axes = n->axes;
          break;
        case NodeKind::Scan: r.operation = info(n->reduce_op()).name; [[fallthrough]];
        case NodeKind::Take: r.axis = n->axis; break;
        case NodeKind::Put:
          if (n->op != kAssign) r.operation = info(n->reduce_op()).name;
          r.axis = n->part;
          [[fallthrough]];
        case NodeKind::View:
        case NodeKind::Update: {
          const ViewRep& v = *n->view;
          r.window.assign(v.shape->dims, v.shape->dims + v.shape->ndim);
          r.window.insert(r.window.end(), v.strides, v.strides + v.ndim);
          r.offset = v.offset;
          break;
        }
        default: break;
      }
    }
    list.push_back(std::move(r));
  }
  return list;
}

}  // namespace grumpy
