#include "graph/node.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "graph/late_release.h"

namespace grumpy {
namespace {

using detail::free_nodes;
using detail::num_free_nodes;
using detail::pending;

constexpr size_t kMaxFreeNodes = 1 << 16;
void (*release_hook)(void*) = [](void*) {};
bool (*release_shared_hook)(void*, size_t) = [](void*, size_t) { return false; };

bool has_site(NodeKind k) { return k != NodeKind::Constant; }
bool has_view(NodeKind k) { return k == NodeKind::View || k == NodeKind::Update || k == NodeKind::Put; }

// Lists of nodes nobody uses any more are linked through their marks, so that they need no memory.
Node* next_of(const Node* n) { return reinterpret_cast<Node*>(n->mark); }
void push(Node*& list, Node* n) {
  n->mark = reinterpret_cast<uint64_t>(list);
  list = n;
}

/// Puts inputs that nobody else uses on the list of the dead.
[[gnu::always_inline]] inline void drop_operands(Node* n, Node*& dead) {
  for (int i = 0; i < n->nin; ++i) {
    Node* in = n->in[i];
    if (--in->refs == 0) push(dead, in);
  }
  n->nin = 0;
  if (has_view(n->kind)) {
    n->view->drop_ref();
    n->view = nullptr;
  }
}

/// References to one code object, dropped together: what one function recorded dies in a row.
class Releases {
 public:
  ~Releases() { flush(); }
  void add(void* code) {
    if (code != code_) {
      flush();
      code_ = code;
    }
    ++count_;
  }

 private:
  void flush() {
    const size_t count = std::exchange(count_, 0);
    // Only the last reference runs code.
    if (!code_ || release_shared_hook(code_, count)) return;
    for (size_t k = 0; k < count; ++k) release_object(code_, release_hook);
  }

  void* code_ = nullptr;
  size_t count_ = 0;
};

void become_leaf(Node* n, BufferRef data) {
  n->kind = NodeKind::Leaf;
  n->depth = 0;
  n->axes = 0;
  n->is_selected = false;
  n->may_fail = false;
  n->data = data.release();
}

/// Not static lists: releasing a code object may run Python code that drops other nodes.
void free_all(Node* dead) {
  if (!dead) return;
  Releases releases;
  do {
    Node* const n = dead;
    dead = next_of(n);
    if (n->data) n->data->drop_ref();
    else if (n->kind != NodeKind::Constant) --pending;
    drop_operands(n, dead);
    if (has_site(n->kind) && n->site.code) releases.add(n->site.code);
    if (n->has_failed()) delete n->failure;
    n->shape.~Shape();
    if (num_free_nodes < kMaxFreeNodes) [[likely]] {
      push(free_nodes, n);
      ++num_free_nodes;
    } else {
      std::free(n);
    }
  } while (dead);
}

}  // namespace

Node* detail::allocate_node() {
  constexpr size_t kCacheLine = 64;
  static_assert(sizeof(Node) % kCacheLine == 0);
  Node* n = static_cast<Node*>(std::aligned_alloc(kCacheLine, sizeof(Node)));
  if (!n) throw std::bad_alloc();
  return n;
}

void Node::destroy(Node* n) {
  n->mark = 0;
  free_all(n);
}

void materialize(Node* n, BufferRef data) {
  if (n->data) return;
  --pending;
  Node* dead = nullptr;
  drop_operands(n, dead);
  become_leaf(n, std::move(data));
  free_all(dead);
}

void materialize_alone(Node* n, BufferRef data, std::span<Node* const> nodes) {
  --pending;
  n->nin = 0;
  if (has_view(n->kind)) n->view->drop_ref();
  become_leaf(n, std::move(data));
  Node *dead = nullptr, *ended = nullptr, *last = nullptr;
  size_t num_ended = 0, num_pending = 0;
  {
    Releases releases;
    for (Node* const m : nodes) {
      if (m == n) continue;
      if (m->kind == NodeKind::Leaf) {
        m->refs -= m->uses;
        if (m->refs == 0) push(dead, m);
        continue;
      }
      if (m->kind == NodeKind::Constant) {
        m->refs -= m->uses;
        if (m->refs != 0) continue;
      } else {
        ++num_pending;
        if (has_view(m->kind)) m->view->drop_ref();
        if (m->site.code) releases.add(m->site.code);
      }
      m->shape.~Shape();
      if (!ended) last = m;
      push(ended, m);
      ++num_ended;
    }
    pending -= num_pending;
    if (ended && num_free_nodes + num_ended <= kMaxFreeNodes) [[likely]] {
      last->mark = reinterpret_cast<uint64_t>(free_nodes);
      free_nodes = ended;
      num_free_nodes += num_ended;
    } else {
      while (Node* const m = ended) {
        ended = next_of(m);
        std::free(m);
      }
    }
  }
  free_all(dead);
}

void link_input(Node* n, Node* in) {
  n->in[n->nin++] = in;
  in->add_ref();
  n->may_fail = n->may_fail || in->may_fail;
  n->is_selected |= in->is_selected;
  if (!in->is_materialized() && in->depth >= n->depth) n->depth = in->depth + 1;
}

void fail(Node* n, const std::string& text) {
  Node* dead = nullptr;
  drop_operands(n, dead);
  n->op = 1;
  n->failure = new std::string(text);
  n->depth = 0;
  free_all(dead);
}

const char* kind_name(NodeKind k) {
  switch (k) {
    case NodeKind::Leaf: return "leaf";
    case NodeKind::Constant: return "constant";
    case NodeKind::Map: return "map";
    case NodeKind::Foreign: return "foreign";
    case NodeKind::View: return "view";
    case NodeKind::Update: return "update";
    case NodeKind::Reduce: return "reduce";
    case NodeKind::Scan: return "scan";
    case NodeKind::Matmul: return "matmul";
    case NodeKind::Take: return "take";
    case NodeKind::Compress: return "compress";
    case NodeKind::Check: return "check";
    case NodeKind::Put: return "put";
  }
  return "";
}

void set_code_hooks(void (*retain)(void*), void (*release)(void*), bool (*release_shared)(void*, size_t)) {
  detail::retain_hook = retain;
  release_hook = release;
  release_shared_hook = release_shared;
}

}  // namespace grumpy
