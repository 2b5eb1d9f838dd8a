import Foundation
import Testing

/// `volume verify` reads everything, names what is damaged, and goes on.
struct VerifyTests {
  @Test func aWholeVolumeIsVerified() throws {
    let place = try Workplace()
    for number in 1...5 { try place.file("tree/\(number)", bytes: number * 10_000) }
    try place.shell("$TAPIR -cf x.vtl --vsn V00001 tree; $TAPIR -rf x.vtl --layout raw tree/5")
    let result = try place.tapir("volume", "verify", "x.vtl")
    #expect(result.status == 0 && result.errors == "")
    #expect(result.text == "volume V00001: 7 members read, 200000 bytes of content verified, nothing damaged\n")
  }

  @Test func aDamagedMemberIsNamedAndTheOthersAreVerified() throws {
    let place = try Workplace()
    for number in 1...5 { try place.file("tree/\(number)", bytes: 100_000 * number) }
    try place.shell("$TAPIR -cf x.vtl --vsn V00001 --compression off tree")
    // One byte in the middle of the content of one member, wherever that lies.
    try place.shell(
      #"""
      offset=$(python3 -c "
      data = open('x.vtl/data', 'rb').read(); part = open('tree/3', 'rb').read()[50000:50064]
      assert data.count(part) == 1; print(data.index(part))")
      printf 'X' | dd of=x.vtl/data bs=1 seek=$offset conv=notrunc status=none
      """#)
    let result = try place.tapir("volume", "verify", "x.vtl")
    #expect(result.status == 2)
    #expect(result.errors.contains("tapir: tree/3: Cannot read from tape in file "), "\(result.errors)")
    #expect(result.text.hasPrefix("volume V00001: 6 members read, 1200000 bytes of content verified, "))
    // A restore leaves no file under the damaged member's name, and the others are whole.
    #expect(try place.shell("mkdir o; $TAPIR -xf x.vtl -C o").status == 2)
    #expect(try place.shell("ls -A o/tree").text == "1\n2\n4\n5\n")
    #expect(try place.shell("for i in 1 2 4 5; do cmp tree/$i o/tree/$i || exit 1; done").status == 0)
  }
}
