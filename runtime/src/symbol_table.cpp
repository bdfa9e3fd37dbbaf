// SPDX-License-Identifier: BSL-1.0
#include "symbol_table.hpp"

#include <cstddef>
#include <cstring>
#include <new>
#include <span>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace greenway::detail {

namespace {

/// A file in memory, to be read.
class MappedFile {
 public:
  explicit MappedFile(const char* path) noexcept {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status{};
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      void* const memory = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
      bytes_ = memory != MAP_FAILED ? static_cast<const char*>(memory) : nullptr;
    }
    close(fd);
  }
  ~MappedFile() {
    if (bytes_ != nullptr) {
      munmap(const_cast<char*>(bytes_), size_);
    }
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// @return `count` things at `offset`; none if they are not all in the file.
  template <class T>
  [[nodiscard]] std::span<const T> at(std::size_t offset, std::size_t count) const noexcept {
    if (bytes_ == nullptr || offset > size_ || count > (size_ - offset) / sizeof(T) || offset % alignof(T) != 0) {
      return {};
    }
    return {reinterpret_cast<const T*>(bytes_ + offset), count};
  }

 private:
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

FileSymbol find_in_table(const MappedFile& file, const ElfW(Shdr) & table, std::span<const char> names,
                         std::uintptr_t address) {
  for (const ElfW(Sym) & symbol : file.at<ElfW(Sym)>(table.sh_offset, table.sh_size / sizeof(ElfW(Sym)))) {
    const bool is_function = (symbol.st_info & 0xf) == STT_FUNC && symbol.st_shndx != SHN_UNDEF;
    if (is_function && address >= symbol.st_value && address - symbol.st_value < symbol.st_size &&
        symbol.st_name < names.size()) {
      const char* const name = names.data() + symbol.st_name;
      return {std::string(name, strnlen(name, names.size() - symbol.st_name)), symbol.st_value};
    }
  }
  return {};
}

}  // namespace

FileSymbol find_symbol(const char* path, std::uintptr_t address) noexcept {
  const MappedFile file(path);
  const auto header = file.at<ElfW(Ehdr)>(0, 1);
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0 ||
      header[0].e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32)) {
    return {};
  }
  const auto sections = file.at<ElfW(Shdr)>(header[0].e_shoff, header[0].e_shnum);
  for (const ElfW(Shdr) & section : sections) {
    if (section.sh_type == SHT_SYMTAB && section.sh_link < sections.size()) {
      const ElfW(Shdr) & strings = sections[section.sh_link];
      try {
        return find_in_table(file, section, file.at<char>(strings.sh_offset, strings.sh_size), address);
      } catch (const std::bad_alloc&) {
        return {};
      }
    }
  }
  return {};
}

}  // namespace greenway::detail
