// SPDX-License-Identifier: BSL-1.0
#include "shape_tables.hpp"

namespace shapes {

namespace {

Shape completed(std::string what, const Statement& statement, const std::string& before, const std::string& behind,
                const std::string& postgresql, const std::string& sqlite) {
  const bool is_whole = sqlite.empty() || sqlite.starts_with("!");
  return {std::move(what), statement, before + postgresql + behind, is_whole ? sqlite : before + sqlite + behind};
}

}  // namespace

const Tables& tables() {
  static const auto* one = new Tables;
  return *one;
}

const MetaData& metadata() { return tables().metadata; }

Select ids_where(const ColumnElement& condition) { return select(id()).where(condition); }

Shape condition(std::string what, const ColumnElement& element, const std::string& postgresql, const std::string& sqlite) {
  return completed(std::move(what), ids_where(element), "SELECT account.id FROM account WHERE ", "", postgresql, sqlite);
}

Shape note_condition(std::string what, const ColumnElement& element, const std::string& postgresql,
                     const std::string& sqlite) {
  return completed(std::move(what), select(tables().note.c("id")).where(element), "SELECT note.id FROM note WHERE ", "",
                   postgresql, sqlite);
}

Shape value(std::string what, const ColumnElement& element, const std::string& postgresql, const std::string& sqlite) {
  return completed(std::move(what), select(element.label("x")).select_from(tables().account), "SELECT ", " AS x FROM account",
                   postgresql, sqlite);
}

std::vector<Shape> all() {
  std::vector<Shape> all;
  for (const auto& some : {operators(), matches(), precedences(), functions(), windows(), casts(), selects(), locks(),
                           subqueries(), ctes(), compounds(), row_sources(), changes(), upserts()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace shapes
