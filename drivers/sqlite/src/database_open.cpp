// SPDX-License-Identifier: BSL-1.0

// How a connection is opened and made safe. The rest of SQLiteDatabase is in database.cpp.
#include <cstring>
#include <mutex>
#include <utility>

#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "database.hpp"
#include "error.hpp"
#include "regexp.hpp"

namespace greenway::detail {

namespace {

/// SQLite has no parameter for the rights of a file that it creates. Created exclusively, nobody of this process can
/// hold a lock on it yet that our close() would drop; the mutex keeps others from opening it until then.
void create_private_file(const std::string& path) {
  if (const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR); fd >= 0) {
    ::close(fd);
  }
}

/// What identifies a database in this process: links and relative paths to one file are one database.
std::string identity(const SQLiteOptions& options) {
  struct stat file {};
  if (options.is_in_memory || ::stat(options.path.c_str(), &file) != 0) {
    return options.path;
  }
  return std::to_string(file.st_dev) + ':' + std::to_string(file.st_ino);
}

}  // namespace

bool SQLiteDatabase::open() {
  if (db_ == nullptr) {
    open_handle();
    configure();
    place_.emplace(SQLiteWriterQueue::of(identity(options_)));
  }
  const bool is_open = set_journal_mode();
  if (is_open) {
    place_->release();
  }
  return is_open;
}

void SQLiteDatabase::open_handle() {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= options_.mode == "ro" ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  flags |= options_.mode == "rwc" ? SQLITE_OPEN_CREATE : 0;

  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (options_.mode == "rwc" && !options_.is_in_memory) {
    create_private_file(options_.path);
  }
  if (const int code = sqlite3_open_v2(options_.path.c_str(), &db_, flags, options_.is_in_memory ? "memdb" : nullptr);
      code != SQLITE_OK) {
    fail_to_open(code);
  }
}

void SQLiteDatabase::configure() {
  interrupt_.install(db_);
  if (const int code = install_regexp(db_); code != SQLITE_OK) {
    fail_to_open(code);
  }

  const std::pair<int, bool> switches[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, true},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, false},
      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, false},
      {SQLITE_DBCONFIG_DQS_DML, false},
      {SQLITE_DBCONFIG_DQS_DDL, false},
      {SQLITE_DBCONFIG_ENABLE_FKEY, options_.foreign_keys},
  };
  for (const auto& [name, value] : switches) {
    sqlite3_db_config(db_, name, value ? 1 : 0, nullptr);
  }
  const std::pair<int, int> limits[] = {
      {SQLITE_LIMIT_LENGTH, 64 << 20},
      {SQLITE_LIMIT_SQL_LENGTH, 1 << 20},
      {SQLITE_LIMIT_EXPR_DEPTH, 100},
      {SQLITE_LIMIT_COMPOUND_SELECT, 50},
      {SQLITE_LIMIT_VDBE_OP, 1'000'000},
      {SQLITE_LIMIT_VARIABLE_NUMBER, 32'766},
      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
      {SQLITE_LIMIT_WORKER_THREADS, 0},
      // VACUUM attaches a database of its own.
      {SQLITE_LIMIT_ATTACHED, 1},
  };
  for (const auto& [name, value] : limits) {
    sqlite3_limit(db_, name, value);
  }
  exec(("PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA synchronous=" + options_.synchronous).c_str());
}

bool SQLiteDatabase::set_journal_mode() {
  // Also where a file that is no database is found out.
  const std::string mode = query_text("PRAGMA journal_mode");
  if (options_.journal_mode.empty() || mode == options_.journal_mode) {
    return true;
  }
  if (!place_->try_take()) {
    return false;
  }
  const std::string changed = query_text(("PRAGMA journal_mode=" + options_.journal_mode).c_str());
  if (changed != options_.journal_mode) {
    throw_sqlite_error("the journal mode of " + options_.path + " stays '" + changed + "' and cannot be made '" +
                           options_.journal_mode + "': say journal_mode=" + changed + " in the URL",
                       SQLITE_CANTOPEN, {});
  }
  return true;
}

std::string SQLiteDatabase::query_text(const char* sql) {
  // Changing the journal mode wants all locks at once, and SQLite does not ask the busy handler for some of them.
  for (int attempt = 0;; ++attempt) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr);
    std::string text;
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
      const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
      text = value != nullptr ? value : "";
    }
    sqlite3_finalize(statement);
    if (code == SQLITE_ROW) {
      return text;
    }
    if ((code & 0xFF) != SQLITE_BUSY || !interrupt_.wait_for_lock(attempt)) {
      fail_to_open(code);
    }
  }
}

void SQLiteDatabase::exec(const char* sql) {
  if (const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK) {
    fail_to_open(code);
  }
}

void SQLiteDatabase::fail_to_open(int code) {
  const int system = db_ != nullptr ? sqlite3_system_errno(db_) : 0;
  std::string message = options_.path + ": " + sqlite3_errstr(code);
  if (system != 0) {
    message += std::string(" (") + std::strerror(system) + ')';
  }
  throw_sqlite_error(std::move(message), code, {});
}

}  // namespace greenway::detail
