import Foundation
import Testing

/// `-x --keep-damaged`: what can be read of a damaged member stays as NAME.damaged.
struct KeepDamagedTests {
  /// A cartridge with one byte wrong in the middle of `tree/3`.
  private func damaged() throws -> Workplace {
    let place = try Workplace()
    for number in 1...5 { try place.file("tree/\(number)", bytes: 400_000 * number) }
    try place.shell("chmod 4711 tree/3; $TAPIR -cf x.vtl --vsn V00001 --compression off tree; mkdir o")
    try place.shell(
      #"""
      offset=$(python3 -c "
      data = open('x.vtl/data', 'rb').read(); part = open('tree/3', 'rb').read()[600000:600064]
      assert data.count(part) == 1; print(data.index(part))")
      printf 'X' | dd of=x.vtl/data bs=1 seek=$offset conv=notrunc status=none
      """#)
    return place
  }

  @Test func aBlockThatCannotBeReadIsAHole() throws {
    let place = try damaged()
    let result = try place.tapir("-xf", "x.vtl", "-C", "o", "--keep-damaged")
    #expect(result.status == 2)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 3 && lines[0].hasPrefix("tapir: tree/3: Cannot read from tape in file "), "\(result.errors)")
    #expect(lines[1] == "tapir: tree/3: What could be read is kept as tree/3.damaged")
    #expect(
      try place.shell("ls -A o/tree; stat -c '%a %s' o/tree/3.damaged").text == "1\n2\n3.damaged\n4\n5\n711 1200000\n")
    // One block of 262144 bytes is missing, less the zeros that are content.
    let differing = try place.shell(
      "cmp -l tree/3 o/tree/3.damaged | wc -l; cmp -l tree/3 o/tree/3.damaged | awk '$3 != 0' | wc -l")
    #expect(differing.lines.count == 2 && differing.lines[1] == "0", "\(differing.lines)")
    #expect((250_000...262_144).contains(Int(differing.lines[0]) ?? 0), "\(differing.lines)")
    #expect(try place.shell("for i in 1 2 4 5; do cmp tree/$i o/tree/$i || exit 1; done").status == 0)
  }

  @Test func withoutAnIndexWhatCameBeforeTheDamageIsKept() throws {
    let place = try damaged()
    let result = try place.tapir("-xf", "x.vtl", "-C", "o", "--no-index", "--keep-damaged")
    #expect(result.status == 2)
    #expect(result.errors.contains("tapir: tree/3: What could be read is kept as tree/3.damaged\n"), "\(result.errors)")
    #expect(try place.shell("ls -A o/tree").text == "1\n2\n3.damaged\n4\n5\n")
    #expect(
      try place.shell("test -s o/tree/3.damaged && cmp -n $(stat -c %s o/tree/3.damaged) tree/3 o/tree/3.damaged")
        .status == 0)
  }

  @Test(arguments: ["-tf x", "-df x", "-cf x y", "-xOf x"]) func itIsForRestoringAlone(arguments: String) throws {
    let place = try Workplace()
    let result = try place.shell("$TAPIR \(arguments) --keep-damaged")
    #expect(result.status == 2 && result.errors == "tapir: --keep-damaged is for -x without -O\n", "\(result.errors)")
  }
}
