// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

/// Checks what an ORM seed has sent besides asking the catalogue, by its log: the figures of SQLAlchemy's own programs.
void check_orm_seed_log(const std::string& log);

/// Checks what an ORM seed leaves in the database.
void check_orm_seed_rows(const std::string& url);
