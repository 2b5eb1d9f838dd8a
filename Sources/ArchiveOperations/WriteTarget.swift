public import ArchiveFormat
internal import TapeIO
internal import TapeIndex
public import TapeLabels

/// What is to be written to, and what may be done to it.
public struct WriteIntent: Sendable {
  /// Which content of a volume may be given up.
  public enum Erase: Equatable, Sendable {
    /// Only that of the volume with this VSN.
    case volume(VSN)
    /// Only what has no label.
    case unlabelled
  }

  /// Whether the session goes behind what is there; otherwise the volume must be blank or empty.
  public var appends: Bool
  /// The VSN that the volume has or gets; nil takes it as it is, and a random one for a blank volume.
  public var vsn: VSN?
  /// What is written on the cartridge: the VSN of a blank one when no other is given.
  public var barcode: VSN?
  /// The content that may be given up.
  public var erase: Erase?
  /// Whether a volume may be erased before its expiry.
  public var erasesUnexpired: Bool
  /// Whether what lies behind the last catalogue that can be read is given up where it cannot be told what that is.
  public var erasesTail = false
  /// Whether a blank cartridge may be labelled to begin with.
  public var labels = true
  /// Text for a new volume.
  public var text: [UInt8]
  /// Block size of a new volume.
  public var blockSize: Int
  /// Time before which the volume is not to be erased; nil when none is asked for. One that is kept longer stays so.
  public var keptUntil: Timestamp?

  /// Describes an intent.
  public init(
    appends: Bool, vsn: VSN? = nil, erase: Erase? = nil, erasesUnexpired: Bool = false, text: [UInt8] = [],
    blockSize: Int = VolumeDescriptor.defaultBlockSize
  ) {
    self.appends = appends
    self.vsn = vsn
    self.erase = erase
    self.erasesUnexpired = erasesUnexpired
    self.text = text
    self.blockSize = blockSize
  }
}

/// Who writes: for labels, sessions and catalogues.
public struct WriterIdentity: Sendable {
  /// Short host name.
  public var host: String
  /// Program and version, such as `tapir 1.0.0`.
  public var program: String

  /// System code of HDR1, at most 13 characters: what a volume of this format is known by, whichever program writes it.
  var systemCode: String {
    let name = String(program.uppercased().prefix(13))
    return name.hasPrefix("TAPIR") ? name : "TAPIR"
  }

  /// Describes a writer.
  public init(host: String, program: String) {
    self.host = host
    self.program = program
  }
}

/// Opens volumes for writing: looks before it overwrites anything.
struct WriteTarget {
  let drive: any TapeDrive
  let index: IndexFile?
  let intent: WriteIntent
  let identity: WriterIdentity
  let session: SessionRecord
  let observer: any OperationObserver
  /// The volume of the set that is full: this one must be blank or empty, and continues it.
  var continuing: VolumeDescriptor?
  /// Whether one that continues that volume already may be appended to.
  var mayGoOn = false
  /// Whether a full volume will do, as another one follows.
  var mayBeFull = false

  /// What is to be done with a cartridge, of which nothing has been written yet.
  private enum Plan {
    case append(OpenVolume)
    /// Label it: the VSN it had, kept unless the intent names another, and the volume of ours that is given up, which was to
    /// be kept until then.
    case label(MediumState, keeping: VSN?, replacing: UniqueID?, keptUntil: Timestamp? = nil)

    static func label(_ medium: MediumState, keeping old: VSN? = nil) -> Plan {
      .label(medium, keeping: old, replacing: nil)
    }
  }

  /// Opens the cartridge in the drive.
  /// - Throws: ``OperationError/refused(_:hint:)`` when it holds something that the intent does not give up.
  func open() throws(OperationError) -> OpenVolume {
    switch try plan() {
    case .append(let volume): return volume
    case .label where !intent.labels && continuing == nil:
      throw .refused("the cartridge in \(drive.identity.name) holds no members", hint: nil)
    case .label(let medium, let old, let replaced, let keptUntil):
      try checkIsLast()
      return try label(medium, keeping: old, replacing: replaced, keptUntil: keptUntil)
    }
  }

