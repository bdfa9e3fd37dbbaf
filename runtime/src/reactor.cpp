// SPDX-License-Identifier: BSL-1.0
#include "reactor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

constexpr int slots_per_chunk = 64;
constexpr std::uint32_t read_events = EPOLLIN | EPOLLPRI | EPOLLRDHUP;
constexpr std::uint32_t write_events = EPOLLOUT;
constexpr std::uint32_t broken_events = EPOLLERR | EPOLLHUP;
constexpr std::uint64_t timer_key = ~std::uint64_t{0};
constexpr std::uint64_t wake_key = timer_key - 1;

std::uint64_t key(int fd, std::uint32_t generation) noexcept {
  return static_cast<std::uint64_t>(generation) << 32U | static_cast<std::uint32_t>(fd);
}

[[noreturn]] void throw_system(const char* what, int error) {
  const std::string text = std::string(what) + " failed: " + std::strerror(error);
  if (error == EBADF || error == EINVAL) {
    throw InvalidRequestError(text + "; the descriptor is closed or cannot be waited for");
  }
  throw ResourceExhausted(text + "; see ulimit -n and fs.epoll.max_user_watches");
}

WaitReason reason_of(int fd, Interest interest) noexcept {
  static_assert(static_cast<int>(WaitKind::readable) == static_cast<int>(Interest::read) &&
                static_cast<int>(WaitKind::readable_or_writable) == static_cast<int>(Interest::both));
  return WaitReason(static_cast<WaitKind>(interest), fd);
}

std::uint32_t events_of(Interest interest) noexcept {
  return (includes(interest, Interest::read) ? read_events : 0) | (includes(interest, Interest::write) ? write_events : 0);
}

}  // namespace

/// The places of one wait in a slot.
class Reactor::Claim {
 public:
  Claim(Slot& slot, Interest interest, Waiter& waiter) : slot_(slot), waiter_(waiter) {
    if ((includes(interest, Interest::read) && slot.reader != nullptr) ||
        (includes(interest, Interest::write) && slot.writer != nullptr)) {
      throw InvalidRequestError("another greenlet waits for this descriptor already: one reader and one writer at a time");
    }
    if (includes(interest, Interest::read)) {
      slot.reader = &waiter;
    }
    if (includes(interest, Interest::write)) {
      slot.writer = &waiter;
    }
  }
  ~Claim() {
    if (slot_.reader == &waiter_) {
      slot_.reader = nullptr;
    }
    if (slot_.writer == &waiter_) {
      slot_.writer = nullptr;
    }
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  Slot& slot_;
  Waiter& waiter_;
};

Reactor::Reactor() : epoll_(epoll_create1(EPOLL_CLOEXEC)), timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = timer_key;
  if (epoll_ < 0 || timer_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event) != 0) {
    const int error = errno;
    close(epoll_);
    close(timer_);
    throw_system("making an event loop", error);
  }
}

Reactor::~Reactor() {
  close(timer_);
  close(epoll_);
}

bool Reactor::add_wake(int fd) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = wake_key;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

[[gnu::hot]] Reactor::Slot& Reactor::slot(int fd) {
  if (fd < 0) {
    throw_system("waiting for a descriptor", EBADF);
  }
  const auto chunk = static_cast<std::size_t>(fd / slots_per_chunk);
  if (chunk >= slots_.size()) {
    slots_.resize(chunk + 1);
  }
  if (slots_[chunk] == nullptr) {
    slots_[chunk] = std::make_unique<Slot[]>(slots_per_chunk);
  }
  return slots_[chunk][static_cast<std::size_t>(fd % slots_per_chunk)];
}

/// Sets what epoll reports of a descriptor; returns 0 or the error. The registration may have gone behind our back, or be
/// there already.
[[gnu::hot]] int Reactor::control(int fd, Slot& slot, std::uint32_t events) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key(fd, slot.generation);
  int operation = slot.is_registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(epoll_, operation, fd, &event) != 0) {
    operation = errno == ENOENT ? EPOLL_CTL_ADD : errno == EEXIST ? EPOLL_CTL_MOD : 0;
    if (operation == 0 || epoll_ctl(epoll_, operation, fd, &event) != 0) {
      slot.is_registered = false;
      slot.armed = 0;
      return errno;
    }
  }
  slot.is_registered = true;
  slot.armed = events;
  return 0;
}

