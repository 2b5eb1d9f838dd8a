import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex
import TapeLabels

/// What has become of a volume.
struct VolumeState: Fact {
  enum Use: String {
    case ready, erased, erasable
  }

  let vsn: String
  let id: UniqueID
  let use: Use
  /// What people are told.
  let text: String

  let kind = Event.Kind.volume
  var lines: [[UInt8]] { [Array(text.utf8)] }

  func fill(_ event: Event) {
    event.set("volume", vsn)
    event.set("uuid", id.description)
    event.set("use", use.rawValue)
  }
}

/// What is known of a volume and what it holds (`volume show`).
struct VolumeOverview: Fact {
  let volume: VolumeDescriptor
  /// The volume that it continues: its VSN where that is known, else its identity.
  let before: String?
  /// The VSN of the volume that continues it.
  let next: String?
  let members: Int64
  let bytes: Int64
  let live: RepackOperation.Survey
  let medium: MediumState
  /// Nil without a batch.
  let isFull: Bool?
  let health: VolumeHealth

  let kind = Event.Kind.volume

  var lines: [[UInt8]] {
    var rows: [[UInt8]] = []
    func row(_ name: String, _ value: String) { rows.append(FactText.row(name, value)) }
    row("volume", volume.vsn.text)
    row("uuid", volume.id.description)
    if !volume.text.isEmpty { row("label", String(decoding: Quoting.escaped(volume.text), as: UTF8.self)) }
    row("set", "\(volume.set), volume \(volume.sequenceInSet)")
    if let before { row("continues", before) }
    if let next { row("goes on on", next) }
    row("labelled", volume.created.dateAndTime + " UTC")
    if let expires = volume.expires { row("kept until", expires.dateAndTime + " UTC") }
    row("block size", "\(volume.blockSize)")
    row("members", "\(members), \(bytes) bytes")
    row(
      "live",
      "\(live.members), \(live.bytes) bytes"
        + (live.members < members
          ? "; a repack gives back \(members - live.members), \(max(0, bytes - live.bytes)) bytes" : ""))
    for (name, value) in health.rows { row(name, value) }
    if let used = medium.used {
      row("used", "\(used) bytes" + (medium.capacity.map { " of \($0)" } ?? ""))
    }
    if let isFull { row("state", isFull ? "full" : medium.isWORM ? "open (WORM)" : "open") }
    for (name, value) in health.warnings { row(name, value) }
    rows += health.condition.incompleteNames.map { FactText.row("", "") + Quoting.escaped($0) }
    return rows
  }

  func fill(_ event: Event) {
    event.set("volume", volume.vsn.text)
    event.set("uuid", volume.id.description)
    event.set("use", "shown")
    if !volume.text.isEmpty { event.set("label", volume.text, exact: "label_b64") }
    event.set("set", volume.set.description)
    event.set("sequence_in_set", volume.sequenceInSet)
    event.set("continues", before)
    event.set("continued_by", next)
    event.set("labelled", volume.created)
    event.set("expires", volume.expires)
    event.set("block_size", volume.blockSize)
    event.set("members", members)
    event.set("bytes", bytes)
    event.set("live_members", live.members)
    event.set("live_bytes", live.bytes)
    event.set("deleted_members", health.condition.deleted)
    event.set("superseded_members", health.condition.superseded)
    event.set("incomplete_members", health.condition.incomplete)
    event.set("salvaged_members", health.condition.salvaged)
    event.set("unreadable_catalogues", health.condition.recoveredBatches)
    event.set("dead_pieces", health.condition.deadPieces)
    event.set("used_bytes", medium.used)
    event.set("capacity_bytes", medium.capacity)
    event.set("worm", medium.isWORM)
    event.set("full", isFull ?? false)
  }
}

/// A copy of a volume that an index knows of.
struct KnownCopy: Fact {
  let volume: VolumeDescriptor
  let copy: VolumeCopy
  let isStale: Bool

  let kind = Event.Kind.copy

  var lines: [[UInt8]] {
    var state = "made \(copy.made.dateAndTime) UTC, "
    state += isStale ? "stale: it ends at block \(copy.end)" : "whole"
    if copy.verified < copy.end { state += ", read back up to block \(copy.verified)" }
    return [FactText.row("copy", String(decoding: Quoting.escaped(copy.place), as: UTF8.self) + " (\(state))")]
  }

