import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import TapeIndex
import TapeLabels
import VirtualTape

/// A command line of the tar face, understood.
struct TarCommand {
  enum Mode: Sendable {
    case create, append, update, concatenate, delete, extract, list, compare, help, usage, version
    case testLabel, showDefaults, showSnapshotFieldRanges
  }

  var mode: Mode
  var archive: ArchiveOptions
  var intent: WriteIntent
  /// What is archived, or which members are meant, with the directory in force at each.
  var operands: [SourceOperand] = []
  /// The directory in force at the end: where members are restored to.
  var directory: [UInt8] = []
  var exclusions = ExclusionList()
  var source = SourceOptions()
  var sink = SinkOptions()
  var layout = Layout.pax
  /// Bytes of the largest member that goes into a pack.
  var packLimit: Int64?
  var stream: [UInt8]?
  var verifies = false
  /// Whether a member may go on on another volume.
  var splitsMembers = true
  var limits = BatchLimits()
  var bufferSize: Int?
  /// `--range`.
  var range: (offset: Int64, length: Int64?)?
  /// `--drive-rate`.
  var driveRate: (lowest: Int64?, highest: Int64)?
  /// What members are called where they go to.
  var renaming = MemberRenaming()
  /// Members are shown under the names that they get.
  var showsNewNames = false
  /// The member that reading begins with.
  var start: NamePattern?
  /// Names of members were said to be in the order of the archive, which they may be.
  var namesAreInOrder = false
  /// Something was said that needs names of members.
  var needsNames = false
  /// Which of several members of one name is meant.
  var occurrence: Int?
  var writesToStandardOutput = false
  var keepsDamaged = false
  /// Names of members are compared as they stand because nobody said how.
  var hasDefaultWildcards = true
  /// Names come from standard input.
  var readsInput = false
  /// Asks before each file or member.
  var isInteractive = false
  var salvages = false
  var scans = false
  /// Whether a copy is read back (`volume copy` without `--no-verify`).
  var verifiesCopy = true
  /// Where to (`--to`), in their order.
  var targets: [[UInt8]] = []
  /// Whether what was repacked is erased in the end.
  var erasesSources = false
  var verification = Verification()
  var versions = VersionOptions()
  var planning = Planning()
  var library = LibraryOptions()
  var drive = DriveOptions()
  var map = MapOptions()
  var finding = FindOptions()
  var ordinary = OrdinaryOptions()
  var incremental = IncrementalOptions()
  var restoring = RestoringOptions()
  var multiVolume = MultiVolumeOptions()
  var output = OutputOptions()
  /// Options given that say something about volumes alone.
  var volumeOptions: [String] = []
  /// Whether configuration files are read.
  var usesConfiguration = true
  /// Options that the configuration set.
  var configured: Set<OptionKey> = []
  var verbosity = 0
  /// `--one-top-level`.
  var topLevel: TopLevel?
  /// Said before anything is done with a volume.
  var notes: [String] = []
  /// The same, but only where the archive is a volume.
  var volumeNotes: [String] = []
  /// What is wrong with the command line, though not so wrong that nothing is done; said at the end.
  var complaints: [String] = []
}

/// What `volume verify` reads.
struct Verification {
  /// Number of the only session; nil for all.
  var session: Int?
  /// Names of members, directories with what is below them; none for all.
  var members: [[UInt8]] = []
  var sample: MemberQuery.Sample?

  var isWhole: Bool { session == nil && members.isEmpty && sample == nil }
}

/// Which versions of members, and what of files is a new one.
struct VersionOptions {
  /// `--as-of`.
  var asOf: Timestamp?
  /// `--newest`.
  var onlyNewest = false
  /// `--changed`.
  var onlyChanged = false
  /// `--series`.
  var series: [UInt8]?

  var view: MemberQuery.View { asOf.map { .asOf($0) } ?? .current }
}

/// Which archive, and which index.
struct ArchiveOptions {
  /// `-f`; nil when it was not given.
  var name: [UInt8]?
  /// Those that `-f` names besides: volumes that follow the first.
  var furtherNames: [[UInt8]] = []
  var isLocal = false
  /// How other machines are reached.
  var remote = RemoteMedium.Access()
  var vsn: VSN?
  /// What `--vsn` names: the first of them and those of the volumes that follow.
  var vsns: [VSN] = []
  var indexDatabase: [UInt8]?
  /// Whether `indexDatabase` is a default, which need not be there yet.
  var hasDefaultIndex = false
  var usesIndex = true
  var capacity: UInt64?
  var compression: CartridgeOptions.Compression?
  /// Which cartridge of a library is meant when none is named.
  var libraryUse = LibraryUse.loaded
  /// The volume that is to be erased.
  var erased: VSN?
  /// `--changer`: the changer that the drive belongs to.
  var changer: [UInt8]?
  /// `--drive-element`: the drive's number there.
  var driveElement = 0

