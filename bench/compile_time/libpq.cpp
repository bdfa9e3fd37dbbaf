// SPDX-License-Identifier: BSL-1.0
//
// What compile_time/libpq compiles: compile_time/sql.cpp's shop with its SQL and its conversions written by hand.

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <libpq-fe.h>

namespace shop {

struct Author {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> email;
};

struct Book {
  std::int64_t id = 0;
  std::int64_t author_id = 0;
  std::string title;
  std::string price;
};

struct Review {
  std::int64_t id = 0;
  std::int64_t book_id = 0;
  int stars = 0;
  std::chrono::sys_time<std::chrono::microseconds> written;
};

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

Answer execute(PGconn* connection, const char* sql, std::initializer_list<const char*> values = {}) {
  Answer answer(PQexecParams(connection, sql, static_cast<int>(values.size()), nullptr, values.begin(), nullptr, nullptr, 0),
                PQclear);
  if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK && PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
    throw std::runtime_error(PQresultErrorMessage(answer.get()));
  }
  return answer;
}

std::string text_of(const Answer& answer, int row, int column) { return PQgetvalue(answer.get(), row, column); }
std::int64_t integer_of(const Answer& answer, int row, int column) { return std::stoll(text_of(answer, row, column)); }

void create(PGconn* connection) {
  execute(connection, "CREATE TABLE author (id bigserial PRIMARY KEY, name varchar(80) NOT NULL, email varchar(80))");
  execute(connection,
          "CREATE TABLE book (id bigserial PRIMARY KEY, author_id bigint REFERENCES author (id), title text NOT NULL, "
          "price numeric(10, 2) NOT NULL)");
  execute(connection, "CREATE INDEX ix_book_title ON book (title)");
  execute(connection,
          "CREATE TABLE review (id bigserial PRIMARY KEY, book_id bigint REFERENCES book (id), stars int NOT NULL "
          "CHECK (stars > 0), written timestamptz NOT NULL)");
}

void add_books(PGconn* connection, const std::vector<Book>& books) {
  for (const Book& book : books) {
    execute(connection, "INSERT INTO book (author_id, title, price) VALUES ($1, $2, $3)",
            {std::to_string(book.author_id).c_str(), book.title.c_str(), book.price.c_str()});
  }
}

std::optional<Author> author_named(PGconn* connection, const std::string& name) {
  const Answer answer = execute(connection, "SELECT id, name, email FROM author WHERE name = $1", {name.c_str()});
  if (PQntuples(answer.get()) == 0) {
    return {};
  }
  Author author{integer_of(answer, 0, 0), text_of(answer, 0, 1), {}};
  if (PQgetisnull(answer.get(), 0, 2) == 0) {
    author.email = text_of(answer, 0, 2);
  }
  return author;
}

std::vector<Book> books_below(PGconn* connection, const std::string& price) {
  const Answer answer = execute(connection,
                                "SELECT id, author_id, title, price FROM book WHERE price < $1 AND title != '' "
                                "ORDER BY title LIMIT 100",
                                {price.c_str()});
  std::vector<Book> books;
  for (int i = 0; i < PQntuples(answer.get()); ++i) {
    books.push_back({integer_of(answer, i, 0), integer_of(answer, i, 1), text_of(answer, i, 2), text_of(answer, i, 3)});
  }
  return books;
}

std::vector<Review> reviews_of(PGconn* connection, const std::vector<std::int64_t>& books) {
  std::string list = "{";
  for (const std::int64_t book : books) {
    list += (list.size() > 1 ? "," : "") + std::to_string(book);
  }
  list += '}';
  const Answer answer = execute(connection,
                                "SELECT id, book_id, stars, (extract(epoch FROM written) * 1000000)::bigint FROM review "
                                "WHERE book_id = ANY ($1)",
                                {list.c_str()});
  std::vector<Review> reviews;
  for (int i = 0; i < PQntuples(answer.get()); ++i) {
    const std::chrono::microseconds since_1970(integer_of(answer, i, 3));
    reviews.push_back({integer_of(answer, i, 0), integer_of(answer, i, 1), static_cast<int>(integer_of(answer, i, 2)),
                       std::chrono::sys_time<std::chrono::microseconds>(since_1970)});
  }
  return reviews;
}

std::vector<std::tuple<std::string, std::optional<double>>> ratings(PGconn* connection) {
  const Answer answer = execute(connection,
                                "SELECT author.name, avg(review.stars) FROM author JOIN book ON book.author_id = author.id "
                                "JOIN review ON review.book_id = book.id GROUP BY author.name");
  std::vector<std::tuple<std::string, std::optional<double>>> all;
  for (int i = 0; i < PQntuples(answer.get()); ++i) {
    const bool is_null = PQgetisnull(answer.get(), i, 1) != 0;
    all.emplace_back(text_of(answer, i, 0), is_null ? std::nullopt : std::optional(std::stod(text_of(answer, i, 1))));
  }
  return all;
}

void raise_prices(PGconn* connection, std::int64_t author) {
  execute(connection, "UPDATE book SET price = price * 1.1 WHERE author_id = $1", {std::to_string(author).c_str()});
}

void forget(PGconn* connection, std::int64_t book) {
  const std::string id = std::to_string(book);
  execute(connection, "SAVEPOINT forget");
  execute(connection, "DELETE FROM review WHERE book_id = $1", {id.c_str()});
  execute(connection, "DELETE FROM book WHERE id = $1", {id.c_str()});
  execute(connection, "RELEASE forget");
}

}  // namespace shop