  func fill(_ event: Event) {
    event.set("volume", volume.vsn.text)
    event.set("uuid", volume.id.description)
    event.set("to", copy.place, exact: "to_b64")
    event.set("time", copy.made)
    event.set("end_block", copy.end.rawValue)
    event.set("verified_block", copy.verified.rawValue)
    event.set("complete", !isStale)
  }
}

/// A batch of a volume.
struct BatchFact: Fact {
  let volume: VolumeDescriptor
  let batch: IndexFile.Batch

  let kind = Event.Kind.batch
  private var files: UInt64 { batch.record.catalogueSequence - batch.record.firstSequence }

  var lines: [[UInt8]] {
    let line =
      Figures.right("\(batch.record.number)", 5) + Figures.right("\(batch.sessionNumber)", 9) + "  "
      + batch.record.committed.dateAndTime + Figures.right("\(files)", 7) + "  "
      + batch.record.session.program + " on " + batch.record.session.host
    return [Array(line.utf8)]
  }

  func fill(_ event: Event) {
    event.set("volume", volume.vsn.text)
    event.set("batch", batch.record.number)
    event.set("session", batch.sessionNumber)
    event.set("committed", batch.record.committed)
    event.set("files", files)
    event.set("program", batch.record.session.program)
    event.set("host", batch.record.session.host)
  }
}

/// What `volume verify` came to.
struct VerifyResult: Fact {
  let volume: VolumeDescriptor
  /// Members read, and all there are; the same when none was left out.
  let members: Int64
  let total: Int64
  let isWhole: Bool
  let bytes: Int64
  let damaged: Int

  let kind = Event.Kind.verify

  var lines: [[UInt8]] {
    let shown = isWhole ? "\(total)" : "\(members) of \(total)"
    let line =
      "volume \(volume.vsn): \(shown) members read, \(bytes) bytes of content verified, "
      + (damaged == 0 ? "nothing damaged" : "\(damaged) damaged")
    return [Array(line.utf8)]
  }

  func fill(_ event: Event) {
    event.set("volume", volume.vsn.text)
    event.set("uuid", volume.id.description)
    event.set("members", isWhole ? total : members)
    event.set("members_total", total)
    event.set("bytes", bytes)
    event.set("damaged", damaged)
  }
}

/// What `volume copy` came to.
struct CopyResult: Fact {
  let summary: CopySummary
  let source: String
  let target: String
  let isReadBack: Bool

  let kind = Event.Kind.copy
  private var objects: UInt64 { summary.end.rawValue - summary.start.rawValue }

  var lines: [[UInt8]] {
    let name = summary.volume.map { "volume \($0.vsn)" } ?? source
    let line =
      "\(name): \(objects) objects, \(summary.bytes) bytes copied to \(target)"
      + (isReadBack ? ", read back and compared" : ", not read back")
    return [Array(line.utf8)]
  }

  func fill(_ event: Event) {
    event.set("volume", summary.volume?.vsn.text)
    event.set("uuid", summary.volume?.id.description)
    event.set("from", source)
    event.set("to", target)
    event.set("objects", objects)
    event.set("bytes", summary.bytes)
    event.set("end_block", summary.end.rawValue)
    event.set("verified_block", summary.verified.rawValue)
    event.set("complete", summary.isComplete)
  }
}

/// What `volume repack` came to.
struct RepackResult: Fact {
  /// Live members of the sources, and bytes of their content.
  let members: Int64
  let bytes: Int64
  /// VSNs of the volumes that have the members now.
  let volumes: [String]

  /// Whether there was no volume to repack.
  var isWithoutSources = false

  let kind = Event.Kind.repack

  var lines: [[UInt8]] {
    if isWithoutSources { return [Array("nothing is on the sources".utf8)] }
    let line =
      "\(members) live members, \(bytes) bytes of content, are on "
      + (volumes.isEmpty ? "no new volume" : "volume " + volumes.joined(separator: ", "))
    return [Array(line.utf8)]
  }

  func fill(_ event: Event) {
    event.set("members", members)
    event.set("bytes", bytes)
    event.set("volumes", volumes)
  }
}

/// How lines for people are laid out.
enum FactText {
  /// A name and a value in a column of its own.
  static func row(_ name: String, _ value: String) -> [UInt8] {
    Array((name + String(repeating: " ", count: max(1, 14 - name.count)) + value).utf8)
  }
}
