// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <cxxabi.h>
#include <dlfcn.h>
#include <link.h>

#include <greenway/runtime/live.hpp>

#include "symbol_table.hpp"

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

std::string with_offset(std::string name, std::uintptr_t offset) {
  char text[32];
  std::snprintf(text, sizeof text, "+%#zx", static_cast<std::size_t>(offset));
  return std::move(name) + text;
}

}  // namespace

std::string describe_code(const void* address, bool is_return) {
  // A call may be the last instruction of its function.
  const auto inside = reinterpret_cast<std::uintptr_t>(address) - (is_return && address != nullptr ? 1 : 0);
  Dl_info info{};
  link_map* module = nullptr;
  if (address == nullptr || dladdr1(reinterpret_cast<const void*>(inside), &info, reinterpret_cast<void**>(&module),
                                    RTLD_DL_LINKMAP) == 0) {
    // A program that is linked statically has no dynamic linker to ask, and lies where its file says.
    if (const auto symbol = detail::find_symbol("/proc/self/exe", inside); !symbol.name.empty()) {
      return with_offset(demangle(symbol.name.c_str()), reinterpret_cast<std::uintptr_t>(address) - symbol.start);
    }
    char text[32];
    std::snprintf(text, sizeof text, "%p", address);
    return text;
  }
  const auto pointer = reinterpret_cast<std::uintptr_t>(address);
  if (info.dli_sname != nullptr) {
    return with_offset(demangle(info.dli_sname), pointer - reinterpret_cast<std::uintptr_t>(info.dli_saddr));
  }
  // The program itself has no name in the list of modules.
  const char* const file = module->l_name[0] != '\0' ? module->l_name : "/proc/self/exe";
  if (const auto symbol = detail::find_symbol(file, inside - module->l_addr); !symbol.name.empty()) {
    return with_offset(demangle(symbol.name.c_str()), pointer - module->l_addr - symbol.start);
  }
  return with_offset(info.dli_fname, inside - module->l_addr);
}

}  // namespace greenway
