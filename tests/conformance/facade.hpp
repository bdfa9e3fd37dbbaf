// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <any>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <greenway/greenway.hpp>
#include <greenway/runtime/task.hpp>

/// The async facade with the interface of the engine, so that one text tests both: each function here awaits its namesake
/// of AsyncEngine, AsyncConnection, AsyncTransaction or AsyncResult in a coroutine on an asio::io_context, and runs that
/// until the coroutine is done. What goes is closed as by `async with`: its close() is awaited.
namespace facade {

namespace gw = greenway;

/// Runs a coroutine on this thread's io_context, and that until the coroutine is done. A deadline of the scope around is
/// kept as a coroutine keeps one, by a timer that cancels it.
void run(gw::Task<> coroutine);

template <class T>
gw::Task<> keep(gw::Operation<T> operation, std::optional<T>& value) {
  T awaited = co_await std::move(operation);
  value.emplace(std::move(awaited));
}

inline gw::Task<> wait(gw::Operation<void> operation) { co_await std::move(operation); }

/// What `operation` gives. A function that run_sync() runs is in a greenlet already.
template <class T>
T await(gw::Operation<T> operation) {
  if (gw::in_greenlet()) {
    return gw::await_only(std::move(operation));
  }
  if constexpr (std::is_void_v<T>) {
    run(wait(std::move(operation)));
  } else {
    std::optional<T> value;
    run(keep(std::move(operation), value));
    return *std::move(value);
  }
}

struct AwaitClose {
  template <class T>
  void operator()(T* handle) const noexcept {
    try {
      const gw::Shield shield(std::chrono::seconds(2));
      await(handle->close());
    } catch (...) {  // as a destructor does
    }
    delete handle;
  }
};

/// An async handle whose close() is awaited when it goes.
template <class T>
using Scoped = std::unique_ptr<T, AwaitClose>;

/// What execute() gave, buffered, or what stream() did.
template <class Self, class Item, class Buffered, class Streaming>
class Rows {
 public:
  explicit Rows(Buffered rows) : buffered_(std::make_unique<Buffered>(std::move(rows))) {}
  explicit Rows(Streaming rows) : streaming_(new Streaming(std::move(rows))) {}

  std::optional<Item> fetchone() { return streaming_ ? await(streaming_->fetchone()) : buffered_->fetchone(); }
  std::vector<Item> fetchmany(std::size_t size = 1) {
    return streaming_ ? await(streaming_->fetchmany(size)) : buffered_->fetchmany(size);
  }
  std::vector<Item> fetchall() { return streaming_ ? await(streaming_->fetchall()) : buffered_->fetchall(); }
  std::vector<Item> all() { return streaming_ ? await(streaming_->all()) : buffered_->all(); }
  std::optional<Item> first() { return streaming_ ? await(streaming_->first()) : buffered_->first(); }
  Item one() { return streaming_ ? await(streaming_->one()) : buffered_->one(); }
  std::optional<Item> one_or_none() { return streaming_ ? await(streaming_->one_or_none()) : buffered_->one_or_none(); }
  std::vector<Item> partition(std::size_t size = 0) {
    return streaming_ ? await(streaming_->partition(size)) : buffered_->partition(size);
  }
  void close() { streaming_ ? await(streaming_->close()) : buffered_->close(); }
  std::vector<std::string> keys() const { return streaming_ ? streaming_->keys() : buffered_->keys(); }
  bool closed() const { return streaming_ ? streaming_->closed() : buffered_->closed(); }
  template <class... A>
  Self& unique(const A&... strategy) {
    streaming_ ? void(streaming_->unique(strategy...)) : void(buffered_->unique(strategy...));
    return static_cast<Self&>(*this);
  }
  Self& yield_per(std::size_t rows) {
    streaming_ ? void(streaming_->yield_per(rows)) : void(buffered_->yield_per(rows));
    return static_cast<Self&>(*this);
  }
  std::vector<std::vector<Item>> partitions(std::size_t size = 0) {
    std::vector<std::vector<Item>> all;
    for (auto items = partition(size); !items.empty(); items = partition(size)) {
      all.push_back(std::move(items));
    }
    return all;
  }

  /// `while (auto item = co_await rows.fetchone())`, as a `for` loop.
  class iterator {
   public:
    explicit iterator(Rows& rows) : rows_(rows) { ++*this; }
    const Item& operator*() const { return *item_; }
    iterator& operator++() {
      item_ = rows_.fetchone();
      return *this;
    }
    friend bool operator==(const iterator& at, std::default_sentinel_t) { return !at.item_; }

   private:
    Rows& rows_;
    std::optional<Item> item_;
  };
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 protected:
  std::unique_ptr<Buffered> buffered_;
  Scoped<Streaming> streaming_;
};

template <class Read>
class View : public Rows<View<Read>, typename Read::type, gw::ResultView<Read>, gw::AsyncResultView<Read>> {
 public:
  using View::Rows::Rows;
};

class Result : public Rows<Result, gw::Row, gw::Result, gw::AsyncResult> {
 public:
  using Rows::Rows;

