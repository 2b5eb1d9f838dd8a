import ArchiveFormat
import CLinux
import Glibc
import HostFiles
import Testing

/// A temporary directory of one test, removed with it.
final class Workspace {
  let path: String

  init() {
    var template = Array("/tmp/tapir-host-XXXXXX".utf8CString)
    // Without a directory no test can say anything.
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    run("mkdir source target")
  }

  deinit { run("chmod -R u+rwx . 2>/dev/null; cd /; rm -rf \(path)") }

  var source: String { path + "/source" }
  var target: String { path + "/target" }

  /// Runs a shell command in the workspace; returns its output, both streams, and records its status.
  @discardableResult
  func run(_ command: String) -> [UInt8] { runForStatus(command).output }

  func runForStatus(_ command: String) -> (output: [UInt8], status: Int32) {
    guard let pipe = popen("cd \(path) && { \(command)\n} 2>&1", "r") else { return ([], -1) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, pipe)
      if count == 0 { break }
      output += buffer[..<count]
    }
    return (output, pclose(pipe) >> 8 & 0xff)
  }

  func text(_ command: String) -> String { String(decoding: run(command), as: UTF8.self) }

  func openTarget() -> Int32 { open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }

  /// Walks operands below the source directory and collects what comes.
  func walk(
    _ operands: [String], excluding patterns: [String] = [], _ options: SourceOptions = SourceOptions()
  ) -> (members: [any SourceMember], notices: [MemberNotice]) {
    let list = ExclusionList(excluding: patterns.map { Array($0.utf8) })
    let base = Array(source.utf8)
    let source = HostSource(
      operands: operands.map {
        SourceOperand(baseDirectory: base, name: Array($0.utf8), exclusions: list)
      }, options: options)
    var members: [any SourceMember] = []
    var notices: [MemberNotice] = []
    while let item = source.next() {
      switch item {
      case .member(let member): members.append(member)
      case .notice(let notice): notices.append(notice)
      }
    }
    return (members, notices)
  }

  /// Member names, as `tar -tf` prints them without quoting.
  func listing(_ operands: [String], excluding patterns: [String] = []) -> [UInt8] {
    walk(operands, excluding: patterns).members.flatMap { item in
      item.member.path + (item.member.kind == .directory ? Array("/\n".utf8) : Array("\n".utf8))
    }
  }

  /// What GNU tar lists for the same operands.
  func tarListing(_ operands: [String], excluding patterns: [String] = []) -> [UInt8] {
    let excludes = patterns.map { "--exclude='\($0)'" }.joined(separator: " ")
    let names = operands.map { "'\($0)'" }.joined(separator: " ")
    return run("cd source && tar -c \(excludes) -f - -- \(names) 2>/dev/null | tar -Pt --quoting-style=literal -f -")
  }

  /// Archives the operands and restores them into the target, holes as holes.
  func copy(
    _ operands: [String], from sourceOptions: SourceOptions = SourceOptions(),
    to sinkOptions: SinkOptions = SinkOptions()
  ) throws -> [MemberNotice] {
    let (members, first) = walk(operands, sourceOptions)
    var notices = first
    let collected = Notices()
    let sink = HostSink(target: openTarget(), options: sinkOptions) { collected.all.append($0) }
    for item in members {
      do throws(MemberNotice) {
        let opened = try item.open()
        notices += try restore(opened, into: sink)
      } catch {
        notices.append(error)
      }
    }
    return notices + collected.all + sink.finish()
  }
}

/// What a sink says in passing.
final class Notices { var all: [MemberNotice] = [] }

/// Feeds one opened member to a sink.
func restore(_ opened: OpenedMember, into sink: any MemberSink) throws(MemberNotice) -> [MemberNotice] {
  guard opened.member.kind == .regular else {
    try sink.create(opened.member)
    return []
  }
  guard let writer = try sink.beginFile(opened.member) else { return [] }
  let extents = opened.member.dataExtents ?? [Extent(offset: 0, length: opened.member.size)]
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100_000, alignment: 8)
  defer { buffer.deallocate() }
  for extent in extents {
    var offset = extent.offset
    while offset < extent.offset + extent.length, let content = opened.content {
      let wanted = Int(min(Int64(buffer.count), extent.offset + extent.length - offset))
      let count = try content.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
      if count == 0 { break }
      try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]).bytes, at: offset)
      offset += Int64(count)
    }
  }
  var notices: [MemberNotice] = []
  if let notice = opened.content?.close() { notices.append(notice) }
  return notices + (try writer.commit())
}

/// A member made up for a test.
func member(_ path: String, _ kind: Member.Kind, link: String = "", mode: UInt32 = 0o644) -> Member {
  var member = Member(
    path: Array(path.utf8), kind: kind, mode: mode, ownership: Ownership(user: geteuid(), group: getegid()),
    modified: Timestamp(seconds: 1_000_000_000))
  member.linkTarget = Array(link.utf8)
  return member
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The words of notices, with the names that they are about.
func words(_ notices: [MemberNotice]) -> [String] {
  notices.map { notice in
    // Names within messages are quoted as the locale has it.
    let message = notice.message.replacing("‘", with: "'").replacing("’", with: "'")
    return (notice.path.isEmpty ? "" : String(decoding: notice.path, as: UTF8.self) + ": ") + message
  }
}

/// Tests that make devices or change owners need it; the trait prints the reason where they are skipped.
let isRoot = geteuid() == 0
