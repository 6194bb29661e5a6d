#include "base/error.h"
#include "passes/passes.h"

namespace grumpy {

void verify(const Snapshot& s, const char* after) {
  for (uint32_t id = 0; id < s.nodes.size(); ++id) {
    const SnapNode& n = s.nodes[id];
    const auto where = [&] { return std::string(after) + ": " + to_string(n, id); };
    for (int k = 0; k < n.nin; ++k) GRUMPY_ASSERT(n.in[k] < id) << where();
    GRUMPY_ASSERT(bool(n.shape)) << where();
    const auto in = [&](int k) -> const SnapNode& { return s.nodes[n.in[k]]; };
    switch (n.kind) {
      case NodeKind::Leaf:
      case NodeKind::Constant: GRUMPY_ASSERT(n.nin == 0) << where(); break;
      case NodeKind::Map: GRUMPY_ASSERT(n.nin == info(Op(n.op)).nin) << where(); break;
      case NodeKind::Foreign:
        GRUMPY_ASSERT(n.loop && n.nin == n.loop->nin && n.part < n.loop->nout) << where();
        break;
      case NodeKind::View:
        GRUMPY_ASSERT(n.nin == 1 && n.view && in(0).dtype == n.dtype && same_shape(*n.view->shape, *n.shape))
            << where();
        GRUMPY_ASSERT(touched(*n.view).first >= 0 && touched(*n.view).end <= in(0).shape->size) << where();
        break;
      case NodeKind::Update:
        GRUMPY_ASSERT(n.nin == 2 && n.view && in(0).dtype == n.dtype && in(1).dtype == n.dtype) << where();
        GRUMPY_ASSERT(touched(*n.view).first >= 0 && touched(*n.view).end <= n.shape->size) << where();
        break;
      case NodeKind::Reduce: GRUMPY_ASSERT(n.nin == 1) << where(); break;
      case NodeKind::Scan:
        GRUMPY_ASSERT(n.nin == 1 && n.axis >= 0 && n.axis < n.shape->ndim) << where();
        break;
      case NodeKind::Matmul:
        GRUMPY_ASSERT(n.nin == 2 && in(0).dtype == n.dtype && in(1).dtype == n.dtype) << where();
        break;
      case NodeKind::Compress:
        GRUMPY_ASSERT(n.nin == 2 && in(0).dtype == n.dtype && in(1).dtype == DType::bool_ &&
                      in(0).shape->ndim - in(1).shape->ndim == n.shape->ndim - 1) << where();
        break;
      case NodeKind::Put:
        GRUMPY_ASSERT(n.nin == 3 && n.view && in(0).dtype == n.dtype && in(2).dtype == n.dtype && n.part < n.view->ndim &&
                      (in(1).dtype == DType::int64 || in(1).dtype == DType::bool_)) << where();
        GRUMPY_ASSERT(touched(*n.view).first >= 0 && touched(*n.view).end <= n.shape->size) << where();
        break;
      case NodeKind::Check: GRUMPY_ASSERT(false) << "settled before a plan is made: " << where(); break;
      case NodeKind::Take: GRUMPY_ASSERT(n.nin == 2 && in(1).dtype == DType::int64) << where(); break;
    }
  }
}

}  // namespace grumpy
