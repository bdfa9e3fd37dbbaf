// SPDX-License-Identifier: BSL-1.0
#include "library.hpp"

namespace library {

void map_all(gw::Registry& registry, const std::string& lazy) {
  using gw::mapped_column;
  using gw::primary_key;
  using gw::relationship;
  registry.map<Author>("author", mapped_column(&Author::id, "id", primary_key), mapped_column(&Author::name, "name"),
                       mapped_column(&Author::about, "about"),
                       mapped_column(&Author::teacher_id, "teacher_id", gw::ForeignKey("author.id")),
                       relationship(&Author::books, "books", {.lazy = lazy}), relationship(&Author::pupils, "pupils"));
  registry.map<Book>("book", mapped_column(&Book::year, "year", primary_key),
                     mapped_column(&Book::number, "number", primary_key),
                     mapped_column(&Book::author_id, "author_id", gw::ForeignKey("author.id")),
                     mapped_column(&Book::title, "title"), mapped_column(&Book::blurb, "blurb"),
                     relationship(&Book::author, "author"), relationship(&Book::chapters, "chapters"));
  registry.map<Chapter>("chapter", mapped_column(&Chapter::id, "id", primary_key),
                        mapped_column(&Chapter::book_year, "book_year"),
                        mapped_column(&Chapter::book_number, "book_number"), mapped_column(&Chapter::title, "title"),
                        relationship(&Chapter::book, "book"),
                        gw::ForeignKeyConstraint({"book_year", "book_number"}, {"book.year", "book.number"}));
}

void fill(const Engine& engine, int authors, int books, int chapters) {
  Session session(engine);
  for (int a = 0; a != authors; ++a) {
    const std::string name = "a" + std::to_string(a);
    const auto author = session.add(Author{.id = a + 1, .name = name, .about = "about " + name});
    for (int b = 0; b != books; ++b) {
      const auto book = author->books.append(
          Book{.year = 1900 + b, .number = a + 1, .title = name + "b" + std::to_string(b), .blurb = "blurb"});
      for (int c = 0; c != chapters; ++c) {
        book->chapters.append(Chapter{.title = book->title + "c" + std::to_string(c)});
      }
    }
  }
  session.commit();
}

}  // namespace library
