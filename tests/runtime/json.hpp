// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cctype>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// A reader of JSON for tests: strict where it matters, and throws at the first character that does not belong.
namespace json {

/// Any value; a number or a word is kept as its text.
struct Value {
  std::string text;
  std::vector<Value> items;
  std::map<std::string, Value> members;

  [[nodiscard]] bool has(const std::string& name) const { return members.contains(name); }
  const Value& operator[](const std::string& name) const { return members.at(name); }
  [[nodiscard]] double number() const { return std::strtod(text.c_str(), nullptr); }
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Value read() {
    Value value = read_value();
    skip_space();
    if (position_ != text_.size()) {
      fail();
    }
    return value;
  }

 private:
  [[noreturn]] void fail() const {
    throw std::runtime_error("no JSON at " + std::to_string(position_) + ": " + std::string(text_.substr(position_, 40)));
  }
  void skip_space() {
    while (position_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[position_])) != 0) {
      ++position_;
    }
  }
  char peek() {
    skip_space();
    if (position_ == text_.size()) {
      fail();
    }
    return text_[position_];
  }
  void expect(char wanted) {
    if (peek() != wanted) {
      fail();
    }
    ++position_;
  }
  bool accept(char wanted) {
    const bool is_there = peek() == wanted;
    position_ += is_there ? 1 : 0;
    return is_there;
  }

  Value read_value() {
    Value value;
    if (accept('{')) {
      for (bool more = !accept('}'); more; more = !accept('}')) {
        if (!value.members.empty()) {
          expect(',');
        }
        const std::string name = read_string();
        expect(':');
        value.members[name] = read_value();
      }
    } else if (accept('[')) {
      for (bool more = !accept(']'); more; more = !accept(']')) {
        if (!value.items.empty()) {
          expect(',');
        }
        value.items.push_back(read_value());
      }
    } else if (peek() == '"') {
      value.text = read_string();
    } else {
      while (position_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[position_])) != 0 ||
                                          std::string_view("+-.").find(text_[position_]) != std::string_view::npos)) {
        value.text += text_[position_++];
      }
      if (value.text.empty()) {
        fail();
      }
    }
    return value;
  }

  std::string read_string() {
    expect('"');
    std::string value;
    while (position_ < text_.size() && text_[position_] != '"') {
      if (static_cast<unsigned char>(text_[position_]) < 0x20) {
        fail();
      }
      if (text_[position_] == '\\' && text_[++position_] == 'u') {
        value += static_cast<char>(std::strtol(std::string(text_.substr(position_ + 1, 4)).c_str(), nullptr, 16));
        position_ += 5;
      } else {
        value += text_[position_++];
      }
    }
    expect('"');
    return value;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

inline Value read(std::string_view text) { return Reader(text).read(); }

}  // namespace json
