/// Compiled objects on disk, shared by all processes of one user (semantics.md S10).
///
/// $GRUMPY_CACHE_DIR, else $XDG_CACHE_HOME/grumpy, else ~/.cache/grumpy; mode 0700; every entry is
/// checked by hash before it is used and replaced when damaged; written by rename, so that many
/// processes may share it; oldest entries go when it grows beyond its limit.
/// Throws:  nothing: a cache that cannot be used is a cache that misses.
/// Threads: safe.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"

namespace grumpy {

std::string hex(const Hash128& h);
std::optional<std::vector<char>> read_cached_object(const Hash128& key);
void write_cached_object(const Hash128& key, const std::vector<char>& object);

}  // namespace grumpy
