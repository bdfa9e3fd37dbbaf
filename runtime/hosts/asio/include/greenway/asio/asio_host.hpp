// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file greenway/asio/asio_host.hpp
/// @brief Greenlets on a Boost.Asio `io_context`.
///
/// Layer: host. Only programs that use Asio include it.

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <greenway/runtime/host.hpp>

namespace greenway {

/// The host of one `io_context`, found through any of its executors: there is nothing to set up.
///
/// The greenlets run on the thread that runs the context. Where several do, they stay on the one that ran the first of
/// them for as long as any is alive; completions go to the caller's executor wherever that runs.
///
/// @par Lifetime
/// Made at first use, destroyed with the context. Greenlets that wait count as work: `run()` does not return before they
/// have ended.
class AsioHost final : public Host, public boost::asio::execution_context::service {
 public:
  /// Asio's key of the service.
  using key_type = AsioHost;
  /// Asio's identity of the service.
  static boost::asio::execution_context::id id;

  /// @param context  Any. If it runs on this thread, and nowhere else with greenlets, this becomes the host's thread.
  /// @return Its host.
  [[nodiscard]] static AsioHost& of(boost::asio::io_context& context);

  /// For Asio.
  /// @param context  Its owner.
  explicit AsioHost(boost::asio::io_context& context);
  ~AsioHost() override;

  [[nodiscard]] bool is_running_here() const noexcept override;

  /// @return The context's executor.
  [[nodiscard]] boost::asio::io_context::executor_type executor() const noexcept { return context_.get_executor(); }

 private:
  void enter() noexcept;
  void shutdown() override;
  void schedule() noexcept override;
  void watch(bool on) noexcept override;

  void arm();
  void on_scheduled();
  void on_readable();

  boost::asio::io_context& context_;
  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> descriptor_;
  bool is_watched_ = false;
  bool is_armed_ = false;
};

}  // namespace greenway
