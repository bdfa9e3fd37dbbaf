// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

namespace greenway::detail {

/// A function that a file's own symbol table names: also those that the dynamic linker does not know, which are all of an
/// executable that was linked without `-rdynamic`.
struct FileSymbol {
  std::string name;         ///< As the linker spells it; empty when there is none.
  std::uintptr_t start = 0;  ///< As the file counts addresses.
};

/// Reads the table anew each time: for people's eyes, not for a loop.
/// @param file     An ELF file of this machine's kind.
/// @param address  As the file counts addresses.
/// @return The function that holds the address; empty if there is none, or the file is stripped or cannot be read.
FileSymbol find_symbol(const char* file, std::uintptr_t address) noexcept;

}  // namespace greenway::detail
