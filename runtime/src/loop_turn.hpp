// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include <greenway/base/error.hpp>
#include <greenway/runtime/loop_host.hpp>

#include "scheduler.hpp"

namespace greenway {

/// While it exists, this thread's loop is `host`; before and after, what it was.
class LoopHost::Turn {
 public:
  explicit Turn(LoopHost& host) : host_(host), outer_(detail::this_thread_hub().host) {
    if (!host.is_own_thread() && !host.is_idle()) {
      throw GreenletError("greenlets of this loop are suspended on the thread that ran it before: run it there, or shut it "
                          "down there first");
    }
    host_.adopt_thread();
    host_.is_running_ = true;
  }
  ~Turn() {
    host_.leave_thread();
    host_.is_running_ = false;
    detail::this_thread_hub().host = outer_;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  LoopHost& host_;
  std::shared_ptr<std::atomic<Host*>> outer_;
};

}  // namespace greenway
