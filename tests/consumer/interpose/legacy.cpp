// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>

char legacy_receive(int fd) {
  char byte = 0;
  return read(fd, &byte, 1) == 1 ? byte : '-';
}

void legacy_send(int fd, char byte) { static_cast<void>(!write(fd, &byte, 1)); }
