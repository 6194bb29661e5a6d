#include "device/cpu/allocator.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

#include "base/config.h"
#include "base/error.h"
#include "device/cpu/host_limits.h"
#include "device/cpu/size_classes.h"

namespace grumpy {
namespace {

constexpr size_t kHugePage = size_t(2) << 20;
constexpr size_t kPage = 4096;
constexpr size_t kMapBytes = size_t(1) << 20;      // from here on mapped, below from the heap
constexpr size_t kSmallBytes = size_t(64) << 10;   // up to here: one list per class, nothing else
constexpr size_t kSmallCached = size_t(4) << 20;   // unused bytes kept per small class
constexpr size_t kAskSystemBytes = size_t(32) << 20;  // fresh memory from here on: ask first how much is left
constexpr int kNumSmall = class_of(kSmallBytes) + 1;

/// Held for a few instructions; yields when its holder has lost the CPU.
class SpinLock {
 public:
  void lock() {
    for (int i = 0; is_held_.exchange(true, std::memory_order_acquire); ++i)
      if (i >= 64) sched_yield();
  }
  void unlock() { is_held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> is_held_{false};
};
struct Hold {
  explicit Hold(SpinLock& l) : lock(l) { lock.lock(); }
  ~Hold() { lock.unlock(); }
  SpinLock& lock;
};

/// Up to 64 KiB: Buffer and bytes lie in one block of the heap. `owner` is the size class while in
/// use, the next free buffer while not.
struct alignas(64) SmallClass {
  SpinLock lock;
  Buffer* free = nullptr;
  uint64_t num_free = 0;
};
constexpr size_t kHeaderBytes = 64;
static_assert(sizeof(Buffer) <= kHeaderBytes);

/// Above: the Buffer stands apart, so that pages hold nothing but elements.
struct LargeBuffer : Buffer {
  int size_class = 0;
  size_t mapped_bytes = 0;  // 0: from the heap
  LargeBuffer *class_next = nullptr, *class_previous = nullptr;  // while unused
  LargeBuffer *newer = nullptr, *older = nullptr;
};

struct LargePool {
  SpinLock lock;
  LargeBuffer* by_class[kNumClasses] = {};
  LargeBuffer *newest = nullptr, *oldest = nullptr;
  size_t in_use = 0, cached = 0;

