import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex
import TapeLabels

/// A version of a member and where it lies (`index find`).
struct FoundVersion: Fact {
  let version: StoredMember
  let showsAttributes: Bool
  /// Other media with its volume.
  var copies: [MemberCopyPlace] = []

  let kind = Event.Kind.version

  var lines: [[UInt8]] {
    var line = Array(Self.place(version).utf8)
    line += Array((version.committed.dateAndTime + "  ").utf8)
    if showsAttributes {
      var listing = ListingFormat()
      listing.append(version.record.member, to: &line)
    } else {
      ListingFormat().appendName(version.record.member, to: &line)
    }
    let parts = version.pieces.filter { !$0.isLast }.map { piece in
      let volume = piece.volume?.descriptor.vsn.text ?? "a volume that the index does not know"
      return Array(
        "  part \(piece.section) on \(volume)  file \(piece.file.sequence)  block \(piece.file.header)".utf8)
    }
    return [line] + parts + copies.map(\.line)
  }

  func fill(_ event: Event) {
    Self.fill(event, version)
    event.set(
      "copies",
      copies.map { copy in
        let shown = Event()
        shown.set("place", copy.place, exact: "place_b64")
        shown.set("stale", copy.isStale)
        shown.set("has_member", copy.hasMember)
        shown.set("verified", copy.isVerified)
        return shown
      })
  }

  static func place(_ version: StoredMember) -> String {
    "\(version.volume.descriptor.vsn)  file \(version.file.sequence)  block \(version.file.header)  "
  }

  static func fill(_ event: Event, _ version: StoredMember) {
    event.set("volume", version.volume.descriptor.vsn.text)
    event.set("uuid", version.volume.descriptor.id.description)
    event.set("file", version.file.sequence)
    event.set("block", version.file.header.rawValue)
    event.set("committed", version.committed)
    event.set(version.record.member)
    event.set("digest", version.record.digest?.description)
    event.set("incomplete", version.record.isIncomplete)
  }
}

/// A version of a member and what became of it (`index show`).
struct VersionLife: Fact {
  let life: IndexFile.Life

  let kind = Event.Kind.version

  var lines: [[UInt8]] {
    let (stored, record) = (life.member, life.member.record)
    var lines = [
      Array((FoundVersion.place(stored) + stored.committed.dateAndTime).utf8),
      Array("  size     \(record.member.size)".utf8), Array("  modified \(record.member.modified.dateAndTime)".utf8),
    ]
    if let digest = record.digest { lines.append(Array("  digest   \(digest)".utf8)) }
    for event in life.events {
      let when = event.committed.dateAndTime
      switch event.change {
      case .deleted(let name): lines.append(Array("  deleted  \(when): ".utf8) + Quoting.escaped(name))
      case .vanished(let name): lines.append(Array("  vanished \(when): ".utf8) + Quoting.escaped(name))
      case .renamed(let old, let new):
        lines.append(
          Array("  renamed  \(when): ".utf8) + Quoting.escaped(old) + Array(" to ".utf8) + Quoting.escaped(new))
      }
    }
    return lines
  }

  func fill(_ event: Event) {
    FoundVersion.fill(event, life.member)
    event.set(
      "changes",
      life.events.map { change, committed in
        let shown = Event()
        shown.set(change)
        shown.set("committed", committed)
        return shown
      })
  }
}

/// A session, and what it said of names (`index log`).
struct SessionFact: Fact {
  let number: Int
  let session: IndexFile.Session
  let members: Int64
  let bytes: Int64
  let changes: [NameChange]

  let kind = Event.Kind.session
  private var names: [String] { session.volumes.map(\.descriptor.vsn.text) }

  /// What is to be said of a session that did not simply end.
  private var ending: String {
    switch fate {
    case "salvaged": "  (salvaged: never committed)"
    case "recovered": "  (recovered from labels)"
    case .some(let fate): "  (\(fate))"
    case nil: ""
    }
  }

  private var fate: String? {
    let reasons = session.batches.map(\.record.reason)
    if reasons.contains(.salvaged) { return "salvaged" }
    if reasons.contains(.recovered) { return "recovered" }
    return reasons.last == .interrupted ? "interrupted" : nil
  }

  var lines: [[UInt8]] {
    var line = Array(
      "session \(number)  \(session.committed.dateAndTime)  \(names.joined(separator: ","))  ".utf8)
    line += Array("\(members) member\(members == 1 ? "" : "s"), \(bytes) bytes  ".utf8)
    line += Quoting.escaped(session.record.series.isEmpty ? Array(session.record.host.utf8) : session.record.series)
    line += Array(ending.utf8)
    return [line]
      + changes.map { change in
        switch change {
        case .deleted(let name): Array("  deleted ".utf8) + Quoting.escaped(name)
        case .vanished(let name): Array("  vanished ".utf8) + Quoting.escaped(name)
        case .renamed(let old, let new):
          Array("  renamed ".utf8) + Quoting.escaped(old) + Array(" to ".utf8) + Quoting.escaped(new)
        }
      }
  }

  func fill(_ event: Event) {
    event.set("session", number)
    event.set("uuid", session.record.id.description)
    event.set("started", session.record.started)
    event.set("committed", session.committed)
    event.set("volumes", names)
    event.set("members", members)
    event.set("bytes", bytes)
    event.set("host", session.record.host)
    event.set("program", session.record.program)
    event.set("fate", fate)
    if !session.record.series.isEmpty { event.set("series", session.record.series, exact: "series_b64") }
    event.set(
      "changes",
      changes.map { change in
        let shown = Event()
        shown.set(change)
        return shown
      })
  }
}

/// What a rebuilt index holds of a volume.
struct RebuildResult: Fact {
  let volume: VolumeDescriptor
  let members: Int64
  let batches: Int

  let kind = Event.Kind.rebuild
  var lines: [[UInt8]] { [Array("volume \(volume.vsn): \(Self.count(members, batches))".utf8)] }

  func fill(_ event: Event) {
    event.set("volume", volume.vsn.text)
    event.set("uuid", volume.id.description)
    event.set("members", members)
    event.set("batches", batches)
  }

  static func count(_ members: Int64, _ batches: Int) -> String {
    "\(members) member\(members == 1 ? "" : "s") in \(batches) batch\(batches == 1 ? "" : "es")"
  }
}

/// What the comparison of index and volume came to.
struct CheckResult: Fact {
  let outcome: CheckOperation.Outcome

  let kind = Event.Kind.check
  private var volume: VolumeDescriptor { outcome.volume.descriptor }
  private var batches: Int { outcome.batches - 1 }

  var lines: [[UInt8]] {
    let differences = outcome.differences
    let line =
      "volume \(volume.vsn): \(RebuildResult.count(Int64(outcome.members), batches)) compared, "
      + (differences == 0 ? "index and tape agree" : "\(differences) difference\(differences == 1 ? "" : "s")")
    return [Array(line.utf8)]
  }

  func fill(_ event: Event) {
    event.set("volume", volume.vsn.text)
    event.set("uuid", volume.id.description)
    event.set("members", outcome.members)
    event.set("batches", batches)
    event.set("differences", outcome.differences)
  }
}