  /// `-f`, else `$TAPE`; nil for none.
  var effectiveName: [UInt8]? { name ?? ArchiveTarget.environment("TAPE") }

  /// Whether the archive is standard input or output.
  var isPipe: Bool { (effectiveName ?? [UInt8(ascii: "-")]) == [UInt8(ascii: "-")] }
}

extension TarCommand {
  /// Nothing that was asked for is ignored.
  func checkForVolumes() throws(OperationError) {
    let own = (output.showsBlocks ? ["-R"] : []) + (output.showsOmittedDirectories ? ["--show-omitted-dirs"] : [])
    if multiVolume.tapeLength != nil {
      throw .refused(
        "option '-L' is for ordinary archives: a volume goes on on another where its medium ends",
        hint: "--capacity makes a new virtual cartridge as small as that")
    }
    guard let option = own.first else { return }
    throw .refused("option '\(option)' is not supported on volumes: it is for ordinary archives", hint: nil)
  }

  /// How ordinary archives are opened.
  var mediumOpener: MediumOpener {
    MediumOpener(isLocal: archive.isLocal, remote: archive.remote, recordSize: ordinary.recordSize)
  }

  /// What shows how far it has come; nil for what only prints a text.
  func progressDisplay(_ events: EventStream?) -> ProgressDisplay? {
    switch mode {
    case .create, .append, .update, .concatenate, .delete, .extract, .list, .compare: break
    default: return nil
    }
    // Who is asked about each file needs no line to see that it goes on.
    let style = isInteractive && output.progress == .line ? .none : output.progress
    return ProgressDisplay(style, ProgressBoard(commits: writes || mode == .concatenate), events)
  }

  /// Whether versions are asked for that only the index, or the catalogues, can tell.
  var choosesVersions: Bool { versions.asOf != nil || versions.onlyNewest || verification.session != nil }

  /// What the session archives, as another one of the kind would: what `--series` says, or host and absolute root.
  var series: [UInt8] {
    if let named = versions.series { return named }
    let base = operands.first?.baseDirectory ?? []
    var root = base
    if base.first != UInt8(ascii: "/") {
      let working = getcwd(nil, 0)
      defer { free(working) }
      root = (working.map { OptionScanner.bytes($0) } ?? []) + (base.isEmpty ? [] : [UInt8(ascii: "/")] + base)
    }
    return Array(WriterIdentity.here.host.utf8) + [UInt8(ascii: ":")] + root
  }

  /// What progress is reported of.
  var progressSubject: ProgressMeter.Subject {
    let letters: [Mode: String] = [
      .create: "-c", .append: "-r", .update: "-u", .concatenate: "-A", .delete: "--delete", .extract: "-x", .list: "-t",
      .compare: "-d", .testLabel: "--test-label",
    ]
    return ProgressMeter.Subject(surroundings: surroundings, mode: letters[mode] ?? "", isWriting: writes)
  }

  /// What is listed of attributes.
  var marks: ListingFormat.Marks {
    ListingFormat.Marks(sink, showsValues: verbosity > (mode == .list ? 1 : 2))
  }

  /// How what is written to `target` is kept streaming; nil where nothing stops and starts.
  func streaming(for target: ArchiveTarget) -> Streaming? {
    var isDrive = false
    if case .device = target { isDrive = true }
    guard isDrive || driveRate != nil else { return nil }
    var rules = Streaming()
    if !isDrive, driveRate?.lowest == nil { rules.startShare = 0 }
    rules.lowestRate = driveRate?.lowest
    rules.highestRate = driveRate?.highest
    return rules
  }

  /// Whether the mode puts members into an archive.
  var writes: Bool { mode == .create || mode == .append || mode == .update }

  /// What commands that are run for members are told.
  var surroundings: CommandSink.Surroundings {
    CommandSink.Surroundings(
      version: Version.number, archive: archive.effectiveName ?? Array("-".utf8),
      blockingFactor: ordinary.recordSize / 512,
      format: ordinary.writtenFormat == .pax ? "posix" : ordinary.writtenFormat.rawValue)
  }

  /// Whether a listing has what was in the directories of an incremental archive. The index does not know that: a volume is
  /// read in sequence then.
  var listsContents: Bool { mode == .list && incremental.isWanted && verbosity > 1 }

  /// Whether standard output is for content, so that everything else goes to standard error.
  var usesStandardOutput: Bool { writesToStandardOutput || writes && archive.isPipe }
}