  void push(LargeBuffer* b) {
    LargeBuffer*& head = by_class[b->size_class];
    b->class_previous = nullptr;
    b->class_next = head;
    if (head) head->class_previous = b;
    head = b;
    b->newer = nullptr;
    b->older = newest;
    (newest ? newest->newer : oldest) = b;
    newest = b;
    cached += b->capacity;
  }
  void remove(LargeBuffer* b) {
    (b->class_previous ? b->class_previous->class_next : by_class[b->size_class]) = b->class_next;
    if (b->class_next) b->class_next->class_previous = b->class_previous;
    (b->newer ? b->newer->older : newest) = b->older;
    (b->older ? b->older->newer : oldest) = b->newer;
    cached -= b->capacity;
  }
  /// Takes the longest unused until `wanted` bytes or all are taken; a list through class_next.
  LargeBuffer* take_oldest(size_t wanted, LargeBuffer* list = nullptr) {
    for (size_t taken = 0; oldest && taken < wanted;) {
      LargeBuffer* b = oldest;
      remove(b);
      taken += b->capacity;
      b->class_next = list;
      list = b;
    }
    return list;
  }
};

// Not destroyed: buffers may be released while the process exits.
constinit SmallClass small_classes[kNumSmall];
constinit LargePool large;

size_t cache_limit() {
  const int64_t asked = Config::pool_bytes();
  return asked == kAuto ? usable_memory_bytes() / 2 : size_t(asked);
}

std::string readable(size_t nbytes) {
  const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = double(nbytes);
  int unit = 0;
  for (; value >= 1024 && unit < 6; ++unit) value /= 1024;
  char text[64];
  std::snprintf(text, sizeof text, unit ? "%.3g %s" : "%.0f %s", value, units[unit]);
  return text;
}

// --- Small ---------------------------------------------------------------------------------------

void release_small(Buffer* b) {
  SmallClass& c = *static_cast<SmallClass*>(b->owner);
  const size_t limit = std::min(kSmallCached, cache_limit() / 64);
  c.lock.lock();
  const bool keeps = (c.num_free + 1) * b->capacity <= limit;
  if (keeps) {
    b->owner = c.free;
    c.free = b;
    ++c.num_free;
  }
  c.lock.unlock();
  if (!keeps) std::free(b);
}

Buffer* fresh_small(SmallClass& c, size_t bytes) {
  const size_t block = (kHeaderBytes + bytes + kBufferSlackBytes + 63) & ~size_t(63);
  void* p = std::aligned_alloc(kBufferAlign, block);
  if (!p) return nullptr;
  Buffer* b = new (p) Buffer;
  b->data = static_cast<char*>(p) + kHeaderBytes;
  b->capacity = block - kHeaderBytes;
  b->release = release_small;
  return b;
}

Buffer* recycled_small(SmallClass& c) {
  const Hold hold(c.lock);
  Buffer* b = c.free;
  if (!b) return nullptr;
  c.free = static_cast<Buffer*>(b->owner);
  --c.num_free;
  return b;
}

// --- Large ---------------------------------------------------------------------------------------

void free_list(LargeBuffer* list) {
  while (list) {
    LargeBuffer* b = list;
    list = b->class_next;
    if (b->mapped_bytes) munmap(b->data, b->mapped_bytes);
    else std::free(b->data);
    delete b;
  }
}

void release_large(Buffer* base) {
  auto* b = static_cast<LargeBuffer*>(base);
  const size_t limit = cache_limit();
  LargeBuffer* victims;
  {
    const Hold hold(large.lock);
    large.in_use -= b->capacity;
    large.push(b);
    victims = large.cached > limit ? large.take_oldest(large.cached - limit) : nullptr;
  }
  free_list(victims);  // unmapping takes milliseconds: not under the lock
}

/// Pages of their own, aligned to huge ones where they fill one. Null when there are none.
void* map_pages(size_t nbytes) {
  const size_t spare = nbytes >= kHugePage ? kHugePage - kPage : 0;
  void* p = mmap(nullptr, nbytes + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  if (!spare) return p;
  const auto start = reinterpret_cast<uintptr_t>(p);
  const uintptr_t aligned = (start + kHugePage - 1) & ~(kHugePage - 1);
  if (aligned > start) munmap(p, aligned - start);
  if (start + spare > aligned) munmap(reinterpret_cast<void*>(aligned + nbytes), start + spare - aligned);
  p = reinterpret_cast<void*>(aligned);
  madvise(p, nbytes, MADV_HUGEPAGE);  // a kernel without them gives small pages
  return p;
}

/// Unused memory goes before the machine runs short: beyond seven eighths of what we may use we
/// hold no more than is asked for, and others' use counts too.
void make_room(size_t nbytes) {
  const size_t usable = usable_memory_bytes(), most = usable - usable / 8, margin = usable / 16;
  size_t wanted = 0;
  {
    const Hold hold(large.lock);
    if (large.cached == 0) return;
    const size_t held = large.in_use + large.cached + nbytes;
    if (held > most) wanted = held - most;
  }
  if (nbytes >= kAskSystemBytes) {
    const size_t available = available_memory_bytes();
    if (nbytes + margin > available) wanted = std::max(wanted, nbytes + margin - available);
  }
  if (wanted == 0) return;
  LargeBuffer* victims;
  {
    const Hold hold(large.lock);
    victims = large.take_oldest(wanted);
  }
  free_list(victims);
}

Buffer* fresh_large(int size_class) {
  const size_t bytes = class_bytes(size_class);
  const bool is_mapped = bytes >= kMapBytes;
  const size_t step = is_mapped ? kPage : kBufferAlign;
  const size_t capacity = (bytes + kBufferSlackBytes + step - 1) & ~(step - 1);
  make_room(capacity);
  auto* b = new (std::nothrow) LargeBuffer;
  void* data = !b ? nullptr : is_mapped ? map_pages(capacity) : std::aligned_alloc(kBufferAlign, capacity);
  if (!data) {
    delete b;
    return nullptr;
  }
  b->data = data;
  b->capacity = capacity;
  b->release = release_large;
  b->size_class = size_class;
  b->mapped_bytes = is_mapped ? capacity : 0;
  const Hold hold(large.lock);
  large.in_use += b->capacity;
  return b;
}

Buffer* recycled_large(int size_class) {
  // A buffer up to a quarter larger beats fresh pages.
  const int last = std::min(size_class + (size_class >= kFirstFine ? 2 : 1), kNumClasses - 1);
  const Hold hold(large.lock);
  for (int c = size_class; c <= last; ++c) {
    LargeBuffer* b = large.by_class[c];
    if (!b) continue;
    large.remove(b);
    large.in_use += b->capacity;
    return b;
  }
  return nullptr;
}

// --- Fork: no lock may be left held by a thread that the child does not have --------------------

void lock_all() {
  for (SmallClass& c : small_classes) c.lock.lock();
  large.lock.lock();
}
void unlock_all() {
  large.lock.unlock();
  for (SmallClass& c : small_classes) c.lock.unlock();
}
[[maybe_unused]] const int is_registered = pthread_atfork(lock_all, unlock_all, unlock_all);

}  // namespace

BufferRef allocate_buffer(size_t nbytes) {
  Buffer* b = nullptr;
  if (nbytes <= kSmallBytes) [[likely]] {
    const int size_class = class_of(nbytes);
    SmallClass& c = small_classes[size_class];
    b = recycled_small(c);
    for (int attempt = 0; !b && attempt < 2; ++attempt) {
      if (attempt) trim_pool();
      b = fresh_small(c, class_bytes(size_class));
    }
    if (b) b->owner = &c;
  } else if (nbytes <= kMostBytes) {
    const int size_class = class_of(nbytes);
    b = recycled_large(size_class);
    for (int attempt = 0; !b && attempt < 2; ++attempt) {
      if (attempt) trim_pool();
      b = fresh_large(size_class);
    }
  }
  if (!b) throw OutOfMemory("Unable to allocate " + readable(nbytes));
  b->refs.store(1, std::memory_order_relaxed);
  b->exports = 0;
  b->is_borrowed = b->is_readonly = false;
  b->nbytes = nbytes;
  return BufferRef::adopt(b);
}

void trim_pool() {
  for (SmallClass& c : small_classes) {
    Buffer* list;
    {
      const Hold hold(c.lock);
      list = std::exchange(c.free, nullptr);
      c.num_free = 0;
    }
    while (list) std::free(std::exchange(list, static_cast<Buffer*>(list->owner)));
  }
  LargeBuffer* victims;
  {
    const Hold hold(large.lock);
    victims = large.take_oldest(SIZE_MAX);
  }
  free_list(victims);
}

}  // namespace grumpy
