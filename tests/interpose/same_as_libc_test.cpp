// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

#include "situation.hpp"

namespace {

/// The length of the timeouts: each ends by itself.
constexpr int short_while = 5;
constexpr timespec short_time{0, short_while * 1'000'000};

/// `no`: not by itself. A helper thread may have answered before anybody could suspend.
enum class Waits { yes, no };

struct Situation {
  const char* name;
  Waits waits;
  std::function<Seen()> run;
};

/// Writes on another thread, sooner or later.
struct Writer {
  Writer(int fd, std::string text) : thread([fd, text = std::move(text)] { static_cast<void>(!write(fd, text.data(), text.size())); }) {}
  ~Writer() { thread.join(); }
  std::thread thread;
};

/// Reads on another thread until the end.
struct Reader {
  explicit Reader(int fd) : thread([fd] {
    std::array<char, 65536> buffer;
    while (read(fd, buffer.data(), buffer.size()) > 0) {
    }
  }) {}
  ~Reader() { thread.join(); }
  std::thread thread;
};

void make_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

void set_timeout(int fd, int option) {
  const timeval limit{0, short_while * 1000};
  setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit);
}

int alarm_clock() {
  const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  const itimerspec setting{{}, short_time};
  timerfd_settime(fd, 0, &setting, nullptr);
  return fd;
}

int listener(sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  listen(fd, 8);
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return fd;
}