std::uint32_t Reactor::bind(int fd) {
  take_forgotten();
  Slot& bound = slot(fd);
  ++bound.generation;
  if (const int error = control(fd, bound, read_events); error != 0) {
    throw_system("epoll_ctl", error);
  }
  return bound.generation;
}

void Reactor::forget(int fd, std::uint32_t generation) noexcept {
  epoll_event event{};
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &event);
  const std::lock_guard lock(forgotten_mutex_);
  forgotten_.emplace_back(fd, generation);
  has_forgotten_.store(true, std::memory_order_release);
}

[[gnu::hot]] void Reactor::take_forgotten() noexcept {
  if (!has_forgotten_.load(std::memory_order_acquire)) {
    return;
  }
  const std::lock_guard lock(forgotten_mutex_);
  for (const auto& [fd, generation] : forgotten_) {
    if (Slot& forgotten = slot(fd); forgotten.generation == generation) {
      ++forgotten.generation;
      forgotten.is_registered = false;
      forgotten.armed = 0;
    }
  }
  forgotten_.clear();
  has_forgotten_.store(false, std::memory_order_relaxed);
}

[[gnu::hot]] Interest Reactor::wait(int fd, Interest interest, Deadline deadline) {
  Slot& bound = slot(fd);
  Waiter waiter(reason_of(fd, interest));
  const Claim claim(bound, interest, waiter);
  if (const std::uint32_t wanted = bound.armed | events_of(interest); wanted != bound.armed || !bound.is_registered) {
    if (const int error = control(fd, bound, wanted); error != 0) {
      throw_system("epoll_ctl", error);
    }
  }
  if (!waiter.wait_in_greenlet(deadline)) {
    throw TimeoutError("waiting for a descriptor took longer than its deadline");
  }
  return bound.ready;
}

Interest Reactor::wait_once(int fd, Interest interest, Deadline deadline) {
  Slot& borrowed = slot(fd);
  for (;;) {
    Waiter waiter(reason_of(fd, interest));
    const Claim claim(borrowed, interest, waiter);
    take_forgotten();
    // Modified each time, though it may stand: only so is it known that the number is still the same file.
    borrowed.is_registered = true;
    if (const int error = control(fd, borrowed, wanted_events(borrowed)); error == EPERM) {
      return interest;  // a regular file is always ready
    } else if (error != 0) {
      throw_system("epoll_ctl", error);
    }
    if (!waiter.wait(deadline)) {
      throw TimeoutError("waiting for a descriptor took longer than its deadline");
    }
    if (const Interest ready = poll_descriptor(fd, interest, TimePoint::min()); ready != Interest{}) {
      return ready;
    }
  }
}

[[gnu::hot]] std::uint32_t Reactor::wanted_events(const Slot& slot) noexcept {
  std::uint32_t events = (slot.reader != nullptr ? read_events : 0) | (slot.writer != nullptr ? write_events : 0);
  for (const Watch* watch = slot.watches; watch != nullptr; watch = watch->next) {
    events |= watch->events;
  }
  return events;
}

[[gnu::hot]] int Reactor::watch(Watch& watch, std::uint32_t changes) {
  take_forgotten();
  Slot& borrowed = slot(watch.fd);
  watch.next = std::exchange(borrowed.watches, &watch);
  watch.is_watched = true;
  const std::uint32_t wanted = wanted_events(borrowed);
  watch.is_assumed = borrowed.is_registered && borrowed.changes == changes && (wanted & ~borrowed.armed) == 0;
  if (watch.is_assumed) {
    return 0;
  }
  // As in wait_once().
  borrowed.is_registered = true;
  borrowed.changes = changes;
  const int error = control(watch.fd, borrowed, wanted);
  if (error != 0) {
    unwatch(watch);
  }
  return error;
}

