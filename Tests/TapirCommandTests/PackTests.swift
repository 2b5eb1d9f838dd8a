import Foundation
import Testing

/// `--pack` from outside: small members share tar archives on tape, and nobody who reads a volume need know.
struct PackTests {
  /// 300 small files in directories, links among them, and one that is too large for a pack.
  private func place() throws -> Workplace {
    let place = try Workplace()
    for number in 1...300 { try place.file("tree/d\(number % 7)/f\(number)", bytes: number * 37) }
    try place.file("tree/large", bytes: 3_000_000)
    try place.shell(
      "cd tree; : > empty; ln d1/f8 hard; ln -s d1/f8 soft; mkfifo fifo; truncate -s 500000 hole; echo x >> hole")
    return place
  }

  @Test func aTreeComesBackInEveryWay() throws {
    let place = try place()
    #expect(try place.tapir("-c", "-S", "--pack", "-f", "x.vtl", "--vsn", "V00001", "tree").status == 0)
    let files = try place.shell("sqlite3 x.vtl/index.sqlite 'SELECT layout, count(*) FROM aul_file GROUP BY layout'")
    #expect(files.text.hasPrefix("2|"), "\(files.text) \(files.errors)")
    for options in ["", "--no-index"] {
      #expect(
        try place.shell(
          "diff <($TAPIR -tf x.vtl \(options) | sort) <(find tree -type d -printf '%p/\\n' -o -print | sort)"
        ).text == "")
      #expect(try place.shell("rm -rf o; mkdir o; $TAPIR -xf x.vtl -C o \(options)").status == 0)
      let difference = try place.shell("rm -f tree/fifo o/tree/fifo; diff -r --no-dereference tree o/tree")
      #expect(difference.status == 0, "\(difference.text)")
      #expect(try place.shell("[ o/tree/hard -ef o/tree/d1/f8 ]").status == 0)
      try place.shell("mkfifo tree/fifo")
    }
    try place.shell("rm tree/fifo")
    #expect(try place.tapir("-df", "x.vtl", "tree/d3", "tree/large", "tree/hole", "tree/hard").status == 0)
    #expect(try place.shell("$TAPIR -xOf x.vtl tree/d2/f9 | cmp - tree/d2/f9").status == 0)
    #expect(try place.tapir("volume", "verify", "x.vtl").text.hasSuffix("nothing damaged\n"))
    #expect(try place.tapir("volume", "verify", "x.vtl", "--sample=3").text.contains(" 3 of 314 members read"))
    #expect(try place.tapir("index", "check", "x.vtl").text.hasSuffix("index and tape agree\n"))
    // Archived again, as an ordinary tar and in packs of another volume.
    #expect(try place.shell("$TAPIR -cf y.tar @x.vtl && tar -xOf y.tar tree/d2/f9 | cmp - tree/d2/f9").status == 0)
    #expect(
      try place.shell("$TAPIR -cf z.vtl --pack @y.tar && $TAPIR -xOf z.vtl tree/d2/f9 | cmp - tree/d2/f9").status == 0)
  }

  @Test func theRowsThatWereLostComeBackFromTarHeaders() throws {
    let place = try place()
    try place.shell("$TAPIR -cf x.vtl --vsn V00001 --pack tree")
    let rows =
      "sqlite3 x.vtl/index.sqlite 'SELECT fseq, offset, content_offset, size, hex(digest), hex(name) FROM member'"
    let before = try place.shell(rows).text
    #expect(before.split(separator: "\n").count == 314)
    #expect(try place.tapir("index", "rebuild", "--scan", "x.vtl").status == 0)
    #expect(try place.shell(rows).text == before)
  }

  @Test func sizesSayWhatGoesIntoAPack() throws {
    let place = try Workplace()
    try place.file("a", bytes: 100)
    try place.file("b", bytes: 101)
    try place.shell(
      "$TAPIR -cf x.vtl --vsn V00001 --pack=100 a b; $TAPIR -rf x.vtl --pack=0 a; : > e; $TAPIR -rf x.vtl --pack=0 e")
    let layouts = try place.shell("sqlite3 x.vtl/index.sqlite 'SELECT coalesce(layout, 2) FROM member ORDER BY id'")
    #expect(layouts.text == "2\n1\n1\n2\n")
    let wrong = try place.tapir("-cf", "y.vtl", "--pack=many", "a")
    #expect(wrong.status == 2 && wrong.errors.contains("--pack takes a size"))
    #expect(try place.tapir("-tf", "x.vtl", "--pack").errors.contains("--pack is for -c and -r"))
  }

  @Test func aSignalKeepsWhatWasArchivedOfAPack() throws {
    let place = try Workplace()
    try place.shell("mkdir tree; for i in {1..400}; do head -c 20000 /dev/urandom > tree/$i; done")
    // Half of an archive comes at once, up to the end of a member; then the source is silent.
    let result = try place.shell(
      """
      (tar -cf - tree | head -c $((512 + 200 * 20992)); until [ -e over ]; do sleep 0.1; done) |
        $TAPIR -cvf x.vtl --vsn V00001 --pack @- > names & process=$!
      until [ "$(wc -l < names)" -ge 201 ]; do sleep 0.1; done
      sleep 1; kill -TERM $process; wait $process; status=$?; touch over; exit $status
      """)
    #expect(result.status == 143)
    #expect(result.errors.contains("interrupted: 201 members of this session are safe"), "\(result.errors)")
    #expect(try place.tapir("-tf", "x.vtl").lines.count == 201)
    #expect(
      try place.shell("mkdir o; $TAPIR -xf x.vtl -C o && cd o && for i in tree/*; do cmp $i ../$i || exit 1; done")
        .status == 0)
  }

  @Test func sourcesAreRemovedWhenTheirPackIsSafe() throws {
    let place = try place()
    #expect(
      try place.shell("cp -a tree kept; rm kept/fifo tree/fifo; $TAPIR -cf x.vtl --pack --remove-files -W tree").status
        == 0)
    #expect(try place.shell("ls -A tree").status != 0)
    #expect(try place.shell("$TAPIR -xf x.vtl && diff -r --no-dereference kept tree").status == 0)
  }

  @Test func aDamagedMemberCostsNoOther() throws {
    let place = try place()
    try place.shell("$TAPIR -cf x.vtl --vsn V00001 --compression off -b 32 --pack tree")
    try place.shell(
      """
      offset=$(python3 -c "
      data = open('x.vtl/data', 'rb').read(); part = open('tree/d4/f200', 'rb').read()[3000:3064]
      assert data.count(part) == 1; print(data.index(part))")
      printf 'XY' | dd of=x.vtl/data bs=1 seek=$offset conv=notrunc status=none; rm tree/fifo
      """)
    for options in ["", "--no-index"] {
      let result = try place.shell("rm -rf o; mkdir o; $TAPIR -xf x.vtl -C o \(options)")
      #expect(result.status == 2 && result.errors.contains("tree/d4/f200"), "\(result.errors)")
      // The block of 16 KiB holds parts of three members at most; the others are whole.
      let missing = try place.shell("rm -f o/tree/fifo; diff -r --no-dereference tree o/tree").lines
      #expect((1...4).contains(missing.count) && missing.allSatisfy { $0.hasPrefix("Only in tree") }, "\(missing)")
    }
  }
}
