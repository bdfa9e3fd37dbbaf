// SPDX-License-Identifier: BSL-1.0
#include <greenway/interpose/bindings.hpp>

#include "bindings.hpp"
#include "door.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

extern "C" {
int __poll_chk(pollfd*, nfds_t, int, std::size_t);
int __ppoll_chk(pollfd*, nfds_t, const timespec*, const sigset_t*, std::size_t);
ssize_t __read_chk(int, void*, std::size_t, std::size_t);
ssize_t __pread_chk(int, void*, std::size_t, off_t, std::size_t);
ssize_t __pread64_chk(int, void*, std::size_t, off64_t, std::size_t);
ssize_t __recv_chk(int, void*, std::size_t, std::size_t, int);
ssize_t __recvfrom_chk(int, void*, std::size_t, std::size_t, int, sockaddr*, socklen_t*);
}

namespace greenway {

namespace interpose {

namespace {

struct Intercepted {
  const char* name;
  const void* address;
};

/// As the program sees it: where the linker could not place our definition before libc's, it is libc's.
template <class F>
const void* address(F* function) noexcept {
  return reinterpret_cast<const void*>(function);
}

/// All of them; naming them here is what makes the linker take them in.
const Intercepted intercepted[] = {
    {"poll", address(poll)},
    {"ppoll", address(ppoll)},
    {"select", address(select)},
    {"pselect", address(pselect)},
    {"epoll_wait", address(epoll_wait)},
    {"epoll_pwait", address(epoll_pwait)},
    {"read", address(read)},
    {"readv", address(readv)},
    {"pread", address(pread)},
    {"pread64", address(pread64)},
    {"write", address(write)},
    {"writev", address(writev)},
    {"pwrite", address(pwrite)},
    {"pwrite64", address(pwrite64)},
    {"fsync", address(fsync)},
    {"fdatasync", address(fdatasync)},
    {"recv", address(recv)},
    {"recvfrom", address(recvfrom)},
    {"recvmsg", address(recvmsg)},
    {"recvmmsg", address(recvmmsg)},
    {"send", address(send)},
    {"sendto", address(sendto)},
    {"sendmsg", address(sendmsg)},
    {"sendmmsg", address(sendmmsg)},
    {"connect", address(connect)},
    {"accept", address(accept)},
    {"accept4", address(accept4)},
    {"nanosleep", address(nanosleep)},
    {"clock_nanosleep", address(clock_nanosleep)},
    {"usleep", address(usleep)},
    {"sleep", address(sleep)},
    {"close", address(close)},
    {"dup2", address(dup2)},
    {"dup3", address(dup3)},
    {"getaddrinfo", address(getaddrinfo)},
    {"__poll_chk", address(__poll_chk)},
    {"__ppoll_chk", address(__ppoll_chk)},
    {"__read_chk", address(__read_chk)},
    {"__pread_chk", address(__pread_chk)},
    {"__pread64_chk", address(__pread64_chk)},
    {"__recv_chk", address(__recv_chk)},
    {"__recvfrom_chk", address(__recvfrom_chk)},
};

const Intercepted* find(const char* name) noexcept {
  for (const Intercepted& one : intercepted) {
    if (std::strcmp(one.name, name) == 0) {
      return &one;
    }
  }
  return nullptr;
}

/// A library's tables, as far as they tell which functions it calls.
struct Tables {
  const char* strings = nullptr;
  const ElfW(Sym)* symbols = nullptr;
  const ElfW(Rela)* relocations[2] = {};
  std::size_t counts[2] = {};

