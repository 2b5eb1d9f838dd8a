import Foundation
import Testing

/// libarchive is loaded for the archives that need it, and for nothing else.
struct ArchiveLibraryTests {
  /// A place where the system's linker finds something else under libarchive's name first.
  private func place() throws -> (Workplace, [String: String]) {
    let place = try Workplace()
    try place.shell("mkdir broken && : > broken/libarchive.so.13 && echo text > file && tar -czf x.tar.gz file")
    return (place, ["LD_LIBRARY_PATH": place.path("broken")])
  }

  @Test func cartridgesAndPlainArchivesDoWithoutIt() throws {
    let (place, environment) = try place()
    let outcome = try place.shell(
      """
      set -e
      "$TAPIR" --version > /dev/null
      for archive in v.vtl x.tar; do "$TAPIR" -cf $archive file; "$TAPIR" -tf $archive; "$TAPIR" -xOf $archive file; done
      """, environment: environment)
    #expect(outcome.status == 0 && outcome.lines == ["file", "text", "file", "text"], "\(outcome.errors)")
  }

  @Test func whereItIsMissingTheErrorSaysSo() throws {
    let (place, environment) = try place()
    let why = "tapir: cannot load libarchive: \(place.path("broken"))/libarchive.so.13: file too short\n"
    let end = "tapir: Error is not recoverable: exiting now\n"
    let read = try place.tapir("-tf", "x.tar.gz", environment: environment)
    let hint = "hint: it reads what is compressed, and formats other than tar's\n"
    #expect(read.status == 2 && read.text == "" && read.errors == why + hint + end, "\(read.errors)")
    for archive in ["y.tar.gz", "y.zip"] {
      let written = try place.tapir("-acf", archive, "file", environment: environment)
      #expect(written.status == 2 && written.errors == why + end, "\(written.errors)")
    }
  }
}
