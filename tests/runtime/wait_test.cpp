// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <greenway/runtime/bridge.hpp>
#include <greenway/runtime/wait.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using greenway::Descriptor;
using greenway::Interest;

/// A connected pair of sockets, closed at the end.
class SocketPair {
 public:
  SocketPair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) == 0); }
  ~SocketPair() {
    close(ends_[0]);
    close(ends_[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  [[nodiscard]] int near() const { return ends_[0]; }
  [[nodiscard]] int far() const { return ends_[1]; }
  void send() const { REQUIRE(write(ends_[1], "x", 1) == 1); }
  void receive() const {
    char byte = 0;
    REQUIRE(read(ends_[0], &byte, 1) == 1);
  }
  void fill() const {
    const std::array<char, 4096> block{};
    while (write(ends_[0], block.data(), block.size()) > 0) {
    }
  }
  void empty() const {
    std::array<char, 4096> block;
    while (read(ends_[1], block.data(), block.size()) > 0) {
    }
  }

 private:
  std::array<int, 2> ends_{};
};

/// Runs `body` as a plain function and in a greenlet: one code path, the same assertions.
template <class F>
void in_thread_and_greenlet(F body) {
  SECTION("in a thread") { body(); }
  SECTION("in a greenlet") { greenway::run(body); }
}

}  // namespace

TEST_CASE("a wait returns when the descriptor is ready for what was asked") {
  in_thread_and_greenlet([] {
    const SocketPair sockets;
    Descriptor descriptor(sockets.near());
    CHECK(includes(descriptor.wait(Interest::write), Interest::write));
    sockets.send();
    CHECK(includes(descriptor.wait(Interest::read), Interest::read));
  });
}

TEST_CASE("a wait whose deadline passes is a TimeoutError, and the descriptor can be waited for again") {
  in_thread_and_greenlet([] {
    const SocketPair sockets;
    Descriptor descriptor(sockets.near());
    CHECK_THROWS_AS(descriptor.wait(Interest::read, greenway::Deadline::in(1ms)), greenway::TimeoutError);
    CHECK_THROWS_AS(descriptor.wait(Interest::read, greenway::Deadline::in(-1s)), greenway::TimeoutError);
    sockets.send();
    CHECK(descriptor.wait(Interest::read, greenway::Deadline::in(10s)) != Interest{});
  });
}

TEST_CASE("data that was not read is still ready at the next wait") {
  greenway::run([] {
    const SocketPair sockets;
    Descriptor descriptor(sockets.near());
    sockets.send();
    descriptor.wait(Interest::read);
    greenway::sleep_for(1ms);  // the loop sees it ready while nobody waits
    CHECK(descriptor.wait(Interest::read, greenway::Deadline::in(10s)) != Interest{});
    sockets.receive();
    CHECK_THROWS_AS(descriptor.wait(Interest::read, greenway::Deadline::in(1ms)), greenway::TimeoutError);
  });
}

TEST_CASE("the far end's hang-up ends a wait, and does not spin the loop while nobody waits") {
  greenway::run([] {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    Descriptor descriptor(ends[0]);
    CHECK_THROWS_AS(descriptor.wait(Interest::read, greenway::Deadline::in(1ms)), greenway::TimeoutError);
    close(ends[1]);
    greenway::sleep_for(1ms);
    CHECK(includes(descriptor.wait(Interest::read, greenway::Deadline::in(10s)), Interest::read));
    CHECK(includes(descriptor.wait(Interest::read, greenway::Deadline::in(10s)), Interest::read));
    descriptor.forget();
    close(ends[0]);
  });
}

TEST_CASE("one greenlet may read and another write on one descriptor, but a second reader is refused") {
  greenway::run([] {
    const SocketPair sockets;
    sockets.fill();
    Descriptor descriptor(sockets.near());
    auto reader = greenway::greenlet_spawn([&] { return descriptor.wait(Interest::read); }).to_future();
    auto writer = greenway::greenlet_spawn([&] { return descriptor.wait(Interest::write); }).to_future();
    CHECK_THROWS_AS(descriptor.wait(Interest::read), greenway::InvalidRequestError);
    sockets.send();
    CHECK(includes(reader.get(), Interest::read));
    sockets.empty();
    CHECK(includes(writer.get(), Interest::write));
  });
}

TEST_CASE("a descriptor that another loop waited for can be waited for in this one") {
  const SocketPair sockets;
  Descriptor descriptor(sockets.near());
  for (int loop = 0; loop < 3; ++loop) {
    greenway::run([&] {
      sockets.send();
      descriptor.wait(Interest::read, greenway::Deadline::in(10s));
      sockets.receive();
    });
  }
  sockets.send();
  CHECK(descriptor.wait(Interest::read, greenway::Deadline::in(10s)) != Interest{});
}

TEST_CASE("a number that was closed and reused is waited for as the new file") {
  greenway::run([] {
    int number = -1;
    {
      const SocketPair old;
      number = old.near();
      CHECK_THROWS_AS(greenway::wait_readable(number, greenway::Deadline::in(1ms)), greenway::TimeoutError);
    }
    const SocketPair sockets;
    REQUIRE(sockets.near() == number);
    CHECK_THROWS_AS(greenway::wait_readable(number, greenway::Deadline::in(1ms)), greenway::TimeoutError);
    sockets.send();
    greenway::wait_readable(number, greenway::Deadline::in(10s));
  });
}

TEST_CASE("a regular file is always ready") {
  in_thread_and_greenlet([] {
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    REQUIRE(file >= 0);
    greenway::wait_readable(file, greenway::Deadline::in(10s));
    close(file);
  });
}

TEST_CASE("a closed descriptor is an error, not a hang") {
  in_thread_and_greenlet([] {
    const int closed = dup(0);
    close(closed);
    CHECK_THROWS_AS(greenway::wait_readable(closed, greenway::Deadline::in(10s)), greenway::InvalidRequestError);
  });
}

TEST_CASE("sleeping takes at least the time asked for, while other greenlets run") {
  int turns = 0;
  bool is_awake = false;
  greenway::run([&] {
    auto other = greenway::greenlet_spawn([&] {
                   while (!is_awake) {
                     ++turns;
                     greenway::yield();
                   }
                 }).to_future();
    const auto begin = greenway::Clock::now();
    greenway::sleep_for(5ms);
    CHECK(greenway::Clock::now() - begin >= 5ms);
    is_awake = true;
    other.get();
  });
  CHECK(turns > 1);
}

TEST_CASE("timers fire in the order of their deadlines, whatever the order they were set in") {
  std::vector<int> order;
  greenway::run([&] {
    std::vector<greenway::Future<void>> sleepers;
    const greenway::TimePoint start = greenway::Clock::now();
    for (const int rank : {3, 1, 4, 0, 2}) {
      sleepers.push_back(greenway::greenlet_spawn([&order, start, rank] {
                           greenway::Waiter never_woken;
                           never_woken.wait(greenway::Deadline::at(start + 10ms + rank * 1ms));
                           order.push_back(rank);
                         }).to_future());
    }
    for (auto& sleeper : sleepers) {
      sleeper.get();
    }
  });
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("yield lets what is ready run first, in order") {
  std::vector<int> order;
  greenway::run([&] {
    auto turn = [&order](int name) {
      for (int i = 0; i < 3; ++i) {
        order.push_back(name);
        greenway::yield();
      }
    };
    auto a = greenway::greenlet_spawn(turn, 1).to_future();
    auto b = greenway::greenlet_spawn(turn, 2).to_future();
    a.get();
    b.get();
  });
  CHECK(order == std::vector<int>{1, 2, 1, 2, 1, 2});
}