  Tables(const dl_phdr_info& library, const ElfW(Dyn)* entry) noexcept {
    const auto at = [&](ElfW(Addr) value) {
      // The loader has made some of them absolute already, and left others as they were.
      return reinterpret_cast<const void*>(value < library.dlpi_addr ? library.dlpi_addr + value : value);
    };
    for (; entry->d_tag != DT_NULL; ++entry) {
      switch (entry->d_tag) {
        case DT_STRTAB:
          strings = static_cast<const char*>(at(entry->d_un.d_ptr));
          break;
        case DT_SYMTAB:
          symbols = static_cast<const ElfW(Sym)*>(at(entry->d_un.d_ptr));
          break;
        case DT_JMPREL:
          relocations[0] = static_cast<const ElfW(Rela)*>(at(entry->d_un.d_ptr));
          break;
        case DT_PLTRELSZ:
          counts[0] = entry->d_un.d_val / sizeof(ElfW(Rela));
          break;
        case DT_RELA:
          relocations[1] = static_cast<const ElfW(Rela)*>(at(entry->d_un.d_ptr));
          break;
        case DT_RELASZ:
          counts[1] = entry->d_un.d_val / sizeof(ElfW(Rela));
          break;
        default:
          break;
      }
    }
  }
};

struct Search {
  const char* library;
  Binding* bindings;
  std::size_t room;
  std::size_t found;
};

/// @return Whether a call through `place` comes to us.
bool comes_here(const dl_phdr_info& library, const Intercepted& function, const void* place) noexcept {
  const void* const target = *static_cast<void* const*>(place);
  for (int i = 0; i != library.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = library.dlpi_phdr[i];
    const auto begin = library.dlpi_addr + part.p_vaddr;
    const auto address = reinterpret_cast<ElfW(Addr)>(target);
    if (part.p_type == PT_LOAD && address >= begin && address < begin + part.p_memsz) {
      // Not called yet: the loader will look it up then, as it does here.
      return dlsym(RTLD_DEFAULT, function.name) == function.address;
    }
  }
  return target == function.address;
}

int look_at(dl_phdr_info* library, std::size_t, void* argument) noexcept {
  auto& search = *static_cast<Search*>(argument);
  const char* const slash = std::strrchr(library->dlpi_name, '/');
  const char* const name = slash != nullptr ? slash + 1 : library->dlpi_name;
  if (*name == '\0' || std::strncmp(name, search.library, std::strlen(search.library)) != 0) {
    return 0;
  }
  for (int i = 0; i != library->dlpi_phnum; ++i) {
    if (library->dlpi_phdr[i].p_type != PT_DYNAMIC) {
      continue;
    }
    const Tables tables(*library, reinterpret_cast<const ElfW(Dyn)*>(library->dlpi_addr + library->dlpi_phdr[i].p_vaddr));
    for (std::size_t table = 0; table != 2; ++table) {
      for (std::size_t r = 0; r != tables.counts[table]; ++r) {
        const ElfW(Rela)& relocation = tables.relocations[table][r];
        const auto symbol = relocation.r_info >> 32;
        const Intercepted* const function =
            symbol == 0 ? nullptr : find(tables.strings + tables.symbols[symbol].st_name);
        if (function == nullptr) {
          continue;
        }
        if (search.found < search.room) {
          const auto* const place = reinterpret_cast<const void*>(library->dlpi_addr + relocation.r_offset);
          search.bindings[search.found] = {name, function->name, comes_here(*library, *function, place)};
        }
        ++search.found;
      }
    }
  }
  return 0;
}

}  // namespace

void warn_of_bypassing_library(const char* library) noexcept {
  Binding bindings[32];
  const std::size_t count = list_bindings(library, bindings, std::size(bindings));
  for (std::size_t i = 0; i != std::min(count, std::size(bindings)); ++i) {
    if (!bindings[i].is_intercepted && std::strcmp(bindings[i].function, "poll") == 0) {
      char text[200];
      std::snprintf(text, sizeof text,
                    "%s calls libc's poll() and not Greenway's, so its waits block the loop: it was linked or loaded with its own "
                    "symbols first (-Bsymbolic, RTLD_DEEPBIND)",
                    bindings[i].library);
      runtime->warn(text);
    }
  }
}

}  // namespace interpose

std::size_t list_bindings(const char* library, Binding* bindings, std::size_t room) noexcept {
  interpose::Search search{library, bindings, room, 0};
  dl_iterate_phdr(interpose::look_at, &search);
  return search.found;
}

}  // namespace greenway
