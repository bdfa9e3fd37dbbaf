// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cerrno>

#include "door.hpp"

namespace greenway::interpose {

/// Makes a call on a helper thread, since it waits for a disk. It is not cut short: `call` may use the caller's stack. Where
/// there is no helper it is made here.
/// @param call  Returns -1 with errno, or a result.
/// @return Its result, with its errno.
template <class Call>
auto on_helper(Call call) noexcept -> decltype(call()) {
  struct Work {
    Call& call;
    decltype(call()) result{-1};
    int error = 0;
  };
  const KeepErrno keep;
  Work work{call};
  const auto run = [](void* argument) noexcept {
    auto& there = *static_cast<Work*>(argument);
    there.result = there.call();
    there.error = errno;
  };
  if (runtime->run_on_helper(run, &work) != 0) {
    run(&work);
  }
  if (work.result < 0) {
    errno = work.error;
  }
  return keep(work.result);
}

}  // namespace greenway::interpose