  /// A set has one volume behind each: where the index knows one already, there is no other.
  private func checkIsLast() throws(OperationError) {
    guard let continuing, let index else { return }
    let last = try onIndex { () throws(IndexError) in
      try index.volume(continuing.id).map { (volume) throws(IndexError) in try index.volumes(continuing: volume).last }
        ?? nil
    }
    guard let last else { return }
    throw .refused(
      "volume \(continuing.vsn) is full and goes on on another volume already",
      hint: "append to \(last.descriptor.vsn), the last volume of its set")
  }

  /// As ``open()``, but writes nothing.
  func check() throws(OperationError) { _ = try plan() }

  private func plan() throws(OperationError) -> Plan {
    let medium: MediumState
    do { medium = try drive.medium() } catch { throw .volume(.drive(error)) }
    if medium.isWriteProtected {
      throw .volume(.drive(DriveError(.writeProtected, operation: "write on", device: drive.identity.name)))
    }
    let reader = VolumeReader(drive: drive)
    switch try onVolume({ () throws(VolumeError) in try reader.inspect() }) {
    case .blank: return .label(medium)
    case .prelabelled(let label), .unfinished(let label):
      // try?: a VSN that is none of ours is not kept.
      return .label(medium, keeping: try? VSN(label.serial))
    case .tapir(let label, let header): return try open(label, header, reader, medium)
    case .labelled(let label, let found):
      if case .volume(let vsn) = intent.erase, vsn.text == label.serial {
        return .label(medium, keeping: vsn)
      }
      let writer = found.map { ", written by \($0.systemCode)" } ?? ""
      throw .refused(
        "volume \(label.serial) in \(drive.identity.name) is not a volume of tapir\(writer): not overwritten",
        hint: "use another cartridge; --erase-volume=\(label.serial) gives up what is on it")
    case .unlabelled:
      if intent.erase == .unlabelled { return .label(medium) }
      throw .refused(
        "the cartridge in \(drive.identity.name) holds data without a label: not overwritten",
        hint: "use another cartridge; --erase-volume=unlabelled gives up what is on it")
    }
  }

  private func open(
    _ label: VolumeLabel, _ header: VolumeReader.Header, _ reader: VolumeReader, _ medium: MediumState
  ) throws(OperationError) -> Plan {
    let name = drive.identity.name
    guard let vsn = try? VSN(label.serial) else {  // try?: what is wrong with it is that it is no VSN
      throw .refused("volume '\(label.serial)' in \(name) has a VSN that is none of ours", hint: nil)
    }
    if let wanted = intent.vsn, wanted != vsn, intent.erase != .volume(vsn) {
      throw .refused("volume \(vsn) is in \(name), not \(wanted)", hint: "load \(wanted)")
    }
    if intent.erase == .volume(vsn) {
      return .label(medium, keeping: vsn, replacing: try intent.checkExpiry(vsn, reader, header, observer))
    }
    // A damaged catalogue 0 stops nothing: every later one says which volume it is.
    let first = try? VolumeSync.identify(reader, behind: header)
    let found: VolumeChain
    do throws(OperationError) {
      found = try VolumeSync.bringUpToDate(
        index, reader: reader, vsn: vsn, expecting: first?.volume.id, observer: observer)
    } catch {
      if try onVolume({ () throws(VolumeError) in try reader.holdsNothingCommitted() }) {
        return .label(medium, keeping: vsn)
      }
      throw error
    }
    let goesOn = mayGoOn && found.descriptor.previous == continuing?.id && continuing != nil
    if !intent.appends, !goesOn, found.last.number > 0 {
      throw try refusal(of: found)
    }
    if continuing != nil, !goesOn, !found.tail.isUnclear, found.tail != .full {
      // It is empty, and of another set. How long it is kept counts for what comes onto it.
      return .label(medium, keeping: vsn, replacing: found.descriptor.id, keptUntil: found.descriptor.expires)
    }
    let isFull = found.last.reason == .volumeFull || found.tail == .full
    guard !isFull || mayBeFull else { throw .refused("volume \(vsn) is full", hint: Self.otherVolume) }
    let (sequence, header) = try appendPoint(found, reader, medium)
    var descriptor = found.descriptor
    let isKeptLonger = intent.keptUntil.map { $0 > descriptor.expires ?? descriptor.created } ?? false
    if isKeptLonger { descriptor.expires = intent.keptUntil }
    let writer = try onVolume { () throws(VolumeError) in
      try VolumeWriter(
        drive: drive, descriptor: descriptor, nextSequence: sequence, nextHeader: header, host: identity.host,
        systemCode: identity.systemCode)
    }
    return .append(
      OpenVolume(
        writer: writer, drive: drive, isWORM: medium.isWORM, firstSequence: found.last.catalogueSequence + 1,
        catalogues: found.catalogues, nextBatch: found.last.number + 1, lastCommit: found.last.committed,
        isFull: isFull, isKeptLonger: isKeptLonger))
  }

