// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>

class LoopUnderTest;

// Each kind of loop that the suite is held against, as HostUnderTest::with_loop wants it; each in a file of its own.

void with_own_loop(const std::function<void(LoopUnderTest&)>& use);
void with_epoll_loop(const std::function<void(LoopUnderTest&)>& use);
void with_asio_loop(const std::function<void(LoopUnderTest&)>& use);
void with_fiber_loop(const std::function<void(LoopUnderTest&)>& use);
void with_simulated_loop(const std::function<void(LoopUnderTest&)>& use);
void with_poll_loop(const std::function<void(LoopUnderTest&)>& use);
void with_uv_loop(const std::function<void(LoopUnderTest&)>& use);
void with_glib_loop(const std::function<void(LoopUnderTest&)>& use);
