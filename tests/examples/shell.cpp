// SPDX-License-Identifier: BSL-1.0
#include "shell.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <sys/wait.h>

namespace {

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Shell::Shell() {
  std::string name = (std::filesystem::temp_directory_path() / "greenway-examples-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no temporary folder");
  }
  folder_ = name;
}

Shell::~Shell() { std::filesystem::remove_all(folder_); }

Ended Shell::run(const std::string& command) const {
  const std::string line = "cd '" + folder_.string() + "' && { " + command + "\n} </dev/null >out 2>err";
  const int status = std::system(line.c_str());
  if (!WIFEXITED(status)) {
    throw std::runtime_error("a signal has ended: " + line);
  }
  return {WEXITSTATUS(status), contents(file("out")), contents(file("err"))};
}
