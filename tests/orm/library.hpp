// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ways.hpp"

/// What the tests of loading map: authors, their books by a key of two columns, and chapters of those.
namespace library {

using namespace ways;

struct Author;
struct Book;

struct Chapter {
  std::int64_t id = 0;
  std::optional<std::int32_t> book_year = {};
  std::optional<std::int32_t> book_number = {};
  std::string title = {};
  gw::One<Book> book = {};
};

struct Book {
  std::int32_t year = 0;
  std::int32_t number = 0;
  std::optional<std::int64_t> author_id = {};
  std::string title = {};
  std::optional<std::string> blurb = {};
  gw::One<Author> author = {};
  gw::Many<Chapter> chapters = {};
};

struct Author {
  std::int64_t id = 0;
  std::string name = {};
  std::optional<std::string> about = {};
  std::optional<std::int64_t> teacher_id = {};
  gw::Many<Book> books = {};
  gw::Many<Author> pupils = {};
};

/// @param lazy  How the books of an author are loaded.
void map_all(gw::Registry& registry, const std::string& lazy = "select");

/// As many authors, with as many books each, with as many chapters each; authors are called "a0", their books "a0b0" …
void fill(const Engine& engine, int authors, int books, int chapters);

/// Runs `body(engine)` on each database, in each way, with the tables there.
template <class F>
void everywhere(F&& body, const std::string& lazy = "select") {
  gw::Registry registry;
  map_all(registry, lazy);
  ways::everywhere(registry, body);
}

}  // namespace library
