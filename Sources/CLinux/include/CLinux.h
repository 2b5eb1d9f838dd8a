#pragma once
/* Linux calls that Swift's Glibc module lacks, behind plain C types. _GNU_SOURCE stays in the .c file: in a header it
   makes glibc's structs differ between modules. No logic here: every function is one call and returns what it returns. */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Flags that are macros behind _GNU_SOURCE. */
extern const int32_t clinux_O_PATH;
extern const int32_t clinux_O_TMPFILE;
extern const int32_t clinux_O_NOATIME;
extern const int32_t clinux_SEEK_DATA;
extern const int32_t clinux_SEEK_HOLE;
extern const int32_t clinux_AT_EMPTY_PATH;
// Past the page cache: open(2).
extern const int32_t clinux_O_DIRECT;
extern const uint64_t clinux_RESOLVE_BENEATH;
extern const uint64_t clinux_RESOLVE_NO_SYMLINKS;
extern const uint64_t clinux_RESOLVE_NO_MAGICLINKS;
extern const int32_t clinux_FNM_LEADING_DIR;
extern const int32_t clinux_FNM_CASEFOLD;

/* openat2(2). */
int clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/* getdents64(2): records of inode (8), offset (8), length (2), type (1), name up to its NUL. */
ssize_t clinux_getdents64(int descriptor, void *buffer, size_t size);

/* strerror_r(3), the variant that returns the text, in the buffer or not. */
const char *clinux_strerror(int code, char *buffer, size_t size);

/* setfsuid(2), setfsgid(2): whose rights this thread has on files; both return the one before. */
int clinux_setfsuid(uint32_t user);
int clinux_setfsgid(uint32_t group);

/* renameat2(2) with RENAME_NOREPLACE. */
int clinux_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to);

/* wcwidth(3): columns of a character on a terminal; -1 for one that cannot be shown. */
int clinux_wcwidth(uint32_t character);

/* ioctl(2) TIOCGWINSZ: columns of a terminal; 0 when that is not known, -1 when it is none. */
int clinux_terminal_columns(int descriptor);

/* pipe2(2) with O_CLOEXEC. */
int clinux_pipe(int ends[2]);

/* makedev(3), major(3), minor(3). */
uint64_t clinux_makedev(uint32_t major_number, uint32_t minor_number);
uint32_t clinux_major(uint64_t device);
uint32_t clinux_minor(uint64_t device);

/* xattr(7), on descriptors and on a path's last component without following it. */
ssize_t clinux_flistxattr(int descriptor, char *list, size_t size);
ssize_t clinux_fgetxattr(int descriptor, const char *name, void *value, size_t size);
int clinux_fsetxattr(int descriptor, const char *name, const void *value, size_t size);
ssize_t clinux_llistxattr(const char *path, char *list, size_t size);
ssize_t clinux_lgetxattr(const char *path, const char *name, void *value, size_t size);
int clinux_lsetxattr(const char *path, const char *name, const void *value, size_t size);

/* getopt_long(3) over one vector; not reentrant, as the C library's is not. */
struct clinux_option {
  const char *name; /* long name, NULL ends the table */
  int has_argument; /* 0 no, 1 required, 2 optional */
  int value;        /* what clinux_getopt_next returns for it */
};
void clinux_getopt_begin(void);
/* Returns the option's value, 1 for an operand in place, '?' or ':' for an error, -1 at the end. */
int clinux_getopt_next(int count, char *const *arguments, const char *short_options,
                       const struct clinux_option *long_options, size_t long_count);
const char *clinux_getopt_argument(void);
int clinux_getopt_index(void);
int clinux_getopt_bad(void);
/* Passes over words that the caller has dealt with itself. */
void clinux_getopt_skip(int words);
/* iswprint(3): whether the locale can print the character. */
int clinux_iswprint(uint32_t character);
