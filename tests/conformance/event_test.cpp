// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <greenway/db/statement_trace.hpp>
#include <greenway/db/telemetry.hpp>

#include "ways.hpp"

namespace conformance {

using database::error_of;

namespace {

using Heard = std::vector<std::string>;

void listen_to_all(const Engine& engine, Heard& heard) {
  EngineEvents& events = engine.events();
  const auto note = [&heard](const char* what) { return [&heard, what](gw::Connection&) { heard.emplace_back(what); }; };
  const auto named = [&heard](const char* what) {
    return [&heard, what](gw::Connection&, std::string_view name) {
      heard.push_back(what + std::string(" ").append(name));
    };
  };
  const auto statement = [&heard](const char* what) {
    return [&heard, what](gw::Connection&, StatementContext& it) { heard.push_back(what + (' ' + it.statement)); };
  };
  events.engine_connect.listen(note("engine_connect"));
  events.begin.listen(note("begin"));
  events.commit.listen(note("commit"));
  events.rollback.listen(note("rollback"));
  events.savepoint.listen(named("savepoint"));
  events.release_savepoint.listen(named("release"));
  events.rollback_savepoint.listen(named("undo"));
  events.before_execute.listen(statement("before"));
  events.before_cursor_execute.listen(statement("sending"));
  events.after_cursor_execute.listen(statement("sent"));
  events.after_execute.listen([&heard](gw::Connection&, StatementContext&, gw::Result& result) {
    heard.push_back(result.returns_rows() ? "rows" : "done");
  });
  events.handle_error.listen([&heard](ErrorContext& it) {
    heard.push_back("error of " + (it.statement != nullptr ? it.statement->statement : std::string("nothing")));
  });
}

std::string contents(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("handlers are told of statements, transactions and errors, in order") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    Heard heard;
    listen_to_all(engine, heard);

    Connection connection = engine.connect();
    connection.execute(text("DELETE FROM t WHERE id = 1"));
    connection.commit();
    CHECK(heard == Heard{"engine_connect", "before DELETE FROM t WHERE id = 1", "begin",
                         "sending DELETE FROM t WHERE id = 1", "sent DELETE FROM t WHERE id = 1", "done", "commit"});

    heard.clear();
    {
      Transaction transaction = connection.begin();
      Transaction kept = connection.begin_nested();
      kept.commit();
      Transaction dropped = connection.begin_nested();
    }
    CHECK(heard == Heard{"begin", "savepoint sa_savepoint_1", "release sa_savepoint_1", "savepoint sa_savepoint_2",
                         "undo sa_savepoint_2", "rollback"});

    heard.clear();
    CHECK_THROWS_AS(connection.execute(text("SELEKT")), ProgrammingError);
    connection.rollback();
    CHECK(heard == Heard{"before SELEKT", "begin", "sending SELEKT", "error of SELEKT", "rollback"});
  });
}

TEST_CASE("a handler may use the connection, and may change what is sent") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    int depth = 0;
    engine.events().begin.listen([](gw::Connection& connection) { connection.execute(text("DELETE FROM t WHERE id = 3")); });
    engine.events().before_cursor_execute.listen([&](gw::Connection& connection, StatementContext& it) {
      if (depth++ == 0) {
        connection.execute(text("DELETE FROM t WHERE id = 1"));
      }
      if (it.statement == "SELECT something") {
        it.statement = "SELECT count(*) FROM t";
      }
    });

    Connection connection = engine.connect();
    CHECK(connection.scalar<int>(text("SELECT something")) == 1);
    CHECK(connection.in_transaction());
    connection.rollback();
    CHECK(database::count(engine) == 2);  // the handler of begin was there again
  });
}

TEST_CASE("what a handler throws stops what was about to be done") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    const std::uint64_t number = engine.events().before_cursor_execute.listen([](gw::Connection&, StatementContext& it) {
      if (it.statement.starts_with("DELETE")) {
        throw std::runtime_error("not today");
      }
    });
    Connection connection = engine.connect();
    CHECK(error_of<std::runtime_error>([&] { return connection.execute(text("DELETE FROM t")); }) == "not today");
    CHECK(connection.scalar<int>(text("SELECT count(*) FROM t")) == 3);
    connection.commit();
    engine.events().before_cursor_execute.remove(number);
    connection.execute(text("DELETE FROM t"));
    CHECK(connection.scalar<int>(text("SELECT count(*) FROM t")) == 0);
  });
}

