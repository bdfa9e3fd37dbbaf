// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

/// A file for a database, in a folder that goes away with this.
class ScratchFile {
 public:
  ScratchFile() : folder_((std::filesystem::temp_directory_path() / "greenway-legacy-XXXXXX").string()) {
    if (::mkdtemp(folder_.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
  }
  ~ScratchFile() { std::filesystem::remove_all(folder_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  [[nodiscard]] std::string path() const { return folder_ + "/accounts.db"; }

 private:
  std::string folder_;
};
