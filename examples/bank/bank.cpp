// SPDX-License-Identifier: BSL-1.0
//
// The bank: the transfer of bank_dao.cpp, called by a plain thread and by hundreds of coroutines on one event loop.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <istream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <greenway/base/log.hpp>
#include <greenway/greenway.hpp>

#include "bank/bank_dao.hpp"
#include "bank/caller.hpp"
#include "bank/options.hpp"
#include "bank/progress.hpp"
#include "bank/report.hpp"
#include "bank/run.hpp"

namespace bank {

namespace {

greenway::Engine open_engine(const Options& options) {
  greenway::EngineOptions settings;
  settings.pool_size = options.clients;
  settings.max_overflow = 0;
  return greenway::create_engine(options.url, settings);
}

std::int64_t found_bank(const greenway::Engine& engine, std::int64_t branches) {
  const Progress progress("opening " + engine.url().to_string());
  return engine.connect([&](greenway::Connection& conn) { return found(conn, branches); });
}

/// @return What the books say of a run that began with `before`; a run that has failed may have lost its database.
std::string_view judge(const greenway::Engine& engine, const Books& before, const Run& run) {
  try {
    return is_balanced(before, engine.connect(audit)) ? "balanced" : "NOT BALANCED";
  } catch (const greenway::Error&) {
    if (run.failure() == nullptr) {
      throw;
    }
    return "unknown";
  }
}

void call(const Caller& caller, const greenway::Engine& engine, const Options& options, std::int64_t branches) {
  const Books before = engine.connect(audit);
  Run run(caller.name, options, branches);
  try {
    caller.call(engine, run);
  } catch (const std::exception&) {
    run.fail(std::current_exception());
  }
  run.finish();
  const std::string_view books = judge(engine, before, run);
  print_row(caller, run, books);
  if (run.failure() != nullptr) {
    std::rethrow_exception(run.failure());
  }
  if (books != "balanced") {
    throw std::runtime_error("the tables disagree about what has been paid in");
  }
}

void work(const Options& options) {
  const greenway::Engine engine = open_engine(options);
  const std::int64_t branches = found_bank(engine, options.scale);
  print_head(engine.url().to_string(), branches);
  for (const Caller& caller : callers) {
    if (options.host == "all" || options.host == caller.name) {
      call(caller, engine, options, branches);
    }
  }
}

/// Messages of databases may have several lines.
std::string on_one_line(const std::string& message) {
  std::istringstream lines(message);
  std::string all;
  for (std::string line; std::getline(lines >> std::ws, line);) {
    all += (all.empty() ? "" : "; ") + line;
  }
  return all;
}

/// What has been dealt with is part of the error that ends the program, or of no interest.
void log_losses(greenway::LogLevel level, std::string_view logger, std::string_view text) {
  if (level == greenway::LogLevel::error) {
    fmt::print(stderr, "bank: {}: {}\n", logger, text);
  }
}

}  // namespace

}  // namespace bank

int main(int argc, char** argv) {
  const bank::Options options = bank::parse_options(argc, argv);
  greenway::set_log_sink(bank::log_losses);
  try {
    bank::work(options);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bank: {}\n", bank::on_one_line(error.what()));
    return EXIT_FAILURE;
  }
}
