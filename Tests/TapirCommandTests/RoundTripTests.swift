import Foundation
import Testing

/// Real trees out and back, compared by other programs.
struct RoundTripTests {
  /// Says nothing when the trees are the same in content and in every attribute that rsync knows.
  private let compare = "rsync -naicHAX --delete tree/ out/tree/"

  @Test func aTreeComesBackThroughIndexCataloguesAndSequence() throws {
    let place = try Workplace()
    try place.shell("cp -a /usr/include tree")
    let create = try place.tapir("-cf", "demo.vtl", "tree")
    #expect(create.status == 0)
    #expect(create.errors.contains(try Regex("^tapir: labelled volume V[0-9A-Z]{5}\n$")))
    let expected = try place.shell("find tree | wc -l").text.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try place.tapir("-tf", "demo.vtl").lines.count == Int(expected))

    for (options, note) in [("", ""), ("rm demo.vtl/index.sqlite;", "reading its catalogues"), ("--no-index", "")] {
      let removal = options.hasPrefix("rm") ? options : ""
      let option = options.hasPrefix("--") ? options : ""
      let result = try place.shell("rm -rf out; mkdir out; \(removal) $TAPIR -xf demo.vtl \(option) -C out")
      #expect(result.status == 0)
      #expect(note.isEmpty ? result.errors.isEmpty : result.errors.contains(note))
      #expect(try place.shell(compare).text == "")
      #expect(try place.shell("diff -r tree out/tree").status == 0)
    }
  }

  @Test func everyKindOfMemberComesBackWithAllItsAttributes() throws {
    let place = try Workplace()
    let isRoot = geteuid() == 0
    if !isRoot { print("device nodes and owners are not tested: that needs root") }
    try place.shell(
      #"""
      mkdir -p tree/deep/er; cd tree
      printf hello > file; touch -d '1969-12-31 23:59:58.5 UTC' file
      : > empty; ln file hard; ln -s ../elsewhere soft; mkfifo pipe
      printf x > $'new\nline'; printf x > $'bad\xff\xfeutf8'; printf x > 'with space'; printf x > 'back\slash'
      printf x > "$(printf 'n%.0s' {1..255})"
      d=.; for i in 1 2 3 4 5 6; do d=$d/$(printf 'd%.0s' {1..200}); done; mkdir -p $d; printf deep > $d/file
      ln -s "$(printf 'l%.0s' {1..2000})" longlink
      truncate -s 5M sparse; printf data | dd of=sparse bs=1 seek=2000000 conv=notrunc status=none
      chmod 4755 file; chmod 1777 deep; chmod 0 empty; chmod 2750 deep/er
      touch -d '2001-02-03 04:05:06.789012345' deep/er deep 'with space'
      touch -d '2040-01-01' empty
      """#
        + (isRoot ? "\nmknod char c 1 3; mknod block b 7 200; chown 12345:54321 file; chown -h daemon:daemon soft" : "")
    )
    for layout in ["pax", "raw"] {
      let result = try place.shell(
        "rm -rf x.vtl out; mkdir out; $TAPIR -cf x.vtl -S --layout \(layout) tree && $TAPIR -xpf x.vtl -C out")
      #expect(result.status == 0, "\(layout): \(result.errors)")
      #expect(try place.shell(compare).text == "", "\(layout)")
      let sequence = try place.shell("rm -rf out; mkdir out; $TAPIR --no-index -xpf x.vtl -C out")
      #expect(sequence.status == 0, "\(layout): \(sequence.errors)")
      #expect(try place.shell(compare).text == "", "\(layout) without index")
    }
    // Blocks of 512 bytes: 5 MB of file, but a few pages of data.
    let blocks = try place.shell(
      "rm -rf out x.vtl; mkdir out; $TAPIR -cSf x.vtl tree; $TAPIR -xpf x.vtl -C out; stat -c %b out/tree/sparse")
    #expect(try #require(Int(blocks.text.trimmingCharacters(in: .whitespacesAndNewlines))) < 1000)
  }

  @Test func attributesAndAccessControlListsComeBackWhenAskedFor() throws {
    let place = try Workplace()
    let made = try place.shell(
      """
      mkdir tree; printf x > tree/file; mkdir tree/dir
      setfattr -n user.comment -v 'a=b%c' tree/file && setfacl -m u:daemon:rwx,g:bin:r tree/file &&
        setfacl -d -m u:daemon:rwx tree/dir
      """)
    guard made.status == 0 else {
      print("skipped: \(made.errors)")
      return
    }
    for layout in ["pax", "raw"] {
      try place.shell("rm -rf out x.vtl; mkdir out")
      #expect(try place.tapir("-cf", "x.vtl", "--xattrs", "--acls", "--layout", layout, "tree").status == 0)
      #expect(try place.tapir("-xf", "x.vtl", "--xattrs", "--acls", "-C", "out").status == 0)
      #expect(try place.shell(compare).text == "", "\(layout)")
      try place.shell("rm -rf out; mkdir out")
      try place.tapir("-xf", "x.vtl", "-C", "out")
      #expect(try place.shell("getfattr -d out/tree/file; getfacl -c out/tree/file | grep daemon").text == "")
    }
  }

  @Test(arguments: ["pax", "raw"])
  func filesOfEverySizeComeBack(_ layout: String) throws {
    let place = try Workplace()
    let block = 16384
    var sizes = [0, 1, 511, 512, 513]
    for blocks in 1...3 { sizes += [blocks * block - 1, blocks * block, blocks * block + 1] }
    for size in sizes { try place.file("tree/\(size)", bytes: size) }
    #expect(try place.tapir("-cf", "x.vtl", "-b32", "--layout", layout, "tree").status == 0)
    try place.shell("mkdir out")
    #expect(try place.tapir("-xf", "x.vtl", "-C", "out").status == 0)
    #expect(try place.shell(compare).text == "")
    for size in sizes {
      #expect(try place.tapir("-xOf", "x.vtl", "tree/\(size)").output.count == size)
    }
  }

  @Test func streamsOfEveryLengthComeBack() throws {
    let place = try Workplace()
    let block = 16384
    for size in [0, 1, block - 1, block, block + 1, 5_000_000] {
      try place.file("data", bytes: size)
      let script =
        "rm -rf x.vtl; cat data | $TAPIR -cf x.vtl -b32 --stream a/name && $TAPIR -xOf x.vtl a/name | cmp - data"
      let result = try place.shell(script)
      #expect(result.status == 0, "\(size): \(result.errors)")
      #expect(try place.tapir("-tf", "x.vtl").text == "a/name\n")
    }
  }

  @Test func aStreamLongerThanMemoryMayHoldPasses() throws {
    let place = try Workplace()
    // 400 MB of address space beyond the program's own would not hold 1 GiB of stream.
    let script = """
      set -o pipefail; size=1073741824
      head -c $size /dev/zero | (ulimit -v 700000; $TAPIR -cf x.vtl --buffer 16M --stream big) || exit 1
      (ulimit -v 700000; $TAPIR -xOf x.vtl --buffer 16M big) | cmp -n $size - /dev/zero || exit 1
      (ulimit -v 700000; $TAPIR -xOf x.vtl --buffer 16M big) | wc -c
      """
    let result = try place.shell(script)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.text == "1073741824\n")
  }

  @Test func listingsAreThoseOfGNUTar() throws {
    let place = try Workplace()
    try place.shell(
      #"""
      mkdir -p tree/sub; printf hello > tree/file; ln tree/file tree/hard; ln -s file tree/soft; mkfifo tree/pipe
      printf x > $'tree/new\nline'; printf x > 'tree/back\slash'; printf x > $'tree/bad\xff'; printf x > tree/ümlaut
      printf x > $'tree/c1\xc2\x9bcontrol'; printf x > $'tree/zero\xe2\x80\x8bwidth'; printf x > tree/日本
      chmod 4755 tree/file; chmod 1770 tree/sub; truncate -s 20G tree/big; chmod 600 tree/soft 2>/dev/null
      touch -d '1960-05-06 07:08:09' tree/sub
      """# + (geteuid() == 0 ? "; chown 123456:654321 tree/file; mknod tree/null c 1 3" : ""))
    try place.shell("tar -cSf t.tar tree; $TAPIR -cSf t.vtl tree")
    for locale in ["C", "C.UTF-8"] {
      for options in ["-tf", "-tvf"] {
        let ours = try place.shell("$TAPIR \(options) t.vtl", environment: ["LC_ALL": locale])
        let theirs = try place.shell("tar \(options) t.tar", environment: ["LC_ALL": locale])
        #expect(ours.output == theirs.output, "\(options) in \(locale):\n\(ours.text)\n\(theirs.text)")
      }
    }
  }
}
