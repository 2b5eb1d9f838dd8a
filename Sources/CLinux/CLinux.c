#define _GNU_SOURCE
#include "CLinux.h"
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <wctype.h>
#include <sys/ioctl.h>
#include <wchar.h>

const int32_t clinux_O_PATH = O_PATH;
const int32_t clinux_O_TMPFILE = O_TMPFILE;
const int32_t clinux_O_NOATIME = O_NOATIME;
const int32_t clinux_SEEK_DATA = SEEK_DATA;
const int32_t clinux_SEEK_HOLE = SEEK_HOLE;
const int32_t clinux_AT_EMPTY_PATH = AT_EMPTY_PATH;
const int32_t clinux_O_DIRECT = O_DIRECT;
const uint64_t clinux_RESOLVE_BENEATH = RESOLVE_BENEATH;
const uint64_t clinux_RESOLVE_NO_SYMLINKS = RESOLVE_NO_SYMLINKS;
const uint64_t clinux_RESOLVE_NO_MAGICLINKS = RESOLVE_NO_MAGICLINKS;
const int32_t clinux_FNM_LEADING_DIR = FNM_LEADING_DIR;
const int32_t clinux_FNM_CASEFOLD = FNM_CASEFOLD;

int clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

ssize_t clinux_getdents64(int descriptor, void *buffer, size_t size) { return getdents64(descriptor, buffer, size); }

const char *clinux_strerror(int code, char *buffer, size_t size) { return strerror_r(code, buffer, size); }

int clinux_setfsuid(uint32_t user) { return setfsuid(user); }
int clinux_setfsgid(uint32_t group) { return setfsgid(group); }

int clinux_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to) {
  return renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

uint64_t clinux_makedev(uint32_t major_number, uint32_t minor_number) { return makedev(major_number, minor_number); }
uint32_t clinux_major(uint64_t device) { return major(device); }
uint32_t clinux_minor(uint64_t device) { return minor(device); }

ssize_t clinux_flistxattr(int descriptor, char *list, size_t size) { return flistxattr(descriptor, list, size); }
ssize_t clinux_fgetxattr(int descriptor, const char *name, void *value, size_t size) {
  return fgetxattr(descriptor, name, value, size);
}
int clinux_fsetxattr(int descriptor, const char *name, const void *value, size_t size) {
  return fsetxattr(descriptor, name, value, size, 0);
}
ssize_t clinux_llistxattr(const char *path, char *list, size_t size) { return llistxattr(path, list, size); }
ssize_t clinux_lgetxattr(const char *path, const char *name, void *value, size_t size) {
  return lgetxattr(path, name, value, size);
}
int clinux_lsetxattr(const char *path, const char *name, const void *value, size_t size) {
  return lsetxattr(path, name, value, size, 0);
}

void clinux_getopt_begin(void) {
  optind = 0; /* glibc: start afresh, forgetting what an earlier scan remembered */
  opterr = 0; /* the caller words the messages */
}

int clinux_getopt_next(int count, char *const *arguments, const char *short_options,
                       const struct clinux_option *long_options, size_t long_count) {
  struct option table[long_count + 1];
  for (size_t i = 0; i < long_count; i++)
    table[i] = (struct option){long_options[i].name, long_options[i].has_argument, NULL, long_options[i].value};
  table[long_count] = (struct option){NULL, 0, NULL, 0};
  optopt = 0; /* so that a '?' returned for the option -? is told from an error */
  return getopt_long(count, arguments, short_options, table, NULL);
}

const char *clinux_getopt_argument(void) { return optarg; }
int clinux_getopt_index(void) { return optind; }
int clinux_getopt_bad(void) { return optopt; }
void clinux_getopt_skip(int words) { optind += words; }
int clinux_iswprint(uint32_t character) { return iswprint((wint_t)character); }

int clinux_wcwidth(uint32_t character) { return wcwidth((wchar_t)character); }

int clinux_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : -1;
}
