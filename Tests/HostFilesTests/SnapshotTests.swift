import ArchiveFormat
import HostFiles
import Testing

/// Snapshots of incremental archives, as bytes.
struct SnapshotTests {
  private static let sample = Snapshot(
    time: Timestamp(seconds: 1_700_000_000, nanoseconds: 5),
    directories: [
      Snapshot.Directory(
        isNFS: true, modified: Timestamp(seconds: -1, nanoseconds: 999_999_999),
        identity: FileIdentity(device: .max, inode: .max), name: Array("a\nb".utf8),
        contents: Array("Da\u{0}Nb\u{0}Yc\u{0}".utf8)),
      Snapshot.Directory(
        modified: Timestamp(seconds: 0), identity: FileIdentity(device: 1, inode: 2), name: Array(".".utf8),
        contents: []),
    ])

  @Test func format2IsReadAsItWasWritten() throws {
    let bytes = Self.sample.bytes
    #expect(bytes.starts(with: "GNU tar-1.34-2\n1700000000\u{0}5\u{0}1\u{0}-1\u{0}999999999\u{0}".utf8))
    #expect(try Snapshot(parsing: bytes) == Self.sample)
    #expect(try Snapshot(parsing: []) == Snapshot())
  }

  /// A snapshot cut off anywhere is refused, but where a directory ends.
  @Test func aSnapshotThatWasCutOffIsRefused() throws {
    let bytes = Self.sample.bytes
    var whole: [Int] = []
    for count in 1..<bytes.count {
      do {
        _ = try Snapshot(parsing: Array(bytes[..<count]))
        whole.append(count)
      } catch {}
    }
    let first = Snapshot(time: Self.sample.time, directories: [Self.sample.directories[0]])
    #expect(whole == [Snapshot(time: Self.sample.time).bytes.count, first.bytes.count])
  }

  /// Formats of GNU tar before 1.16; they do not say what was in a directory, so all of it is archived.
  @Test func formats0And1AreRead() throws {
    let old = try Snapshot(parsing: Array("1700000000\n65025 17 src/a\\nb\n+3 4 nfs".utf8))
    #expect(old.time == Timestamp(seconds: 1_700_000_000))
    #expect(old.directories.map(\.name) == [Array("src/a\nb".utf8), Array("nfs".utf8)])
    #expect(
      old.directories.map(\.identity) == [FileIdentity(device: 65025, inode: 17), FileIdentity(device: 3, inode: 4)])
    #expect(old.directories.map(\.isNFS) == [false, true])
    #expect(old.directories.allSatisfy { $0.contents == nil })
    let newer = try Snapshot(parsing: Array("GNU tar-1.15.90-1\n1700000000 7\n12 34 65025 17 src\n".utf8))
    #expect(newer.time == Timestamp(seconds: 1_700_000_000, nanoseconds: 7))
    #expect(newer.directories.map(\.modified) == [Timestamp(seconds: 12, nanoseconds: 34)])
    #expect(newer.directories.map(\.name) == [Array("src".utf8)])
  }

  @Test(arguments: [
    ("GNU tar", "", "Bad incremental file format"), ("GNU tar-1.34", "", "Bad incremental file format"),
    ("GNU tar-1.34-3\n", "", "Unsupported incremental format version: 3"),
    ("x", ":1", "Invalid time stamp: Invalid argument"), ("1\nx", ":2", "Invalid device number: Invalid argument"),
    ("1\n1 x", ":2", "Invalid inode number: Invalid argument"),
    ("GNU tar-1-1\n1 2\nx", ":3", "Invalid modification time"),
    ("GNU tar-1-1\n1 2\n1 1000000000 1 1 a", ":3", "Invalid modification time (nanoseconds)"),
    ("GNU tar-1-2\n1\u{0}-", ": byte 15", "nsec - too short"),
  ])
  func whatIsNoSnapshotIsRefused(_ text: String, _ place: String, _ reason: String) throws {
    do throws(Snapshot.Failure) {
      _ = try Snapshot(parsing: Array(text.utf8))
      Issue.record("\(text) was taken")
    } catch {
      if reason.hasSuffix("short") { return #expect(error.reason == "Unexpected EOF in snapshot file") }
      #expect(error.place == place && error.reason == reason)
    }
  }
}
