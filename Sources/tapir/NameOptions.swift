/// The options that say which files and members, and with what metadata.
enum NameOptions {
  static let names: [OptionSpecification] = [
    .gnu(.directory, "C", "directory", .required, "DIR", .names, "change to DIR for the names that follow"),
    .gnu(
      .filesFrom, "T", "files-from", .required, "FILE", .names,
      "take names, and options that begin with a dash, from FILE, one a line"),
    .gnu(.null, nil, "null", .names, "lines of FILE end with NUL, and all are names"),
    .gnu(.noNull, nil, "no-null", .names, "lines of FILE end with a newline (default)"),
    .gnu(.verbatimFilesFrom, nil, "verbatim-files-from", .names, "lines of FILE are names as they stand"),
    .gnu(
      .noVerbatimFilesFrom, nil, "no-verbatim-files-from", .names, "lines of FILE may be options (default)"),
    .gnu(.unquote, nil, "unquote", .names, "replace backslash escapes in names (default)"),
    .gnu(.noUnquote, nil, "no-unquote", .names, "leave backslashes in names"),
    .gnu(.addFile, nil, "add-file", .required, "FILE", .names, "archive FILE, even if its name begins with a dash"),
    .gnu(.recursion, nil, "recursion", .names, "with directories, what is in them (default)"),
    .gnu(.noRecursion, nil, "no-recursion", .names, "directories without what is in them"),
    .gnu(.oneFileSystem, nil, "one-file-system", .names, "stay on the file system"),
    .gnu(.absoluteNames, "P", "absolute-names", .names, "keep leading slashes and .. in names"),
    .gnu(
      .newer, "N", "newer", .required, "DATE", .names,
      "only files modified or changed since DATE, or since FILE was if that is ./FILE or /FILE"),
    .gnu(.newer, nil, "after-date", .required, "DATE", .names, "same as --newer"),
    .gnu(.newerMtime, nil, "newer-mtime", .required, "DATE", .names, "only files modified since DATE"),
    .gnu(
      .startingFile, "K", "starting-file", .required, "MEMBER", .names, "pass over the members before MEMBER"),
    .gnu(
      .occurrence, nil, "occurrence", .optional, "N", .names, "only the Nth (first) member of each name given"),
    .own(.fastRead, "q", "fast-read", .none, "", .names, "same as --occurrence=1"),
    .gnu(
      .preserveOrder, "s", "preserve-order", .names,
      "names are in the order of the archive (nothing changes: members are always taken in tape order)"),
    .gnu(.preserveOrder, nil, "same-order", .names, "same as --preserve-order"),
    .gnu(.interactive, "w", "interactive", .names, "ask before each file or member"),
    .gnu(.interactive, nil, "confirmation", .names, "same as --interactive"),
    .gnu(
      .transform, nil, "transform", .required, "EXPRESSION", .names,
      "change names with a substitution of sed's: s/REGEXP/REPLACEMENT/FLAGS"),
    .gnu(.transform, nil, "xform", .required, "EXPRESSION", .names, "same as --transform"),
    .gnu(.stripComponents, nil, "strip-components", .required, "N", .names, "drop N components off each name"),
    .gnu(
      .showTransformedNames, nil, "show-transformed-names", .names, "show names as they are after such changes"),
    .gnu(.showTransformedNames, nil, "show-stored-names", .names, "same as --show-transformed-names"),
  ]

