#include "passes/pipeline.h"

#include <string_view>

#include "base/config.h"
#include "base/log.h"
#include "passes/passes.h"

namespace grumpy {
namespace {

struct Pass {
  const char* name;
  Snapshot (*run)(const Snapshot&);
};

//   recorded nodes ──► compose_views ──► simplify ──► common_subexpr ──► dead_code ──► save_reads ──► partition
constexpr Pass kPasses[] = {
    {"compose_views", compose_views},    // first: the others then see loads, not chains of views
    {"simplify", simplify},              // before merging: it makes more nodes equal
    {"common_subexpr", common_subexpr},  // reading a view twice recorded two nodes
    {"dead_code", dead_code},            // drops what the others left behind
    {"save_reads", save_reads},          // last: what it adds would be merged away
};

bool is_disabled(std::string_view name) {
  const std::string disabled = Config::disable_passes();
  std::string_view list = disabled;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (list.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

Snapshot run_pipeline(Snapshot s) {
  const bool verifying = Config::verify() >= 1, dumping = is_dumping();
  if (verifying) verify(s, "recording");
  if (dumping) dump(next_dump_name("snapshot", "txt"), to_string(s));
  GRUMPY_LOG(Passes) << "recorded\n" << to_string(s);
  for (const Pass& pass : kPasses) {
    if (is_disabled(pass.name)) continue;
    s = pass.run(s);
    if (verifying) verify(s, pass.name);
    if (dumping) dump(next_dump_name(pass.name, "txt"), to_string(s));
    GRUMPY_LOG(Passes) << "after " << pass.name << '\n' << to_string(s);
  }
  return s;
}

}  // namespace grumpy
