import ArchiveFormat
import Foundation
import TapeTestSupport
import Testing

/// Whatever the bytes are, the reader says and does what GNU tar does, and ends.
struct TarDamageTests {
  /// Names listed, what was said, and the exit status that it comes to.
  private struct Outcome: Equatable {
    var names: [String] = []
    var words: [String] = []
    var status: Int32 = 0
  }

  private func read(_ archive: [UInt8], ignoringZeros: Bool = false) -> Outcome {
    var outcome = Outcome()
    archive.withUnsafeBytes { memory in
      let reader = TarReader(MemoryBytes(memory)) { notice in
        outcome.words.append(
          (notice.path.isEmpty ? "" : String(decoding: notice.path, as: UTF8.self) + ": ") + notice.message)
        if notice.severity == .failure { outcome.status = 2 }
      }
      reader.ignoresZeros = ignoringZeros
      while true {
        do throws(VolumeError) {
          guard let entry = try reader.nextEntry() else { break }
          var name = String(decoding: entry.member.path, as: UTF8.self)
          if entry.member.kind == .directory { name += "/" }
          outcome.names.append(name)
        } catch {
          outcome.words.append(error.description)
          outcome.status = 2
          if case .notTar = error { continue }
          break
        }
      }
    }
    return outcome
  }

