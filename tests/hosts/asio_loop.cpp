// SPDX-License-Identifier: BSL-1.0
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <greenway/asio/asio.hpp>

#include "host_under_test.hpp"
#include "loops.hpp"

namespace {

class AsioLoop final : public LoopUnderTest {
 public:
  AsioLoop() {
    // A context is of the thread that is first seen to run it.
    boost::asio::post(context_, [this] { static_cast<void>(host()); });
    context_.run();
  }
  greenway::Host& host() override { return greenway::AsioHost::of(context_); }
  void run_until(const bool& is_done) override {
    const auto work = boost::asio::make_work_guard(context_);
    context_.restart();
    while (!is_done) {
      context_.run_one();
    }
  }

 private:
  boost::asio::io_context context_;
};

}  // namespace

void with_asio_loop(const std::function<void(LoopUnderTest&)>& use) {
  AsioLoop loop;
  use(loop);
}
