// SPDX-License-Identifier: BSL-1.0
// What greenlets of one thread do with the same descriptor.
#include <array>
#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <greenway/runtime/event.hpp>
#include <greenway/runtime/task_group.hpp>

#include "situation.hpp"

namespace gw = greenway;

namespace {

using Body = std::function<void()>;

/// Runs each in a greenlet whose calls are intercepted, in order, each up to its first wait before the next begins.
void together(const std::vector<Body>& bodies) {
  gw::run([&] {
    gw::TaskGroup group;
    for (const Body& body : bodies) {
      group.spawn([&body] {
        const gw::InterposeScope scope;
        body();
      });
    }
    group.wait();
  });
}

Seen read_one(int fd) {
  char byte = 0;
  return seen_reading(&byte, [&] { return read(fd, &byte, 1); });
}

Seen poll_one(int fd, short events = POLLIN) {
  pollfd item{fd, events, 0};
  Seen outcome = seen([&] { return poll(&item, 1, -1); });
  outcome.data = std::to_string(item.revents);
  return outcome;
}

/// Of a set with nothing in it.
Seen wait_in(int epoll) {
  epoll_event event{};
  return seen([&] { return epoll_wait(epoll, &event, 1, -1); });
}

Seen select_one(int fd) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(fd, &set);
  return seen([&] { return select(fd + 1, &set, nullptr, nullptr, nullptr); });
}

void put(int fd, const char* text) { static_cast<void>(!write(fd, text, std::char_traits<char>::length(text))); }

constexpr Seen refused{-1, EBADF, ""};

/// What whoever waits for a descriptor sees when another greenlet does something to it.
Seen meanwhile(const std::function<Seen()>& wait, const Body& act) {
  Seen outcome;
  together({[&] { outcome = wait(); }, act});
  return outcome;
}

}  // namespace

TEST_CASE("two greenlets that read from one descriptor get a byte each") {
  const Sockets pair;
  std::array<Seen, 2> seen;
  together({[&] { seen[0] = read_one(pair.ends[0]); }, [&] { seen[1] = read_one(pair.ends[0]); },
            [&] { put(pair.ends[1], "ab"); }});
  CHECK(seen[0].data.size() == 1);
  CHECK(seen[1].data.size() == 1);
  CHECK(seen[0].data != seen[1].data);
}

TEST_CASE("of two greenlets that read from one descriptor the one that gets nothing waits on") {
  const Sockets pair;
  std::string first;
  int ended = 0;
  const auto reader = [&] {
    const Seen outcome = read_one(pair.ends[0]);
    first += outcome.data;
    if (++ended == 1) {
      put(pair.ends[1], "b");
    }
  };
  together({reader, reader, [&] { put(pair.ends[1], "a"); }});
  CHECK(first == "ab");
}

TEST_CASE("a greenlet reads from a socket while another one writes more to it than fits") {
  const Sockets pair;
  const std::string text(1'000'000, 'x');
  Seen written;
  Seen answer;
  long received = 0;
  together({[&] { answer = read_one(pair.ends[0]); },
            [&] { written = seen([&] { return write(pair.ends[0], text.data(), text.size()); }); },
            [&] {
              std::array<char, 10'000> buffer;
              while (received < static_cast<long>(text.size())) {
                received += read(pair.ends[1], buffer.data(), buffer.size());
              }
              put(pair.ends[1], "!");
            }});
  CHECK(written == Seen{1'000'000, ENOTTY});
  CHECK(received == 1'000'000);
  CHECK(answer == Seen{1, ENOTTY, "!"});
}

TEST_CASE("greenlets that poll, select and read one descriptor all wake up") {
  const Sockets pair;
  Seen polled;
  Seen selected;
  Seen got;
  together({[&] { polled = poll_one(pair.ends[0]); }, [&] { selected = select_one(pair.ends[0]); },
            [&] { got = read_one(pair.ends[0]); }, [&] { put(pair.ends[1], "abc"); }});
  CHECK(polled == Seen{1, ENOTTY, std::to_string(POLLIN)});
  CHECK(selected == Seen{1, ENOTTY});
  CHECK(got == Seen{1, ENOTTY, "a"});
}

TEST_CASE("a greenlet that waits to write does not wake one that waits to read") {
  const Sockets pair;
  Seen polled;
  bool has_polled = false;
  bool had_polled = true;
  together({[&] {
              polled = poll_one(pair.ends[0]);
              has_polled = true;
            },
            [&] {
              poll_one(pair.ends[0], POLLOUT);
              gw::yield();
              had_polled = has_polled;
              put(pair.ends[1], "a");
            }});
  CHECK_FALSE(had_polled);
  CHECK(polled.data == std::to_string(POLLIN));
}

