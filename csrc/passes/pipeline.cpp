#include "passes/pipeline.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "passes/passes.h"

namespace grumpy {
namespace {

struct Pass {
  const char* name;
  Snapshot (*run)(const Snapshot&);
};

//   recorded nodes ──► compute_readers ──► compose_views ──► covered_writes ──► simplify ──► common_subexpr ──► dead_code ──► save_reads ──► partition
constexpr Pass kPasses[] = {
    {"compute_readers", compute_readers},  // first: it asks what was recorded
    {"compose_views", compose_views},    // early: the others then see loads, not chains of views
    {"covered_writes", covered_writes},  // before the others: values stand in for what was stored
    {"simplify", simplify},              // before merging: it makes more nodes equal
    {"common_subexpr", common_subexpr},  // reading a view twice recorded two nodes
    {"dead_code", dead_code},            // drops what the others left behind
    {"save_reads", save_reads},          // last: what it adds would be merged away
};

std::vector<std::string> disabled_passes() {
  std::vector<std::string> names;
  std::string name;
  for (char c : Config::disable_passes() + ",") {
    if (c != ',' && c != ' ') {
      name += c;
    } else if (!name.empty()) {
      names.push_back(std::exchange(name, {}));
    }
  }
  return names;
}

}  // namespace

void check_disabled_passes() {
  std::string known;
  for (const Pass& pass : kPasses) known += (known.empty() ? "" : ", ") + std::string(pass.name);
  for (const std::string& name : disabled_passes())
    GRUMPY_CHECK(std::any_of(std::begin(kPasses), std::end(kPasses), [&](const Pass& p) { return name == p.name; }), ValueError)
        << "GRUMPY_DISABLE_PASSES: no pass '" << name << "'; there are " << known;
}

Snapshot run_pipeline(Snapshot s) {
  const bool verifying = Config::verify() >= 1, dumping = is_dumping();
  if (verifying) verify(s, "recording");
  if (dumping) dump(next_dump_name("snapshot", "txt"), to_string(s));
  GRUMPY_LOG(Passes) << "recorded\n" << to_string(s);
  const std::vector<std::string> disabled = disabled_passes();
  for (const Pass& pass : kPasses) {
    if (std::find(disabled.begin(), disabled.end(), pass.name) != disabled.end()) continue;
    s = pass.run(s);
    if (verifying) verify(s, pass.name);
    if (dumping) dump(next_dump_name(pass.name, "txt"), to_string(s));
    GRUMPY_LOG(Passes) << "after " << pass.name << '\n' << to_string(s);
  }
  return s;
}

}  // namespace grumpy