  static let exclusions: [OptionSpecification] = [
    .gnu(.exclude, nil, "exclude", .required, "PATTERN", .names, "leave out names that match PATTERN"),
    .gnu(.excludeFrom, "X", "exclude-from", .required, "FILE", .names, "leave out names that match a line of FILE"),
    .own(.include, "include", .required, "PATTERN", .names, "only names that match PATTERN (may be repeated)"),
    .gnu(.excludeBackups, nil, "exclude-backups", .names, "leave out editors' backup and lock files"),
    .gnu(.excludeVCS, nil, "exclude-vcs", .names, "leave out what version control systems keep for themselves"),
    .gnu(
      .excludeVCSIgnores, nil, "exclude-vcs-ignores", .names,
      "leave out what .gitignore, .cvsignore, .bzrignore and .hgignore name"),
    .gnu(
      .excludeIgnore, nil, "exclude-ignore", .required, "FILE", .names,
      "leave out of a directory what FILE in it names"),
    .gnu(
      .excludeIgnoreRecursive, nil, "exclude-ignore-recursive", .required, "FILE", .names,
      "the same for what is below the directory"),
    .gnu(
      .excludeCaches, nil, "exclude-caches", .names, "leave out what is in directories with a CACHEDIR.TAG, not the tag"
    ),
    .gnu(.excludeCachesUnder, nil, "exclude-caches-under", .names, "the same, and the tag"),
    .gnu(.excludeCachesAll, nil, "exclude-caches-all", .names, "the same, and the directory"),
    .gnu(
      .excludeTag, nil, "exclude-tag", .required, "FILE", .names,
      "leave out what is in directories that hold FILE, not FILE"),
    .gnu(.excludeTagUnder, nil, "exclude-tag-under", .required, "FILE", .names, "the same, and FILE"),
    .gnu(.excludeTagAll, nil, "exclude-tag-all", .required, "FILE", .names, "the same, and the directory"),
  ]

  static let matching: [OptionSpecification] = [
    .gnu(.anchored, nil, "anchored", .names, "patterns match from the beginning (default for members)"),
    .gnu(.noAnchored, nil, "no-anchored", .names, "patterns match behind any slash (default for --exclude)"),
    .gnu(.ignoreCase, nil, "ignore-case", .names, "patterns match whatever the case"),
    .gnu(.noIgnoreCase, nil, "no-ignore-case", .names, "case matters (default)"),
    .gnu(.wildcards, nil, "wildcards", .names, "names of members are patterns (default for --exclude)"),
    .gnu(.noWildcards, nil, "no-wildcards", .names, "patterns are names (default for members)"),
    .gnu(.wildcardsMatchSlash, nil, "wildcards-match-slash", .names, "wildcards match slashes (default)"),
    .gnu(.noWildcardsMatchSlash, nil, "no-wildcards-match-slash", .names, "wildcards do not match slashes"),
  ]

  static let metadata: [OptionSpecification] = [
    .gnu(.owner, nil, "owner", .required, "NAME[:ID]", .creating, "store this owner"),
    .gnu(.group, nil, "group", .required, "NAME[:ID]", .creating, "store this group"),
    .gnu(
      .ownerMap, nil, "owner-map", .required, "FILE", .creating,
      "store other owners: lines of old (NAME or +ID) and new (NAME, +ID or NAME:ID)"),
    .gnu(.groupMap, nil, "group-map", .required, "FILE", .creating, "the same for groups"),
    .gnu(.mode, nil, "mode", .required, "MODE", .creating, "store this mode, or change it as chmod does"),
    .gnu(.mtime, nil, "mtime", .required, "DATE", .creating, "store this time, or that of ./FILE or /FILE"),
    .gnu(.clampMtime, nil, "clamp-mtime", .creating, "with --mtime: only for what was modified later"),
    .gnu(
      .sort, nil, "sort", .required, "ORDER", .creating,
      "order of what is in a directory: none (as it lies), name, inode"),
    .gnu(.dereference, "h", "dereference", .creating, "archive what symbolic links point to"),
    .gnu(.hardDereference, nil, "hard-dereference", .creating, "archive each name of a file with its content"),
    .gnu(.checkLinks, "l", "check-links", .creating, "say which files have names that were not archived"),
    .gnu(
      .holeDetection, nil, "hole-detection", .required, "HOW", .creating,
      "find holes by asking the file system (seek) or by reading (raw); implies -S"),
    .gnu(
      .atimePreserve, nil, "atime-preserve", .optional, "HOW", .creating,
      "keep times of last access: set them back (replace) or do not change them (system)"),
    .gnu(
      .ignoreFailedRead, nil, "ignore-failed-read", .creating, "what cannot be read does not change the exit status"),
  ]
}