TEST_CASE("a handler of errors may replace the error, or say that the session is of no more use") {
  everywhere([](const Engine& engine) {
    const std::uint64_t number = engine.events().handle_error.listen([](ErrorContext& it) {
      throw std::runtime_error(std::string("replaced: ") + (it.is_disconnect ? "gone" : "alive"));
    });
    Connection connection = engine.connect();
    CHECK(error_of<std::runtime_error>([&] { return connection.execute(text("SELEKT")); }) == "replaced: alive");
    connection.rollback();
    database::mark(connection);
    engine.events().handle_error.remove(number);
    engine.events().handle_error.listen([](ErrorContext& it) { it.is_disconnect = true; });
    CHECK_THROWS_AS(connection.execute(text("SELEKT")), ProgrammingError);
    CHECK(connection.invalidated());
    CHECK_THROWS_AS(connection.execute(text("SELECT 1")), PendingRollbackError);
    connection.rollback();
    CHECK_FALSE(database::has_mark(connection));
  });
}

TEST_CASE("a statement carries what a handler has put into it, its duration and its row count") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    std::string seen;
    engine.events().before_execute.listen([](gw::Connection&, StatementContext& it) { it.user = std::string("span"); });
    engine.events().after_cursor_execute.listen([&](gw::Connection&, StatementContext& it) {
      seen = std::any_cast<std::string>(it.user) + ' ' + std::to_string(it.rowcount) + ' ' +
             std::to_string(it.parameters.size()) + (it.duration > Duration::zero() ? " timed" : "");
    });
    engine.execute(text("DELETE FROM t WHERE id > :id").bind("id", 1));
    CHECK(seen == "span 2 1 timed");
  });
}

TEST_CASE("a statement's attributes have OpenTelemetry's names, and no parameters") {
  const URL url("postgresql://user:secret@db.example:5433/bank");
  const std::vector<Value> values{Value("canary")};
  const ExecutionOptions options;
  const StatementContext context{"select * from account where id = $1", values, options, url, "postgresql"};

  CHECK(span_name(context) == "SELECT bank");
  CHECK(span_attributes(context) == SpanAttributes{{"db.system.name", "postgresql"},
                                                   {"db.namespace", "bank"},
                                                   {"db.operation.name", "SELECT"},
                                                   {"db.query.text", "select * from account where id = $1"},
                                                   {"server.address", "db.example"},
                                                   {"server.port", "5433"}});
  Diagnostics fields;
  fields.sqlstate = "23505";
  CHECK(error_attributes(IntegrityError(fields)) ==
        SpanAttributes{{"error.type", "23505"}, {"db.response.status_code", "23505"}});
}

TEST_CASE("a statement trace is a file with a slice for each statement") {
  everywhere([](const Engine& engine) {
    database::make_table(engine);
    const std::string file = std::filesystem::temp_directory_path() / "greenway-statement-trace.json";
    {
      StatementTrace trace(sync_engine(engine), file);
      Connection connection = engine.connect();
      connection.execute(text("SELECT \"name\" FROM t"));
      CHECK_THROWS_AS(connection.execute(text("SELEKT")), ProgrammingError);
      trace.stop();
      connection.rollback();
      CHECK_FALSE(engine.events().after_cursor_execute.is_heard());
    }
    const std::string json = contents(file);
    std::filesystem::remove(file);
    CHECK(json.find("\"ph\":\"M\"") != std::string::npos);
    CHECK(json.find("\"db.query.text\":\"SELECT \\\"name\\\" FROM t\"") != std::string::npos);
    CHECK(json.find("\"db.query.text\":\"SELEKT\",") != std::string::npos);
    CHECK(json.find("\"error.type\"") != std::string::npos);
    CHECK(json.ends_with("]}\n"));
    CHECK_THROWS_AS(StatementTrace(sync_engine(engine), "/nowhere/trace.json"), ArgumentError);
  });
}

}  // namespace conformance
