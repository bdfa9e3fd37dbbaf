// SPDX-License-Identifier: BSL-1.0
#include <csignal>
#include <cstdio>

#include <unistd.h>

#include <greenway/runtime/interpose_scope.hpp>
#include <greenway/runtime/task_group.hpp>

char legacy_receive(int fd);
void legacy_send(int fd, char byte);

int main() {
  // A call that blocks the loop ends the program.
  std::signal(SIGALRM, [](int) { _exit(1); });
  alarm(5);
  int ends[2];
  char received = 0;
  if (pipe(ends) != 0) {
    return 1;
  }
  greenway::run([&] {
    greenway::TaskGroup group;
    group.spawn([&] {
      const greenway::InterposeScope scope;
      received = legacy_receive(ends[0]);
    });
    group.spawn([&] { legacy_send(ends[1], 'x'); });
    group.wait();
  });
  std::printf("received %c\n", received);
  return received == 'x' ? 0 : 1;
}
