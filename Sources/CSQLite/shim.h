#pragma once
#include <sqlite3.h>

/// SQLITE_CONFIG_MEMSTATUS, 0: without it every allocation takes a lock to count it. Of no effect once SQLite is in use.
static inline int csqlite_leave_out_memory_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
