// SPDX-License-Identifier: BSL-1.0
#include <greenway/db/options.hpp>

namespace greenway {

ExecutionOptions ExecutionOptions::merged(const ExecutionOptions& over) const {
  ExecutionOptions both = *this;
  const auto take = [&](auto ExecutionOptions::*option) {
    if (over.*option) {
      both.*option = over.*option;
    }
  };
  take(&ExecutionOptions::isolation_level);
  take(&ExecutionOptions::read_only);
  take(&ExecutionOptions::deferrable);
  take(&ExecutionOptions::timeout);
  take(&ExecutionOptions::stream_results);
  take(&ExecutionOptions::yield_per);
  take(&ExecutionOptions::max_row_buffer);
  take(&ExecutionOptions::logging_token);
  take(&ExecutionOptions::prepare);
  take(&ExecutionOptions::insertmanyvalues_page_size);
  take(&ExecutionOptions::use_insertmanyvalues);
  take(&ExecutionOptions::schema_translate_map);
  return both;
}

}  // namespace greenway
