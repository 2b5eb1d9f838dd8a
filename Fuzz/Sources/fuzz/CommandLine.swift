import Glibc

@testable import command

/// The command line: words between NULs, as the tar face and as a verb. Nothing is run.
func fuzzCommandLine(_ input: [UInt8]) {
  let words = input.split(separator: 0, omittingEmptySubsequences: false).map { Array($0) }
  // -T and -X read the file they name: none that does not end.
  guard words.allSatisfy({ word in !["dev", "proc", "sys"].contains { contains(word, Array($0.utf8)) } }) else {
    return
  }
  let scanner = OptionScanner(OptionTable.all)
  if let items = try? scanner.scan(words) { _ = try? TarCommandBuilder.build(items) }
  if let (verb, rest) = try? Verb.parse(words) { _ = try? verb.prepare(rest) }
}

private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
  bytes.indices.contains { bytes[$0...].starts(with: part) }
}

/// A configuration file: lines, and what the options in it may be.
func fuzzConfiguration(_ input: [UInt8]) { _ = try? ConfigurationFile(Array("configuration".utf8)).settings(input) }
