/// Constants of the CPU driver, each with what chose it.
///
/// The constants marked "order" decide how floating-point reductions associate: changing one
/// changes last bits (semantics.md S6), and no other constant here may.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernel/kernel_spec.h"

namespace grumpy {

/// Elements of a block. 2,048 float64 are 16 KiB: two or three buffers stay in L1, and the work of a
/// block (some 300 ns from memory) hides the 30 ns it takes to set it up.
inline constexpr int64_t kBlockElements = 2048;  // order
/// Scratch that a map's block may fill: what L1 holds beside the arrays that stream through it.
inline constexpr int64_t kMapScratchBytes = 32 << 10;
/// A block of a map that passes nothing through buffers.
inline constexpr int64_t kDirectBlock = 16 << 10;
inline constexpr int64_t kMinMapBlock = 256;
/// Maps of at most so many elements on one axis are done at once, by one thread; beyond, what deciding
/// costs no longer shows.
inline constexpr int64_t kSmallMapElements = 4096;
/// Of these, the ones with so many elements at most may fill more scratch than kMapScratchBytes.
inline constexpr int64_t kTinyMapElements = 256;
/// Rows at least this long are walked row by row, operands with unit stride used where they lie;
/// shorter ones are gathered, several to a block.
inline constexpr int64_t kRowElements = 64;

/// Below this many cells, the rows of a reduction are spread over lanes.
inline constexpr int64_t kNarrowCells = 64;  // order
/// Accumulators side by side, in bytes: eight 64-byte registers hide the latency of an addition.
inline constexpr int64_t kLaneBytes = 512;  // order
/// Elements folded at once where they lie, when the order allows it: what a call costs beside them no longer
/// shows, and an any() that is settled early is early.
inline constexpr int64_t kRunElements = 16 << 10;
/// Cells of an outer reduction worked on together: accumulators stay in L1 beside the block.
inline constexpr int64_t kPanelCells = 2048;

/// Short reductions over operands that would have to be gathered piece by piece: states of a tile stay
/// in L1, its rows are long enough to hide what a piece costs.
inline constexpr int64_t kTileStateBytes = 32 << 10;
inline constexpr int64_t kTileRowElements = 512;
inline constexpr int64_t kMaxHoisted = 32;
/// Elements of an operand that a compiled fold gathers for such a tile: they stay in L1 beside what they are from.
inline constexpr int64_t kFoldElements = 2048;

/// Elements scanned from a fresh start, before the carry is added, and how many such runs are
/// scanned side by side.
inline constexpr int64_t kScanRun = 256;  // order

/// Work of an element is the weights of its operations plus its operands, in some 0.03 ns: an addition of
/// float32 in L1 with its operands has 4. Two threads pay from about 32k elements of that on (numbers.md §7).
inline constexpr double kParallelWork = 128 << 10;
inline constexpr double kWorkNs = 0.03;
/// Tasks per worker: enough to even out a busy core.
inline constexpr int64_t kTasksPerWorker = 4;
inline constexpr int64_t kMinTaskElements = 8 << 10;
/// Fewer elements make a task where each is much work.
inline constexpr double kMinTaskWork = 32 << 10;
inline constexpr int64_t kMinDearTaskElements = 512;


/// A tile of a transposed operand: so many bytes of each of its columns, whole cache lines, and so many
/// columns that all of it stays in L1 and their pages in the address cache.
inline constexpr int64_t kTileColumnBytes = 256;
inline constexpr int64_t kTileColumns = 64;
/// Spaces with fewer elements are not tiled.
inline constexpr int64_t kMinTiledElements = 2048;

/// Distance between block buffers beyond their size, so that equal indices fall into different sets.
inline constexpr size_t kBufferSkewBytes = 320;

}  // namespace grumpy
