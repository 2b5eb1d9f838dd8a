import Foundation
import Testing

/// The manual page and the completions in the tree are those that the option table makes.
struct GeneratedTextTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test(arguments: [
    ("completion", "bash", "completions/tapir.bash"), ("completion", "zsh", "completions/tapir.zsh"),
    ("completion", "fish", "completions/tapir.fish"), ("help", "manual", "man/tapir.1"),
    ("help", "reference", "docs/reference.md"),
  ])
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

  /// A volume with a few members, and the programs on the path.
  private func volume() throws -> Workplace {
    let place = try Workplace()
    let made = try place.shell(
      """
      mkdir -p src/usr/include/sys 'src/usr/my files'
      touch src/usr/include/a.h src/usr/include/sys/b.h src/usr/incfile 'src/usr/my files/x y'
      "$TAPIR" -cf demo.vtl -C src usr 2>/dev/null && mkdir bin && ln -s "$TAPIR" bin/tapir
      """)
    #expect(made.status == 0)
    return place
  }

  @Test func bashCompletesMembers() throws {
    let script = """
      PATH=$PWD/bin:$PATH; source \(root.path)/completions/tapir.bash
      complete() { COMP_LINE=$1 COMP_POINT=${#1}; shift; COMP_WORDS=("$@") COMP_CWORD=$(($#-1)); _tapir
        printf '%s\\n' "${COMPREPLY[@]}"; }
      complete 'tapir -xf demo.vtl usr/inc' tapir -xf demo.vtl usr/inc
      complete 'tapir tf demo.vtl ' tapir tf demo.vtl ''
      complete "tapir -xf demo.vtl 'usr/my files/" tapir -xf demo.vtl "'usr/my files/"
      complete 'tapir -cf x.vtl sr' tapir -cf x.vtl sr
      complete 'tapir --format=o' tapir --format = o
      """
    let lines = try volume().shell(script).lines
    #expect(lines == ["usr/incfile", "usr/include/", "usr/", "usr/my files/x y", "src", "oldgnu"])
  }

  @Test func fishCompletesMembersOptionsAndVerbs() throws {
    let script = """
      PATH=$PWD/bin:$PATH fish -c 'source \(root.path)/completions/tapir.fish
      complete -C "tapir -xf demo.vtl usr/inc"; complete -C "tapir -cf sr"; complete -C "tapir volume sh"
      complete -C "tapir --format=v" | cut -f 1; complete -C "tapir --erase-t" | cut -f 1'
      """
    let result = try volume().shell(script)
    guard result.status != 127 else { return print("skipped: fish is not installed") }
    #expect(
      result.lines.filter { !$0.isEmpty }
        == ["usr/incfile", "usr/include/", "src/", "show", "--format=v7", "--erase-tail"])
  }

  @Test func zshCompletesMembersAndOptions() throws {
    let script = #"""
      zmodload zsh/zpty; zpty z zsh -f -i
      zpty -w z "PS1=; autoload -U compinit; compinit -u -D; source $ROOT/completions/tapir.zsh; compdef _tapir tapir"
      zpty -w z "print rea''dy"; zpty -r z text '*ready*'
      zpty -w -n z "tapir -xf demo.vtl usr/incl"$'\t'; zpty -r z text '*usr/include/*'; print -r -- $text
      zpty -w -n z "x"$'\n'; zpty -w -n z "tapir --erase-t"$'\t'; zpty -r z text '*--erase-tail*'; print -r -- $text
      """#
    let place = try volume()
    try place.write(script, to: "ask.zsh")
    let result = try place.shell("ROOT=\(root.path) PATH=$PWD/bin:$PATH timeout 120 zsh -f ask.zsh")
    guard result.status != 127 else { return print("skipped: zsh is not installed") }
    #expect(result.lines.contains { $0.contains("usr/include/") })
    #expect(result.lines.contains { $0.contains("--erase-tail") })
  }

  @Test(arguments: ["tapir.1", "tapir-volume.5"]) func manualPagesHaveNoErrors(_ page: String) throws {
    let result = try Workplace().shell("man --warnings -E UTF-8 -l -Tutf8 -Z \(root.path)/man/\(page) >/dev/null")
    guard result.status != 127 else { return print("skipped: man is not installed") }
    #expect(result.errors == "")
  }
}