  private static let otherVolume = "use another volume; -M with a further -f goes on there"

  /// Goes to where the next AUL file is written: behind the last catalogue, or on WORM behind what lies there for ever.
  /// - Returns: the fseq and the block ID of its header.
  private func appendPoint(
    _ found: VolumeChain, _ reader: VolumeReader, _ medium: MediumState
  ) throws(OperationError) -> (UInt64, BlockID) {
    let vsn = found.descriptor.vsn
    if case .unclear(let why) = found.tail {
      guard intent.erasesTail, !medium.isWORM else {
        throw .refused(
          "cannot append to volume \(vsn): \(why); whether anything was committed behind batch \(found.last.number) is"
            + " not known",
          hint: medium.isWORM
            ? "use another volume; everything committed can be read"
            : "use another volume, or see with 'tapir index rebuild --salvage' what lies there; --erase-tail overwrites it"
        )
      }
      observer.report(.information("what lies behind batch \(found.last.number) of volume \(vsn) will be overwritten"))
    }
    if found.tail == .uncommitted {
      guard !medium.isWORM else {
        observer.report(
          .information("volume \(vsn) ends with files that were never committed: they stay, as it is WORM"))
        return try onVolume { () throws(VolumeError) in
          let tail = try TornTail(of: reader)
          return (tail.nextSequence, try tail.close(drive))
        }
      }
      observer.report(
        .information("volume \(vsn) ends with files that were never committed: they will be overwritten"))
    }
    try onVolume { () throws(VolumeError) in try reader.go(to: found.end) }
    return (found.last.catalogueSequence + 1, found.end)
  }

  private func refusal(of found: VolumeChain) throws(OperationError) -> OperationError {
    let vsn = found.descriptor.vsn
    var holds = "holds \(found.last.number) batch\(found.last.number == 1 ? "" : "es")"
    if let index {
      let members = try onIndex { () throws(IndexError) in
        try index.volume(found.descriptor.id).map { (volume) throws(IndexError) in try index.totals(of: volume).members
        }
      }
      if let members { holds = "holds \(members) member\(members == 1 ? "" : "s")" }
    }
    return .refused(
      "volume \(vsn) in \(drive.identity.name) \(holds), last written \(found.last.committed.dateAndTime) UTC:"
        + " not overwritten",
      hint: "-r appends, --erase-volume=\(vsn) starts over")
  }

