// SPDX-License-Identifier: BSL-1.0
#include "soci_dao.hpp"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

struct SociDao::Session {
  explicit Session(const std::string& url) : sql(url) {}
  soci::session sql;
};

namespace {

void register_backends() {
  static const bool done = [] {
    soci::register_factory_postgresql();
    soci::register_factory_sqlite3();
    return true;
  }();
  (void)done;
}

}  // namespace

SociDao::SociDao(const std::string& url) {
  register_backends();
  session_.reset(new Session(url));
}

SociDao::~SociDao() = default;

void SociDao::create() {
  soci::session& sql = session_->sql;
  const std::string scope = sql.get_backend_name() == "postgresql" ? "TEMPORARY " : "";
  sql << "CREATE " + scope + "TABLE IF NOT EXISTS account (id int PRIMARY KEY, cents bigint NOT NULL)";
}

void SociDao::deposit(int account, long cents) {
  soci::session& sql = session_->sql;
  soci::transaction transaction(sql);
  sql << "INSERT INTO account VALUES (:id, :cents) ON CONFLICT (id) DO UPDATE SET cents = account.cents + "
         "excluded.cents",
      soci::use(account, "id"), soci::use(cents, "cents");
  transaction.commit();
}

long SociDao::balance(int account) {
  long cents = 0;
  session_->sql << "SELECT cents FROM account WHERE id = :id", soci::use(account, "id"), soci::into(cents);
  return cents;
}

void SociDao::nap(double seconds) { session_->sql << "SELECT pg_sleep(" + std::to_string(seconds) + ")"; }
