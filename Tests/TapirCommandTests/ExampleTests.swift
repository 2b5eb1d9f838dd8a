import Foundation
import Testing

/// The programs in `Examples/`, and what they leave behind for `tapir`.
struct ExampleTests {
  @Test func theExamplesArchiveListRestoreAndVerify() throws {
    let place = try Workplace()
    let folder = Workplace.binary.deletingLastPathComponent().path
    let result = try place.shell(
      """
      P=\(folder)/example-; mkdir tree; head -c 70000 /dev/urandom > tree/a; echo b > tree/b; set -e
      ${P}write-files x.vtl tree | sed 's/, [0-9]* bytes on volume .*/ archived/'; ${P}write-files x.vtl tree/b > /dev/null
      ${P}list-members x.vtl | sed 's/^V..... block [0-9]*/X/' | sort; mkdir out; cd out
      ${P}restore-member ../x.vtl tree; diff -r ../tree tree; cd ..
      ${P}verify-volume x.vtl 2>&1; $TAPIR -df x.vtl; $TAPIR -tf x.vtl | wc -l
      """)
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.lines == [
        "3 members archived", "X: tree, 0 bytes", "X: tree/a, 70000 bytes", "X: tree/b, 2 bytes",
        "3 members restored", "4 members, 70004 bytes verified, 0 damaged", "4",
      ], "\(result.text)")
  }

  /// Each in less than thirty lines.
  @Test func theyAreShort() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples/Sources")
    for name in ["write-files", "list-members", "restore-member", "verify-volume"] {
      let text = try String(contentsOf: folder.appending(path: "\(name)/main.swift"), encoding: .utf8)
      #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 30, "\(name)")
    }
  }
}
