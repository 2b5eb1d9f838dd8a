/// One option: how it is written, what it takes, what it means. The parser, `--help`, the manual page and the completions
/// all come from these.
struct OptionSpecification: Sendable {
  enum Argument: Int32, Sendable {
    case none = 0
    case required = 1
    case optional = 2
  }

  /// What it means; nil when it is not supported.
  let key: OptionKey?
  let short: Character?
  let long: String?
  let argument: Argument
  /// Name of its argument in the help text.
  let value: String
  let help: String
  let section: Section
  /// Whether it is one of GNU tar's: only those can be abbreviated, so that ours never take an abbreviation away.
  let isGNU: Bool

  enum Section: String, Sendable, CaseIterable {
    case mode = "Main operation mode"
    case archive = "Which archive"
    case names = "Which files and members"
    case creating = "Creating"
    case extracting = "Extracting"
    case ordinary = "Ordinary archives"
    case verifying = "Verifying (volume verify)"
    case copying = "Copying (volume copy)"
    case repacking = "Repacking (volume repack)"
    case rebuilding = "Rebuilding (index rebuild)"
    case planning = "Planning (plan)"
    case library = "Libraries (library)"
    case drives = "Drives (drive)"
    case mapping = "Pictures (volume map)"
    case finding = "Finding (index find)"
    case other = "Other"
    case none = ""
  }

  static func gnu(
    _ key: OptionKey, _ short: Character?, _ long: String?, _ argument: Argument = .none, _ value: String = "",
    _ section: Section, _ help: String
  ) -> Self {
    Self(
      key: key, short: short, long: long, argument: argument, value: value, help: help, section: section, isGNU: true)
  }

  static func own(
    _ key: OptionKey, _ long: String, _ argument: Argument = .none, _ value: String = "", _ section: Section,
    _ help: String
  ) -> Self {
    own(key, nil, long, argument, value, section, help)
  }

  /// One with a letter that GNU tar has left free.
  static func own(
    _ key: OptionKey, _ short: Character?, _ long: String, _ argument: Argument = .none, _ value: String = "",
    _ section: Section, _ help: String
  ) -> Self {
    Self(
      key: key, short: short, long: long, argument: argument, value: value, help: help, section: section, isGNU: false)
  }
}

/// What an option of the tar face means.
enum OptionKey: Hashable, Sendable {
  case create, append, update, concatenate, delete, extract, list, compare
  case file, forceLocal, vsn, indexDatabase, noIndex, noConfiguration, label, capacity, compression, eraseVolume,
    eraseUnexpired, retain
  case eraseTail, salvage, scan, to, eraseSource
  case blockingFactor, recordSize, buffer, driveRate, driveModel
  case directory, filesFrom, null, noNull, verbatimFilesFrom, noVerbatimFilesFrom, unquote, noUnquote, addFile
  case exclude, excludeFrom, excludeVCS, excludeVCSIgnores, excludeBackups, excludeIgnore, excludeIgnoreRecursive
  case excludeCaches, excludeCachesUnder, excludeCachesAll, excludeTag, excludeTagUnder, excludeTagAll, include
  case anchored, noAnchored, ignoreCase, noIgnoreCase, wildcards, noWildcards, wildcardsMatchSlash
  case noWildcardsMatchSlash, recursion, noRecursion, oneFileSystem, absoluteNames
  case newer, newerMtime, startingFile, occurrence, fastRead, preserveOrder, transform, showTransformedNames,
    interactive
  case owner, group, ownerMap, groupMap, mode, mtime, clampMtime, sort, dereference, hardDereference, holeDetection
  case atimePreserve, ignoreFailedRead, checkLinks, xattrsInclude, xattrsExclude
  case changed, series, asOf, newest
  case layout, pack, noSpan, stream, sparse, verify, removeFiles, syncBytes, syncFiles, syncSeconds
  case toStandardOutput, preservePermissions, noSamePermissions, keepDamaged, stripComponents, sameOwner,
    noSameOwner
  case touch, keepDirectorySymlink
  case range
  case noVerify
  case session, member, sample, sourceRate, ratio
  case numericOwner, xattrs, noXattrs, acls, noACLs, selinux, noSELinux
  case gzip, bzip2, xz, zstd, lzma, lzip, lzop, lz4, unixCompress, useCompressProgram, autoCompress, noAutoCompress
  case ignoreZeros, format, posix, oldArchive, paxOption, sparseVersion
  case verbose, help, usage, version
  case incremental(IncrementalOptions.Key)
  case restoring(RestoringOptions.Key)
  case output(OutputOptions.Key)
  case multiVolume(MultiVolumeOptions.Key)
  case changer, driveElement
  case library(LibraryOptions.Key)
  case drive(DriveOptions.Key)
  case map(MapOptions.Key)
  case finding(FindOptions.Key)
}

