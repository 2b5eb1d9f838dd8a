import Foundation
import Testing

/// Options for names and metadata where GNU tar is no oracle: ours, bsdtar's, and those where we differ on purpose.
struct NameOptionTests {
  private func tree() throws -> Workplace {
    let place = try Workplace()
    let made = try place.shell(
      """
      mkdir -p t/d; for f in t/a.c t/b.o t/d/a.c t/d/e; do echo $f > $f; done
      $TAPIR -cf x.vtl --vsn V00001 --sort=name t && $TAPIR -rf x.vtl t/a.c
      """)
    #expect(made.status == 0, "\(made.errors)")
    return place
  }

  /// As GNU tar documents it; version 1.34 lists nothing but what is called t/b.o.
  @Test(arguments: ["", "--no-index"])
  func readingBeginsWithTheStartingFile(_ option: String) throws {
    let place = try tree()
    #expect(
      try place.shell("$TAPIR -tf x.vtl \(option) -K t/b.o").lines == ["t/b.o", "t/d/", "t/d/a.c", "t/d/e", "t/a.c"])
    #expect(try place.shell("$TAPIR -tf x.vtl \(option) -K t/b.o t/a.c t/d/e").lines == ["t/d/e", "t/a.c"])
    let missing = try place.shell("$TAPIR -tf x.vtl \(option) -K t/nothing t/a.c")
    #expect(missing.status == 2 && missing.errors.hasPrefix("tapir: t/a.c: Not found in archive\n"))
  }

  @Test(arguments: ["", "--no-index"])
  func fastReadTakesTheFirstOfEachName(_ option: String) throws {
    let place = try tree()
    #expect(try place.shell("$TAPIR -tqf x.vtl \(option) t/a.c t/d/e").lines == ["t/a.c", "t/d/e"])
    #expect(try place.shell("$TAPIR --fast-read -tf x.vtl \(option)").status == 2)
  }

  @Test func onlyWhatIsIncludedIsTaken() throws {
    let place = try tree()
    for option in ["", "--no-index"] {
      let lines = try place.shell("$TAPIR -tf x.vtl \(option) --include='*.c' --exclude='t/a*' t").lines
      #expect(lines == ["t/d/a.c"])
    }
    try place.shell("$TAPIR -cf y.vtl --include='*.c' --include=t/b.o --sort=name t")
    #expect(try place.shell("$TAPIR -tf y.vtl").lines == ["t/a.c", "t/b.o", "t/d/a.c"])
  }

  /// GNU tar 1.34 lets the file speak for the directories below too, which only `--exclude-ignore-recursive` should.
  @Test func anIgnoreFileSpeaksForItsDirectoryAlone() throws {
    let place = try tree()
    try place.shell("echo '*.c' > t/.no; $TAPIR -cf y.vtl --sort=name --exclude-ignore=.no t")
    #expect(try place.shell("$TAPIR -tf y.vtl").lines == ["t/", "t/.no", "t/b.o", "t/d/", "t/d/a.c", "t/d/e"])
  }

  @Test(arguments: ["--atime-preserve", "--atime-preserve=replace", "--atime-preserve=system"])
  func timesOfLastAccessStay(_ option: String) throws {
    let place = try tree()
    try place.shell("touch -a -d 2001-01-01 t t/a.c; $TAPIR -cf y.vtl \(option) t")
    #expect(try place.shell("stat -c %X t t/a.c; date -d 2001-01-01 +%s").lines.count == 3)
    #expect(Set(try place.shell("stat -c %X t t/a.c; date -d 2001-01-01 +%s").lines).count == 1)
  }

  @Test func masksChooseExtendedAttributes() throws {
    let place = try tree()
    // Not every file system has attributes.
    guard try place.shell("setfattr -n user.one -v 1 t/a.c && setfattr -n user.two -v 2 t/a.c").status == 0 else {
      return
    }
    for (creating, restoring, expected) in [
      ("--xattrs", "--xattrs", ["user.one", "user.two"]), ("--xattrs-exclude='*two'", "--xattrs", ["user.one"]),
      ("--xattrs-include='*.two'", "--xattrs", ["user.two"]), ("--xattrs", "--xattrs-exclude='*.one'", ["user.two"]),
      ("--xattrs", "--xattrs-include='*.one'", ["user.one"]), ("--xattrs", "--xattrs-include='security.*'", []),
    ] {
      try place.shell("rm -rf y.vtl o; mkdir o; $TAPIR -cf y.vtl \(creating) t; $TAPIR -xf y.vtl \(restoring) -C o")
      let found = try place.shell("getfattr o/t/a.c 2> /dev/null | grep '^user' | sort").lines
      #expect(found == expected, "\(creating) \(restoring)")
    }
  }

  @Test func aStreamHasTheMetadataThatAreAskedFor() throws {
    let place = try tree()
    try place.shell(
      """
      echo hi | $TAPIR -cf y.vtl --stream db --owner=joe:5 --group=they:6 --mode=600 --mtime='1970-01-01 UTC' \
        --transform='s/^/x-/'
      """)
    #expect(
      try place.shell("$TAPIR -tvf y.vtl", environment: ["TZ": "UTC"]).text
        == "-rw------- joe/they          3 1970-01-01 00:00 x-db\n")
  }

  /// GNU tar follows it until names are too long.
  @Test func aLinkThatLeadsBackIsNotFollowed() throws {
    let place = try tree()
    try place.shell("ln -s .. t/d/up")
    let result = try place.tapir("-chf", "y.vtl", "--vsn", "V00002", "t")
    #expect(result.status == 1)
    #expect(
      result.errors
        == "tapir: t/d/up: Symbolic link leads back to a directory above it; not dumped\n")
    #expect(try place.tapir("-tf", "y.vtl").lines.count == 6)
  }

  /// Dates that are relative to now, as date(1) understands them.
  @Test(arguments: [
    "now", "yesterday", "tomorrow", "3 days ago", "next month", "2 hours ago", "12:30", "yesterday 06:07",
  ])
  func datesMeanWhatTheyMeanToDate(_ date: String) throws {
    let place = try tree()
    let result = try place.shell(
      """
      $TAPIR -cf y.vtl --mtime='\(date)' t/a.c; $TAPIR -xf y.vtl; stat -c %Y t/a.c; date -d '\(date)' +%s
      """, environment: ["TZ": "Europe/Berlin"])
    let seconds = result.lines.compactMap(Int.init)
    #expect(seconds.count == 2 && abs(seconds[0] - seconds[1]) < 60, "\(result)")
  }

  @Test(arguments: [
    "monkey", "2026-02-30", "2026-13-01", "25:00", "3 bananas ago", "@x", "12:30 13:30", "2020-01-01 xx",
  ])
  func whatIsNoDateIsRefused(_ date: String) throws {
    let result = try tree().tapir("-cf", "y.vtl", "--mtime", date, "t")
    #expect(result.status == 2 && result.errors == "tapir: unknown date format '\(date)'\n")
  }

  @Test(arguments: ["-h", "--atime-preserve"])
  func filesAreNotRemovedWhereTheyCannotBeKnownAgain(_ option: String) throws {
    let place = try tree()
    let result = try place.tapir("-cf", "y.vtl", option, "--remove-files", "t")
    #expect(result.status == 2 && result.errors.contains("--remove-files"))
    #expect(try place.shell("ls t/a.c").status == 0)
  }
}
