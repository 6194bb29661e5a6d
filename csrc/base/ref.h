/// Intrusive reference to an object that counts its own references.
///
/// Needs:   T::add_ref() and T::drop_ref().
/// Threads: as safe as T's counter; graph objects are counted under the GIL.
#pragma once
#include <utility>

namespace grumpy {

template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* p) : p_(p) { if (p_) p_->add_ref(); }
  Ref(const Ref& o) : p_(o.p_) { if (p_) p_->add_ref(); }
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  ~Ref() { if (p_) p_->drop_ref(); }
  Ref& operator=(Ref o) noexcept { std::swap(p_, o.p_); return *this; }

  /// Takes over a reference the caller owns.
  static Ref adopt(T* p) { Ref r; r.p_ = p; return r; }
  /// Gives the reference to the caller.
  T* release() { return std::exchange(p_, nullptr); }

  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }

 private:
  T* p_ = nullptr;
};

}  // namespace grumpy
