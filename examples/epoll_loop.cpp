// SPDX-License-Identifier: BSL-1.0
#include "epoll_loop.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace {

int require(int result) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), "event loop");
  }
  return result;
}

}  // namespace

EpollLoop::EpollLoop()
    : epoll_(require(epoll_create1(EPOLL_CLOEXEC))), wake_(require(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  watch(wake_, [this] { run_posted(); });
}

EpollLoop::~EpollLoop() {
  close(wake_);
  close(epoll_);
}

void EpollLoop::watch(int fd, std::function<void()> callback) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  require(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event));
  callbacks_[fd] = std::move(callback);
}

void EpollLoop::forget(int fd) noexcept {
  if (callbacks_.erase(fd) != 0) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  }
}

void EpollLoop::post(std::function<void()> fn) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(fn));
  eventfd_write(wake_, 1);
}

void EpollLoop::run_posted() {
  eventfd_t wakes = 0;
  eventfd_read(wake_, &wakes);
  std::vector<std::function<void()>> posted;
  {
    const std::lock_guard lock(mutex_);
    posted.swap(posted_);
  }
  for (const auto& fn : posted) {
    fn();
  }
}

void EpollLoop::run_one() {
  is_running_ = true;
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_, events.data(), events.size(), -1);
  for (int i = 0; i < count; ++i) {
    // A callback may forget any of them, itself too.
    if (const auto found = callbacks_.find(events[static_cast<std::size_t>(i)].data.fd); found != callbacks_.end()) {
      const auto callback = found->second;
      callback();
    }
  }
  is_running_ = false;
}

void EpollLoop::run() {
  for (is_stopped_ = false; !is_stopped_;) {
    run_one();
  }
}