/// The options of the tar face.
enum OptionTable {
  static let supported =
    modesAndArchives + LibraryOptions.changerSpecifications + NameOptions.names + NameOptions.exclusions
    + NameOptions.matching + NameOptions.metadata
    + IncrementalOptions.specifications + transfer + RestoringOptions.specifications
    + OutputOptions.specifications + MultiVolumeOptions.specifications

  private static let modesAndArchives: [OptionSpecification] = [
    .gnu(.create, "c", "create", .mode, "archive files; label the volume if it is blank"),
    .gnu(.append, "r", "append", .mode, "archive files behind what the volume holds"),
    .gnu(.update, "u", "update", .mode, "append files that are newer than in the archive"),
    .gnu(.concatenate, "A", "catenate", .mode, "append the members of other archives"),
    .gnu(.concatenate, nil, "concatenate", .mode, "same as --catenate"),
    .gnu(.delete, nil, "delete", .mode, "take members out of an archive; on volumes, record that they are deleted"),
    .gnu(.list, "t", "list", .mode, "list the members"),
    .gnu(.extract, "x", "extract", .mode, "restore members"),
    .gnu(.extract, nil, "get", .mode, "same as --extract"),
    .gnu(.compare, "d", "diff", .mode, "compare members with the file system"),
    .gnu(.compare, nil, "compare", .mode, "same as --diff"),

    .gnu(
      .file, "f", "file", .required, "ARCHIVE", .archive,
      "a drive (/dev/nst0), a virtual cartridge (a folder; a new one's name ends in .vtl) or library, or an ordinary"
        + " archive, also HOST:FILE of another machine; several with -M"),
    .gnu(.forceLocal, nil, "force-local", .archive, "ARCHIVE is local even if it has a colon"),
    .own(
      .vsn, "vsn", .required, "VSN[,VSN...]", .archive,
      "the volume must have, or gets, this volume serial number; those that follow it the others"),
    .gnu(.label, "V", "label", .required, "TEXT", .archive, "text kept with a new volume"),
    .own(.indexDatabase, "index-db", .required, "FILE", .archive, "the index (else $TAPIR_INDEX, or the default)"),
    .own(.noConfiguration, "no-config", .archive, "read no configuration file"),
    .own(.noIndex, "no-index", .archive, "neither read nor write an index: read the tape from its beginning"),
    .own(
      .eraseVolume, "erase-volume", .required, "VSN", .archive,
      "with -c: give up everything on volume VSN ('unlabelled': on a cartridge without a label)"),
    .own(
      .retain, "retain", .required, "DAYS", .archive,
      "keep the volume for at least DAYS days from now: before that --erase-volume refuses it"),
    .own(.eraseUnexpired, "erase-unexpired", .archive, "with --erase-volume: even before its expiry"),
    .own(
      .eraseTail, "erase-tail", .archive,
      "with -r: overwrite what lies behind the last catalogue, though it cannot be read what that is"),
    .own(.capacity, "capacity", .required, "SIZE", .archive, "capacity of a new virtual cartridge"),
    .own(.compression, "compression", .required, "lz4|off", .archive, "compression of a new virtual cartridge"),
    .gnu(
      .blockingFactor, "b", "blocking-factor", .required, "N", .archive,
      "blocks of N x 512 bytes on a new volume (default 512)"),
    .gnu(.recordSize, nil, "record-size", .required, "SIZE", .archive, "the same in bytes"),
    .own(.buffer, "buffer", .required, "SIZE", .archive, "memory between files and drive"),
    .own(
      .driveRate, "drive-rate", .required, "[LOW-]HIGH", .creating,
      "bytes per second: never write faster than HIGH; let a drive that waited for files go on at once only when they "
        + "come at LOW, the slowest at which it streams, and else when the buffer is three quarters full"),
  ]

