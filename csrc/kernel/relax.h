/// What fp=fast allows, done to a scalar block before any code is made of it: so every tier of compiled
/// code rounds alike, flags of floating-point errors stay what the processor's are, and operations that
/// are not marked as fast stay as they are.
///
///   a * b + c, a * b - c, c - a * b   rounded once (fma), where nobody else uses the product
///   x / s                             x times 1 / s, where s is the same for all elements
///   (x + s) + t                       x + (s + t), where s and t are the same for all elements
///
/// NaNs, infinities and signed zeros come out as from the operations written: 1 / s is scaled, so that it
/// neither overflows nor loses bits, and products of numbers that are the same for all are left alone,
/// for they could overflow where the elements' own would not.
/// Threads: pure.
#pragma once
#include <vector>

#include "ops/scalar_block.h"

namespace grumpy {

/// is_splat: per input slot, whether all elements have the same value.
ScalarBlock relax(const ScalarBlock& block, const std::vector<bool>& is_splat);

}  // namespace grumpy
