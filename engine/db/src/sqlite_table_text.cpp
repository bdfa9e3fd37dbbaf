// SPDX-License-Identifier: BSL-1.0
#include "sqlite_table_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace greenway::detail {

namespace {

struct Token {
  enum class Kind : unsigned char { word, quoted, group, comma, other };
  Kind kind;
  std::string text;  // of a word in capitals, of a group what is inside, of what was quoted the name
  std::string name;  // of a word as it was written
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || (c & 0x80) != 0; }

/// Reads tokens one by one.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : rest_(sql) {}

  bool next(Token& token) {
    skip_blanks();
    if (rest_.empty()) {
      return false;
    }
    const char c = rest_.front();
    if (is_word(c)) {
      const auto end = std::ranges::find_if_not(rest_, is_word);
      token = {Token::Kind::word, {}, take(static_cast<std::size_t>(end - rest_.begin()))};
      std::ranges::transform(token.name, std::back_inserter(token.text),
                             [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    } else if (c == '"' || c == '`' || c == '\'' || c == '[') {
      token = {Token::Kind::quoted, quoted(), {}};
      token.name = token.text;
    } else if (c == '(') {
      token = {Token::Kind::group, group(), {}};
    } else {
      token = {c == ',' ? Token::Kind::comma : Token::Kind::other, take(1), {}};
    }
    return true;
  }

 private:
  std::string take(std::size_t count) {
    std::string text(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return text;
  }

  void skip_blanks() {
    for (;;) {
      if (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
        rest_.remove_prefix(1);
      } else if (rest_.starts_with("--")) {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const std::size_t end = rest_.find("*/", 2);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
      } else {
        return;
      }
    }
  }

  std::string quoted() {
    const char closing = rest_.front() == '[' ? ']' : rest_.front();
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == closing) {
        if (closing == ']' || rest_.empty() || rest_.front() != closing) {
          break;
        }
        rest_.remove_prefix(1);
      }
      text += c;
    }
    return text;
  }

  std::string group() {
    const std::string_view begin = rest_;
    rest_.remove_prefix(1);
    Token inner;
    for (;;) {
      skip_blanks();
      if (rest_.empty() || rest_.front() == ')') {
        std::string text(begin.substr(1, begin.size() - rest_.size() - 1));
        rest_.remove_prefix(rest_.empty() ? 0 : 1);
        return text;
      }
      next(inner);
    }
  }

  std::string_view rest_;
};

std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  Scanner scanner(sql);
  for (Token token; scanner.next(token);) {
    tokens.push_back(std::move(token));
  }
  return tokens;
}

/// The names in "a, b COLLATE x DESC".
std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  bool is_expected = true;
  for (const Token& token : tokens_of(list)) {
    if (std::exchange(is_expected, token.kind == Token::Kind::comma) && token.kind != Token::Kind::comma) {
      names.push_back(token.name);
    }
  }
  return names;
}

/// Reads the tokens of one column's or one constraint's definition.
class Definition {
 public:
  Definition(SqliteTableText& table, std::vector<Token> tokens) : table_(table), tokens_(std::move(tokens)) {}

  void read() {
    static constexpr std::array starts{"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"};
    const bool is_column = tokens_[0].kind != Token::Kind::word || std::ranges::find(starts, tokens_[0].text) == starts.end();
    if (is_column) {
      columns_ = {tokens_[0].name};
    }
    for (std::size_t i = is_column ? 1 : 0; i != tokens_.size(); ++i) {
      if (tokens_[i].kind == Token::Kind::word) {
        read_word(i);
      }
    }
  }

 private:
  void read_word(std::size_t i) {
    const std::string& word = tokens_[i].text;
    const bool is_negated = i != 0 && tokens_[i - 1].text == "NOT";
    if (word == "CONSTRAINT" && i + 1 != tokens_.size()) {
      name_ = tokens_[i + 1].name;
    } else if (word == "PRIMARY") {
      table_.primary_key_name = std::exchange(name_, {});
    } else if (word == "UNIQUE") {
      table_.uniques.push_back({std::exchange(name_, {}), columns_at(i + 1)});
    } else if (word == "CHECK") {
      table_.checks.push_back({std::exchange(name_, {}), group_at(i + 1)});
    } else if (word == "FOREIGN") {
      columns_ = columns_at(i + 2);
    } else if (word == "REFERENCES") {
      table_.foreign_keys.push_back({std::exchange(name_, {}), columns_});
    } else if (word == "DEFERRABLE" && !table_.foreign_keys.empty()) {
      table_.foreign_keys.back().deferrable = !is_negated;
    } else if (word == "DEFERRED" && !table_.foreign_keys.empty()) {
      table_.foreign_keys.back().initially_deferred = true;
    } else if (word == "AS" && columns_.size() == 1 && i + 1 != tokens_.size() &&
               tokens_[i + 1].kind == Token::Kind::group) {
      table_.computed[columns_[0]] = tokens_[i + 1].text;
    }
  }

  [[nodiscard]] std::string group_at(std::size_t i) const {
    return i < tokens_.size() && tokens_[i].kind == Token::Kind::group ? tokens_[i].text : std::string();
  }
  [[nodiscard]] std::vector<std::string> columns_at(std::size_t i) const {
    return i < tokens_.size() && tokens_[i].kind == Token::Kind::group ? names_in(tokens_[i].text) : columns_;
  }

  SqliteTableText& table_;
  std::vector<Token> tokens_;
  std::vector<std::string> columns_;
  std::string name_;
};

}  // namespace

SqliteTableText::SqliteTableText(std::string_view sql) {
  const std::vector<Token> all = tokens_of(sql);
  const auto body = std::ranges::find(all, Token::Kind::group, &Token::kind);
  if (body == all.end()) {
    return;
  }
  std::vector<Token> definition;
  const auto end_definition = [&] {
    if (!definition.empty()) {
      Definition(*this, std::exchange(definition, {})).read();
    }
  };
  for (Token& token : tokens_of(body->text)) {
    if (token.kind == Token::Kind::comma) {
      end_definition();
    } else {
      definition.push_back(std::move(token));
    }
  }
  end_definition();
}

}  // namespace greenway::detail
