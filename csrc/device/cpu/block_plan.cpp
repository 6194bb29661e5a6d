#include "device/cpu/block_plan.h"

#include <algorithm>

#include "base/error.h"

namespace grumpy {
namespace {

/// In the unit of tuning.h: measured in L1 without AVX-512, rounded.
double weight_of(const Program& p, const Instr& i) {
  if (i.is_foreign || i.loop) return 60;
  const bool is_wide = item_bytes(i.dtype) > 4;
  if (info(i.op).ulp > 0) return is_wide ? 40 : 16;
  switch (i.op) {
    case Op::floor_divide: case Op::remainder: case Op::fmod:
      if (is_integer(i.dtype) && i.in[1] >= p.nloads && i.in[1] < p.nloads + p.nscalars) return is_wide ? 5 : 3;
      [[fallthrough]];
    case Op::divide: case Op::sqrt: case Op::reciprocal:
      return is_wide ? 14 : 5;
    default: return info(i.op).lowering == Lowering::Direct ? 1 : 3;
  }
}

class Planner {
 public:
  Planner(const KernelSpec& spec, const StepList& list) : spec_(spec), list_(list), p_(spec.program) {}

  BlockPlan run() {
    count();
    find_lives();
    place_inputs();
    place_outputs();
    place_results();
    lay_out_pointers();
    find_arguments();
    plan_.buffer_begin.push_back(lanes_);
    return std::move(plan_);
  }

 private:
  int inputs() const { return p_.nloads + p_.nscalars; }
  bool is_load(int v) const { return v < p_.nloads; }
  bool is_scalar(int v) const { return v >= p_.nloads && v < inputs(); }

  void count() {
    plan_.nloads = p_.nloads;
    plan_.nscalars = p_.nscalars;
    plan_.nstores = int(spec_.stores.size());
    plan_.nvalues = p_.nvalues();
    plan_.is_compiled = list_.is_compiled;
    plan_.fold = list_.fold;
    for (DType t : p_.dtypes) plan_.item.push_back(uint8_t(item_bytes(t)));
    plan_.weight = p_.nloads + double(spec_.stores.size()) + double(spec_.reductions.size());
    for (const Instr& i : p_.instrs) {
      plan_.watch |= i.watch;
      plan_.weight += weight_of(p_, i);
    }
    plan_.has_second_look = plan_.watch && p_.instrs.size() > 1;
    for (const BlockStep& s : list_.steps) plan_.has_loops |= s.fn == nullptr;
    plan_.value_buffer.assign(size_t(plan_.nvalues), -1);
  }

  void find_lives() {
    made_by_.assign(size_t(plan_.nvalues), -1);
    last_use_.assign(size_t(plan_.nvalues), -1);
    for (size_t s = 0; s < list_.steps.size(); ++s) {
      for (uint16_t v : list_.steps[s].out) made_by_[v] = int(s);
      for (uint16_t v : list_.steps[s].in) last_use_[v] = int(s);
    }
  }

  int new_buffer(int item) {
    plan_.buffer_begin.push_back(lanes_);
    lanes_ += uint32_t(item + 3) & ~3u;  // 16 lanes of it are whole 64-byte lines
    return int(plan_.buffer_begin.size()) - 1;
  }

  /// All that read this scalar take one element of it.
  bool is_read_once(int v) const {
    return std::all_of(list_.steps.begin(), list_.steps.end(), [&](const BlockStep& s) {
      const auto uses = std::count(s.in.begin(), s.in.end(), v);
      return uses == 0 || (uses == 1 && s.is_by_number && s.in[1] == v);
    });
  }

  void place_inputs() {
    for (int v = 0; v < inputs(); ++v) {
      if (is_scalar(v) && (plan_.is_compiled || is_read_once(v))) continue;
      plan_.value_buffer[size_t(v)] = new_buffer(plan_.item[size_t(v)]);
    }
  }

