private import CINIH

/// A text of sections and settings: `[section]` lines, `name = value` lines, comments behind `;` or `#`. libinih takes lines
/// apart; what it would cut short or pass over in silence is a fault here.
public struct INIFile: Equatable, Sendable {
  /// What stands between two section lines.
  public struct Section: Equatable, Sendable {
    /// What stands between the brackets.
    public let name: [UInt8]
    /// Its line, from 1.
    public let line: Int
    public internal(set) var settings: [Setting] = []
  }

  /// One `name = value`.
  public struct Setting: Equatable, Sendable {
    public let name: [UInt8]
    /// Without spaces around it and without a comment; may be empty.
    public let value: [UInt8]
    /// Its line, from 1.
    public let line: Int
  }

  /// What is wrong with a line.
  public struct Fault: Error, Equatable, Sendable {
    /// From 1.
    public let line: Int
    public let problem: Problem

    public init(line: Int, problem: Problem) {
      self.line = line
      self.problem = problem
    }
  }

  public enum Problem: Equatable, Sendable {
    /// It is neither a section nor a setting nor a comment.
    case malformed
    /// A setting stands before the first section.
    case outsideSection
    /// It is longer than ``INIFile/longestLine``.
    case tooLong
    /// It holds a NUL, where C's strings end.
    case nul
    /// The section has the setting already, in that line.
    case repeated(line: Int)
  }

  /// Bytes of the longest line: a path of 4096 with room to spare.
  public static let longestLine = 8000

  /// In their order; a name may come again.
  public let sections: [Section]

  /// Takes a text apart. The settings of libinih, which belong to the process, are always the same.
  /// - Throws: the first fault.
  public init(_ text: [UInt8]) throws(Fault) {
    let scan = Scan(text)
    cinih_configure(Int32(Self.longestLine) + 8)
    let context = Unmanaged.passUnretained(scan).toOpaque()
    let badLine = ini_parse_stream(
      { line, room, context in
        guard let line, let context else { return nil }
        return Unmanaged<Scan>.fromOpaque(context).takeUnretainedValue().readLine(line, room: Int(room)) ? line : nil
      }, context,
      { context, _, name, value in
        guard let context, let name, let value else { return 0 }
        return Unmanaged<Scan>.fromOpaque(context).takeUnretainedValue().take(name, value) ? 1 : 0
      }, context)
    if let fault = scan.fault { throw fault }
    if badLine > 0 { throw Fault(line: Int(badLine), problem: .malformed) }
    sections = scan.sections
  }

  /// Lines on their way to libinih, and settings on their way back. Sections are taken from the lines: libinih cuts their
  /// names after 49 bytes and does not say which are empty.
  private final class Scan {
    private var lines: ArraySlice<UInt8>
    private var number = 0
    var sections: [Section] = []
    var fault: Fault?

    init(_ text: [UInt8]) { lines = text[...] }

    /// Gives libinih the next line; false at the end, or when it cannot be right.
    func readLine(_ buffer: UnsafeMutablePointer<CChar>, room: Int) -> Bool {
      guard fault == nil, !lines.isEmpty else { return false }
      number += 1
      let end = lines.firstIndex(of: UInt8(ascii: "\n")) ?? lines.endIndex
      let line = lines[lines.startIndex..<end]
      lines = lines[min(end + 1, lines.endIndex)...]
      if line.contains(0) { return fail(.nul) }
      guard line.count <= INIFile.longestLine, line.count + 2 <= room else { return fail(.tooLong) }
      guard beginSection(line) else { return fail(.malformed) }
      for (place, byte) in line.enumerated() { buffer[place] = CChar(bitPattern: byte) }
      buffer[line.count] = CChar(bitPattern: UInt8(ascii: "\n"))
      buffer[line.count + 1] = 0
      return true
    }

    /// Notes a section when the line begins one; false when it begins one and is not right.
    private func beginSection(_ line: ArraySlice<UInt8>) -> Bool {
      let blanks = Set(" \t\r".utf8)
      let text = line.drop { blanks.contains($0) }
      guard text.first == UInt8(ascii: "[") else { return true }
      guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return false }
      let rest = text[(end + 1)...].drop { blanks.contains($0) }
      guard rest.isEmpty || rest.first == UInt8(ascii: ";") || rest.first == UInt8(ascii: "#") else { return false }
      sections.append(Section(name: Array(text[(text.startIndex + 1)..<end]), line: number))
      return true
    }

    /// Takes a setting from libinih; false when it cannot be right.
    func take(_ name: UnsafePointer<CChar>, _ value: UnsafePointer<CChar>) -> Bool {
      let name = Self.bytes(name)
      guard !sections.isEmpty else { return fail(.outsideSection) }
      let last = sections.count - 1
      if let earlier = sections[last].settings.first(where: { $0.name == name }) {
        return fail(.repeated(line: earlier.line))
      }
      sections[last].settings.append(Setting(name: name, value: Self.bytes(value), line: number))
      return true
    }

    private func fail(_ problem: Problem) -> Bool {
      if fault == nil { fault = Fault(line: number, problem: problem) }
      return false
    }

    private static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
      var result: [UInt8] = []
      var next = text
      while next.pointee != 0 {
        result.append(UInt8(bitPattern: next.pointee))
        next += 1
      }
      return result
    }
  }
}