TEST_CASE("whoever waits for a descriptor that another greenlet closes is refused") {
  const auto after_close = [](const std::function<Seen(int)>& wait) {
    const Sockets pair;
    const int fd = dup(pair.ends[0]);
    return meanwhile([&] { return wait(fd); }, [&] { close(fd); });
  };
  CHECK(after_close(read_one) == refused);
  CHECK(after_close(select_one) == refused);
  CHECK(after_close([](int fd) { return poll_one(fd); }) == Seen{1, ENOTTY, std::to_string(POLLNVAL)});
  CHECK(after_close([](int fd) {
          const std::string text(1'000'000, 'x');
          Seen outcome = seen([&] { return write(fd, text.data(), text.size()); });
          return Seen{outcome.result > 0, outcome.error};
        }) == Seen{1, ENOTTY});
}

TEST_CASE("whoever waits for a descriptor does not take what its number stands for next") {
  const auto after_reuse = [](const std::function<Seen(int)>& wait, bool is_ready) {
    const Sockets pair;
    const Sockets other;
    const int fd = dup(pair.ends[0]);
    if (is_ready) {
      put(other.ends[1], "x");
    }
    int reused = -1;
    const Seen outcome = meanwhile([&] { return wait(fd); },
                                   [&] {
                                     close(fd);
                                     reused = dup(other.ends[0]);
                                   });
    CHECK(reused == fd);
    close(fd);
    return outcome;
  };
  for (const bool is_ready : {false, true}) {
    CHECK(after_reuse(read_one, is_ready) == refused);
    CHECK(after_reuse(select_one, is_ready) == refused);
    CHECK(after_reuse([](int fd) { return poll_one(fd); }, is_ready) == Seen{1, ENOTTY, std::to_string(POLLNVAL)});
  }
}

TEST_CASE("whoever waits in an epoll set that another greenlet closes is refused, whatever has its number next") {
  const int other = epoll_create1(0);
  const int epoll = epoll_create1(0);
  CHECK(meanwhile([&] { return wait_in(epoll); }, [&] { close(epoll); }) == refused);
  const int again = epoll_create1(0);
  CHECK(meanwhile([&] { return wait_in(again); },
                  [&] {
                    close(again);
                    static_cast<void>(dup(other));
                  }) == refused);
  close(again);
  close(other);
}

TEST_CASE("who waits for a number that is used again hears of what it stands for now") {
  const Sockets pair;
  const Sockets other;
  const int fd = dup(pair.ends[0]);
  Seen before;
  Seen after;
  together({[&] { before = read_one(fd); },
            [&] {
              close(fd);
              static_cast<void>(dup(other.ends[0]));
              after = read_one(fd);
            },
            [&] {
              put(pair.ends[1], "old");
              gw::yield();
              put(other.ends[1], "new");
            }});
  close(fd);
  CHECK(before == refused);
  CHECK(after == Seen{1, ENOTTY, "n"});
}

TEST_CASE("a descriptor is waited for by its duplicates as well") {
  const Sockets pair;
  std::array<int, 3> copies{dup(pair.ends[0]), fcntl(pair.ends[0], F_DUPFD, 100),
                            fcntl(pair.ends[0], F_DUPFD_CLOEXEC, 100)};
  std::array<Seen, 3> seen;
  together({[&] { seen[0] = read_one(copies[0]); }, [&] { seen[1] = read_one(copies[1]); },
            [&] { seen[2] = read_one(copies[2]); },
            [&] {
              close(dup(copies[0]));
              put(pair.ends[1], "aaa");
            }});
  for (std::size_t i = 0; i != copies.size(); ++i) {
    CHECK(seen[i] == Seen{1, ENOTTY, "a"});
    close(copies[i]);
  }
}

TEST_CASE("whoever waits for a descriptor that dup2 or dup3 replaces is refused") {
  const auto after = [](const std::function<int(int, int)>& replace) {
    const Sockets pair;
    const Sockets other;
    put(other.ends[1], "x");
    const int fd = dup(pair.ends[0]);
    Seen outcome = meanwhile([&] { return read_one(fd); }, [&] { replace(other.ends[0], fd); });
    outcome.data = read_one(fd).data;
    close(fd);
    return outcome;
  };
  const Seen expected{-1, EBADF, "x"};
  CHECK(after([](int from, int to) { return dup2(from, to); }) == expected);
  CHECK(after([](int from, int to) { return dup3(from, to, O_CLOEXEC); }) == expected);
}

TEST_CASE("dup2 of a descriptor to itself disturbs nobody who waits for it") {
  const Sockets pair;
  const Seen outcome = meanwhile([&] { return read_one(pair.ends[0]); },
                                 [&] {
                                   dup2(pair.ends[0], pair.ends[0]);
                                   put(pair.ends[1], "a");
                                 });
  CHECK(outcome == Seen{1, ENOTTY, "a"});
}

