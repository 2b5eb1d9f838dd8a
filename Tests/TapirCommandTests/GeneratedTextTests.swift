import Foundation
import Testing

/// The manual page and the completions in the tree are those that the option table makes.
struct GeneratedTextTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test(arguments: [("completion", "bash", "completions/tapir.bash"), ("help", "manual", "man/tapir.1")])
  func theTreeHoldsWhatTheTableMakes(_ verb: String, _ noun: String, _ file: String) throws {
    let made = try Workplace().tapir(verb, noun)
    #expect(made.status == 0)
    let kept = try Data(contentsOf: root.appendingPathComponent(file))
    #expect(made.output == kept, "run: tapir \(verb) \(noun) > \(file)")
  }

  @Test func bashCompletesOptionsAndVerbs() throws {
    let place = try Workplace()
    let script = """
      source \(root.path)/completions/tapir.bash
      COMP_WORDS=(tapir --erase-v); COMP_CWORD=1; _tapir; echo "${COMPREPLY[@]}"
      COMP_WORDS=(tapir volume s); COMP_CWORD=2; _tapir; echo "${COMPREPLY[@]}"
      """
    #expect(try place.shell(script).lines == ["--erase-volume", "show"])
  }

  @Test func theManualPageHasNoErrors() throws {
    let result = try Workplace().shell("man --warnings -E UTF-8 -l -Tutf8 -Z \(root.path)/man/tapir.1 >/dev/null")
    guard result.status != 127 else { return print("skipped: man is not installed") }
    #expect(result.errors == "")
  }
}
