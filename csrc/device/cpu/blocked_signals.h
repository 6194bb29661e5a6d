/// For the time a thread of ours is started in: it inherits that no signal is for it.
///
/// Signals are for the threads of the program: Python's handler must interrupt the main thread, and a
/// program that blocks a signal to wait for it must get it.
/// Leaves:  the caller's mask as it was. Throws: nothing. Threads: concerns the calling one.
#pragma once
#include <signal.h>

namespace grumpy {

class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace grumpy
