import Foundation
import Testing

/// What is said where an index, a member or a drive is not there.
struct NotThereTests {
  @Test func aDriveThatIsNotThereIsNoFileToBe() throws {
    let place = try Workplace()
    let path = "/dev/nst99999"
    for mode in ["-cf", "-tf"] {
      let result = try place.tapir(mode, path, ".")
      #expect(result.status == 2)
      #expect(
        result.errors
          == """
          tapir: \(path): Cannot open: No such file or directory
          hint: no drive has that name: 'lsscsi -g' lists them; 'modprobe st' loads the driver
          tapir: Error is not recoverable: exiting now\n
          """)
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func anIndexThatIsLostIsMadeAnewByTheCommandThatTheHintNames() throws {
    let place = try Workplace()
    try place.write("1", to: "one")
    #expect(try place.tapir("-cf", "x.vtl", "--vsn", "V00001", "one").status == 0)
    try place.shell("rm x.vtl/index.sqlite*")
    let lost = try place.tapir("index", "find", "-f", "x.vtl", "one")
    #expect(lost.status == 2)
    #expect(
      lost.errors
        == "tapir: there is no index at x.vtl/index.sqlite\nhint: 'tapir index rebuild x.vtl' makes it from the volume\n"
    )
    #expect(try place.tapir("index", "rebuild", "x.vtl").status == 0)
    #expect(try place.tapir("index", "find", "-f", "x.vtl", "one").status == 0)
  }

  @Test func aNameWithoutItsDirectoryIsFoundByThePatternThatTheHintNames() throws {
    let place = try Workplace()
    try place.shell("mkdir d; echo 1 > d/one; $TAPIR -cf x.vtl --vsn V00001 d")
    let missing = try place.tapir("index", "find", "-f", "x.vtl", "one")
    #expect(missing.status == 2)
    #expect(
      missing.errors
        == """
        tapir: one: Not found in the index
        hint: the whole path is compared: '*/one'
        tapir: Exiting with failure status due to previous errors\n
        """)
    #expect(try place.tapir("index", "find", "-f", "x.vtl", "*/one").status == 0)
  }
}
