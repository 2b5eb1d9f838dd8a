#pragma once
#include <ini.h>

/* Settings of the process, which Swift cannot write to: lines of `longest` bytes; an indented line is one like others; the
   first wrong line ends it. */
static inline void cinih_configure(int longest) {
  ini_max_line = longest;
  ini_allow_multiline = false;
  ini_stop_on_first_error = true;
}
