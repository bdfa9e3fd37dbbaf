// SPDX-License-Identifier: BSL-1.0
#include <greenway/asio/asio_host.hpp>

#include <boost/asio/post.hpp>

namespace greenway {

namespace asio = boost::asio;

asio::execution_context::id AsioHost::id;

AsioHost& AsioHost::of(asio::io_context& context) {
  AsioHost& host = asio::use_service<AsioHost>(context);
  host.enter();
  return host;
}

AsioHost::AsioHost(asio::io_context& context)
    : asio::execution_context::service(context), context_(context), descriptor_(context_, native_handle()) {}

AsioHost::~AsioHost() = default;

void AsioHost::shutdown() {
  leave_thread();
  is_watched_ = false;
  // The descriptor is the host's: Asio must not close it.
  descriptor_.release();
}

bool AsioHost::is_running_here() const noexcept { return context_.get_executor().running_in_this_thread(); }

void AsioHost::enter() noexcept {
  if (!is_own_thread() && is_idle() && is_running_here()) {
    adopt_thread();
  }
}

void AsioHost::schedule() noexcept {
  asio::post(context_, [this] { on_scheduled(); });
}

void AsioHost::on_scheduled() {
  enter();
  if (is_own_thread()) {
    drain();
  } else {
    schedule();
  }
}

void AsioHost::watch(bool on) noexcept {
  is_watched_ = on;
  if (on && !is_armed_) {
    arm();
  } else if (!on && is_armed_) {
    boost::system::error_code ignored;
    descriptor_.cancel(ignored);
  }
}

void AsioHost::arm() {
  is_armed_ = true;
  // Cancelled or readable, a look does no harm; and the wait may be wanted again by then.
  descriptor_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code&) { on_readable(); });
}

void AsioHost::on_readable() {
  if (!is_own_thread()) {
    asio::post(context_, [this] { on_readable(); });
    return;
  }
  is_armed_ = false;
  poll();
  if (is_watched_ && !is_armed_) {
    arm();
  }
}

}  // namespace greenway