std::vector<Situation> poll_situations() {
  return {
      {"poll ends with its timeout", Waits::yes,
       [] {
         const Sockets pair;
         pollfd item{pair.ends[0], POLLIN, 0};
         return seen([&] { return poll(&item, 1, short_while); });
       }},
      {"poll does not wait for a timeout of zero", Waits::no,
       [] {
         const Sockets pair;
         pollfd item{pair.ends[0], POLLIN, 0};
         return seen([&] { return poll(&item, 1, 0); });
       }},
      {"poll finds a hang-up", Waits::no,
       [] {
         const Sockets pair;
         shutdown(pair.ends[1], SHUT_RDWR);
         pollfd item{pair.ends[0], POLLIN | POLLRDHUP, 0};
         Seen outcome = seen([&] { return poll(&item, 1, -1); });
         outcome.data = std::to_string(item.revents);
         return outcome;
       }},
      {"poll finds the one of twenty that is ready later", Waits::yes,
       [] {
         const int timer = alarm_clock();
         const Sockets pair;
         std::vector<pollfd> items(20, pollfd{pair.ends[0], POLLIN, 0});
         items[3].fd = -1;
         items[17].fd = timer;
         Seen outcome = seen([&] { return poll(items.data(), items.size(), -1); });
         for (const pollfd& item : items) {
           outcome.data += std::to_string(item.revents) + ' ';
         }
         close(timer);
         return outcome;
       }},
      {"poll knows a descriptor that is closed", Waits::no,
       [] {
         pollfd item{999, POLLIN, 0};
         Seen outcome = seen([&] { return poll(&item, 1, -1); });
         outcome.data = std::to_string(item.revents);
         return outcome;
       }},
      {"poll of nothing is a sleep", Waits::yes, [] { return seen([] { return poll(nullptr, 0, short_while); }); }},
      {"ppoll ends with its timeout", Waits::yes,
       [] {
         const Sockets pair;
         pollfd item{pair.ends[0], POLLIN, 0};
         return seen([&] { return ppoll(&item, 1, &short_time, nullptr); });
       }},
      {"ppoll refuses a wrong timeout", Waits::no,
       [] {
         const timespec wrong{0, 2'000'000'000};
         return seen([&] { return ppoll(nullptr, 0, &wrong, nullptr); });
       }},
      {"select ends with its timeout, and says that none is left", Waits::yes,
       [] {
         const Sockets pair;
         fd_set set;
         FD_ZERO(&set);
         FD_SET(pair.ends[0], &set);
         timeval limit{0, short_while * 1000};
         Seen outcome = seen([&] { return select(pair.ends[0] + 1, &set, nullptr, nullptr, &limit); });
         outcome.data = std::to_string(FD_ISSET(pair.ends[0], &set)) + ' ' + std::to_string(limit.tv_sec + limit.tv_usec);
         return outcome;
       }},
      {"select finds what is ready later", Waits::yes,
       [] {
         const int timer = alarm_clock();
         const Sockets pair;
         fd_set set;
         FD_ZERO(&set);
         FD_SET(pair.ends[0], &set);
         FD_SET(timer, &set);
         Seen outcome = seen([&] { return select(std::max(timer, pair.ends[0]) + 1, &set, nullptr, nullptr, nullptr); });
         outcome.data = std::to_string(FD_ISSET(pair.ends[0], &set)) + std::to_string(FD_ISSET(timer, &set));
         close(timer);
         return outcome;
       }},
      {"select knows a descriptor that is closed", Waits::no,
       [] {
         const int fd = dup(0);
         close(fd);
         fd_set set;
         FD_ZERO(&set);
         FD_SET(fd, &set);
         return seen([&] { return select(fd + 1, &set, nullptr, nullptr, nullptr); });
       }},
      {"pselect ends with its timeout", Waits::yes,
       [] { return seen([] { return pselect(0, nullptr, nullptr, nullptr, &short_time, nullptr); }); }},
      {"epoll_wait ends with its timeout, and finds what is ready later", Waits::yes,
       [] {
         const int epoll = epoll_create1(0);
         epoll_event event{};
         Seen outcome = seen([&] { return epoll_wait(epoll, &event, 1, short_while); });
         const int timer = alarm_clock();
         event.events = EPOLLIN;
         event.data.fd = 7;
         epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
         const Seen second = seen([&] { return epoll_wait(epoll, &event, 1, -1); });
         outcome.data = std::to_string(second.result) + ' ' + std::to_string(event.data.fd);
         close(timer);
         close(epoll);
         return outcome;
       }},
  };
}

std::vector<Situation> read_situations() {
  return {
      {"read waits for a pipe", Waits::yes,
       [] {
         const Pipe ends;
         char buffer[16];
         const int timer = alarm_clock();
         std::uint64_t expirations = 0;
         Seen outcome = seen([&] { return read(timer, &expirations, sizeof expirations); });
         close(timer);
         const Writer writer(ends.ends[1], "later");
         outcome.data = seen_reading(buffer, [&] { return read(ends.ends[0], buffer, sizeof buffer); }).data;
         return outcome;
       }},
      {"read finds the end", Waits::no,
       [] {
         const Sockets pair;
         shutdown(pair.ends[1], SHUT_WR);
         char byte;
         return seen([&] { return read(pair.ends[0], &byte, 1); });
       }},
      {"read does not wait for a descriptor that is not to", Waits::no,
       [] {
         const Pipe ends;
         make_nonblocking(ends.ends[0]);
         char byte;
         return seen([&] { return read(ends.ends[0], &byte, 1); });
       }},
      {"read refuses what is not open", Waits::no, [] {
         char byte;
         return seen([&] { return read(999, &byte, 1); });
       }},
      {"read of an eventfd takes its value", Waits::no,
       [] {
         const int fd = eventfd(3, 0);
         std::uint64_t value = 0;
         Seen outcome = seen([&] { return read(fd, &value, sizeof value); });
         outcome.data = std::to_string(value);
         close(fd);
         return outcome;
       }},
      {"read, pread and readv of a file, beyond its end too", Waits::no,
       [] {
         char name[] = "/tmp/greenway_interpose_XXXXXX";
         const int fd = mkstemp(name);
         unlink(name);
         const std::string text(10'000, 'x');
         Seen outcome = seen([&] { return write(fd, text.data(), text.size()); });
         lseek(fd, 5'000, SEEK_SET);
         std::vector<char> buffer(8'000);
         const iovec vectors[] = {{buffer.data(), 100}, {buffer.data() + 100, 7'900}};
         outcome.data = std::to_string(pread(fd, buffer.data(), buffer.size(), 9'000)) + ' ' +
                        std::to_string(readv(fd, vectors, 2)) + ' ' + std::to_string(read(fd, buffer.data(), buffer.size())) +
                        ' ' + std::to_string(pwrite(fd, "y", 1, 20'000)) + ' ' + std::to_string(fsync(fd)) +
                        std::to_string(fdatasync(fd)) + ' ' + std::to_string(lseek(fd, 0, SEEK_CUR));
         close(fd);
         return outcome;
       }},
      {"read of a file that no page cache holds", Waits::no,
       [] {
         const int fd = open("/proc/self/comm", O_RDONLY);
         char buffer[64];
         Seen outcome = seen_reading(buffer, [&] { return read(fd, buffer, sizeof buffer); });
         close(fd);
         return outcome;
       }},
      {"write writes all to a pipe that is full", Waits::yes,
       [] {
         Pipe ends;
         const std::string text(1'000'000, 'x');
         Seen outcome;
         {
           const Reader reader(ends.ends[0]);
           outcome = seen([&] { return write(ends.ends[1], text.data(), text.size()); });
           close(std::exchange(ends.ends[1], -1));
         }
         return outcome;
       }},
      {"writev writes all to a socket that is full", Waits::yes,
       [] {
         const Sockets pair;
         std::string text(600'000, 'x');
         const iovec vectors[] = {{text.data(), 1}, {text.data(), text.size()}, {text.data(), 0}, {text.data(), 399'999}};
         const Reader reader(pair.ends[1]);
         const Seen outcome = seen([&] { return writev(pair.ends[0], vectors, 4); });
         shutdown(pair.ends[0], SHUT_RDWR);
         return outcome;
       }},
      {"write fills a descriptor that is not to wait", Waits::no,
       [] {
         const Pipe ends;
         make_nonblocking(ends.ends[1]);
         const std::string text(1'000'000, 'x');
         Seen outcome = seen([&] { return write(ends.ends[1], text.data(), text.size()); });
         outcome.data = std::to_string(seen([&] { return write(ends.ends[1], "x", 1); }).error);
         return outcome;
       }},
  };
}

std::vector<Situation> socket_situations() {
  return {
      {"recv keeps to SO_RCVTIMEO", Waits::yes,
       [] {
         const Sockets pair;
         set_timeout(pair.ends[0], SO_RCVTIMEO);
         char byte;
         return seen([&] { return recv(pair.ends[0], &byte, 1, 0); });
       }},
      {"send keeps to SO_SNDTIMEO, and says how much it has sent", Waits::yes,
       [] {
         const Sockets pair;
         set_timeout(pair.ends[0], SO_SNDTIMEO);
         const std::string text(2'000'000, 'x');
         Seen outcome = seen([&] { return send(pair.ends[0], text.data(), text.size(), 0); });
         outcome.data = std::to_string(seen([&] { return send(pair.ends[0], "x", 1, 0); }).error);
         return outcome;
       }},
      {"recv keeps to MSG_DONTWAIT", Waits::no,
       [] {
         const Sockets pair;
         char byte;
         return seen([&] { return recv(pair.ends[0], &byte, 1, MSG_DONTWAIT); });
       }},
      {"recv keeps to MSG_WAITALL", Waits::yes,
       [] {
         const Sockets pair;
         static_cast<void>(!write(pair.ends[1], "1234", 4));
         set_timeout(pair.ends[0], SO_RCVTIMEO);
         char buffer[8];
         return seen_reading(buffer, [&] { return recv(pair.ends[0], buffer, sizeof buffer, MSG_WAITALL); });
       }},
      {"recv keeps to MSG_PEEK", Waits::no,
       [] {
         const Sockets pair;
         static_cast<void>(!write(pair.ends[1], "1234", 4));
         char buffer[8];
         Seen outcome = seen_reading(buffer, [&] { return recv(pair.ends[0], buffer, sizeof buffer, MSG_PEEK); });
         outcome.data += seen_reading(buffer, [&] { return recv(pair.ends[0], buffer, 3, 0); }).data;
         return outcome;
       }},
      {"recvmsg and sendmsg carry several buffers", Waits::no,
       [] {
         const Sockets pair(SOCK_DGRAM);
         char text[] = "abcdef";
         iovec vectors[] = {{text, 2}, {text + 3, 3}};
         msghdr message{};
         message.msg_iov = vectors;
         message.msg_iovlen = 2;
         Seen outcome = seen([&] { return sendmsg(pair.ends[0], &message, 0); });
         char buffer[16];
         iovec into{buffer, sizeof buffer};
         message.msg_iov = &into;
         message.msg_iovlen = 1;
         outcome.data = seen_reading(buffer, [&] { return recvmsg(pair.ends[1], &message, 0); }).data;
         return outcome;
       }},
      {"recvfrom of a datagram, and of an empty one", Waits::no,
       [] {
         const Sockets pair(SOCK_DGRAM);
         send(pair.ends[0], "", 0, 0);
         send(pair.ends[0], "xy", 2, 0);
         char buffer[8];
         Seen outcome = seen([&] { return recvfrom(pair.ends[1], buffer, sizeof buffer, 0, nullptr, nullptr); });
         outcome.data = seen_reading(buffer, [&] { return recvfrom(pair.ends[1], buffer, 1, 0, nullptr, nullptr); }).data;
         return outcome;
       }},
      {"recv of what is no socket", Waits::no,
       [] {
         const Pipe ends;
         char byte;
         return seen([&] { return recv(ends.ends[0], &byte, 1, 0); });
       }},
      {"send to nobody", Waits::no,
       [] {
         const Sockets pair;
         shutdown(pair.ends[0], SHUT_WR);
         return seen([&] { return send(pair.ends[0], "x", 1, MSG_NOSIGNAL); });
       }},
      {"connect to a port that nobody listens on", Waits::no,
       [] {
         sockaddr_in address;
         close(listener(address));
         const int fd = socket(AF_INET, SOCK_STREAM, 0);
         const Seen outcome = seen([&] { return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address); });
         close(fd);
         return outcome;
       }},
      {"connect and accept, and their descriptors stay blocking", Waits::no,
       [] {
         sockaddr_in address;
         const int server = listener(address);
         const int fd = socket(AF_INET, SOCK_STREAM, 0);
         Seen outcome = seen([&] { return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address); });
         const int peer = accept4(server, nullptr, nullptr, SOCK_NONBLOCK);
         for (const int one : {server, fd, peer}) {
           outcome.data += (fcntl(one, F_GETFL) & O_NONBLOCK) != 0 ? '1' : '0';
           close(one);
         }
         return outcome;
       }},
      {"accept keeps to SO_RCVTIMEO", Waits::yes,
       [] {
         sockaddr_in address;
         const int server = listener(address);
         set_timeout(server, SO_RCVTIMEO);
         const Seen outcome = seen([&] { return accept(server, nullptr, nullptr); });
         close(server);
         return outcome;
       }},
      {"accept does not wait where it is not to", Waits::no,
       [] {
         sockaddr_in address;
         const int server = listener(address);
         make_nonblocking(server);
         const Seen outcome = seen([&] { return accept(server, nullptr, nullptr); });
         close(server);
         return outcome;
       }},
  };
}

std::vector<Situation> other_situations() {
  return {
      {"nanosleep", Waits::yes, [] { return seen([] { return nanosleep(&short_time, nullptr); }); }},
      {"nanosleep refuses a wrong length", Waits::no,
       [] {
         const timespec wrong{-1, 0};
         return seen([&] { return nanosleep(&wrong, nullptr); });
       }},
      {"usleep", Waits::yes, [] { return seen([] { return usleep(short_while * 1000); }); }},
      {"clock_nanosleep until a moment", Waits::yes,
       [] {
         timespec moment;
         clock_gettime(CLOCK_REALTIME, &moment);
         moment.tv_nsec += 5'000'000;
         moment.tv_sec += moment.tv_nsec / 1'000'000'000;
         moment.tv_nsec %= 1'000'000'000;
         return seen([&] { return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &moment, nullptr); });
       }},
      {"clock_nanosleep refuses a clock that is none", Waits::no,
       [] { return seen([] { return clock_nanosleep(77, 0, &short_time, nullptr); }); }},
      {"getaddrinfo of a name", Waits::no,
       [] {
         addrinfo* found = nullptr;
         addrinfo hints{};
         hints.ai_family = AF_INET;
         hints.ai_socktype = SOCK_STREAM;
         Seen outcome{getaddrinfo("localhost", "80", &hints, &found)};
         if (found != nullptr) {
           outcome.data = inet_ntoa(reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr);
           freeaddrinfo(found);
         }
         return outcome;
       }},
      {"getaddrinfo of a number, and of nothing", Waits::no,
       [] {
         addrinfo* found = nullptr;
         Seen outcome{getaddrinfo("127.0.0.1", "80", nullptr, &found)};
         outcome.data = std::to_string(found->ai_family);
         freeaddrinfo(found);
         outcome.error = getaddrinfo(nullptr, nullptr, nullptr, &found);
         return outcome;
       }},
      {"dup2 and close", Waits::no,
       [] {
         const Pipe ends;
         const int other = dup(ends.ends[1]);
         const int same = dup2(ends.ends[1], other);
         Seen outcome = seen([&] { return write(same, "x", 1); });
         outcome.data = std::to_string(same == other) + std::to_string(close(other)) + std::to_string(close(other));
         return outcome;
       }},
  };
}

void compare(const std::vector<Situation>& situations) {
  for (const Situation& situation : situations) {
    INFO(situation.name);
    const Seen outside = situation.run();
    std::uint64_t suspensions = 0;
    const Seen within = inside(situation.run, suspensions);
    CHECK(within == outside);
    CHECK((suspensions != 0 || situation.waits == Waits::no));
  }
}

}  // namespace

TEST_CASE("poll and its kin give in a greenlet what libc gives outside") { compare(poll_situations()); }

TEST_CASE("read and its kin give in a greenlet what libc gives outside") { compare(read_situations()); }

TEST_CASE("the calls of sockets give in a greenlet what libc gives outside") { compare(socket_situations()); }

TEST_CASE("sleeps, lookups and the like give in a greenlet what libc gives outside") { compare(other_situations()); }
