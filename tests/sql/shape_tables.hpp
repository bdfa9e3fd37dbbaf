// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "shapes.hpp"

/// The tables of the shapes, and those with which most of them begin.
namespace shapes {

using namespace greenway;

struct Tables {
  MetaData metadata;
  Table person{"person", metadata, Column("name", String(40), primary_key), Column("age", Integer()),
               Column("Town", Text(), server_default("here"))};
  Table account{"account",
                metadata,
                Column("id", Integer(), primary_key),
                Column("owner", String(40), nullable(false), ForeignKey("person.name")),
                Column("cents", BigInteger(), server_default(literal_column("0"))),
                Column("opened", DateTime()),
                CheckConstraint("cents >= 0"),
                Index("ix_account_cents", {"cents"}, {.where = "cents > 0"})};
  Table note{"note",
             metadata,
             Column("id", Integer(), primary_key),
             Column("parent", Integer(), ForeignKey("note.id")),
             Column("doc", JSON()),
             Column("is_open", Boolean()),
             Column("weight", Numeric(10, 2)),
             Column("day", Date())};
};

const Tables& tables();

inline const Column& id() { return tables().account.c("id"); }
inline const Column& owner() { return tables().account.c("owner"); }
inline const Column& cents() { return tables().account.c("cents"); }
inline const Column& opened() { return tables().account.c("opened"); }
inline const Column& name() { return tables().person.c("name"); }
inline const Column& age() { return tables().person.c("age"); }
inline const Column& doc() { return tables().note.c("doc"); }
inline const Column& is_open() { return tables().note.c("is_open"); }

/// SELECT account.id FROM account WHERE condition.
Select ids_where(const ColumnElement& condition);

/// A condition of `account`, and what stands behind WHERE.
Shape condition(std::string what, const ColumnElement& element, const std::string& postgresql, const std::string& sqlite = {});
/// A condition of `note`.
Shape note_condition(std::string what, const ColumnElement& element, const std::string& postgresql,
                     const std::string& sqlite = {});
/// An expression of `account`, and what stands before AS.
Shape value(std::string what, const ColumnElement& element, const std::string& postgresql, const std::string& sqlite = {});

}  // namespace shapes