  bool returns_rows() const { return streaming_ ? streaming_->returns_rows() : buffered_->returns_rows(); }
  std::int64_t rowcount() const { return streaming_ ? streaming_->rowcount() : buffered_->rowcount(); }
  std::int64_t lastrowid() const { return buffered_->lastrowid(); }
  const std::vector<gw::Value>& inserted_primary_key() const {
    return streaming_ ? streaming_->inserted_primary_key() : buffered_->inserted_primary_key();
  }
  std::vector<std::vector<gw::Value>> inserted_primary_key_rows() const {
    return streaming_ ? streaming_->inserted_primary_key_rows() : buffered_->inserted_primary_key_rows();
  }
  gw::FrozenResult freeze() { return streaming_ ? await(streaming_->freeze()) : buffered_->freeze(); }
  template <class T = gw::Value>
  T scalar() {
    return streaming_ ? await(streaming_->scalar<T>()) : buffered_->scalar<T>();
  }
  template <class T = gw::Value>
  T scalar_one() {
    return streaming_ ? await(streaming_->scalar_one<T>()) : buffered_->scalar_one<T>();
  }
  template <class T = gw::Value>
  std::optional<T> scalar_one_or_none() {
    return streaming_ ? await(streaming_->scalar_one_or_none<T>()) : buffered_->scalar_one_or_none<T>();
  }
  template <class T = gw::Value>
  View<gw::detail::ReadScalar<T>> scalars(std::size_t column = 0) {
    using As = View<gw::detail::ReadScalar<T>>;
    return streaming_ ? As(streaming_->scalars<T>(column)) : As(buffered_->scalars<T>(column));
  }
  View<gw::detail::ReadMapping> mappings() {
    using As = View<gw::detail::ReadMapping>;
    return streaming_ ? As(streaming_->mappings()) : As(buffered_->mappings());
  }
  template <class T>
  View<gw::detail::ReadAs<T>> as() {
    using As = View<gw::detail::ReadAs<T>>;
    return streaming_ ? As(streaming_->as<T>()) : As(buffered_->as<T>());
  }
  template <class... T>
  View<gw::detail::ReadAs<std::tuple<T...>>> tuples() {
    using As = View<gw::detail::ReadAs<std::tuple<T...>>>;
    return streaming_ ? As(streaming_->tuples<T...>()) : As(buffered_->tuples<T...>());
  }
  template <class... C>
  Result& columns(const C&... names) {
    streaming_ ? void(streaming_->columns(names...)) : void(buffered_->columns(names...));
    return *this;
  }
  friend std::ostream& operator<<(std::ostream& out, const Result& result) {
    return result.streaming_ ? out << *result.streaming_ : out << *result.buffered_;
  }
};

class Transaction {
 public:
  explicit Transaction(gw::AsyncTransaction transaction) : transaction_(new gw::AsyncTransaction(std::move(transaction))) {}

  void commit() { await(transaction_->commit()); }
  void rollback() { await(transaction_->rollback()); }
  void close() { await(transaction_->close()); }
  bool is_active() const { return transaction_->is_active(); }

 private:
  Scoped<gw::AsyncTransaction> transaction_;
};

class Engine;

class Connection {
 public:
  explicit Connection(gw::AsyncConnection connection) : connection_(new gw::AsyncConnection(std::move(connection))) {}

  Result execute(const gw::TextClause& statement, const gw::ExecutionOptions& options = {}) {
    return streams(options) ? Result(await(connection_->stream(statement, options)))
                            : Result(await(connection_->execute(statement, options)));
  }
  Result execute(const gw::TextClause& statement, const gw::Parameters& parameters) {
    return Result(await(connection_->execute(statement, parameters)));
  }
  Result execute(const gw::Statement& statement) {
    return streams({}) ? Result(await(connection_->stream(statement))) : Result(await(connection_->execute(statement)));
  }
  Result execute(const gw::Statement& statement, const gw::Parameters& parameters) {
    return Result(await(connection_->execute(statement, parameters)));
  }
  Result execute(const gw::Statement& statement, const gw::Parameters& parameters, const gw::ExecutionOptions& options) {
    return Result(await(connection_->execute(statement, parameters, options)));
  }
  Result execute(const gw::Statement& statement, const gw::ParameterSets& parameters) {
    return Result(await(connection_->execute(statement, parameters)));
  }
  Result execute(const gw::Statement& statement, const gw::ParameterSets& parameters, const gw::ExecutionOptions& options) {
    return Result(await(connection_->execute(statement, parameters, options)));
  }
  Result exec_driver_sql(std::string_view sql, const std::vector<gw::Value>& parameters = {}) {
    return Result(await(connection_->exec_driver_sql(sql, parameters)));
  }
  template <class T = gw::Value, class... A>
  T scalar(const A&... what) {
    return await(connection_->scalar<T>(what...));
  }
  template <class T = gw::Value, class... A>
  View<gw::detail::ReadScalar<T>> scalars(const A&... what) {
    return View<gw::detail::ReadScalar<T>>(await(connection_->scalars<T>(what...)));
  }
  template <class F>
  decltype(auto) run_sync(F&& fn) {
    return await(connection_->run_sync(fn));
  }

