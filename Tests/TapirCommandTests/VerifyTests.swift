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

  /// Session 1 of six members in two batches, session 2 of one, on a volume that was labelled before.
  private func threeSessions() throws -> Workplace {
    let place = try Workplace()
    for number in 1...5 { try place.file("tree/\(number)", bytes: number * 10_000) }
    try place.shell(
      """
      $TAPIR volume label x.vtl --vsn V00001 --compression off
      $TAPIR -rf x.vtl --sync-files 4 tree; $TAPIR -rf x.vtl --layout raw tree/5
      """)
    return place
  }

  @Test func showNumbersTheSessions() throws {
    let place = try threeSessions()
    let lines = try place.tapir("volume", "show", "x.vtl").lines
    let table = try #require(lines.firstIndex { $0.hasPrefix("batch") })
    #expect(lines[table] == "batch  session  committed (UTC)      files  by")
    #expect(lines[(table + 1)...].map { $0.prefix(14) } == ["    1        1", "    2        1", "    3        2"])
  }

  @Test(arguments: [
    ("--session=1", "6 of 7", 150_000), ("--session 2", "1 of 7", 50_000), ("--member tree/5", "2 of 7", 100_000),
    ("--member=tree/", "7 of 7", 200_000), ("--member tree/1 --member tree/2", "2 of 7", 30_000),
    ("--session 2 --member tree/5", "1 of 7", 50_000), ("--sample 100%", "7 of 7", 200_000),
    ("--sample=1000 --session=2", "1 of 7", 50_000),
  ])
  func aPartIsVerifiedAndItsShareSaid(options: String, share: String, bytes: Int) throws {
    let result = try threeSessions().shell("$TAPIR volume verify x.vtl \(options)")
    #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    #expect(
      result.text == "volume V00001: \(share) members read, \(bytes) bytes of content verified, nothing damaged\n")
  }

  @Test(arguments: [("3", "3 of 7"), ("1%", "1 of 7"), ("28.5714%", "2 of 7"), ("28.5715%", "3 of 7")])
  func aSampleIsVerified(size: String, share: String) throws {
    let result = try threeSessions().tapir("volume", "verify", "x.vtl", "--sample=\(size)")
    #expect(result.status == 0 && result.text.hasPrefix("volume V00001: \(share) members read, "), "\(result.text)")
  }

  @Test func whatIsNotThereIsAnError() throws {
    let place = try threeSessions()
    let missing = try place.tapir("volume", "verify", "x.vtl", "--member=tree/1", "--member=nothing")
    #expect(missing.status == 2)
    #expect(missing.text == "volume V00001: 1 of 7 members read, 10000 bytes of content verified, nothing damaged\n")
    #expect(
      missing.errors
        == "tapir: nothing: Not found in archive\ntapir: Exiting with failure status due to previous errors\n")
    let elsewhere = try place.tapir("volume", "verify", "x.vtl", "--session=2", "--member=tree/1")
    #expect(elsewhere.status == 2 && elsewhere.errors.hasPrefix("tapir: tree/1: Not found in archive\n"))
    let session = try place.tapir("volume", "verify", "x.vtl", "--session=3")
    #expect(session.status == 2 && session.text == "")
    #expect(
      session.errors == "tapir: volume V00001 has no session 3: it has 2\nhint: 'tapir volume show' numbers them\n")
  }

  @Test(arguments: ["0", "0%", "101%", "x", "%", ".5%", "1.%", "1.00001%", "-1", "5 %"])
  func aSampleThatIsNoneIsRefused(size: String) throws {
    let result = try Workplace().tapir("volume", "verify", "x.vtl", "--sample=\(size)")
    #expect(result.status == 2)
    #expect(
      result.errors == "tapir: --sample takes a number of members, or a share such as 5% or 0.25%, not '\(size)'\n")
  }

  @Test func damageInOneSessionIsNotSeenInAnother() throws {
    let place = try threeSessions()
    try place.shell(
      #"""
      offset=$(python3 -c "
      data = open('x.vtl/data', 'rb').read(); part = open('tree/4', 'rb').read()[20000:20064]
      assert data.count(part) == 1; print(data.index(part))")
      printf 'X' | dd of=x.vtl/data bs=1 seek=$offset conv=notrunc status=none
      """#)
    #expect(try place.tapir("volume", "verify", "x.vtl", "--session=2").status == 0)
    let first = try place.tapir("volume", "verify", "x.vtl", "--session=1")
    #expect(first.status == 2)
    #expect(
      try Regex("^tapir: tree/4: Cannot read from tape in file [0-9]+ at block [0-9]+: ").prefixMatch(in: first.errors)
        != nil, "\(first.errors)")
    #expect(
      first.text == "volume V00001: 6 of 7 members read, 110000 bytes of content verified, 1 damaged\n")
  }
}
