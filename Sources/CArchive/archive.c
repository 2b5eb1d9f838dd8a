#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
/* What has libarchive's names here is not to be found by the library itself, which calls some of them too. */
#define visibility(kind) visibility("hidden")
#include "CArchive.h"
#undef visibility

/* The name under which libarchive 3 is installed everywhere; its major version is its interface's. */
static const char library[] = "libarchive.so.13";

static char failure[512];

/* A function of ours with libarchive's name and type calls the one in the library. */
#define FUNCTION(result, name, parameters, arguments) \
  static result(*in_library_##name) parameters;       \
  result name parameters { return in_library_##name arguments; }
#include "functions.inc"
#undef FUNCTION

static void load(void) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) goto failed;
#define FUNCTION(result, name, parameters, arguments) \
  if (!(*(void **)&in_library_##name = dlsym(handle, #name))) goto failed;
#include "functions.inc"
#undef FUNCTION
  return;
failed:
  /* Only this thread has been in dlopen() since: the text is its own. */
  snprintf(failure, sizeof failure, "cannot load libarchive: %s", dlerror());
}

const char *carchive_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return failure[0] ? failure : NULL;
}
