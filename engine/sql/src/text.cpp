// SPDX-License-Identifier: BSL-1.0
#include <greenway/sql/text.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include <greenway/base/error.hpp>

namespace greenway {

namespace {

bool starts_name(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) noexcept { return starts_name(c) || (c >= '0' && c <= '9'); }
// What may be part of an SQL word: names, digits, and every byte of a non-ASCII character.
bool is_word(char c) noexcept { return is_name(c) || (static_cast<unsigned char>(c) & 0x80U) != 0; }

// Finds the tokens of an SQL text in which a colon means nothing.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) noexcept : sql_(sql) {}

  // Where the literal, quoted identifier or comment that starts at `at` ends; `at` itself when none starts there.
  [[nodiscard]] std::size_t skip(std::size_t at) const noexcept {
    switch (sql_[at]) {
      case '\'':
        return after_quote(at, has_escapes(at));
      case '"':
      case '`':
        return after_quote(at, false);
      case '-':
        return follows(at, "--") ? std::min(sql_.find('\n', at), sql_.size()) : at;
      case '/':
        return follows(at, "/*") ? after_comment(at) : at;
      case '$':
        return after_dollar_quote(at);
      default:
        return at;
    }
  }

  [[nodiscard]] bool follows(std::size_t at, std::string_view what) const noexcept {
    return sql_.substr(at, what.size()) == what;
  }
  [[nodiscard]] bool follows_word(std::size_t at) const noexcept { return at > 0 && is_word(sql_[at - 1]); }

  // Where the name that starts at `at` ends; `at` itself when none does.
  [[nodiscard]] std::size_t after_name(std::size_t at) const noexcept {
    if (at < sql_.size() && starts_name(sql_[at])) {
      while (at < sql_.size() && is_name(sql_[at])) {
        ++at;
      }
    }
    return at;
  }

 private:
  // E'…' alone knows the backslash.
  [[nodiscard]] bool has_escapes(std::size_t at) const noexcept {
    return at > 0 && (sql_[at - 1] == 'E' || sql_[at - 1] == 'e') && !follows_word(at - 1);
  }

  // A doubled quote ends the token and starts the next one, which comes to the same.
  [[nodiscard]] std::size_t after_quote(std::size_t at, bool has_escapes) const noexcept {
    const char quote = sql_[at];
    for (++at; at < sql_.size(); ++at) {
      if (has_escapes && sql_[at] == '\\') {
        ++at;
      } else if (sql_[at] == quote) {
        if (!has_escapes || !follows(at, "''")) {
          return at + 1;
        }
        ++at;
      }
    }
    return sql_.size();
  }

  [[nodiscard]] std::size_t after_comment(std::size_t at) const noexcept {
    std::size_t depth = 0;
    while (at < sql_.size()) {
      if (follows(at, "/*")) {
        ++depth;
        at += 2;
      } else if (follows(at, "*/")) {
        at += 2;
        if (--depth == 0) {
          return at;
        }
      } else {
        ++at;
      }
    }
    return at;
  }

  [[nodiscard]] std::size_t after_dollar_quote(std::size_t at) const noexcept {
    const std::size_t tag_end = after_name(at + 1);
    if (follows_word(at) || tag_end >= sql_.size() || sql_[tag_end] != '$') {
      return at;
    }
    const std::string_view tag = sql_.substr(at, tag_end + 1 - at);
    const std::size_t end = sql_.find(tag, tag_end + 1);
    return end == std::string_view::npos ? sql_.size() : end + tag.size();
  }

  std::string_view sql_;
};

std::string listed(const std::vector<std::string>& names) {
  if (names.empty()) {
    return "none";
  }
  std::string all;
  for (const std::string& name : names) {
    all += all.empty() ? name : ", " + name;
  }
  return all;
}

}  // namespace

Parameters::Parameters(const Parameters& other) = default;

Parameters::~Parameters() = default;

void Parameters::reserve(std::size_t size) { items_.reserve(size); }

void Parameters::add(std::string_view name, Value value) { items_.emplace_back(name, std::move(value)); }

// What all copies of a statement share: the text taken apart, and, once asked for, put together again for each style.
class TextClause::Template {
 public:
  explicit Template(std::string_view sql) : source(sql) {
    const Scanner scanner(sql);
    for (std::size_t at = 0; at < sql.size();) {
      std::size_t end = scanner.skip(at);
      if (end == at && sql[at] == '\\' && scanner.follows(at, "\\:")) {
        ++at;
        end = at + 1;
      } else if (end == at && sql[at] == ':') {
        const std::size_t name_end = scanner.follows_word(at) ? at + 1 : scanner.after_name(at + 1);
        if (name_end > at + 1) {
          marks_.push_back({plain_.size(), index_of(sql.substr(at + 1, name_end - at - 1))});
          at = name_end;
          continue;
        }
        end = at + (scanner.follows(at, "::") ? 2 : 1);
      } else if (end == at) {
        ++end;
      }
      plain_ += sql.substr(at, end - at);
      at = end;
    }
  }

