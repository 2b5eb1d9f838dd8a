import ArchiveFormat
import Glibc
import HostFiles
import Testing

@Suite struct ComparisonTests {
  /// Compares the opened members of the source with the target, and asks GNU tar the same.
  private func compare(
    _ operands: [String], after change: String, _ options: SourceOptions = SourceOptions()
  ) throws -> (ours: [String], tar: [String], exit: Int32, gravest: Int) {
    let workspace = Workspace()
    workspace.run(
      """
      cd source && mkdir -p d && echo hi > f && ln f h && ln -s f sl && echo x > d/x && mkfifo p && truncate -s 1M hole
      cp -a . ../target
      tar -H pax -cf ../a.tar \(operands.joined(separator: " "))
      """)
    workspace.run("cd target && { \(change)\n}")
    let collected = Notices()
    let comparison = Comparison(target: workspace.openTarget()) { collected.all.append($0) }
    for item in workspace.walk(operands, options).members {
      do throws(MemberNotice) {
        collected.all += try restore(try item.open(), into: comparison)
      } catch {
        collected.all.append(error)
      }
    }
    #expect(comparison.finish() == [])
    let tar = workspace.runForStatus("LC_ALL=C tar -C target -df a.tar")
    let lines = String(decoding: tar.output, as: UTF8.self).split(separator: "\n").filter {
      $0 != "tar: Exiting with failure status due to previous errors"
    }.map {
      $0.hasPrefix("tar: ") ? String($0.dropFirst(5)) : String($0)
    }
    return (words(collected.all), lines, tar.status, collected.all.map(\.severity.rawValue).max() ?? 0)
  }

  @Test(arguments: [
    "true", "echo longer >> f", "touch -d 2001-01-01 f", "chmod 600 f d", "rm p; ln -s x p", "rm p; : > p",
    "rm h; echo hi > h; touch -r f h", "ln -sfn g sl", "rm sl f", "rm -r d", "rm d/x; mkdir d/x", "mv d e; : > d",
    "printf ho > f2; cat f | tr i o > f2; touch -r f f2; cat f2 > f; touch -r f2 f", "rm h", "rm f; ln -s h f",
    "rm -r p; mkdir p",
  ])
  func differencesAreThoseThatGNUTarNames(change: String) throws {
    let result = try compare(["f", "h", "sl", "d", "p"], after: change)
    #expect(result.ours == result.tar)
    #expect(result.gravest == Int(result.exit))
  }

  @Test(.enabled(if: isRoot, "changing owners needs root")) func ownersAreCompared() throws {
    let result = try compare(["f", "d"], after: "chown 3:4 f")
    #expect(result.ours == result.tar)
    #expect(result.ours == ["f: Uid differs", "f: Gid differs"])
  }

  @Test func dataWhereTheArchiveHasAHoleDiffers() throws {
    var options = SourceOptions()
    options.detectsHoles = true
    let change = "touch -r hole ref; printf x | dd of=hole bs=1 seek=500000 conv=notrunc status=none; touch -r ref hole"
    #expect(try compare(["hole"], after: change, options).ours == ["hole: Contents differ"])
    #expect(try compare(["hole"], after: "true", options).ours == [])
  }

  @Test func standardOutputGetsContentsInOrderWithHolesAsZeros() throws {
    let workspace = Workspace()
    let descriptor = open(workspace.path + "/out", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let sink = StandardOutputSink(descriptor: descriptor)
    var sparse = member("s", .regular)
    sparse.size = 6
    var full = member("t", .regular)
    full.size = 2
    let writer = try #require(try sink.beginFile(sparse))
    try writer.write(([65] as [UInt8]).span.bytes, at: 2)
    #expect(try writer.commit() == [])
    try sink.create(member("d", .directory))
    let second = try #require(try sink.beginFile(full))
    try second.write(([66, 67] as [UInt8]).span.bytes, at: 0)
    #expect(try second.commit() == [])
    _ = close(descriptor)
    #expect(workspace.run("cat out") == [0, 0, 65, 0, 0, 0, 66, 67])
  }
}