  /// GNU tar reads from a pipe: of a file it skips without looking whether it is all there.
  private func gnuTar(_ folder: TestFolder, _ name: String, _ options: String = "") -> Outcome {
    let result = folder.run(
      "cat '\(name)' | LC_ALL=C.UTF-8 tar --quoting-style=literal -t \(options) -f - 2>err; code=$?; echo; cat err; exit $code"
    )
    let text = String(decoding: result.output, as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    let isLast = ["Exiting with failure status due to previous errors", "Error is not recoverable: exiting now"]
    let words = lines.filter { $0.hasPrefix("tar: ") }.map { String($0.dropFirst(5)) }.filter { !isLast.contains($0) }
    return Outcome(names: lines.filter { !$0.hasPrefix("tar: ") }, words: words, status: result.status)
  }

  private func expectAsGNUTar(_ folder: TestFolder, _ name: String, ignoringZeros: Bool = false) {
    // Only with -v every field is looked at; its lines are not compared.
    var expected = gnuTar(folder, name, ignoringZeros ? "-iv" : "-v")
    expected.names = gnuTar(folder, name, ignoringZeros ? "-i" : "").names
    #expect(read(folder.read(name), ignoringZeros: ignoringZeros) == expected, "\(name)")
  }

  @Test func oddArchivesAreReadAsGNUTarDoes() throws {
    let folder = TestFolder()
    let script = try #require(Bundle.module.path(forResource: "Oracles/odd_archives.py", ofType: nil))
    #expect(folder.run("python3 '\(script)'").status == 0)
    let names = folder.text("ls odd-*").split(separator: "\n").map(String.init)
    #expect(names.count > 60)
    for name in names {
      expectAsGNUTar(folder, name)
      if name.contains("zero") || name.contains("twice") { expectAsGNUTar(folder, name, ignoringZeros: true) }
    }
  }

  @Test func archivesCutOffAreReadAsGNUTarDoes() throws {
    let folder = TestFolder()
    _ = folder.run(
      "mkdir d; head -c 1500 /dev/zero > d/a; echo b > d/b; truncate -s 70000 d/c; printf x >> d/c\n"
        + "touch d/\(String(repeating: "n", count: 110)); tar -S --sort=name --format=gnu -cf gnu.tar d\n"
        + "tar -S --sort=name --format=pax -cf pax.tar d")
    for name in ["gnu.tar", "pax.tar"] {
      let archive = folder.read(name)
      let end = archive.lastIndex { $0 != 0 } ?? 0
      for count in stride(from: 0, to: end + 2048, by: 512) {
        for count in [count, count + 1, count + 511] where count % 1024 < 1000 || count % 512 == 0 {
          folder.write(Array(archive.prefix(count)), to: "cut.tar")
          var expected = gnuTar(folder, "cut.tar")
          let found = read(Array(archive.prefix(count)))
          // Of a file whose sparse map is cut off GNU tar gives the name first.
          if expected.names.last == "d/c", name == "pax.tar", expected.status == 2, !found.names.contains("d/c") {
            expected.names.removeLast()
          }
          #expect(found == expected, "\(name) cut at \(count)")
        }
      }
    }
  }

  private func sample() throws -> [UInt8] {
    let folder = TestFolder()
    _ = folder.run(
      "echo b > b; truncate -s 70000 c; printf x >> c; for i in 1 2 3 4 5 6; do printf x | "
        + "dd of=c bs=1 seek=$((i*10000)) conv=notrunc 2>/dev/null; done; ln -s \(String(repeating: "t", count: 120)) l\n"
        + "tar -S --format=gnu -V v -cf gnu.tar l b c; tar -S --format=pax -V v -cf pax.tar l b c\n"
        + "head -c 16384 gnu.tar > x; cat pax.tar >> x")
    return folder.read("x")
  }

  /// Sums the header at `start` anew, so that damage in it is believed.
  private func mend(_ archive: inout [UInt8], at start: Int) {
    for offset in 148..<156 { archive[start + offset] = 32 }
    let digits = String(archive[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
    let field = Array(String(repeating: "0", count: 6 - digits.utf8.count).utf8) + Array(digits.utf8) + [0]
    archive.replaceSubrange(start + 148..<start + 155, with: field)
  }

  @Test func anArchiveCutOffAtAnyByteEnds() throws {
    let archive = try sample()
    for count in 0..<min(archive.count, 6000) {
      _ = read(Array(archive.prefix(count)))
      _ = read(Array(archive.dropFirst(count).prefix(6000)), ignoringZeros: true)
    }
  }

  @Test func damageBehindAMendedChecksumNeverCrashes() throws {
    let archive = try sample()
    let headers = stride(from: 0, to: archive.count - 512, by: 512).filter { start in
      archive[start + 257..<start + 262].elementsEqual("ustar".utf8)
    }
    #expect(headers.count > 8)
    for start in headers {
      for offset in start..<min(start + 600, archive.count) {
        for value: UInt8 in [0x39, 0xff] {
          var damaged = archive
          damaged[offset] = value
          if offset < start + 512 { mend(&damaged, at: start) }
          _ = read(damaged)
        }
      }
    }
  }

  @Test func fieldsOfAnyBytesNeverCrash() throws {
    var generator = SeededGenerator("TarDamageTests.fieldsOfAnyBytesNeverCrash")
    let archive = try sample()
    let edges: [UInt8] = [0, 0x20, 0x30, 0x37, 0x38, 0x80, 0xff, 0x0a, 0x3d, 0x53, 0x78]
    for _ in 0..<3000 {
      var damaged = archive
      let start = Int.random(in: 0..<archive.count / 512 - 2, using: &generator) * 512
      let first = start + Int.random(in: 0..<500, using: &generator)
      for offset in first..<first + Int.random(in: 1...12, using: &generator) {
        damaged[offset] = edges.randomElement(using: &generator) ?? 0
      }
      mend(&damaged, at: start)
      _ = read(damaged, ignoringZeros: true)
    }
  }

  @Test func onlyHeadersAndZerosLookLikeTar() throws {
    let archive = try sample()
    #expect(TarReader.looksLikeTar(Array(archive.prefix(512))))
    #expect(TarReader.looksLikeTar([UInt8](repeating: 0, count: 512)))
    #expect(!TarReader.looksLikeTar(Array(archive.prefix(511))))
    var damaged = Array(archive.prefix(512))
    damaged[3] ^= 1
    #expect(!TarReader.looksLikeTar(damaged))
    #expect(!TarReader.looksLikeTar([UInt8](repeating: 0x67, count: 512)))
  }
}