void Reactor::distrust(const Watch& watch) noexcept { --slot(watch.fd).changes; }

[[gnu::hot]] void Reactor::unwatch(Watch& watch) noexcept {
  if (!std::exchange(watch.is_watched, false)) {
    return;
  }
  Watch** link = &slots_[static_cast<std::size_t>(watch.fd / slots_per_chunk)][static_cast<std::size_t>(watch.fd % slots_per_chunk)].watches;
  while (*link != &watch) {
    link = &(*link)->next;
  }
  *link = watch.next;
}

void Reactor::closing(int fd) noexcept {
  const auto chunk = static_cast<std::size_t>(fd) / slots_per_chunk;
  if (fd < 0 || chunk >= slots_.size() || slots_[chunk] == nullptr) {
    return;
  }
  Slot& closed = slots_[chunk][static_cast<std::size_t>(fd % slots_per_chunk)];
  // After vfork() the memory is still the parent's, while the descriptors are the child's own.
  if (!closed.is_registered || getpid() != process_) {
    return;
  }
  epoll_event event{};
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &event);
  ++closed.generation;
  closed.is_registered = false;
  closed.armed = 0;
  for (Waiter* const waiter : {closed.reader, closed.writer}) {
    if (waiter != nullptr) {
      waiter->wake();
    }
  }
  for (Watch* watch = closed.watches; watch != nullptr; watch = watch->next) {
    watch->is_closed = true;
    watch->waiter->wake();
  }
}

[[gnu::hot]] void Reactor::dispatch(const epoll_event& event) noexcept {
  const int fd = static_cast<int>(static_cast<std::uint32_t>(event.data.u64));
  Slot& ready = slots_[static_cast<std::size_t>(fd / slots_per_chunk)][static_cast<std::size_t>(fd % slots_per_chunk)];
  if (key(fd, ready.generation) != event.data.u64) {
    return;
  }
  const bool is_readable = (event.events & (read_events | broken_events)) != 0;
  const bool is_writable = (event.events & (write_events | broken_events)) != 0;
  ready.ready = static_cast<Interest>((is_readable ? 1 : 0) | (is_writable ? 2 : 0));
  if (is_readable && ready.reader != nullptr) {
    ready.reader->wake();
  }
  if (is_writable && ready.writer != nullptr) {
    ready.writer->wake();
  }
  for (Watch* watch = ready.watches; watch != nullptr; watch = watch->next) {
    if (const std::uint32_t found = event.events & (watch->events | broken_events); found != 0) {
      watch->ready = found;
      watch->told_at = runs_;
      watch->waiter->wake();
    }
  }
  const std::uint32_t wanted = wanted_events(ready);
  if (wanted == 0 && (event.events & broken_events) != 0) {
    // Hang-up cannot be masked, and would be reported for ever.
    epoll_event nothing{};
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &nothing);
    ready.is_registered = false;
    ready.armed = 0;
  } else if ((event.events & ready.armed & ~wanted) != 0) {
    epoll_event masked{};
    masked.events = ready.armed & ~(event.events & ~wanted);
    masked.data.u64 = event.data.u64;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &masked);
    ready.armed = masked.events;
  }
}

[[gnu::hot]] int Reactor::poll(int timeout) noexcept {
  take_forgotten();
  std::array<epoll_event, 128> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == timer_key) {
      fire_timers();
    } else if (event.data.u64 != wake_key) {
      dispatch(event);
    }
  }
  return std::max(count, 0);
}

[[gnu::hot]] void Reactor::add(Timer& timer) {
  timers_.push_back(&timer);
  timer.index = timers_.size() - 1;
  sift_up(timer.index);
}

[[gnu::hot]] void Reactor::remove(Timer& timer) noexcept {
  const std::size_t index = std::exchange(timer.index, Timer::not_queued);
  if (index == Timer::not_queued) {
    return;
  }
  Timer* const last = timers_.back();
  timers_.pop_back();
  if (last != &timer) {
    place(index, last);
    sift_up(index);
    sift_down(last->index);
  }
}

