// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <greenway/db/driver.hpp>

#include "batch.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace greenway::detail {

/// One prepared statement.
///
///     ready   --bind(), step()-->  running    has a row, and locks
///     running --reset()---------->  ready
class SQLiteStatement {
 public:
  /// @param db    Outlives this.
  /// @param sql   Exactly one statement.
  /// @param keep  It will be used more than once.
  /// @throws ProgrammingError  It is wrong, none, or more than one.
  SQLiteStatement(sqlite3* db, const SQLText& sql, bool keep);
  ~SQLiteStatement();
  SQLiteStatement(const SQLiteStatement&) = delete;
  SQLiteStatement& operator=(const SQLiteStatement&) = delete;

  /// @return The SQL text and its hash.
  [[nodiscard]] const SQLText& sql() const noexcept { return sql_; }
  /// @return Whether it is to stay prepared.
  [[nodiscard]] bool is_kept() const noexcept { return is_kept_; }
  /// @return Whether it may change the database file, or takes the lock to do so.
  [[nodiscard]] bool writes() const noexcept { return writes_; }

  /// Sets all parameters.
  /// @param parameters  As many as the statement has; alive until reset(), unless they are copied.
  /// @param copies      Whether SQLite is to copy texts and blobs.
  /// @throws ProgrammingError  Their number is wrong.
  /// @throws DataError         A text is not UTF-8, a number is NaN, or a value is too long.
  void bind(std::span<const Value> parameters, bool copies);
  /// Runs on to the next row.
  /// @return Whether there is one.
  /// @throws DBAPIError  As SQLite reports; reset() is still to be called.
  bool step();
  /// @return The columns, as of the last step(): a change of the schema may change them. Empty when it has none.
  [[nodiscard]] std::shared_ptr<const ColumnList> columns();
  /// Copies the row that step() came to.
  void copy_row(SQLiteBatch& batch) const;
  /// Gives up rows and locks, and forgets the parameters. What a statement outside a transaction has written is
  /// committed.
  /// @return SQLite's result code: of that commit, or what step() has reported already.
  int reset() noexcept;

 private:
  void bind_one(int index, const Value& value, bool copies);

  sqlite3* db_;
  sqlite3_stmt* handle_ = nullptr;
  SQLText sql_;
  bool is_kept_;
  bool writes_ = false;
  int schema_changes_ = -1;  // how often SQLite had prepared it anew when the columns were read
  std::shared_ptr<const ColumnList> columns_;
  std::vector<bool> is_boolean_;  // for each column
};

/// The prepared statements of one connection: those used last stay.
class SQLiteStatementCache {
 public:
  /// @param limit  How many stay.
  explicit SQLiteStatementCache(std::size_t limit) noexcept : limit_(limit) {}

  /// Finds or prepares a statement. The reference holds until it is given back; meanwhile fewer others than the limit
  /// may be asked for.
  /// @param db    The connection, always the same.
  /// @param sql   Its text.
  /// @param keep  Whether it may stay.
  /// @throws ProgrammingError  As SQLiteStatement().
  SQLiteStatement& get(sqlite3* db, const SQLText& sql, bool keep);
  /// Resets a statement; one that is not kept is no more.
  /// @return As SQLiteStatement::reset().
  int give_back(SQLiteStatement& statement) noexcept;
  /// Lets go of all.
  void clear() noexcept;

 private:
  struct Hash {
    std::size_t operator()(const SQLText* sql) const noexcept { return sql->hash; }
  };
  struct Equal {
    bool operator()(const SQLText* a, const SQLText* b) const noexcept { return a->text == b->text; }
  };

  std::size_t limit_;
  std::list<SQLiteStatement> statements_;  // the one used last in front
  std::unordered_map<const SQLText*, std::list<SQLiteStatement>::iterator, Hash, Equal> index_;
};

}  // namespace greenway::detail