TEST_CASE("whether a descriptor waits is what was last said of it, by whatever call") {
  const auto first_nothing_then = [](const std::function<void(int, bool)>& set) {
    const Sockets pair;
    Seen nothing;
    Seen something;
    together({[&] {
                set(pair.ends[0], true);
                nothing = read_one(pair.ends[0]);
                CHECK(read_one(pair.ends[0]) == nothing);
                set(pair.ends[0], false);
                something = read_one(pair.ends[0]);
              },
              [&] { put(pair.ends[1], "a"); }});
    CHECK(nothing == Seen{-1, EAGAIN});
    CHECK(something == Seen{1, ENOTTY, "a"});
  };
  first_nothing_then([](int fd, bool on) { fcntl(fd, F_SETFL, O_RDWR | (on ? O_NONBLOCK : 0)); });
  first_nothing_then([](int fd, bool on) { fcntl64(fd, F_SETFL, O_RDWR | (on ? O_NONBLOCK : 0)); });
  first_nothing_then([](int fd, bool on) {
    int value = on ? 1 : 0;
    ioctl(fd, FIONBIO, &value);
  });
  first_nothing_then([](int fd, bool on) {
    const int copy = dup(fd);
    fcntl(copy, F_SETFL, O_RDWR | (on ? O_NONBLOCK : 0));
    close(copy);
  });
}

TEST_CASE("a descriptor waits though another one of its number did not") {
  const Sockets pair;
  Seen nothing;
  Seen something;
  together({[&] {
              const Sockets other(SOCK_STREAM | SOCK_NONBLOCK);
              const int fd = dup(other.ends[0]);
              nothing = read_one(fd);
              CHECK(read_one(fd) == nothing);
              close(fd);
              CHECK(dup(pair.ends[0]) == fd);
              something = read_one(fd);
              close(fd);
            },
            [&] { put(pair.ends[1], "a"); }});
  CHECK(nothing == Seen{-1, EAGAIN});
  CHECK(something == Seen{1, ENOTTY, "a"});
}

TEST_CASE("a greenlet that finds nothing to be read and then polls hears of what has come in between") {
  const Sockets pair;
  fcntl(pair.ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
  Seen polled;
  together({[&] {
    read_one(pair.ends[0]);
    read_one(pair.ends[0]);
    put(pair.ends[1], "a");
    polled = poll_one(pair.ends[0]);
  }});
  CHECK(polled == Seen{1, ENOTTY, std::to_string(POLLIN)});
}

TEST_CASE("of two greenlets that poll one descriptor the second is not told of what the first has read") {
  const Sockets pair;
  std::vector<Seen> got;
  const auto reader = [&] {
    fcntl(pair.ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
    poll_one(pair.ends[0]);
    got.push_back(read_one(pair.ends[0]));
    if (got.size() == 1) {
      gw::yield();
      put(pair.ends[1], "b");
    }
  };
  together({reader, reader, [&] { put(pair.ends[1], "a"); }});
  CHECK(got == std::vector{Seen{1, ENOTTY, "a"}, Seen{1, ENOTTY, "b"}});
}

TEST_CASE("a descriptor that is closed and taken again by calls that nobody intercepts is waited for all the same") {
  const Sockets pair;
  const Sockets other;
  Seen before;
  Seen after;
  together({[&] {
              const int fd = dup(pair.ends[0]);
              before = poll_one(fd);
              const Seen drained = read_one(fd);
              CHECK(drained.data == "a");
              syscall(SYS_close, fd);
              CHECK(syscall(SYS_dup, other.ends[0]) == fd);
              after = poll_one(fd);
              syscall(SYS_close, fd);
            },
            [&] {
              put(pair.ends[1], "a");
              gw::yield();
              gw::yield();
              put(other.ends[1], "b");
            }});
  const Seen readable{1, ENOTTY, std::to_string(POLLIN)};
  CHECK(before == readable);
  CHECK(after == readable);
}

TEST_CASE("a child that a greenlet forks blocks, while the greenlets of its parent go on") {
  const Sockets pair;
  Seen answer;
  int status = 0;
  together({[&] {
              const pid_t child = fork();
              if (child == 0) {
                char byte = 0;
                _exit(read(pair.ends[1], &byte, 1) == 1 && byte == '?' && write(pair.ends[1], "!", 1) == 1 ? 7 : 1);
              }
              answer = read_one(pair.ends[0]);
              waitpid(child, &status, 0);
            },
            [&] { put(pair.ends[0], "?"); }});
  CHECK(answer == Seen{1, ENOTTY, "!"});
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 7));
}
