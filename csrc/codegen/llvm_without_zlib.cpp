/// LLVM's doors to zlib and zstd, closed.
///
/// LLVM compresses debug sections of objects when asked, and checksums COFF files and profiles. We
/// write neither, but its archives refer to both libraries, and a wheel that needs libz and libzstd
/// would not stand alone. These definitions are linked before LLVM's own and replace them.
///
/// Needs:   nothing. Leaves: compression reported as unavailable, which LLVM handles.
/// Threads: pure.
#include <array>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Compression.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/ErrorHandling.h"

namespace llvm {
namespace {

constexpr const char* kReason = "grumpy is built without compression";

Error refuse() { return createStringError(inconvertibleErrorCode(), kReason); }

}  // namespace

namespace compression {
namespace zlib {

bool isAvailable() { return false; }
void compress(ArrayRef<uint8_t>, SmallVectorImpl<uint8_t>&, int) { llvm_unreachable(kReason); }
Error decompress(ArrayRef<uint8_t>, uint8_t*, size_t&) { return refuse(); }
Error decompress(ArrayRef<uint8_t>, SmallVectorImpl<uint8_t>&, size_t) { return refuse(); }

}  // namespace zlib
namespace zstd {

bool isAvailable() { return false; }
void compress(ArrayRef<uint8_t>, SmallVectorImpl<uint8_t>&, int, bool) {
  llvm_unreachable(kReason);
}
Error decompress(ArrayRef<uint8_t>, uint8_t*, size_t&) { return refuse(); }
Error decompress(ArrayRef<uint8_t>, SmallVectorImpl<uint8_t>&, size_t) { return refuse(); }

}  // namespace zstd

const char* getReasonIfUnsupported(Format) { return kReason; }
void compress(Params, ArrayRef<uint8_t>, SmallVectorImpl<uint8_t>&) { llvm_unreachable(kReason); }
Error decompress(DebugCompressionType, ArrayRef<uint8_t>, uint8_t*, size_t) { return refuse(); }
Error decompress(Format, ArrayRef<uint8_t>, SmallVectorImpl<uint8_t>&, size_t) { return refuse(); }
Error decompress(DebugCompressionType, ArrayRef<uint8_t>, SmallVectorImpl<uint8_t>&, size_t) {
  return refuse();
}

}  // namespace compression

namespace {

/// Table of CRC-32 (IEEE 802.3, reflected), as zlib's crc32 computes it.
constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1)));
    table[byte] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

}  // namespace

uint32_t crc32(uint32_t crc, ArrayRef<uint8_t> data) {
  crc = ~crc;
  for (uint8_t byte : data) crc = kCrcTable[(crc ^ byte) & 0xFF] ^ (crc >> 8);
  return ~crc;
}
uint32_t crc32(ArrayRef<uint8_t> data) { return crc32(0, data); }
void JamCRC::update(ArrayRef<uint8_t> data) { CRC = ~crc32(~CRC, data); }

}  // namespace llvm