  const SQLText& rendered(ParameterStyle style) const {
    Rendered& slot = rendered_[static_cast<std::size_t>(style)];
    std::call_once(slot.once, [&] { slot.sql.emplace(render(style == ParameterStyle::dollar ? '$' : '?')); });
    return *slot.sql;
  }

  [[nodiscard]] std::size_t find(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }

  const std::string source;
  std::vector<std::string> names;

 private:
  struct Mark {
    std::size_t offset;  // in plain_
    std::size_t index;   // in names
  };
  struct Rendered {
    std::once_flag once;
    std::optional<SQLText> sql;
  };

  std::size_t index_of(std::string_view name) {
    const std::size_t index = find(name);
    if (index == names.size()) {
      names.emplace_back(name);
    }
    return index;
  }

  [[nodiscard]] std::string render(char sigil) const {
    std::string sql;
    sql.reserve(plain_.size() + 4 * marks_.size());
    std::size_t from = 0;
    for (const Mark& mark : marks_) {
      sql.append(plain_, from, mark.offset - from);
      sql += sigil;
      sql += std::to_string(mark.index + 1);
      from = mark.offset;
    }
    return sql.append(plain_, from);
  }

  std::string plain_;  // the source without its parameters
  std::vector<Mark> marks_;
  mutable std::array<Rendered, 2> rendered_;
};

TextClause::TextClause(std::string_view sql)
    : template_(std::make_shared<const Template>(sql)),
      values_(template_->names.size()),
      is_bound_(template_->names.size()) {}

TextClause TextClause::bind(std::string_view name, Value value) const& {
  TextClause bound(*this);
  bound.set(name, std::move(value));
  return bound;
}

TextClause TextClause::bind(std::string_view name, Value value) && {
  set(name, std::move(value));
  return std::move(*this);
}

TextClause TextClause::bind(const Parameters& parameters) const {
  TextClause bound(*this);
  for (const auto& [name, value] : parameters.items()) {
    bound.set(name, value);
  }
  return bound;
}

TextClause TextClause::bind_in_order(std::vector<Value> values) const {
  TextClause bound(*this);
  std::size_t next = 0;
  for (std::size_t i = 0; i != is_bound_.size() && next != values.size(); ++i) {
    if (!is_bound_[i]) {
      bound.values_[i] = std::move(values[next++]);
      bound.is_bound_[i] = true;
    }
  }
  if (next != values.size()) {
    throw_mismatch("bind_all() was given " + std::to_string(values.size()) + " values for " + std::to_string(next) +
                   " parameters without one");
  }
  static_cast<void>(bound.values());
  return bound;
}

TextClause TextClause::bind_known(const Parameters& parameters) const {
  TextClause bound(*this);
  for (const auto& [name, value] : parameters.items()) {
    if (template_->find(name) != values_.size()) {
      bound.set(name, value);
    }
  }
  return bound;
}

void detail::check_names(std::size_t names, std::size_t values) {
  if (names != values) {
    throw ArgumentError("rows() was given " + std::to_string(names) + " names for " + std::to_string(values) +
                        " values in each row");
  }
}

const std::string& TextClause::source() const noexcept { return template_->source; }

const std::vector<std::string>& TextClause::names() const noexcept { return template_->names; }

const SQLText& TextClause::sql(ParameterStyle style) const { return template_->rendered(style); }

std::span<const Value> TextClause::values() const {
  if (const auto missing = std::find(is_bound_.begin(), is_bound_.end(), false); missing != is_bound_.end()) {
    throw_mismatch("parameter '" + template_->names[static_cast<std::size_t>(missing - is_bound_.begin())] +
                   "' has no value");
  }
  return values_;
}

void TextClause::set(std::string_view name, Value value) {
  const std::size_t index = template_->find(name);
  if (index == values_.size()) {
    throw_mismatch("the statement has no parameter '" + std::string(name) + "'");
  }
  if (is_bound_[index]) {
    throw_mismatch("parameter '" + std::string(name) + "' is given twice");
  }
  values_[index] = std::move(value);
  is_bound_[index] = true;
}

void TextClause::throw_mismatch(std::string_view what) const {
  std::vector<std::string> bound;
  for (std::size_t i = 0; i < is_bound_.size(); ++i) {
    if (is_bound_[i]) {
      bound.push_back(template_->names[i]);
    }
  }
  throw ArgumentError(std::string(what) + " (parameters of the statement: " + listed(template_->names) +
                      "; with a value so far: " + listed(bound) + ')');
}

}  // namespace greenway
