// SPDX-License-Identifier: BSL-1.0
#include "stack_mapping.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <greenway/base/error.hpp>

// Newer than the headers of many systems.
#if !defined(MADV_GUARD_INSTALL)
#define MADV_GUARD_INSTALL 102
#endif

namespace greenway::detail {

namespace {

/// @return Whether the kernel can read a byte. Asked by a write, which valgrind lets pass without a look at it of its own.
bool is_readable_by_kernel(const void* byte) noexcept {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return true;
  }
  const bool is_readable = write(ends[1], byte, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return is_readable;
}

/// @return Why the kernel has no guards that are marks in the page table; 0 if it has them.
int refusal_of_guards() noexcept {
  void* const page = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    return errno;
  }
  int error = madvise(page, page_size(), MADV_GUARD_INSTALL) == 0 ? 0 : errno;
  // An emulator may take unknown advice and not follow it. What the kernel can read is no guard.
  if (error == 0 && is_readable_by_kernel(page)) {
    error = ENOSYS;
  }
  munmap(page, page_size());
  return error;
}

StackGuard choose_guard() {
  const char* const variable = std::getenv("GREENWAY_STACK_GUARD");
  const std::string_view wanted = variable != nullptr ? variable : "";
  if (wanted == "mprotect") {
    return StackGuard::mprotect;
  }
  if (!wanted.empty() && wanted != "madvise") {
    throw ArgumentError("GREENWAY_STACK_GUARD is '" + std::string(wanted) + "': set it to madvise or mprotect, or unset it");
  }
  const int refusal = refusal_of_guards();
  if (refusal != 0 && !wanted.empty()) {
    throw ArgumentError("GREENWAY_STACK_GUARD is madvise, but the kernel refuses MADV_GUARD_INSTALL, which Linux 6.13 brought: " +
                        std::string(std::strerror(refusal)) + "; unset it, or set it to mprotect");
  }
  return refusal == 0 ? StackGuard::madvise : StackGuard::mprotect;
}

/// So many guards at most may be memory maps: the rest of the program cannot do without some either.
std::size_t limit_of_protected() noexcept {
  std::size_t maps = 65'530;
  std::ifstream("/proc/sys/vm/max_map_count") >> maps;
  return (maps - maps / 16) / 2;
}

std::atomic<std::size_t> protected_now{0};

/// @return Whether the guard is a memory map.
/// @throws MappingRefused
bool install_guard(char* page) {
  // Memory that is locked takes no guards of the better kind.
  if (stack_guard() == StackGuard::madvise && madvise(page, page_size(), MADV_GUARD_INSTALL) == 0) {
    return false;
  }
  static const std::size_t limit = limit_of_protected();
  if (protected_now.load(std::memory_order_relaxed) >= limit) {
    throw MappingRefused{nullptr, ENOMEM};
  }
  if (mprotect(page, page_size(), PROT_NONE) != 0) {
    throw MappingRefused{"mprotect", errno};
  }
  protected_now.fetch_add(1, std::memory_order_relaxed);
  return true;
}

std::size_t pages_of(std::size_t size) noexcept { return (size + page_size() - 1) / page_size(); }

// So few because this runs on the stacks of greenlets; one bit each.
constexpr std::size_t pages_at_once = 64;

/// @return Bit n: the page n after `start` was ever touched.
std::uint64_t touched_pages(int pagemap, const char* start, std::size_t pages) noexcept {
  std::array<std::uint64_t, pages_at_once> entries{};
  const std::size_t bytes = pages * sizeof(entries[0]);
  const auto offset = reinterpret_cast<std::uintptr_t>(start) / page_size() * sizeof(entries[0]);
  std::uint64_t touched = 0;
  if (pread(pagemap, entries.data(), bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes)) {
    for (std::size_t page = 0; page != pages; ++page) {
      // Bit 63 says that it is present, bit 62 that it is swapped out.
      touched |= std::uint64_t{entries[page] >> 62 != 0} << page;
    }
    return touched;
  }
  std::array<unsigned char, pages_at_once> residence{};
  mincore(const_cast<char*>(start), pages * page_size(), residence.data());
  for (std::size_t page = 0; page != pages; ++page) {
    touched |= std::uint64_t{residence[page] & 1U} << page;
  }
  return touched;
}

}  // namespace

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

StackGuard stack_guard() {
  static const StackGuard guard = choose_guard();
  return guard;
}

StackSlab::StackSlab(std::size_t stack_size, std::size_t reservation)
    : stride_(page_size() + pages_of(stack_size) * page_size()), capacity_(std::max<std::size_t>(reservation / stride_, 1)) {
  void* memory = MAP_FAILED;
  for (;; capacity_ /= 2) {
    memory = mmap(nullptr, capacity_ * stride_, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory != MAP_FAILED || capacity_ == 1) {
      break;
    }
  }
  if (memory == MAP_FAILED) {
    throw MappingRefused{"mmap", errno};
  }
  base_ = static_cast<char*>(memory);
  // A huge page would commit whole stacks at the first touch of one.
  madvise(base_, capacity_ * stride_, MADV_NOHUGEPAGE);
  try {
    vacant_.reserve(capacity_);
  } catch (...) {
    munmap(base_, capacity_ * stride_);
    throw;
  }
}

StackSlab::~StackSlab() {
  if (base_ != nullptr) {
    munmap(base_, capacity_ * stride_);
    protected_now.fetch_sub(protected_, std::memory_order_relaxed);
  }
}

std::size_t StackSlab::take() {
  if (!vacant_.empty()) {
    const std::size_t place = vacant_.back();
    vacant_.pop_back();
    discarded_ = vacant_.size();
    return place;
  }
  protected_ += install_guard(guard_of(cut_)) ? 1 : 0;
  return cut_++;
}

void StackSlab::give_up(const char* guard) noexcept {
  vacant_.push_back(static_cast<std::uint32_t>(static_cast<std::size_t>(guard - base_) / stride_));
}

void StackSlab::discard() noexcept {
  // The lowest is taken first again, and neighbours go in one call: guards in between stay.
  const auto first = vacant_.begin() + static_cast<std::ptrdiff_t>(discarded_);
  std::sort(first, vacant_.end(), std::greater<>());
  for (auto highest = first; highest != vacant_.end();) {
    auto lowest = highest;
    while (lowest + 1 != vacant_.end() && *(lowest + 1) + 1 == *lowest) {
      ++lowest;
    }
    char* const bottom = guard_of(*lowest) + page_size();
    madvise(bottom, static_cast<std::size_t>(guard_of(*highest) + stride_ - bottom), MADV_DONTNEED);
    highest = lowest + 1;
  }
  discarded_ = vacant_.size();
}

std::size_t touched_bytes(const char* bottom, std::size_t size) noexcept {
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  const std::size_t pages = pages_of(size);
  std::size_t untouched = 0;
  while (untouched != pages) {
    const std::size_t count = std::min(pages - untouched, pages_at_once);
    const std::uint64_t touched = touched_pages(pagemap, bottom + untouched * page_size(), count);
    if (touched != 0) {
      untouched += static_cast<std::size_t>(std::countr_zero(touched));
      break;
    }
    untouched += count;
  }
  if (pagemap >= 0) {
    close(pagemap);
  }
  return size - std::min(size, untouched * page_size());
}

}  // namespace greenway::detail
