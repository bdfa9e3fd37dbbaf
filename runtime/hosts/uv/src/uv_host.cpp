// SPDX-License-Identifier: BSL-1.0
#include <greenway/uv/uv_host.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

#include <poll.h>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

/// The hosts of all loops.
struct Directory {
  std::mutex mutex;
  std::unordered_map<const uv_loop_t*, UvHost*> hosts;
};

// Never destroyed: loops of other threads may still come and go when the program ends.
Directory& directory() {
  static auto* all = new Directory;
  return *all;
}

void require(int result, const char* what) {
  if (result != 0) {
    throw ResourceExhausted(std::string(what) + " failed: " + uv_strerror(result));
  }
}

}  // namespace

/// While it exists, the loop runs further up this thread's stack.
class UvHost::Running {
 public:
  explicit Running(UvHost& host) noexcept : host_(host) { ++host_.running_; }
  ~Running() { --host_.running_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  UvHost& host_;
};

/// What the host has in the loop. libuv may use a handle until it has called back that it is closed.
struct UvHost::Handles {
  explicit Handles(UvHost& its_host) : host(its_host) {}

  static Handles& of(const void* handle) noexcept {
    return *static_cast<Handles*>(uv_handle_get_data(static_cast<const uv_handle_t*>(handle)));
  }
  static void on_readable(uv_poll_t* handle, int, int) noexcept {
    UvHost& host = of(handle).host;
    const Running running(host);
    host.poll();
  }
  static void on_wake(uv_async_t* handle) noexcept {
    UvHost& host = of(handle).host;
    const Running running(host);
    uv_unref(reinterpret_cast<uv_handle_t*>(handle));
    host.drain();
  }
  static void on_closed(uv_handle_t* handle) noexcept {
    Handles* const handles = &of(handle);
    if (--handles->open == 0) {
      if (handles->are_closed != nullptr) {
        *handles->are_closed = true;
      }
      delete handles;
    }
  }

  /// A handle is there, and has to be closed.
  template <class Handle>
  void opened(Handle& handle) noexcept {
    uv_handle_set_data(reinterpret_cast<uv_handle_t*>(&handle), this);
    ++open;
  }

  UvHost& host;
  uv_async_t wake{};
  uv_poll_t readable{};
  int open = 0;
  bool* are_closed = nullptr;  // told, if not null
};

UvHost::UvHost(uv_loop_t* loop) : loop_(loop), handles_(new Handles(*this)) {
  try {
    const std::lock_guard lock(directory().mutex);
    if (directory().hosts.count(loop) != 0) {
      throw InvalidRequestError("the libuv loop has a host already: UvHost::of(loop) finds it");
    }
    require(uv_async_init(loop_, &handles_->wake, &Handles::on_wake), "uv_async_init");
    handles_->opened(handles_->wake);
    uv_unref(reinterpret_cast<uv_handle_t*>(&handles_->wake));
    require(uv_poll_init(loop_, &handles_->readable, native_handle()), "uv_poll_init");
    handles_->opened(handles_->readable);
    directory().hosts.emplace(loop, this);
  } catch (...) {
    close();
    throw;
  }
  adopt_thread();
}

UvHost::~UvHost() {
  end();
  leave_thread();
  {
    const std::lock_guard lock(directory().mutex);
    directory().hosts.erase(loop_);
  }
  close();
}

void UvHost::close() noexcept {
  if (handles_->open == 0) {
    delete handles_;
    return;
  }
  bool are_closed = false;
  handles_->are_closed = running_ == 0 ? &are_closed : nullptr;
  if (handles_->open == 2) {
    uv_close(reinterpret_cast<uv_handle_t*>(&handles_->readable), &Handles::on_closed);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&handles_->wake), &Handles::on_closed);
  while (running_ == 0 && !are_closed) {
    uv_run(loop_, UV_RUN_NOWAIT);
  }
}

UvHost& UvHost::of(const uv_loop_t* loop) {
  const std::lock_guard lock(directory().mutex);
  const auto found = directory().hosts.find(loop);
  if (found == directory().hosts.end()) {
    throw NoHost("the libuv loop has no host: make a greenway::UvHost for it before greenlets are spawned");
  }
  return *found->second;
}

int UvHost::run(uv_run_mode mode) {
  adopt_thread();
  const Running running(*this);
  return uv_run(loop_, mode);
}

void UvHost::schedule() noexcept {
  if (is_own_thread()) {
    uv_ref(reinterpret_cast<uv_handle_t*>(&handles_->wake));  // what is ready is work
  }
  uv_async_send(&handles_->wake);
}

void UvHost::watch(bool on) noexcept {
  // That fails for no descriptor that uv_poll_init() has taken.
  if (on) {
    uv_poll_start(&handles_->readable, UV_READABLE, &Handles::on_readable);
  } else {
    uv_poll_stop(&handles_->readable);
  }
}

void UvHost::turn(Duration length) noexcept {
  if (running_ != 0 || uv_loop_alive(loop_) == 0) {
    Host::turn(length);  // a loop cannot run inside itself
    return;
  }
  const Running running(*this);
  const int until_timer = uv_backend_timeout(loop_);
  const int limit = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(length).count());
  pollfd item{uv_backend_fd(loop_), POLLIN, 0};
  ::poll(&item, 1, until_timer < 0 ? limit : std::min(limit, until_timer));
  uv_run(loop_, UV_RUN_NOWAIT);
}

}  // namespace greenway
