import Glibc
import HostFiles
import Testing

/// Names are quoted as GNU tar quotes them.
@Suite struct NameQuotingTests {
  /// Every style on names with everything in them that any style minds, GNU tar being asked the same.
  @Test func everyStyleIsGNUTars() {
    let workspace = Workspace()
    let awkward =
      [
        "a b", "new\nline", "tab\tx", "q'uote", "dq\"x", "back\\s", "~x", "a?b", "\u{1b}[31m", "{", "{b", "\u{1}2",
        "=a",
        "a:b", "#x", "a#x", "both'and\"", "plain", "sp 'quoted'", "$var", "nl\n'x", "a&b", "end\\", "\u{7f}", "€uro",
        "\u{85}",
        "‘left’", "a’b", "}", "!", "%+,-.]_", "\u{7}\u{8}\u{b}\u{c}\r", "'", "\"",
      ].map { Array($0.utf8) } + [[0x62, 0xff, 0x61], [0xc3], [0xff, 0x31]]
    for (number, name) in awkward.enumerated() {
      let octal = name.map { "\\0" + String($0, radix: 8) }.joined()
      workspace.run(
        "cd source; n=$(printf '%bx' '\(octal)'); : > \"${n%x}\"; printf '%b\\0' '\(octal)' | tar --null -T - -cf ../\(number).tar"
      )
    }
    let settings = (["LC_ALL", "LC_CTYPE", "LANG"] as [String]).compactMap { getenv($0).map { String(cString: $0) } }
    let isUTF8 = settings.first { !$0.isEmpty }.map { $0.uppercased().contains("UTF") } ?? false
    let locale = isUTF8 ? "" : "LC_ALL=C "
    setlocale(LC_CTYPE, "")
    for style in NameQuoting.Style.allCases {
      for also in ["", "aq :"] {
        let quoting = NameQuoting(style, also: Set(also.utf8))
        let option = also.isEmpty ? "" : "--quote-chars='\(also)'"
        for (number, name) in awkward.enumerated() {
          // One name at a time: some styles let newlines through.
          let theirs = workspace.run("\(locale)tar -tf \(number).tar --quoting-style=\(style.rawValue) \(option)")
          #expect(
            quoting.quoted(name) + [0x0a] == theirs, "\(style) \(option) \(String(decoding: name, as: UTF8.self))")
        }
      }
    }
  }
}