  private static let transfer: [OptionSpecification] = [
    .own(
      .changed, "changed", .creating,
      "with -r, on volumes: append what changed since the series archived it, and record what vanished"),
    .own(
      .series, "series", .required, "NAME", .creating,
      "what the session archives, for --changed (default: the host and the directory the first name is relative to)"),
    .own(
      .asOf, "as-of", .required, "DATE", .names,
      "with -t, -x, -d, of volumes: what was there at DATE, deletions and renames included"),
    .own(
      .session, "session", .required, "N", .names,
      "with -t, -x, -d, of volumes, and 'volume verify': only the Nth session, as 'index log' numbers them"),
    .own(.newest, "newest", .names, "with -t, of volumes: only the newest version of each member"),
    .own(
      .stream, "stream", .required, "NAME", .creating, "archive standard input, of any length, as member NAME"),
    .own(
      .layout, "layout", .required, "pax|raw", .creating,
      "how a member lies on tape: a tar archive (default), or the file's own bytes"),
    .own(.noSpan, "no-span", .creating, "keep each member on one volume: what does not fit begins on the next"),
    .own(
      .pack, "pack", .optional, "SIZE", .creating,
      "put members of up to SIZE bytes (default 1M) together in archives of about 64 MiB on tape"),
    .gnu(.sparse, "S", "sparse", .creating, "store holes as holes"),
    .gnu(.verify, "W", "verify", .creating, "read each batch back after its flush and compare it with its digests"),
    .gnu(
      .removeFiles, nil, "remove-files", .creating,
      "remove each file once its batch is safe on tape and it is still what was read"),
    .own(.syncBytes, "sync-bytes", .required, "SIZE", .creating, "commit at least every SIZE bytes (default 64G)"),
    .own(.syncFiles, "sync-files", .required, "N", .creating, "commit at least every N members (default 50000)"),
    .own(.syncSeconds, "sync-seconds", .required, "N", .creating, "commit at least every N seconds (default 300)"),

    .gnu(.toStandardOutput, "O", "to-stdout", .extracting, "write contents to standard output"),
    .own(
      .range, "range", .required, "OFFSET[:LENGTH]", .extracting,
      "with -xO: only these bytes of one member, read from where they lie and verified"),
    .own(
      .driveModel, "drive-model", .required, "MODEL", .extracting,
      "which drive it is, such as LTO-8, if it does not say so itself: how long reading takes is said before, and what is "
        + "better read through than passed"),
    .gnu(
      .preservePermissions, "p", "preserve-permissions", .extracting, "set modes whatever the umask (root's default)"),
    .gnu(.preservePermissions, nil, "same-permissions", .extracting, "same as --preserve-permissions"),
    .gnu(.noSamePermissions, nil, "no-same-permissions", .extracting, "apply the umask to modes (others' default)"),
    .own(
      .keepDamaged, "keep-damaged", .extracting,
      "keep what can be read of a damaged member as NAME.damaged (without this nothing is)"),
    .gnu(.sameOwner, nil, "same-owner", .extracting, "restore owners (root's default)"),
    .gnu(.noSameOwner, nil, "no-same-owner", .extracting, "restored files are yours (others' default)"),
    .gnu(.noSameOwner, "o", nil, .extracting, "same as --no-same-owner"),
    .gnu(.touch, "m", "touch", .extracting, "do not restore modification times"),
    .gnu(.keepDirectorySymlink, nil, "keep-directory-symlink", .extracting, "keep links to directories"),

    .gnu(
      .format, "H", "format", .required, "FORMAT", .ordinary,
      "dialect to write: gnu (default), pax, ustar, oldgnu, v7"),
    .gnu(.posix, nil, "posix", .ordinary, "same as --format=pax"),
    .gnu(.oldArchive, nil, "old-archive", .ordinary, "same as --format=v7"),
    .gnu(.oldArchive, nil, "portability", .ordinary, "same as --format=v7"),
    .gnu(
      .paxOption, nil, "pax-option", .required, "KEYWORD", .ordinary, "what stands in the headers of format pax"),
    .gnu(.sparseVersion, nil, "sparse-version", .required, "VERSION", .ordinary, "how format pax stores holes: 1.0"),
    .gnu(.gzip, "z", "gzip", .ordinary, "compress with gzip; reading finds out by itself"),
    .gnu(.gzip, nil, "gunzip", .ordinary, "same as --gzip"),
    .gnu(.gzip, nil, "ungzip", .ordinary, "same as --gzip"),
    .gnu(.bzip2, "j", "bzip2", .ordinary, "compress with bzip2"),
    .gnu(.xz, "J", "xz", .ordinary, "compress with xz"),
    .gnu(.zstd, nil, "zstd", .ordinary, "compress with zstd"),
    .gnu(.lzma, nil, "lzma", .ordinary, "compress with lzma"),
    .gnu(.lzip, nil, "lzip", .ordinary, "compress with lzip"),
    .gnu(.lzop, nil, "lzop", .ordinary, "compress with lzop"),
    .own(.lz4, "lz4", .ordinary, "compress with lz4"),
    .gnu(.unixCompress, "Z", "compress", .ordinary, "compress with compress"),
    .gnu(.unixCompress, nil, "uncompress", .ordinary, "same as --compress"),
    .gnu(
      .useCompressProgram, "I", "use-compress-program", .required, "PROGRAM", .ordinary,
      "compress with PROGRAM, decompress with 'PROGRAM -d'"),
    .gnu(
      .autoCompress, "a", "auto-compress", .ordinary,
      "compression and format by ARCHIVE's name: .tar.zst, .zip, .7z, .cpio, ..."),
    .gnu(.noAutoCompress, nil, "no-auto-compress", .ordinary, "not by its name (default)"),
    .gnu(.ignoreZeros, "i", "ignore-zeros", .ordinary, "go on behind the zeros that end an archive"),

    .gnu(.numericOwner, nil, "numeric-owner", .other, "owners by number, not by name"),
    .gnu(.xattrs, nil, "xattrs", .other, "archive or restore extended attributes"),
    .gnu(
      .xattrsInclude, nil, "xattrs-include", .required, "MASK", .other,
      "only extended attributes that match MASK (restoring without this: user.*)"),
    .gnu(
      .xattrsExclude, nil, "xattrs-exclude", .required, "MASK", .other, "no extended attributes that match MASK"),
    .gnu(.noXattrs, nil, "no-xattrs", .other, "no extended attributes (default)"),
    .gnu(.acls, nil, "acls", .other, "archive or restore POSIX ACLs"),
    .gnu(.noACLs, nil, "no-acls", .other, "no POSIX ACLs (default)"),
    .gnu(.selinux, nil, "selinux", .other, "archive or restore SELinux contexts"),
    .gnu(.noSELinux, nil, "no-selinux", .other, "no SELinux contexts (default)"),
    .gnu(.verbose, "v", "verbose", .other, "name each member; twice: with its attributes"),
    .gnu(.help, "?", "help", .other, "this text"),
    .gnu(.usage, nil, "usage", .other, "a short help text"),
    .gnu(.version, nil, "version", .other, "the version"),
  ]

