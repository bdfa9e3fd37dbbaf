// SPDX-License-Identifier: BSL-1.0
// Contains the runtime and not the interposer, which is preloaded; GREENWAY_INTERPOSE=1 allows it to all greenlets. A signal
// interrupts the thread every millisecond meanwhile.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/detail/sanitizer.hpp>
#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/task_group.hpp>

#if defined(GREENWAY_ASAN)
/// What is preloaded comes before the sanitizer's library, and so calls the sanitizer's functions in place of libc's.
extern "C" const char* __asan_default_options() { return "verify_asan_link_order=0"; }
#endif

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (!holds) {
    std::printf("does not hold: %s\n", what);
    ++failures;
  }
}

void carry_more_than_fits(const int (&ends)[2]) {
  const std::string text(300'000, 'x');
  long received = 0;
  long sent = 0;
  greenway::TaskGroup group;
  group.spawn([&] {
    char buffer[300];
    for (long count = 1; count > 0 && received < static_cast<long>(text.size()); received += count) {
      count = read(ends[0], buffer, sizeof buffer);
    }
  });
  group.spawn([&] { sent = write(ends[1], text.data(), text.size()); });
  group.wait();
  check(received == 300'000 && sent == 300'000, "a write that blocks meets a read that blocks, on one thread");
}

void cut_short(int fd) {
  bool is_timed_out = false;
  try {
    greenway::with_timeout(std::chrono::milliseconds(10), [&] {
      pollfd item{fd, POLLIN, 0};
      char byte;
      check(poll(&item, 1, -1) == -1 && errno == ETIMEDOUT, "poll() fails when the time around it is over");
      check(recv(fd, &byte, 1, 0) == -1 && errno == ETIMEDOUT, "and so does each wait after it");
      greenway::checkpoint();
    });
  } catch (const greenway::TimeoutError&) {
    is_timed_out = true;
  }
  check(is_timed_out, "the next call of Greenway throws");
}

void close_under_a_reader(int fd) {
  ssize_t result = 0;
  int error = 0;
  greenway::TaskGroup group;
  group.spawn([&] {
    char byte;
    result = read(fd, &byte, 1);
    error = errno;
  });
  group.spawn([&] { close(fd); });
  group.wait();
  check(result == -1 && error == EBADF, "closing a descriptor ends the wait for it");
}

void fork_here() {
  const pid_t child = fork();
  if (child == 0) {
    _exit(poll(nullptr, 0, 5) <= 0 ? 7 : 1);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  check(WIFEXITED(status) && WEXITSTATUS(status) == 7, "a child's calls are libc's");
}

}  // namespace

int main() {
  signal(SIGALRM, [](int) {});
  const itimerval storm{{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &storm, nullptr);
  greenway::run([] {
    int ends[2];
    check(greenway::is_interposed(), "the runtime has found what was preloaded");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "there are sockets");
    carry_more_than_fits(ends);
    cut_short(ends[0]);
    close_under_a_reader(ends[0]);
    fork_here();
  });
  return failures == 0 ? 0 : 1;
}