  Transaction begin() { return Transaction(await(connection_->begin())); }
  Transaction begin_nested() { return Transaction(await(connection_->begin_nested())); }
  template <std::invocable F>
  decltype(auto) begin(F&& fn) {
    return run_sync([&fn](gw::Connection& connection) { return connection.begin(fn); });
  }
  template <std::invocable F>
  decltype(auto) begin_nested(F&& fn) {
    return run_sync([&fn](gw::Connection& connection) { return connection.begin_nested(fn); });
  }
  void commit() { await(connection_->commit()); }
  void rollback() { await(connection_->rollback()); }
  void invalidate(bool soft = false) { await(connection_->invalidate(soft)); }
  void close() { await(connection_->close()); }

  bool in_transaction() const { return connection_->in_transaction(); }
  bool in_nested_transaction() const { return connection_->in_nested_transaction(); }
  bool closed() const { return connection_->closed(); }
  bool invalidated() const { return connection_->invalidated(); }
  Connection& execution_options(const gw::ExecutionOptions& options) { return connection_->execution_options(options), *this; }
  const gw::ExecutionOptions& get_execution_options() const { return connection_->get_execution_options(); }
  std::string get_isolation_level() { return await(connection_->get_isolation_level()); }
  const gw::Dialect& dialect() const { return connection_->dialect(); }
  std::map<std::string, std::any>& info() { return connection_->info(); }
  gw::DriverConnection& get_raw_connection() { return connection_->get_raw_connection(); }
  void detach() { connection_->detach(); }
  Connection connect() const { return Connection(connection_->connect()); }
  Engine engine() const;
  const gw::AsyncConnection& async_connection() const { return *connection_; }

 private:
  bool streams(const gw::ExecutionOptions& options) const;

  Scoped<gw::AsyncConnection> connection_;
};

class Engine {
 public:
  explicit Engine(gw::AsyncEngine engine) : engine_(std::move(engine)) {}

  Connection connect(std::source_location where = std::source_location::current()) const {
    return Connection(await(engine_.connect(where)));
  }
  template <std::invocable<gw::Connection&> F>
  decltype(auto) connect(F&& fn) const {
    return connect().run_sync(fn);
  }
  template <std::invocable<gw::Connection&> F>
  decltype(auto) begin(F&& fn) const {
    return await(engine_.begin(fn));
  }
  template <std::invocable<gw::Connection&> F>
  decltype(auto) run_transaction(F&& fn, unsigned retries = 5) const {
    return await(engine_.run_transaction(fn, retries));
  }
  template <class... A>
  Result execute(const A&... what) const {
    return Result(await(engine_.execute(what...)));
  }
  template <class T = gw::Value, class... A>
  T scalar(const A&... what) const {
    return await(engine_.scalar<T>(what...));
  }
  bool has_table(std::string_view name, std::string_view schema) const { return await(engine_.has_table(name, schema)); }
  std::vector<std::string> table_names(std::string_view schema = {}) const { return await(engine_.table_names(schema)); }
  std::vector<std::string> table_names(std::string_view schema, const Connection& connection) const {
    return await(engine_.table_names(schema, connection.async_connection()));
  }
  void dispose(bool close = true) const { await(engine_.dispose(close)); }

  Engine execution_options(const gw::ExecutionOptions& options) const { return Engine(engine_.execution_options(options)); }
  void update_execution_options(const gw::ExecutionOptions& options) { engine_.update_execution_options(options); }
  const gw::ExecutionOptions& get_execution_options() const { return engine_.get_execution_options(); }
  const gw::EngineOptions& options() const { return engine_.options(); }
  void clear_compiled_cache() const { engine_.clear_compiled_cache(); }
  std::string_view name() const { return engine_.name(); }
  const gw::Dialect& dialect() const { return engine_.dialect(); }
  const gw::URL& url() const { return engine_.url(); }
  gw::PoolStatus pool_status() const { return engine_.pool_status(); }
  std::vector<gw::CheckedOut> checked_out() const { return engine_.checked_out(); }
  gw::EngineEvents& events() const { return engine_.events(); }
  const gw::AsyncEngine& async_engine() const { return engine_; }

 private:
  gw::AsyncEngine engine_;
};

inline Engine Connection::engine() const { return Engine(connection_->engine()); }

}  // namespace facade
