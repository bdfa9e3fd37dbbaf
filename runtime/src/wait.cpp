// SPDX-License-Identifier: BSL-1.0
#include <greenway/runtime/wait.hpp>

#include <thread>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/cancel.hpp>
#include <greenway/runtime/host.hpp>

#include "host_access.hpp"
#include "scheduler.hpp"

namespace greenway {

namespace {

Interest wait_in_thread(int fd, Interest interest, Deadline deadline) {
  checkpoint();
  const Deadline around = current_deadline();
  if (const Interest ready = poll_descriptor(fd, interest, earlier(deadline, around).time()); ready != Interest{}) {
    return ready;
  }
  checkpoint();
  throw TimeoutError("waiting for a descriptor took longer than its deadline");
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), generation_(other.generation_), reactor_(std::move(other.reactor_)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    forget();
    fd_ = std::exchange(other.fd_, -1);
    generation_ = other.generation_;
    reactor_ = std::move(other.reactor_);
  }
  return *this;
}

void Descriptor::forget() noexcept {
  if (reactor_ != nullptr) {
    reactor_->forget(fd_, generation_);
    reactor_.reset();
  }
}

Interest Descriptor::wait(Interest interest, Deadline deadline) {
  const GreenletRecord& current = *detail::this_thread_hub().current;
  if (current.host == nullptr) {
    return wait_in_thread(fd_, interest, deadline);
  }
  checkpoint();
  if (const auto& reactor = HostAccess::reactor(*current.host); reactor_ != reactor) {
    forget();
    generation_ = reactor->bind(fd_);
    reactor_ = reactor;
  }
  return reactor_->wait(fd_, interest, deadline);
}

Interest wait_for(int fd, Interest interest, Deadline deadline) {
  const GreenletRecord& current = *detail::this_thread_hub().current;
  if (current.host == nullptr) {
    return wait_in_thread(fd, interest, deadline);
  }
  checkpoint();
  return HostAccess::reactor(*current.host)->wait_once(fd, interest, deadline);
}

void sleep_for(Duration length) {
  if (length <= Duration::zero()) {
    checkpoint();
    return;
  }
  const GreenletRecord& current = *detail::this_thread_hub().current;
  const Deadline deadline = Deadline::in(length);
  if (current.host != nullptr) {
    Waiter waiter(WaitKind::timer);
    waiter.wait(deadline);
    return;
  }
  checkpoint();
  const TimePoint until = earlier(deadline, current_deadline()).time();
  detail::pass_simulated_time(until);
  std::this_thread::sleep_for(until - Clock::now());
  checkpoint();
}

void yield() {
  checkpoint();
  detail::ThreadHub& hub = detail::this_thread_hub();
  GreenletRecord& current = *hub.current;
  if (current.host == nullptr) {
    std::this_thread::yield();
    return;
  }
  HostAccess::enqueue(*current.host, current);
  detail::suspend(hub);
}

}  // namespace greenway