  /// Labels the cartridge: VOL1 and catalogue 0, flushed and in the index.
  /// - Parameters:
  ///   - keeping: the VSN it had, kept unless the intent names another.
  ///   - replacing: the volume of ours that is given up.
  ///   - keptUntil: what it is kept until, if the intent asks for no later time.
  private func label(
    _ medium: MediumState, keeping old: VSN? = nil, replacing: UniqueID? = nil, keptUntil: Timestamp? = nil
  ) throws(OperationError) -> OpenVolume {
    var generator = SystemRandomNumberGenerator()
    let vsn = intent.vsn ?? old ?? intent.barcode ?? .random(using: &generator)
    let now = Timestamp.now()
    var descriptor = VolumeDescriptor(
      id: .random(), vsn: vsn, set: .random(), text: intent.text, blockSize: intent.blockSize,
      created: Timestamp(seconds: now.seconds), expires: [intent.keptUntil, keptUntil].compactMap(\.self).max())
    if let continuing {
      descriptor.set = continuing.set
      descriptor.sequenceInSet = continuing.sequenceInSet + 1
      descriptor.previous = continuing.id
    }
    var replaced: [IndexFile.Volume] = []
    if let index {
      replaced = try onIndex { () throws(IndexError) in try index.volumes(vsn: vsn) }
      // What cannot be identified any more is given up by its name.
      let isGivenUp = replacing == nil && intent.erase == .volume(vsn)
      guard isGivenUp || replaced.allSatisfy({ $0.descriptor.id == replacing }) else {
        throw .refused(
          "the index knows another volume \(vsn)",
          hint: "choose another VSN with --vsn; if that volume is gone, --erase-volume=\(vsn) gives it up")
      }
    }
    // Before the tape: after a crash between the two, what the index knows must not stand in the way of the new volume. One
    // that is still there then is taken in again.
    if let index {
      try onIndex { () throws(IndexError) in
        for gone in replaced { try index.markErased(gone) }
        if let replacing, let gone = try index.volume(replacing) { try index.markErased(gone) }
      }
    }
    try onVolume { () throws(VolumeError) in try VolumeWriter.label(drive: drive, descriptor: descriptor) }
    let writer = try onVolume { () throws(VolumeError) in
      try VolumeWriter(
        drive: drive, descriptor: descriptor, nextSequence: 1, nextHeader: BlockID(1), host: identity.host,
        systemCode: identity.systemCode)
    }
    let batch = BatchRecord(
      number: 0, id: .random(), session: session, firstSequence: 1, catalogueSequence: 1, committed: now,
      reason: .labelled, previousDigest: nil)
    let frame = try onIndex { () throws(IndexError) in
      try CatalogueWriter().finished(
        volume: descriptor, batch: batch, earlier: [], preceding: continuing.map { [$0] } ?? []
      ).frame
    }
    let readMe = ReadMe.text(for: descriptor, program: identity.program, date: now.dateAndTime)
    let placement = try onVolume { () throws(VolumeError) in
      try OpenVolume.write(CatalogueFile(database: frame, readMe: readMe), batch: 0, now: now, with: writer)
    }
    if let index {
      try onIndex { () throws(IndexError) in
        try index.ingest(Catalogue(frame), placement: placement, end: writer.nextHeader)
      }
    }
    // A name that was chosen here is said to people too.
    let isNamedHere = intent.vsn == nil && old == nil && intent.barcode == nil && continuing == nil
    observer.report(.volume(descriptor, .labelled(isNamedHere: isNamedHere)))
    return OpenVolume(
      writer: writer, drive: drive, isWORM: medium.isWORM, firstSequence: writer.nextSequence, catalogues: [placement],
      nextBatch: 1,
      lastCommit: now)
  }
}

extension Timestamp {
  /// `2026-11-21 13:45:07`, in UTC.
  public var dateAndTime: String {
    let date = civilDate
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let second = (seconds % 86400 + 86400) % 86400
    return "\(date.year)-\(two(date.month))-\(two(date.day)) "
      + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
  }

  /// Year, month and day in UTC (proleptic Gregorian calendar; counted from 1 March, so that leap days come last).
  public var civilDate: (year: Int64, month: Int64, day: Int64) {
    let days = (seconds - ((seconds % 86400 + 86400) % 86400)) / 86400 + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}
