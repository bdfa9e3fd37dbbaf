// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <cxxabi.h>
#include <dlfcn.h>

#include <greenway/runtime/live.hpp>

namespace greenway {

namespace {

std::string demangle(const char* name) {
  struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
  };
  int status = 0;
  const std::unique_ptr<char, Free> plain(abi::__cxa_demangle(name, nullptr, nullptr, &status));
  return status == 0 ? plain.get() : name;
}

}  // namespace

std::string describe_code(const void* address, bool is_return) {
  // A call may be the last instruction of its function.
  const char* const inside = static_cast<const char*>(address) - (is_return && address != nullptr ? 1 : 0);
  char offset[32];
  Dl_info info{};
  if (address == nullptr || dladdr(inside, &info) == 0) {
    std::snprintf(offset, sizeof offset, "%p", address);
    return offset;
  }
  const bool is_named = info.dli_sname != nullptr;
  const auto* const base = static_cast<const char*>(is_named ? info.dli_saddr : info.dli_fbase);
  std::snprintf(offset, sizeof offset, "+%#tx", (is_named ? static_cast<const char*>(address) : inside) - base);
  return (is_named ? demangle(info.dli_sname) : std::string(info.dli_fname)) + offset;
}

}  // namespace greenway
