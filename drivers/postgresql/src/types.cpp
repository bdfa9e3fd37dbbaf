// SPDX-License-Identifier: BSL-1.0
#include "types.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace greenway::detail::postgresql {

namespace {

struct KnownType {
  Oid type;
  std::string_view name;
  Codec codec;
};

// Types whose numbers are the same in every database, by number (PostgreSQL's pg_type.dat).
constexpr KnownType known_types[] = {
    {16, "bool", Codec::boolean},
    {17, "bytea", Codec::bytes},
    {18, "char", Codec::single_byte},
    {19, "name", Codec::text},
    {20, "int8", Codec::int8},
    {21, "int2", Codec::int2},
    {23, "int4", Codec::int4},
    {24, "regproc", Codec::unsigned4},
    {25, "text", Codec::text},
    {26, "oid", Codec::unsigned4},
    {27, "tid", Codec::bytes},
    {28, "xid", Codec::unsigned4},
    {29, "cid", Codec::unsigned4},
    {114, "json", Codec::json},
    {142, "xml", Codec::text},
    {199, "_json", Codec::array},
    {600, "point", Codec::bytes},
    {650, "cidr", Codec::bytes},
    {700, "float4", Codec::float4},
    {701, "float8", Codec::float8},
    {705, "unknown", Codec::text},
    {774, "macaddr8", Codec::bytes},
    {790, "money", Codec::bytes},
    {829, "macaddr", Codec::bytes},
    {869, "inet", Codec::bytes},
    {1000, "_bool", Codec::array},
    {1001, "_bytea", Codec::array},
    {1005, "_int2", Codec::array},
    {1007, "_int4", Codec::array},
    {1009, "_text", Codec::array},
    {1014, "_bpchar", Codec::array},
    {1015, "_varchar", Codec::array},
    {1016, "_int8", Codec::array},
    {1021, "_float4", Codec::array},
    {1022, "_float8", Codec::array},
    {1042, "bpchar", Codec::text},
    {1043, "varchar", Codec::text},
    {1082, "date", Codec::date},
    {1083, "time", Codec::time},
    {1114, "timestamp", Codec::timestamp},
    {1115, "_timestamp", Codec::array},
    {1182, "_date", Codec::array},
    {1183, "_time", Codec::array},
    {1184, "timestamptz", Codec::timestamptz},
    {1185, "_timestamptz", Codec::array},
    {1186, "interval", Codec::interval},
    {1187, "_interval", Codec::array},
    {1231, "_numeric", Codec::array},
    {1266, "timetz", Codec::timetz},
    {1560, "bit", Codec::bytes},
    {1562, "varbit", Codec::bytes},
    {1700, "numeric", Codec::numeric},
    {1790, "refcursor", Codec::text},
    {2202, "regprocedure", Codec::unsigned4},
    {2203, "regoper", Codec::unsigned4},
    {2204, "regoperator", Codec::unsigned4},
    {2205, "regclass", Codec::unsigned4},
    {2206, "regtype", Codec::unsigned4},
    {2249, "record", Codec::bytes},
    {2275, "cstring", Codec::text},
    {2278, "void", Codec::text},
    {2950, "uuid", Codec::uuid},
    {2951, "_uuid", Codec::array},
    {3220, "pg_lsn", Codec::bytes},
    {3614, "tsvector", Codec::bytes},
    {3734, "regconfig", Codec::unsigned4},
    {3769, "regdictionary", Codec::unsigned4},
    {3802, "jsonb", Codec::versioned_json},
    {3807, "_jsonb", Codec::array},
    {4072, "jsonpath", Codec::versioned_text},
    {4089, "regnamespace", Codec::unsigned4},
    {4096, "regrole", Codec::unsigned4},
    {5069, "xid8", Codec::int8},
};

static_assert(std::ranges::is_sorted(known_types, {}, &KnownType::type));

const KnownType* find(Oid type) noexcept {
  const KnownType* const found = std::ranges::lower_bound(known_types, type, {}, &KnownType::type);
  return found != std::end(known_types) && found->type == type ? found : nullptr;
}

}  // namespace

Codec codec_of(Oid type) noexcept {
  const KnownType* const known = find(type);
  return known == nullptr ? Codec::unknown : known->codec;
}

std::string type_name(Oid type) {
  const KnownType* const known = find(type);
  return known == nullptr ? "oid:" + std::to_string(type) : std::string(known->name);
}

}  // namespace greenway::detail::postgresql
