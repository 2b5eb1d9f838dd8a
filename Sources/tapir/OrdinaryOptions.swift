import ArchiveExchange
import ArchiveFormat
import HostFiles

/// What the command line says about ordinary archives alone.
struct OrdinaryOptions {
  /// `--format`; nil for GNU tar's default, gnu.
  var format: TarFormat?
  var encoding = TarEncoder.Options()
  /// `-z`, `-I`, ...; nil when nothing was said.
  var compression: Compression?
  /// `-a`: compression and format by the archive's name.
  var byName = false
  /// `-i`.
  var ignoresZeros = false
  /// `-b`, `--record-size`: bytes of a record.
  var recordSize = 20 * 512
  /// Options given that say something about ordinary archives only, as the user wrote them.
  var given: [String] = []

  /// The format that is written.
  private(set) var writtenFormat = TarFormat.gnu

  /// Settles the format: where nothing was said, the one that can hold what is asked for.
  mutating func settle(for source: SourceOptions, writing: Bool) throws(UsageError) {
    let needing = [
      ("acls", source.accessControlLists), ("selinux", source.securityContexts), ("xattrs", source.extendedAttributes),
    ].filter(\.1)
    let needsPax = needsPax || hasPaxOption
    let chosen = format ?? (needsPax ? .pax : .gnu)
    if hasPaxOption, chosen != .pax {
      throw UsageError(message: "--pax-option can be used only on POSIX archives")
    }
    if writing, chosen != .pax, let (name, _) = needing.first {
      throw UsageError(message: "--\(name) can be used only on POSIX archives")
    }
    if source.detectsHoles || encoding.isIncremental, chosen == .v7 || chosen == .ustar {
      throw UsageError(message: "GNU features wanted on incompatible archive format")
    }
    writtenFormat = chosen
  }
  private var hasPaxOption = false
  /// Whether attributes were asked for; as in GNU tar even when that was taken back.
  var needsPax = false

  /// What is said when they are used with a volume: scripts give them to tape, too.
  var notesForVolumes: [String] {
    given.map { "option '\($0)' is for ordinary archives: it changes nothing on a volume" }
  }

  /// Takes an option; false when it is none of these.
  mutating func add(_ key: OptionKey, _ value: [UInt8]) throws(UsageError) -> Bool {
    switch key {
    case .gzip: try compress(.gzip, "-z")
    case .bzip2: try compress(.bzip2, "-j")
    case .xz: try compress(.xz, "-J")
    case .zstd: try compress(.zstd, "--zstd")
    case .lzma: try compress(.lzma, "--lzma")
    case .lzip: try compress(.lzip, "--lzip")
    case .lzop: try compress(.lzop, "--lzop")
    case .lz4: try compress(.lz4, "--lz4")
    case .unixCompress: try compress(.compress, "-Z")
    case .useCompressProgram: try compress(.program(String(decoding: value, as: UTF8.self)), "-I")
    case .autoCompress: byName = true
    case .noAutoCompress: byName = false
    case .ignoreZeros:
      ignoresZeros = true
      given.append("-i")
    case .format:
      let name = String(decoding: value, as: UTF8.self)
      guard let named = TarFormat(name: name) else {
        throw UsageError(message: "\(name): Invalid archive format")
      }
      try set(named, "--format=\(name)")
    case .posix: try set(.pax, "--posix")
    case .oldArchive: try set(.v7, "--old-archive")
    case .paxOption:
      do { try encoding.pax.parse(value) { DateText.parse($0) } } catch {
        let quoted = error.path.isEmpty ? "" : "\(String(decoding: error.path, as: UTF8.self)): "
        throw UsageError(message: quoted + error.message)
      }
      given.append("--pax-option")
      hasPaxOption = true
    case .sparseVersion:
      let text = String(decoding: value, as: UTF8.self)
      guard let version = SparseVersion(rawValue: text.contains(".") ? text : text + ".0") else {
        throw UsageError(message: "Invalid sparse version value")
      }
      encoding.sparseVersion = version
      given.append("--sparse-version")
    default: return false
    }
    return true
  }

  private mutating func compress(_ how: Compression, _ option: String) throws(UsageError) {
    guard compression == nil || compression == how else {
      throw UsageError(message: "Conflicting compression options")
    }
    compression = how
    given.append(option)
  }

  private mutating func set(_ named: TarFormat, _ option: String) throws(UsageError) {
    guard format == nil || format == named else { throw UsageError(message: "Conflicting archive format options") }
    format = named
    given.append(option)
  }
}