  /// Options that verbs have and the tar face has not.
  static let verbsOnly: [OptionSpecification] =
    [
      .own(
        .member, "member", .required, "NAME", .verifying,
        "only member NAME and what is below it; may be repeated"),
      .own(
        .sample, "sample", .required, "N|P%", .verifying, "only N members, or P percent of them, chosen at random"),
      .own(.noVerify, "no-verify", .copying, "do not read the copy back"),
      .own(
        .to, "to", .required, "TARGET", .repacking,
        "a volume or library to write to; may be repeated: when one is full, it goes on on the next"),
      .own(
        .eraseSource, "erase-source", .repacking,
        "erase the sources in the end, when everything live on them is safe elsewhere"),
      .own(
        .salvage, "salvage", .rebuilding,
        "take in complete files behind the last catalogue, which were never committed"),
      .own(.scan, "scan", .rebuilding, "look for catalogues file by file from the beginning, whatever the end says"),
      .own(
        .sourceRate, "source-rate", .required, "SIZE", .planning,
        "the files come at SIZE bytes a second (without this, as fast as the drive takes them)"),
      .own(
        .ratio, "ratio", .required, "N", .planning, "the drive compresses N bytes to one, such as 2.5 (default 1)"),
    ] + LibraryOptions.specifications + DriveOptions.specifications + MapOptions.specifications
    + FindOptions.specifications

  static let all = supported + MultiVolumeOptions.driveNumbers
}

extension OptionSpecification {
  static func gnu(_ key: OptionKey, _ short: Character?, _ long: String?, _ section: Section, _ help: String) -> Self {
    gnu(key, short, long, .none, "", section, help)
  }

  static func own(_ key: OptionKey, _ long: String, _ section: Section, _ help: String) -> Self {
    own(key, long, .none, "", section, help)
  }

  /// Its argument behind the long name in the help text.
  var shownArgument: String {
    switch argument {
    case .none: ""
    case .required: "=\(value)"
    case .optional: "[=\(value)]"
    }
  }
}
