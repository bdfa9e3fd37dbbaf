// SPDX-License-Identifier: BSL-1.0
// Greenlets that are cancelled, timed out or destroyed inside a call, and exceptions around calls.
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/un.h>

#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/loop_host.hpp>
#include <greenway/runtime/task_group.hpp>
#include <greenway/runtime/wait.hpp>

#include "situation.hpp"
#include "slow_lookup.hpp"

namespace gw = greenway;
using namespace std::chrono_literals;

namespace {

constexpr timespec hour{3600, 0};

/// A listening socket whose queue is full.
struct FullListener {
  FullListener() {
    address.sun_family = AF_UNIX;  // the kernel finds a name
    socklen_t size = sizeof address.sun_family;
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(listen(fd, 0) == 0);
    length = sizeof address;
    REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    REQUIRE(call(first) == 0);
  }
  ~FullListener() {
    for (const int one : {fd, first, second}) {
      close(one);
    }
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;

  int call(int from) const { return connect(from, reinterpret_cast<const sockaddr*>(&address), length); }

  sockaddr_un address{};
  socklen_t length = 0;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int first = socket(AF_UNIX, SOCK_STREAM, 0);
  int second = socket(AF_UNIX, SOCK_STREAM, 0);
};

/// A pair with nothing to read at its ends, and no room left at the first.
struct Full : Sockets {
  Full() {
    const std::string text(65'536, 'x');
    while (send(ends[0], text.data(), text.size(), MSG_DONTWAIT) > 0) {
    }
  }
};

struct Call {
  const char* name;
  std::function<long(const Full&, const FullListener&)> make;
};

/// Each would wait for ever, or an hour.
const std::vector<Call> calls = {
    {"poll",
     [](const Full& pair, const FullListener&) {
       pollfd item{pair.ends[0], POLLIN, 0};
       return poll(&item, 1, -1);
     }},
    {"ppoll",
     [](const Full& pair, const FullListener&) {
       pollfd item{pair.ends[0], POLLIN, 0};
       return ppoll(&item, 1, &hour, nullptr);
     }},
    {"select",
     [](const Full& pair, const FullListener&) {
       fd_set set;
       FD_ZERO(&set);
       FD_SET(pair.ends[0], &set);
       return select(pair.ends[0] + 1, &set, nullptr, nullptr, nullptr);
     }},
    {"pselect", [](const Full&, const FullListener&) { return pselect(0, nullptr, nullptr, nullptr, &hour, nullptr); }},
    {"epoll_wait",
     [](const Full&, const FullListener&) {
       const int epoll = epoll_create1(0);
       epoll_event event{};
       const int result = epoll_wait(epoll, &event, 1, -1);
       const int error = errno;
       close(epoll);
       errno = error;
       return result;
     }},
    {"read",
     [](const Full& pair, const FullListener&) {
       char byte;
       return read(pair.ends[0], &byte, 1);
     }},
    {"recv",
     [](const Full& pair, const FullListener&) {
       char byte;
       return recv(pair.ends[0], &byte, 1, MSG_WAITALL);
     }},
    {"recvmsg",
     [](const Full& pair, const FullListener&) {
       msghdr message{};
       return recvmsg(pair.ends[0], &message, 0);
     }},
    {"write", [](const Full& pair, const FullListener&) { return write(pair.ends[0], "x", 1); }},
    {"send", [](const Full& pair, const FullListener&) { return send(pair.ends[0], "x", 1, 0); }},
    {"accept",
     [](const Full&, const FullListener& listener) {
       close(accept(listener.fd, nullptr, nullptr));
       return accept(listener.fd, nullptr, nullptr);
     }},
    {"connect", [](const Full&, const FullListener& listener) { return listener.call(listener.second); }},
    {"nanosleep", [](const Full&, const FullListener&) { return nanosleep(&hour, nullptr); }},
    {"usleep", [](const Full&, const FullListener&) { return usleep(999'999'999); }},
};

/// Makes a call as C does: there is no way through here for an exception, std::terminate() would be called.
template <class F>
Seen through_c(F&& call) noexcept {
  return seen(call);
}

/// What becomes of a greenlet that is cut short inside a call.
struct Ending {
  Seen first = {};          ///< The call that was under way.
  Seen second = {};         ///< The same once more.
  bool has_thrown = false;  ///< The next call of Greenway threw.
};

/// Cancels a greenlet inside its first wait.
Ending cancel_within(const std::function<long()>& call) {
  Ending ending;
  gw::run([&] {
    gw::CancelScope* scope_of_call = nullptr;
    gw::TaskGroup group;
    group.spawn([&] {
      const gw::InterposeScope interpose;
      gw::CancelScope scope;
      scope_of_call = &scope;
      ending.first = through_c(call);
      ending.second = through_c(call);
      try {
        gw::checkpoint();
      } catch (const gw::Cancelled&) {
        ending.has_thrown = true;
      }
    });
    group.spawn([&] { scope_of_call->cancel(); });
    group.wait();
  });
  return ending;
}

/// Has the time of a greenlet end within a call.
Ending time_out_within(const std::function<long()>& call) {
  Ending ending;
  gw::run([&] {
    const gw::InterposeScope interpose;
    try {
      gw::with_timeout(5ms, [&] {
        ending.first = through_c(call);
        ending.second = through_c(call);
        gw::checkpoint();
      });
    } catch (const gw::TimeoutError&) {
      ending.has_thrown = true;
    }
  });
  return ending;
}

long look_up(addrinfo** found) {
  const int result = getaddrinfo("slow.test", nullptr, nullptr, found);
  return result == EAI_SYSTEM ? -1 : result;
}

}  // namespace

TEST_CASE("a call that waits when its greenlet is cancelled fails, as does each after it, and Greenway throws then") {
  for (const Call& call : calls) {
    INFO(call.name);
    const Full pair;
    const FullListener listener;
    const Ending ending = cancel_within([&] { return call.make(pair, listener); });
    CHECK(ending.first == Seen{-1, ECANCELED});
    CHECK(ending.second.result == -1);
    CHECK(ending.has_thrown);
  }
}

TEST_CASE(
    "a call that waits when the time of its greenlet is over fails, as does each after it, and Greenway throws then") {
  for (const Call& call : calls) {
    INFO(call.name);
    const Full pair;
    const FullListener listener;
    const Ending ending = time_out_within([&] { return call.make(pair, listener); });
    CHECK(ending.first == Seen{-1, ETIMEDOUT});
    CHECK(ending.second.result == -1);
    CHECK(ending.has_thrown);
  }
}

TEST_CASE("sleeps that are cut short say so as they do") {
  timespec left{};
  CHECK(cancel_within([&] { return clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, &left); }).first ==
        Seen{ECANCELED, ENOTTY});
  CHECK(left.tv_sec >= 3500);
  CHECK(cancel_within([] { return static_cast<long>(sleep(3600)); }).first.result > 3500);
}

TEST_CASE("what need not wait is done although the greenlet is cancelled") {
  const Sockets pair;
  const Ending ending = cancel_within([&] {
    static_cast<void>(poll(nullptr, 0, -1));
    return write(pair.ends[0], "ab", 2) + read(pair.ends[1], std::array<char, 8>().data(), 8);
  });
  CHECK(ending.first.result == 4);
  CHECK(ending.second.result == 4);
}

TEST_CASE("a write that is cut short returns how much it has written") {
  const Sockets pair;
  const std::string text(1'000'000, 'x');
  const Ending ending = cancel_within([&] { return write(pair.ends[0], text.data(), text.size()); });
  CHECK(ending.first.result > 0);
  CHECK(ending.first.result < 1'000'000);
  CHECK(ending.first.error == ENOTTY);
  CHECK(ending.second == Seen{-1, ECANCELED});
}

TEST_CASE("a connect that is cut short leaves its descriptor blocking") {
  const FullListener listener;
  cancel_within([&] { return listener.call(listener.second); });
  CHECK((fcntl(listener.second, F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a greenlet that waits in a lookup lets others run, and gets what was found") {
  addrinfo* found = nullptr;
  Seen outcome;
  gw::run([&] {
    gw::TaskGroup group;
    group.spawn([&] {
      const gw::InterposeScope interpose;
      outcome = through_c([&] { return look_up(&found); });
    });
    group.spawn([&] {
      slow_lookup::has_begun.acquire();
      slow_lookup::may_end.release();
    });
    group.wait();
  });
  slow_lookup::has_ended.acquire();
  CHECK(outcome == Seen{0, ENOTTY});
  REQUIRE(found != nullptr);
  CHECK(found->ai_family == AF_INET);
  freeaddrinfo(found);
}

namespace {

/// Cuts a greenlet short in a lookup, which then goes on without it.
/// @param cut_short  cancel_within() or time_out_within().
/// @param error      What errno is then.
template <class F>
void check_left_to_helper(F cut_short, int error) {
  addrinfo* found = nullptr;
  const Ending ending = cut_short([&] { return look_up(&found); });
  slow_lookup::has_begun.acquire();
  slow_lookup::may_end.release();
  slow_lookup::has_ended.acquire();
  CHECK(ending.first == Seen{-1, error});
  CHECK(ending.second == Seen{-1, error});
  CHECK(ending.has_thrown);
  CHECK(found == nullptr);
}

}  // namespace

TEST_CASE("a greenlet that is cancelled in a lookup leaves it to its helper thread") {
  check_left_to_helper(cancel_within, ECANCELED);
}

TEST_CASE("a greenlet whose time ends in a lookup leaves it to its helper thread") {
  check_left_to_helper(time_out_within, ETIMEDOUT);
}

namespace {

/// What an operation gives that is cancelled while its function reads what never comes.
/// @param then  What the function does with errno.
template <class F>
std::string cancelled_operation(F then) {
  const Sockets pair;
  std::string outcome;
  gw::run([&] {
    auto operation = gw::greenlet_spawn({.interpose = true}, [&] {
      char byte = 0;
      const Seen got = through_c([&] { return read(pair.ends[0], &byte, 1); });
      return then(got);
    });
    auto future = operation.to_future();
    operation.cancel();
    try {
      outcome = future.get();
    } catch (const gw::OperationCancelled&) {
      outcome = "OperationCancelled";
    } catch (const std::runtime_error& error) {
      outcome = std::string("threw ") + error.what();
    }
  });
  return outcome;
}

}  // namespace

TEST_CASE("an operation that is cancelled inside a call ends as its function does") {
  CHECK(cancelled_operation([](const Seen& got) { return "returned " + std::to_string(got.error == ECANCELED); }) ==
        "returned 1");
  CHECK(cancelled_operation([](const Seen&) -> std::string { throw std::runtime_error("no byte"); }) ==
        "threw no byte");
  CHECK(cancelled_operation([](const Seen&) -> std::string {
          gw::checkpoint();
          return "went on";
        }) == "OperationCancelled");
}

TEST_CASE("a greenlet that is destroyed inside a call gets its error, and unwinds from there") {
  const Sockets pair;
  Seen got;
  bool has_returned = false;
  bool is_destroyed = false;
  struct Noting {
    ~Noting() { note = true; }
    bool& note;
  };
  {
    gw::LoopHost host;
    gw::greenlet_spawn({.host = &host, .interpose = true}, [&] {
      const Noting noting{is_destroyed};
      char byte = 0;
      got = through_c([&] { return read(pair.ends[0], &byte, 1); });
      gw::sleep_for(1ms);
      has_returned = true;
    }).start([](auto&&) {});
    bool has_run = false;
    host.post([&] { has_run = true; });
    host.run_until(has_run);
  }
  CHECK(got == Seen{-1, ECANCELED});
  CHECK(is_destroyed);
  CHECK_FALSE(has_returned);
}

TEST_CASE("greenlets that wait inside of a catch each rethrow their own exception") {
  const Sockets pair;
  std::array<std::string, 2> caught;
  gw::run([&] {
    gw::TaskGroup group;
    for (std::size_t i = 0; i != 2; ++i) {
      group.spawn([&, i] {
        const gw::InterposeScope interpose;
        try {
          try {
            throw std::runtime_error("of greenlet " + std::to_string(i));
          } catch (const std::exception&) {
            char byte = 0;
            static_cast<void>(!read(pair.ends[i], &byte, 1));
            throw;
          }
        } catch (const std::exception& error) {
          caught[i] = error.what();
        }
      });
    }
    group.spawn([&] {
      static_cast<void>(!write(pair.ends[1], "x", 1));
      gw::yield();
      static_cast<void>(!write(pair.ends[0], "x", 1));
    });
    group.wait();
  });
  CHECK(caught == std::array<std::string, 2>{"of greenlet 0", "of greenlet 1"});
}

TEST_CASE("a destructor may wait in a call while an exception is on its way, also when it is cut short there") {
  struct Goodbye {
    ~Goodbye() {
      char byte = 0;
      outcome = through_c([&] { return read(fd, &byte, 1); });
    }
    int fd;
    Seen& outcome;
  };
  const Sockets pair;
  std::array<Seen, 2> outcomes;
  std::array<std::string, 2> caught;
  gw::run([&] {
    gw::CancelScope* scope_of_first = nullptr;
    gw::TaskGroup group;
    for (std::size_t i = 0; i != 2; ++i) {
      group.spawn([&, i] {
        const gw::InterposeScope interpose;
        gw::CancelScope scope;
        scope_of_first = i == 0 ? &scope : scope_of_first;
        try {
          const Goodbye goodbye{pair.ends[i], outcomes[i]};
          throw std::runtime_error("of greenlet " + std::to_string(i));
        } catch (const std::exception& error) {
          caught[i] = error.what();
        }
      });
    }
    group.spawn([&] {
      scope_of_first->cancel();
      gw::yield();
      static_cast<void>(!write(pair.ends[0], "x", 1));
    });
    group.wait();
  });
  CHECK(outcomes[0] == Seen{-1, ECANCELED});
  CHECK(outcomes[1] == Seen{1, ENOTTY});
  CHECK(caught == std::array<std::string, 2>{"of greenlet 0", "of greenlet 1"});
}
