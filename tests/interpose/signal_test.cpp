// SPDX-License-Identifier: BSL-1.0
// Calls with a signal mask, as libc's: a signal that only the mask lets in is handled inside the call, and ends it.
#include <atomic>
#include <cerrno>
#include <functional>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <greenway/runtime/task_group.hpp>

#include "situation.hpp"

namespace gw = greenway;

namespace {

std::atomic<int> handled{0};

/// While it exists, this thread keeps SIGUSR1 back.
struct KeptBack {
  KeptBack() {
    handled = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++handled; };
    sigaction(SIGUSR1, &action, &action_before);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, &before);
  }
  ~KeptBack() {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    sigaction(SIGUSR1, &action_before, nullptr);
  }
  KeptBack(const KeptBack&) = delete;
  KeptBack& operator=(const KeptBack&) = delete;

  sigset_t before{};  ///< Lets the signal in.
  struct sigaction action_before {};
};

constexpr timespec minute{60, 0};

struct Call {
  const char* name;
  std::function<long(int fd, const sigset_t* mask)> make;
};

const Call calls[] = {
    {"ppoll",
     [](int fd, const sigset_t* mask) {
       pollfd item{fd, POLLIN, 0};
       return ppoll(&item, 1, &minute, mask);
     }},
    {"pselect",
     [](int fd, const sigset_t* mask) {
       fd_set set;
       FD_ZERO(&set);
       FD_SET(fd, &set);
       return pselect(fd + 1, &set, nullptr, nullptr, &minute, mask);
     }},
    {"epoll_pwait",
     [](int fd, const sigset_t* mask) {
       const int epoll = epoll_create1(0);
       epoll_event event{};
       event.events = EPOLLIN;
       epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
       const int result = epoll_pwait(epoll, &event, 1, 60'000, mask);
       const int error = errno;
       close(epoll);
       errno = error;
       return result;
     }},
};

/// Makes a call in a greenlet; `act` happens on the same thread while it waits.
Seen meanwhile(const std::function<long()>& call, const std::function<void()>& act) {
  Seen outcome;
  gw::run([&] {
    gw::TaskGroup group;
    group.spawn([&] {
      const gw::InterposeScope scope;
      outcome = seen(call);
    });
    group.spawn([&] { act(); });
    group.wait();
  });
  return outcome;
}

void signal_here() { pthread_kill(pthread_self(), SIGUSR1); }

}  // namespace

TEST_CASE("a pending signal that the mask of a call lets in ends it, in a greenlet as outside") {
  for (const Call& call : calls) {
    INFO(call.name);
    const Sockets pair;
    const KeptBack kept;
    signal_here();
    CHECK(seen([&] { return call.make(pair.ends[0], &kept.before); }) == Seen{-1, EINTR});
    CHECK(handled == 1);
    signal_here();
    CHECK(meanwhile([&] { return call.make(pair.ends[0], &kept.before); }, [] {}) == Seen{-1, EINTR});
    CHECK(handled == 2);
  }
}

TEST_CASE("a signal that comes while a greenlet waits with a mask that lets it in ends the call") {
  for (const Call& call : calls) {
    INFO(call.name);
    const Sockets pair;
    const KeptBack kept;
    CHECK(meanwhile([&] { return call.make(pair.ends[0], &kept.before); }, signal_here) == Seen{-1, EINTR});
    CHECK(handled == 1);
  }
}

TEST_CASE("a signal that neither the thread nor the mask of a call lets in waits, and the call goes on") {
  for (const Call& call : calls) {
    INFO(call.name);
    const Sockets pair;
    const KeptBack kept;
    sigset_t all;
    sigfillset(&all);
    const Seen outcome = meanwhile([&] { return call.make(pair.ends[0], &all); },
                                   [&] {
                                     signal_here();
                                     static_cast<void>(!write(pair.ends[1], "x", 1));
                                   });
    CHECK(outcome == Seen{1, ENOTTY});
    CHECK(handled == 0);
    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1) == 1);
    sigsuspend(&kept.before);  // takes it
  }
}
