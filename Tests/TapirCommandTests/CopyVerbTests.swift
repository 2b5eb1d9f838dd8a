import Foundation
import Testing

/// `tapir volume copy`: between cartridges and images of other programs, with a reader of those in Python beside it.
struct CopyVerbTests {
  private static let images = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../second-reader/images.py").path

  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.shell(
      """
      mkdir tree; for i in {1..30}; do head -c $((i * 997)) /dev/urandom > tree/$i; done; : > tree/empty
      $TAPIR -cf a.vtl --vsn V00001 -b 32 tree; $TAPIR -rf a.vtl --layout raw tree/30
      """)
    return place
  }

  @Test func roundAllFormatsTheObjectsStayTheSame() throws {
    let place = try place()
    let result = try place.shell(
      """
      for pair in "a.vtl b.tap" "b.tap c.mhvtl" "c.mhvtl d" "d e.tap"; do $TAPIR volume copy $pair || exit 1; done
      for i in b.tap c.mhvtl e.tap; do python3 \(Self.images) list $i > $i.list || exit 1; done
      cmp b.tap.list c.mhvtl.list && cmp b.tap e.tap && wc -l < b.tap.list
      for i in b.tap c.mhvtl d; do $TAPIR -df $i && $TAPIR volume verify $i; done; ls d
      """)
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.lines
    #expect(lines.count == 4 + 1 + 3 + 5, "\(lines)")
    #expect(lines[0].hasPrefix("volume V00001: \(lines[4]) objects, "))
    #expect(lines[0].hasSuffix(" bytes copied to b.tap, read back and compared"))
    for line in lines[5..<8] { #expect(line.hasPrefix("volume V00001: 33 members read, "), "\(line)") }
    #expect(lines.suffix(5) == ["cartridge.json", "data", "index.sqlite", "map", "marks"])
  }

  @Test func aNameOfAVolumeIsForAChanger() throws {
    let place = try place()
    let vsn = try place.tapir("volume", "copy", "a.vtl", "b.vtl", "--vsn", "V00001")
    #expect(
      vsn.status == 2 && vsn.errors == "tapir: --vsn goes with --changer: what is copied is what the two names have\n")
    let changer = try place.tapir("volume", "copy", "a.vtl", "b.vtl", "--changer", "/dev/null")
    #expect(changer.status == 2)
    #expect(
      changer.errors == "tapir: --changer goes with a tape drive\nhint: name its drive with -f, such as -f /dev/nst0\n")
  }

  @Test func bothIndexesKnowTheCopies() throws {
    let place = try place()
    let result = try place.shell(
      """
      cd "$(pwd -P)"; $TAPIR volume copy a.vtl d >/dev/null; $TAPIR volume copy a.vtl b.tap --no-verify
      $TAPIR -rf a.vtl tree/1
      for i in a.vtl d; do $TAPIR volume show $i | grep ^copy | sed "s|$PWD/||; s/(made [-0-9: ]* UTC/(/"; done
      $TAPIR volume copy a.vtl d; $TAPIR volume show d | grep -c "d (made .* whole)"
      """)
    #expect(result.status == 0, "\(result.errors)")
    let end = result.lines.last { $0.contains("stale") }?.split(separator: " ").last?.dropLast() ?? ""
    #expect(
      result.lines == [
        result.lines[0],
        "copy          a.vtl (, whole, read back up to block \(end))",
        "copy          b.tap (, stale: it ends at block \(end), read back up to block 0)",
        "copy          d (, stale: it ends at block \(end))",
        "copy          a.vtl (, whole)", "copy          d (, whole)",
        "volume V00001: 20 objects, \(result.lines[6].split(separator: " ")[4]) bytes copied to d, read back and compared",
        "1",
      ], "\(result.text)")
    #expect(result.lines[0].hasSuffix(", not read back"))
    #expect(result.errors.contains("tapir: going on at block \(end) of "))
  }

  @Test func whatCannotBeCopiedIsSaid() throws {
    let place = try place()
    let result = try place.shell(
      """
      $TAPIR volume copy a.vtl x.aws; echo $?; $TAPIR volume copy a.vtl; echo $?; $TAPIR volume copy none.vtl b.vtl; echo $?
      $TAPIR -cf other.vtl --vsn V00002 tree/1; $TAPIR volume copy a.vtl other.vtl; echo $?
      head -c 3M /dev/urandom > big; $TAPIR -rf a.vtl big; $TAPIR volume copy a.vtl small --capacity 2M; echo $?; ls small
      echo text > file; $TAPIR volume copy a.vtl file; echo $?
      $TAPIR volume copy a.vtl other.vtl --erase-volume=V00002 && $TAPIR volume show other.vtl | sed -n 1p
      """)
    #expect(result.lines.filter { $0.count == 1 } == ["2", "2", "2", "2", "2", "2"])
    #expect(result.lines.last == "volume        V00001")
    for message in [
      "cannot create x.aws: images in the format AWSTAPE are only read", "'volume copy' takes a source and a target",
      "none.vtl: Cannot open: No such file or directory",
      "the cartridge in other.vtl holds volume V00002: not overwritten", "cannot create small: it would be too small: ",
      "file is an ordinary archive, not a volume",
    ] {
      #expect(result.errors.contains("tapir: \(message)"), "\(message): \(result.errors)")
    }
  }

  @Test func anImageIsRestoredFromAndAppendedToAsACartridgeIs() throws {
    let place = try place()
    let result = try place.shell(
      """
      $TAPIR volume copy a.vtl b.tap > /dev/null; cp tree/30 new; $TAPIR -rf b.tap new; $TAPIR -tf b.tap | tail -n 1
      mkdir o; $TAPIR -xf b.tap -C o 2>/dev/null; diff -r tree o/tree && cmp new o/new
      """)
    #expect(result.status == 0 && result.lines == ["new"], "\(result)")
  }
}
