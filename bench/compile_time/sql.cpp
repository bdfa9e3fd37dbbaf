// SPDX-License-Identifier: BSL-1.0
//
// What compile_time/sql compiles: three tables, a struct for the rows of each, and what a shop does with them.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <greenway/db/row_struct.hpp>
#include <greenway/db/schema_changes.hpp>
#include <greenway/greenway.hpp>
#include <greenway/sql/ddl.hpp>
#include <greenway/sql/dml.hpp>
#include <greenway/sql/func.hpp>
#include <greenway/sql/schema.hpp>
#include <greenway/sql/select.hpp>

namespace gw = greenway;

namespace shop {

struct Author {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> email;
};
BOOST_DESCRIBE_STRUCT(Author, (), (id, name, email))

struct Book {
  std::int64_t id = 0;
  std::int64_t author_id = 0;
  std::string title;
  gw::Decimal price;
};
BOOST_DESCRIBE_STRUCT(Book, (), (id, author_id, title, price))

struct Review {
  std::int64_t id = 0;
  std::int64_t book_id = 0;
  int stars = 0;
  std::chrono::sys_time<std::chrono::microseconds> written;
};
BOOST_DESCRIBE_STRUCT(Review, (), (id, book_id, stars, written))

struct Schema {
  gw::MetaData metadata;
  gw::Table author{"author", metadata, gw::Column("id", gw::BigInteger(), gw::primary_key),
                   gw::Column("name", gw::String(80), gw::nullable(false)), gw::Column("email", gw::String(80))};
  gw::Table book{"book",
                 metadata,
                 gw::Column("id", gw::BigInteger(), gw::primary_key),
                 gw::Column("author_id", gw::BigInteger(), gw::ForeignKey("author.id")),
                 gw::Column("title", gw::Text(), gw::nullable(false)),
                 gw::Column("price", gw::Numeric(10, 2), gw::nullable(false)),
                 gw::Index("ix_book_title", {"title"})};
  gw::Table review{"review", metadata, gw::Column("id", gw::BigInteger(), gw::primary_key),
                   gw::Column("book_id", gw::BigInteger(), gw::ForeignKey("book.id")),
                   gw::Column("stars", gw::Integer(), gw::nullable(false)),
                   gw::Column("written", gw::DateTime(true), gw::nullable(false)), gw::CheckConstraint("stars > 0")};
};

void create(gw::Connection& connection, const Schema& schema) {
  schema.metadata.create_all(connection);
  connection.commit();
}

void add_books(gw::Connection& connection, const Schema& schema, const std::vector<Book>& books) {
  std::vector<gw::Parameters> all;
  for (const Book& book : books) {
    all.push_back(gw::params("author_id", book.author_id, "title", book.title, "price", book.price));
  }
  connection.execute(gw::insert(schema.book), gw::rows(all));
}

std::optional<Author> author_named(gw::Connection& connection, const Schema& schema, const std::string& name) {
  const auto& author = schema.author;
  return connection.execute(gw::select(author).where(author.c("name") == name)).as<Author>().one_or_none();
}

std::vector<Book> books_below(gw::Connection& connection, const Schema& schema, const gw::Decimal& price) {
  const auto& book = schema.book;
  return connection
      .execute(gw::select(book).where(book.c("price") < price && book.c("title") != "").order_by(book.c("title")).limit(100))
      .as<Book>()
      .all();
}

std::vector<Review> reviews_of(gw::Connection& connection, const Schema& schema, const std::vector<std::int64_t>& books) {
  const auto& review = schema.review;
  return connection.execute(gw::select(review).where(review.c("book_id").in_(books))).as<Review>().all();
}

std::vector<std::tuple<std::string, std::optional<double>>> ratings(gw::Connection& connection, const Schema& schema) {
  const auto& [metadata, author, book, review] = schema;
  std::vector<std::tuple<std::string, std::optional<double>>> all;
  const auto statement = gw::select(author.c("name"), gw::func::avg(review.c("stars")))
                             .select_from(author)
                             .join(book, book.c("author_id") == author.c("id"))
                             .join(review, review.c("book_id") == book.c("id"))
                             .group_by(author.c("name"));
  for (const gw::Row& row : connection.execute(statement)) {
    all.push_back(row.as<std::tuple<std::string, std::optional<double>>>());
  }
  return all;
}

void raise_prices(gw::Connection& connection, const Schema& schema, std::int64_t author) {
  const auto& book = schema.book;
  const auto raised = book.c("price") * gw::Decimal("1.1");
  connection.execute(gw::update(book).where(book.c("author_id") == author).values("price", raised));
}

void forget(gw::Connection& connection, const Schema& schema, std::int64_t book) {
  auto transaction = connection.begin_nested();
  connection.execute(gw::delete_(schema.review).where(schema.review.c("book_id") == book));
  connection.execute(gw::delete_(schema.book).where(schema.book.c("id") == book));
  transaction.commit();
}

}  // namespace shop
