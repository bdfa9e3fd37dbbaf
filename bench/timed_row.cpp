// SPDX-License-Identifier: BSL-1.0
#include "timed_row.hpp"

#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace greenway::bench {

namespace {

class LastRun final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override { run_ = runs.back(); }
  [[nodiscard]] const Run& run() const noexcept { return run_; }

 private:
  Run run_;
};

/// Runs the loop once under Google Benchmark: with so many iterations, or with 0 as many as fill the time.
benchmark::BenchmarkReporter::Run run_once(const std::string& name, const Loop& loop, std::int64_t iterations,
                                           double seconds) {
  std::exception_ptr error;
  auto* const registered = benchmark::RegisterBenchmark(name.c_str(), [&](benchmark::State& state) {
    // Google Benchmark lets no exception through.
    try {
      loop(state);
    } catch (...) {
      error = std::current_exception();
      state.SkipWithError("an exception");
    }
  });
  registered->UseRealTime()->MeasureProcessCPUTime();
  if (iterations == 0) {
    registered->MinTime(seconds);
  } else {
    registered->Iterations(iterations);
  }
  LastRun reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter, ".");
  benchmark::ClearRegisteredBenchmarks();
  if (error != nullptr) {
    std::rethrow_exception(error);
  }
  return reporter.run();
}

}  // namespace

Row timed_row(std::string name, Loop loop, double seconds) {
  auto sample = [name, loop = std::move(loop), seconds, iterations = std::int64_t{0}]() mutable {
    const auto run = run_once(name, loop, iterations, seconds);
    iterations = run.iterations;
    const double nanoseconds = 1e9 / static_cast<double>(run.iterations);
    return Sample{{"wall_ns", run.real_accumulated_time * nanoseconds},
                  {"cpu_ns", run.cpu_accumulated_time * nanoseconds}};
  };
  return Row{std::move(name), std::move(sample)};
}

Row counted_row(std::string name, Loop loop) {
  Row row = timed_row(std::move(name), loop);
  row.repeat = [name = row.name, loop = std::move(loop)](std::int64_t iterations) {
    run_once(name, loop, iterations, 0);
  };
  return row;
}

}  // namespace greenway::bench
