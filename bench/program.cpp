// SPDX-License-Identifier: BSL-1.0
#include "program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fmt/format.h>

#include "row.hpp"

namespace greenway::bench {

namespace {

constexpr int not_found = 127;

/// A pipe whose ends are closed at the latest with this object.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error(fmt::format("pipe: {}", std::strerror(errno)));
    }
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int read_end() const noexcept { return ends_[0]; }
  [[nodiscard]] int write_end() const noexcept { return ends_[1]; }
  void close_end(std::size_t end) noexcept {
    if (ends_[end] >= 0) {
      close(ends_[end]);
      ends_[end] = -1;
    }
  }

 private:
  std::array<int, 2> ends_{};
};

[[noreturn]] void become(const std::vector<std::string>& arguments, const Pipe& output, const Pipe& errors) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output.write_end(), STDOUT_FILENO);
  dup2(errors.write_end(), STDERR_FILENO);
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  execvp(pointers.front(), pointers.data());
  _exit(not_found);
}

/// Reads both pipes to their ends. @return False: the time was up first.
bool read_all(Pipe& output, std::string& out, Pipe& errors, std::string& err, std::chrono::seconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  output.close_end(1);
  errors.close_end(1);
  std::array<pollfd, 2> waiting{{{output.read_end(), POLLIN, 0}, {errors.read_end(), POLLIN, 0}}};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return false;
    }
    poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
    for (pollfd& item : waiting) {
      if (item.fd < 0 || item.revents == 0) {
        continue;
      }
      std::array<char, 4096> buffer;
      const ssize_t count = read(item.fd, buffer.data(), buffer.size());
      if (count > 0) {
        (&item == &waiting[0] ? out : err).append(buffer.data(), static_cast<std::size_t>(count));
      } else {
        item.fd = -1;
      }
    }
  }
  return true;
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& arguments, std::chrono::seconds limit) {
  Pipe output;
  Pipe errors;
  const pid_t child = fork();
  if (child < 0) {
    throw std::runtime_error(fmt::format("fork: {}", std::strerror(errno)));
  }
  if (child == 0) {
    become(arguments, output, errors);
  }
  ProgramResult result;
  std::string complaint;
  const bool has_ended = read_all(output, result.output, errors, complaint, limit);
  if (!has_ended) {
    kill(child, SIGKILL);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  if (!has_ended) {
    throw std::runtime_error(fmt::format("{} took longer than {} s", arguments.front(), limit.count()));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == not_found) {
    throw NotMeasured(fmt::format("{} is not installed", arguments.front()));
  }
  if (status != 0) {
    throw std::runtime_error(fmt::format("{} failed: {}", fmt::join(arguments, " "), complaint));
  }
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  result.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  result.peak_bytes = static_cast<double>(usage.ru_maxrss) * 1024;
  return result;
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

}  // namespace greenway::bench
