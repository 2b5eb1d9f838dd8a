#pragma once
/* libarchive, loaded when it is first needed: with what it needs itself, ICU among it, that took a third of the time to
   start. Its functions are called by their own names, after carchive_load(). */
#include <archive.h>
#include <archive_entry.h>

/* Loads libarchive; a second time it says again what came of the first. From any thread.
   Returns NULL, or why it cannot be used; then no function of it may be called. */
const char *carchive_load(void);
