import ArchiveFormat
import TapeTestSupport
import Testing

/// What is written is what GNU tar writes, byte for byte.
struct TarEncoderTests {
  /// Compares archives up to the padding behind their ends, and says where they part.
  private func expectSame(_ bytes: [UInt8], _ expected: [UInt8], _ what: String) {
    guard !expected.starts(with: bytes) || expected.dropFirst(bytes.count).contains(where: { $0 != 0 }) else { return }
    let place = zip(bytes, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(bytes.count, expected.count)
    let record = place / 512 * 512
    func shown(_ bytes: [UInt8]) -> String {
      String(decoding: bytes.dropFirst(record).prefix(512).map { $0 == 0 ? 0x2e : $0 }, as: UTF8.self)
    }
    Issue.record("\(what): byte \(place) differs:\n\(shown(bytes))\n\(shown(expected))")
  }

  /// What GNU tar said of members, without its name and the line that every failure ends with.
  private func words(_ lines: [String]) -> [String] {
    lines.filter { !$0.hasSuffix("Exiting with failure status due to previous errors") }
      .map { String($0.dropFirst("tar: ".count)) }
  }

  private func said(_ notices: [MemberNotice]) -> [String] {
    notices.map { ($0.path.isEmpty ? "" : String(decoding: $0.path, as: UTF8.self) + ": ") + $0.message }
  }

  @Test(arguments: TarFormat.allCases)
  func theTreeIsEncodedAsGNUTarDoes(_ format: TarFormat) throws {
    let folder = TestFolder()
    #expect(TarTree.make(in: folder))
    // What these formats cannot hold is not linked to.
    if format == .v7 || format == .ustar { _ = folder.run("rm t/z-long-link") }
    let made = TarTree.archive(folder, "--quoting-style=literal --format=\(format.rawValue) --sort=name -cf a.tar t")
    let names = folder.run("tar --format=gnu --sort=name -cf n.tar t && cat n.tar").output
    let walked = try TarTree.walk(folder, TarTree.read(names).map(\.member.path))
    #expect(walked.count > 25)
    var options = TarEncoder.Options()
    options.process = made.process
    var encoder = TarEncoder(format: format, options: options)
    var bytes: [UInt8] = []
    var notices: [MemberNotice] = []
    var refused: [[UInt8]] = []
    for item in walked {
      // GNU tar does not go into a directory that it could not write, nor link to a file.
      if refused.contains(where: { item.member.path.starts(with: $0 + [UInt8(ascii: "/")]) }) { continue }
      if item.member.kind == .hardLink, refused.contains(item.member.linkTarget) { continue }
      do throws(MemberNotice) {
        if let notice = try encoder.append(item.member, to: &bytes) { notices.append(notice) }
        guard item.member.kind == .regular else { continue }
        let content = TarTree.content(folder, item.member.path)
        bytes += content + [UInt8](repeating: 0, count: encoder.paddingSize(of: item.member))
      } catch {
        notices.append(error)
        refused.append(item.member.path)
      }
    }
    bytes += [UInt8](repeating: 0, count: TarEncoder.endOfArchiveSize)
    expectSame(bytes, folder.read("a.tar"), format.rawValue)
    #expect(said(notices).joined(separator: "\n") == words(made.words).joined(separator: "\n"))
  }

  @Test(arguments: TarFormat.allCases)
  func whatIsReadIsEncodedAgainAsItWas(_ format: TarFormat) throws {
    let folder = TestFolder()
    #expect(TarTree.make(in: folder))
    let made = TarTree.archive(folder, "--format=\(format.rawValue) --sort=name -cf a.tar t")
    let archive = folder.read("a.tar")
    var options = TarEncoder.Options()
    options.process = made.process
    // Members that GNU tar cut the target of are not in the comparison: their archives do not say what it was.
    expectSame(try TarTree.encoded(TarTree.read(archive), format, options).bytes, archive, format.rawValue)
  }

  @Test(arguments: [
    "--format=gnu -V label", "--format=oldgnu --label=label", "--format=pax -V label", "--format=gnu -g snapshot",
    "--format=pax -g snapshot", "--format=oldgnu -g snapshot", "--format=gnu -S", "--format=oldgnu -S -g snapshot",
    "--format=pax -S --sparse-version=0.0", "--format=pax -S --sparse-version=0.1", "--format=pax -S -V é",
    "--format=gnu -S --hole-detection=raw",
    "--format=pax --xattrs --acls --selinux", "--format=gnu --numeric-owner", "--format=pax --numeric-owner",
    "--format=ustar --numeric-owner",
    "--format=pax -S --owner=überlang:3000000 --group=gruppe-mit-mehr-als-32-buchstaben-im-namen",
    "--format=gnu --owner=uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu:3000000 --group=ggggggggggggggggggggggggggggggg",
    "--format=pax --pax-option=exthdr.name=%d/x/%f.%p.%n,exthdr.mtime=77",
    "--format=pax --pax-option=delete=atime,delete=c*,delete=SCHILY.*",
    "--format=pax --pax-option=comment:=hello,atime:=5,uname:=", "--format=pax --pax-option=comment=hello,foo=bar,x:=y",
    "--format=pax -V l --pax-option=globexthdr.name=/g/%d%f/%p/%n,globexthdr.mtime=9,a=b --pax-option=c:=d",
  ])
  func archivesOfOtherOptionsAreEncodedAgainAsTheyWere(_ arguments: String) throws {
    let folder = TestFolder()
    #expect(TarTree.make(in: folder, isSmall: !arguments.contains("numeric")))
    _ = folder.run(
      """
      cd t; truncate -s 100000 hole; truncate -s 1M one; printf x | dd of=one bs=1 seek=500000 conv=notrunc 2>/dev/null
      for i in $(seq 60); do printf x | dd of=many bs=1 seek=$((i*20000)) conv=notrunc 2>/dev/null; done
      mkdir é-\(String(repeating: "x", count: 120)); cp --sparse=always one é-*/; truncate -s 9G huge
      printf x | dd of=huge bs=1 seek=9000000000 conv=notrunc 2>/dev/null
      setfattr -n user.b%= -v 1 s512; setfattr -n user.a -v 2 s512; setfacl -m u:1:r s512; setfacl -d -m u:1:r sticky
      setfattr -n security.selinux -v some:context s513
      """ + (arguments.contains(" -S") && !arguments.contains("raw") ? "" : "\nrm huge")
        + "\ncd ..; sleep 0.02; tar -Scf x.tar t")
    let made = TarTree.archive(folder, "\(arguments) --sort=name -cf a.tar t")
    let archive = folder.read("a.tar")
    let found = try TarTree.read(archive)
    var options = TarEncoder.Options()
    options.process = made.process
    let words = arguments.split(separator: " ").map(String.init)
    options.isIncremental = words.contains("-g")
    options.hasRawHoles = words.contains("--hole-detection=raw")
    options.isNumericOwner = words.contains("--numeric-owner")
    for word in words where word.hasPrefix("--sparse-version=") {
      options.sparseVersion = try #require(SparseVersion(rawValue: String(word.dropFirst(17))))
    }
    for word in words where word.hasPrefix("--pax-option=") {
      try options.pax.parse(Array(word.utf8.dropFirst(13))) { _ in nil }
    }
    if words.contains("--pax-option=comment=hello,foo=bar,x:=y") {
      // The global header has no label to read the time from.
      options.startTime = Int64(String(decoding: archive[136..<147], as: UTF8.self), radix: 8) ?? 0
    }
    let format = try #require(TarFormat(name: String(words[0].dropFirst("--format=".count))))
    var again = found
    if arguments.contains(":=") || arguments.contains("delete") {
      // What the options replaced is not in the archive: only the walk knows it.
      let walked = TarTree.walk(folder, found.filter { $0.entry?.kind == .member }.map(\.member.path))
      var rest = walked[...]
      again = found.map { item in
        guard item.entry?.kind == .member, let member = rest.popFirst()?.member else { return item }
        var item = item
        item.member.ownership = member.ownership
        item.member.changed = member.changed
        return item
      }
    }
    expectSame(try TarTree.encoded(again, format, options).bytes, archive, arguments)
  }

  @Test(arguments: [
    ("foo", "Keyword foo is unknown or not yet implemented"), ("=x", "Malformed pax option: ‘=x’"),
    ("delete=GNU.*", "Pattern ‘GNU.*’ cannot be used"), ("delete=*", "Pattern ‘*’ cannot be used"),
    ("GNU.sparse.name=x", "Keyword GNU.sparse.name cannot be overridden"),
    ("GNU.dumpdir:=x", "Keyword GNU.dumpdir cannot be overridden"),
    ("exthdr.mtime=x", "Time stamp is out of allowed range"),
  ])
  func paxOptionsThatGNUTarRefusesAreRefusedInItsWords(_ argument: String, _ words: String) {
    let folder = TestFolder()
    var options = PaxOptions()
    do {
      try options.parse(Array(argument.utf8)) { _ in nil }
      Issue.record("\(argument) was taken")
    } catch { #expect(error.message == words) }
    let said = TarTree.archive(folder, "--format=pax --pax-option='\(argument)' -cf a.tar .").words.first
    #expect(said == "tar: \(words)")
  }

  @Test(arguments: [TarFormat.v7, .ustar])
  func labelsAndDirectoryListsNeedAFormatThatHasThem(_ format: TarFormat) throws {
    var encoder = TarEncoder(format: format)
    var bytes: [UInt8] = []
    #expect(throws: MemberNotice.self) { try encoder.appendBeginning(label: [0x61], to: &bytes) }
    let member = PaxSamples.file([0x61]).member
    #expect(bytes.isEmpty)
    // A directory of another archive is kept all the same.
    var directory = member
    directory.kind = .directory
    var plain: [UInt8] = []
    #expect(try encoder.append(directory, to: &plain) == nil)
    directory.dumpDirectory = [0]
    #expect(try encoder.append(directory, to: &bytes)?.severity == .failure)
    #expect(bytes == plain)
  }
}
