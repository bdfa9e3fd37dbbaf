// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/asio/asio_host.hpp
/// @brief Greenlets on a Boost.Asio `io_context`.
///
/// Layer: host. Only programs that use Asio include it.

#include <atomic>
#include <memory>
#include <mutex>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <greenway/runtime/host.hpp>

namespace greenway {

/// The host of one `io_context`, found through any of its executors: there is nothing to set up.
///
///     unused    --a greenlet is spawned-->                  in place     on the thread that runs the context
///     in place  --another thread is seen to run it too-->   elsewhere    on a thread of the host's own
///
/// With one thread the greenlets run in place: between the handlers of the context, where the state that handlers share
/// needs no lock. With several they run on one thread that the host starts, which runs none of the context's handlers; each
/// completion goes to the caller's executor, a strand for instance, wherever that runs. What a synchronous function shares
/// with handlers then needs a lock, as it does between handlers.
///
/// A context made for several threads, `io_context(4)`, begins elsewhere. Any other is taken to have one thread until a
/// second one is seen. Greenlets that live in place at that moment cannot move and end there: a wake that the wrong thread
/// picks up is handed on until it meets theirs, which may take a millisecond. Say how many threads there will be, and
/// nothing begins in place.
///
/// @par Lifetime
/// Made at first use, destroyed with the context. Greenlets that wait count as work: `run()` does not return before they
/// have ended. When the context is destroyed, greenlets that are left are ended as by ~Host, after Asio has destroyed
/// the operations that they await and before it destroys its services; nobody is told, and nothing of the context runs.
/// That has to happen on the thread on which they run in place. A context that other threads ran is best shut down while
/// they still do: `AsioHost::of(context).shutdown(deadline)`.
class AsioHost final : public Host {
 public:
  /// @param context  Any. If it runs on this thread, and has not been seen to run on another, the greenlets run here.
  /// @return The host that greenlets spawned now run on.
  /// @throws ResourceExhausted  There is no thread to be had.
  [[nodiscard]] static AsioHost& of(boost::asio::io_context& context);

  ~AsioHost() override;

  [[nodiscard]] bool is_running_here() const noexcept override;

  /// @param context  One whose greenlets run on this host.
  /// @return Whether they run in place, between the handlers of that context.
  [[nodiscard]] bool is_in_place(const boost::asio::io_context& context) const noexcept { return &context == &context_; }

  /// @return An executor of the loop that the greenlets run on.
  [[nodiscard]] boost::asio::io_context::executor_type executor() const noexcept { return context_.get_executor(); }

 private:
  class Service;
  class Farewell;
  class OwnLoop;
  struct HandedOn;

  explicit AsioHost(boost::asio::io_context& context);

  bool take_in_place() noexcept;
  AsioHost& enter();
  void leave_context();
  void finish() noexcept;

  void schedule() noexcept override;
  void watch(bool on) noexcept override;
  void turn(Duration length) noexcept override;

  void arm();
  void on_scheduled(std::unique_ptr<HandedOn> wake);
  void on_readable(std::unique_ptr<HandedOn> wake);
  void hand_on(void (AsioHost::*handler)(std::unique_ptr<HandedOn>), std::unique_ptr<HandedOn> wake);

  boost::asio::io_context& context_;
  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> descriptor_;
  bool is_watched_ = false;
  bool is_armed_ = false;
  bool is_context_gone_ = false;

  std::mutex mutex_;
  bool has_thread_ = false;                     // guarded by mutex_
  std::unique_ptr<OwnLoop> own_loop_;           // guarded by mutex_
  std::atomic<AsioHost*> elsewhere_{nullptr};   // the host of own_loop_
  boost::asio::io_context* client_ = nullptr;   // of the host of an own loop: whose greenlets it runs
};

}  // namespace greenway