  /// Values that outlive the steps: of reductions and of stores.
  void place_outputs() {
    for (const Reduction& r : spec_.reductions) {
      if (std::find(plan_.kept.begin(), plan_.kept.end(), r.value) != plan_.kept.end()) continue;
      plan_.kept.push_back(r.value);
      plan_.kept_buffer.push_back(new_buffer(plan_.item[r.value]));
      if (is_load(r.value)) plan_.plain_loads.push_back(r.value);
      if (r.value >= inputs()) plan_.value_buffer[r.value] = plan_.kept_buffer.back();
    }
    for (const Store& s : spec_.stores) {
      StorePlan store{s.value, false, 0, -1};
      const int v = s.value;
      if (is_scalar(v)) store.scalar_buffer = new_buffer(plan_.item[size_t(v)]);
      if (is_load(v)) plan_.plain_loads.push_back(s.value);
      if (v >= inputs() && plan_.value_buffer[size_t(v)] < 0) {
        GRUMPY_ASSERT(made_by_[size_t(v)] >= 0) << "nothing makes the stored value %" << v;
        store.is_home = true;
        plan_.value_buffer[size_t(v)] = new_buffer(plan_.item[size_t(v)]);
        for (int l = 0; l < p_.nloads; ++l)
          if (last_use_[size_t(l)] > made_by_[size_t(v)]) store.read_after |= uint64_t(1) << std::min(l, 63);
      }
      plan_.stores.push_back(store);
    }
  }

  /// The rest share buffers. An output may take over the buffer of an input that dies in the same
  /// step: elements have one size, and a block function reads a group before it writes it.
  void place_results() {
    struct Slot { int buffer; int item; };
    std::vector<Slot> free_slots;
    std::vector<char> is_shared(size_t(plan_.nvalues), 0);
    const auto take = [&](int item) {
      for (size_t k = 0; k < free_slots.size(); ++k) {
        if (free_slots[k].item != item) continue;
        const int buffer = free_slots[k].buffer;
        free_slots.erase(free_slots.begin() + long(k));
        return buffer;
      }
      return new_buffer(item);
    };
    for (size_t s = 0; s < list_.steps.size(); ++s) {
      const BlockStep& step = list_.steps[s];
      const auto release_inputs = [&] {
        for (uint16_t v : step.in) {
          if (!is_shared[v] || last_use_[v] != int(s)) continue;
          free_slots.push_back({plan_.value_buffer[v], plan_.item[v]});
          is_shared[v] = 0;
        }
      };
      const bool may_overlap = step.fn && step.out.size() == 1;
      if (may_overlap) release_inputs();
      std::vector<Slot> unread;
      for (uint16_t v : step.out) {
        if (plan_.value_buffer[v] >= 0) continue;
        plan_.value_buffer[v] = take(plan_.item[v]);
        if (last_use_[v] >= 0) is_shared[v] = 1;
        else unread.push_back({plan_.value_buffer[v], plan_.item[v]});
      }
      free_slots.insert(free_slots.end(), unread.begin(), unread.end());
      if (!may_overlap) release_inputs();
    }
  }

  void lay_out_pointers() {
    std::vector<std::vector<uint32_t>> uses(size_t(plan_.nvalues));
    for (const BlockStep& step : list_.steps) {
      plan_.steps.push_back({step.fn, step.loop, uint32_t(plan_.ptr_value.size()), uint16_t(step.in.size()),
                             uint16_t(step.out.size())});
      for (const auto* list : {&step.in, &step.out}) {
        for (uint16_t v : *list) {
          uses[v].push_back(uint32_t(plan_.ptr_value.size()));
          plan_.ptr_value.push_back(v);
          plan_.ptr_item.push_back(is_scalar(v) ? 0 : plan_.item[v]);
        }
      }
    }
    for (const auto& of_value : uses) {
      plan_.use_begin.push_back(uint32_t(plan_.uses.size()));
      plan_.uses.insert(plan_.uses.end(), of_value.begin(), of_value.end());
    }
    plan_.use_begin.push_back(uint32_t(plan_.uses.size()));
  }

  void find_arguments() {
    if (!plan_.is_compiled || plan_.steps.size() != 1 || !plan_.steps[0].fn || !plan_.plain_loads.empty()) return;
    std::vector<uint16_t> args;
    for (uint16_t v : plan_.ptr_value) {
      size_t arg = v;
      if (v >= inputs()) {
        const auto store = std::find_if(plan_.stores.begin(), plan_.stores.end(),
                                        [v](const StorePlan& s) { return s.value == v && s.is_home; });
        if (store == plan_.stores.end()) return;
        arg = size_t(inputs() + (store - plan_.stores.begin()));
      }
      args.push_back(uint16_t(arg));
    }
    for (const StorePlan& s : plan_.stores)
      if (!s.is_home) return;
    plan_.ptr_arg = std::move(args);
  }

  const KernelSpec& spec_;
  const StepList& list_;
  const Program& p_;
  BlockPlan plan_;
  uint32_t lanes_ = 0;
  std::vector<int> made_by_, last_use_;
};

}  // namespace

BlockPlan make_block_plan(const KernelSpec& spec, const StepList& steps) { return Planner(spec, steps).run(); }

}  // namespace grumpy
