#include "codegen/linker.h"

#include <cmath>
#include <cstring>
#include <mutex>

#include "base/error.h"
#include "codegen/llvm_headers.h"

namespace grumpy {

namespace {

// The process's linker. Lives until the process ends, as the code it holds does.
class Linker {
 public:
  static Linker& get() {
    static Linker* linker = new Linker;
    return *linker;
  }

  std::vector<void*> add(const std::vector<char>& object, const std::vector<std::string>& names,
                         const Symbols& symbols) {
    const std::lock_guard<std::mutex> hold(mutex_);
    const std::string& name = names.front();
    llvm::orc::JITDylib& space =
        session_->createBareJITDylib(name + "#" + std::to_string(count_++));
    space.addToLinkOrder(*runtime_);
    if (!symbols.empty()) {
      llvm::orc::SymbolMap map;
      for (const auto& [word, address] : symbols)
        map[session_->intern(word)] = {llvm::orc::ExecutorAddr::fromPtr(address),
                                       llvm::JITSymbolFlags::Exported};
      check(space.define(llvm::orc::absoluteSymbols(std::move(map))), name);
    }
    auto buffer =
        llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()), name);
    check(layer_->add(space, std::move(buffer)), name);
    std::vector<void*> addresses;
    for (const std::string& word : names) {
      auto symbol = session_->lookup({&space}, session_->intern(word));
      check(symbol.takeError(), name);
      addresses.push_back(symbol->getAddress().toPtr<void*>());
    }
    return addresses;
  }

 private:
  Linker() {
    auto control = llvm::orc::SelfExecutorProcessControl::Create();
    check(control.takeError(), "the linker");
    session_ = std::make_unique<llvm::orc::ExecutionSession>(std::move(*control));
    // A failed lookup says only that it failed; the reason comes here.
    session_->setErrorReporter(
        [this](llvm::Error e) { reasons_ += "; " + llvm::toString(std::move(e)); });
    auto memory = llvm::jitlink::InProcessMemoryManager::Create();
    check(memory.takeError(), "the linker");
    memory_ = std::move(*memory);
    layer_ = std::make_unique<llvm::orc::ObjectLinkingLayer>(*session_, *memory_);
    runtime_ = &session_->createBareJITDylib("runtime");
    define_runtime();
  }

  // What LLVM may call where the instruction set has no instruction. Nothing else is visible to
  // compiled code.
  void define_runtime() {
    llvm::orc::SymbolMap map;
    const auto define = [&](const char* name, auto* fn) {
      map[session_->intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(fn),
                                     llvm::JITSymbolFlags::Exported};
    };
    define("fma", static_cast<double (*)(double, double, double)>(&::fma));
    define("fmaf", static_cast<float (*)(float, float, float)>(&::fmaf));
    define("fmod", static_cast<double (*)(double, double)>(&::fmod));
    define("fmodf", static_cast<float (*)(float, float)>(&::fmodf));
    define("memcpy", &::memcpy);
    define("memset", &::memset);
    check(runtime_->define(llvm::orc::absoluteSymbols(std::move(map))), "the linker");
  }

  void check(llvm::Error error, const std::string& what) {
    if (!error) return;
    const std::string text = "linking " + what + ": " + llvm::toString(std::move(error)) + reasons_;
    reasons_.clear();
    throw CompileError(text);
  }

  std::mutex mutex_;
  std::unique_ptr<llvm::orc::ExecutionSession> session_;
  std::unique_ptr<llvm::jitlink::InProcessMemoryManager> memory_;
  std::unique_ptr<llvm::orc::ObjectLinkingLayer> layer_;
  llvm::orc::JITDylib* runtime_ = nullptr;
  uint64_t count_ = 0;
  std::string reasons_;
};

}  // namespace

std::vector<void*> link_object(const std::vector<char>& object,
                               const std::vector<std::string>& names, const Symbols& symbols) {
  return Linker::get().add(object, names, symbols);
}

}  // namespace grumpy