[[gnu::hot]] void Reactor::place(std::size_t index, Timer* timer) noexcept {
  timers_[index] = timer;
  timer->index = index;
}

[[gnu::hot]] void Reactor::sift_up(std::size_t index) noexcept {
  Timer* const timer = timers_[index];
  for (; index != 0 && timer->when < timers_[(index - 1) / 2]->when; index = (index - 1) / 2) {
    place(index, timers_[(index - 1) / 2]);
  }
  place(index, timer);
}

[[gnu::hot]] void Reactor::sift_down(std::size_t index) noexcept {
  Timer* const timer = timers_[index];
  for (std::size_t child; (child = 2 * index + 1) < timers_.size(); index = child) {
    if (child + 1 < timers_.size() && timers_[child + 1]->when < timers_[child]->when) {
      ++child;
    }
    if (timer->when <= timers_[child]->when) {
      break;
    }
    place(index, timers_[child]);
  }
  place(index, timer);
}

[[gnu::hot]] void Reactor::arm_timer() noexcept {
  // Set later than needed never, earlier than needed often: a timer that was removed leaves the descriptor as it is.
  if (timers_.empty() || timers_.front()->when >= armed_at_) {
    return;
  }
  armed_at_ = timers_.front()->when;
  const auto since_boot = std::max(armed_at_.time_since_epoch(), Duration(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  itimerspec setting{};
  setting.it_value.tv_sec = seconds.count();
  setting.it_value.tv_nsec = (since_boot - seconds).count();
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

void Reactor::fire_timers() noexcept {
  std::uint64_t expirations = 0;
  if (read(timer_, &expirations, sizeof expirations) < 0) {
    return;
  }
  armed_at_ = TimePoint::max();
  fire_due_timers();
}

TimePoint Reactor::timer_of(const Waiter& waiter) const noexcept {
  const auto of_waiter = [&](const Timer* timer) { return timer->waiter == &waiter; };
  const auto found = std::find_if(timers_.begin(), timers_.end(), of_waiter);
  return found != timers_.end() ? (*found)->when : TimePoint::max();
}

void Reactor::fire_due_timers() noexcept {
  const TimePoint now = Clock::now();
  while (!timers_.empty() && timers_.front()->when <= now) {
    Timer& timer = *timers_.front();
    remove(timer);
    timer.has_fired = true;
    timer.waiter->interrupt();
  }
}

Interest poll_descriptor(int fd, Interest interest, TimePoint until) {
  pollfd item{};
  item.fd = fd;
  item.events = static_cast<short>((includes(interest, Interest::read) ? POLLIN | POLLPRI | POLLRDHUP : 0) |
                                   (includes(interest, Interest::write) ? POLLOUT : 0));
  for (;;) {
    timespec left{};
    if (until != TimePoint::max()) {
      const Duration rest = until == TimePoint::min() ? Duration::zero() : std::max(until - Clock::now(), Duration::zero());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rest);
      left.tv_sec = seconds.count();
      left.tv_nsec = (rest - seconds).count();
    }
    const int count = ppoll(&item, 1, until == TimePoint::max() ? nullptr : &left, nullptr);
    if (count == 0) {
      return Interest{};
    }
    if (count > 0) {
      if ((item.revents & POLLNVAL) != 0) {
        throw_system("poll", EBADF);
      }
      const bool is_broken = (item.revents & (POLLERR | POLLHUP)) != 0;
      const bool is_readable = is_broken || (item.revents & (POLLIN | POLLPRI | POLLRDHUP)) != 0;
      const bool is_writable = is_broken || (item.revents & POLLOUT) != 0;
      return static_cast<Interest>((is_readable ? 1 : 0) | (is_writable ? 2 : 0));
    }
    if (errno != EINTR) {
      throw_system("poll", errno);
    }
  }
}

}  // namespace greenway
