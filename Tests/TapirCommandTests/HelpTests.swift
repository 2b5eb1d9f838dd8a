import Foundation
import Testing

@testable import tapir

/// Everything that can be typed is found where people look: help, manual page, completions, documents.
struct HelpTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func file(_ name: String) throws -> String {
    try String(contentsOf: Self.root.appendingPathComponent(name), encoding: .utf8)
  }

  /// Whether `text` has `word` with nothing at its end that would make it another one.
  private func has(_ text: String, _ word: String) -> Bool {
    var rest = text[...]
    while let range = rest.range(of: word) {
      let next = range.upperBound < rest.endIndex ? rest[range.upperBound] : " "
      if !next.isLetter, !next.isNumber, next != "-", next != "\\" { return true }
      rest = rest[range.upperBound...]
    }
    return false
  }

  @Test func everyOptionIsEverywhere() throws {
    let helps = HelpText.tar + Verb.allCases.map(\.help).joined()
    let places = [
      ("help", helps, "--"),
      ("man/tapir.1", try file("man/tapir.1").replacingOccurrences(of: "\\-", with: "-"), "Fl -"),
      ("completions/tapir.bash", try file("completions/tapir.bash"), "--"),
      ("completions/tapir.zsh", try file("completions/tapir.zsh"), "--"),
      ("completions/tapir.fish", try file("completions/tapir.fish"), "-l "),
      ("docs/reference.md", try file("docs/reference.md"), "--"),
    ]
    let options = OptionTable.supported + OptionTable.verbsOnly
    #expect(options.count > 150)
    for option in options {
      guard let long = option.long else { continue }
      for (name, text, dashes) in places { #expect(has(text, dashes + long), "--\(long) is not in \(name)") }
    }
    // And none of them has an option that the program has not.
    let known = Set(options.compactMap(\.long))
    for line in try file("completions/tapir.fish").split(separator: "\n") where line.hasPrefix("complete ") {
      if let name = line.split(separator: " ").drop(while: { $0 != "-l" }).dropFirst().first {
        #expect(known.contains(String(name)), "\(name)")
      }
    }
  }

  @Test func everyVerbIsEverywhere() throws {
    let places = [
      ("man/tapir.1", try file("man/tapir.1")), ("docs/reference.md", try file("docs/reference.md")),
    ]
    let shells = try ["bash", "zsh", "fish"].map { try file("completions/tapir.\($0)") }
    for verb in Verb.allCases {
      for (name, text) in places { #expect(has(text, verb.rawValue), "\(verb.rawValue) is not in \(name)") }
      for word in verb.rawValue.split(separator: " ") {
        #expect(has(HelpText.usage.replacingOccurrences(of: "|", with: " "), String(word)))
        for shell in shells { #expect(has(shell, String(word))) }
      }
    }
    // A page about it, or the README: the reference alone explains nothing.
    var pages = try file("README.md")
    for name in try FileManager.default.contentsOfDirectory(atPath: Self.root.appendingPathComponent("docs").path)
    where name.hasSuffix(".md") && name != "reference.md" { pages += try file("docs/\(name)") }
    for verb in Verb.allCases {
      let word = verb.rawValue.split(separator: " ").last ?? ""
      #expect(has(pages, verb.rawValue) || pages.contains("`\(word)`"), "\(verb.rawValue) is explained nowhere")
    }
  }

  @Test func everyTopicIsEverywhere() throws {
    let place = try Workplace()
    let manual = try file("man/tapir.1").replacingOccurrences(of: "\\-", with: "-")
    let shells = try ["bash", "zsh", "fish"].map { try file("completions/tapir.\($0)") }
    let (overview, help) = (try place.tapir("help").text, try place.tapir("--help").text)
    for topic in HelpTopic.allCases {
      for text in shells + [overview, help, manual, try file("docs/reference.md")] {
        #expect(has(text, topic.rawValue))
      }
      let shown = try place.tapir("help", topic.rawValue)
      #expect(shown.status == 0 && shown.errors == "")
      #expect(shown.text == topic.text + "\n")
      #expect((10...60).contains(shown.lines.count), "\(topic.rawValue)")
      #expect(shown.lines.allSatisfy { $0.count <= 130 }, "\(topic.rawValue)")
    }
    #expect(try place.tapir("help", "volume", "show").text == Verb.volumeShow.help + "\n")
    #expect(try place.tapir("volume", "show", "--help").text == Verb.volumeShow.help + "\n")
    let none = try place.tapir("help", "nothing")
    #expect(none.status == 2)
    #expect(none.errors == "tapir: there is no help on 'nothing': 'tapir help' lists topics and verbs\n")
  }

  @Test func theTopicOfConfigurationsListsItsOptions() {
    for option in ConfigurableOption.all { #expect(has(HelpTopic.configuration.text, option.name), "\(option.name)") }
  }

  /// The commands in the topics, up to what explains them, are command lines that are understood.
  @Test(arguments: HelpTopic.allCases) func commandsOfTopicsAreUnderstood(_ topic: HelpTopic) throws {
    for line in topic.text.split(separator: "\n") where line.hasPrefix("  ") {
      let text = line.trimmingCharacters(in: .whitespaces)
      let command = text.replacing(#/\s{2,}.*/#, with: "")
      for part in command.split(separator: " | ") where part.hasPrefix("tapir ") {
        let words = try #require(WordSplitter.words(Array(part.dropFirst(6).utf8)), "\(part)")
        // What explains it stands a blank behind a long command.
        let upTo = words.firstIndex { $0 == Array("restore".utf8) || $0 == Array("by".utf8) || $0 == Array("the".utf8) }
        let kept = Array(words[..<(upTo ?? words.count)])
        if let (verb, rest) = try Verb.parse(kept) {
          _ = try verb.prepare(rest)
        } else if try GeneratedText.asked(for: kept) == nil {
          _ = try TarCommandBuilder.build(OptionScanner(OptionTable.all).scan(kept))
        }
      }
    }
  }
}
