import Foundation
import Testing

/// `tapir plan`, from outside.
struct PlanVerbTests {
  private let tree = """
    mkdir -p tree/sub; head -c 1000000 /dev/zero > tree/sub/a; head -c 10 /dev/zero > tree/b; ln tree/b tree/c
    ln -s b tree/d; : > tree/sub/e.o; find tree -exec touch -h -d @1000000000 {} +

    """

  @Test func aPlanSaysWhatItTakesAndWhatFor() throws {
    let place = try Workplace()
    let outcome = try place.shell(tree + "$TAPIR plan -cf LTO-9 tree && [ \"$(ls)\" = tree ]")
    #expect(
      outcome.text == """
        drive         LTO-9, 400.0 MB/s, at its slowest 177.0 MB/s
        cartridges    1 of 18000000000000 bytes
        members       7, 1000010 bytes
        on tape       1029422 bytes
        batches       1
        filemarks     27
        flushes       2
        time          0 h 00 min 59 s
        rate          0.0 MB/s

        where the time goes          seconds      %
        content                          0.0    0.0
        labels                           0.0    0.0
        catalogues                       0.0    0.0
        flushes                         12.0   20.3
        rewinds                          0.0    0.0
        loads                           17.0   28.8
        unloads                         30.0   50.8

        """)
    #expect(outcome.status == 0 && outcome.errors == "")
  }

  @Test func aSlowSourceAndItsStopsAreShown() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      "truncate -s 100G sparse; $TAPIR plan -cf lto-2 --source-rate=10MB --sync-bytes=60GB --capacity=150GB sparse")
    // 100 GiB at 10 MB/s; each stop is behind 64 MB × 17.5 / 7.5, the last run not being over; the buffer takes 6.4 s to
    // fill, which is longer than going back takes.
    #expect(
      outcome.text == """
        drive         LTO-2, 35.0 MB/s, at its slowest 17.5 MB/s
        cartridges    1 of 150000000000 bytes
        members       1, 107374182400 bytes
        on tape       107374199346 bytes
        batches       1
        filemarks     9
        flushes       2
        stops         719 for want of data
        time          2 h 59 min 49 s
        rate          10.0 MB/s

        where the time goes          seconds      %
        content                       3067.8   28.4
        labels                           0.0    0.0
        catalogues                       0.0    0.0
        waiting for the source        7669.6   71.1
        flushes                          6.0    0.1
        rewinds                         16.3    0.2
        loads                           12.0    0.1
        unloads                         17.0    0.2

        """, "\(outcome.errors)")
  }

  @Test func namesAreTakenAsByCreate() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      tree + """
        members() { "$@" | sed -n 's/^members *//p'; }
        printf 'sub/a\\n-C..\\ntree/b\\n' > names
        members $TAPIR plan -cf LTO-9 -C tree sub/a ../tree/b
        members $TAPIR plan -cf LTO-9 -C tree -T names
        members $TAPIR plan -f LTO-9 --exclude='*.o' --exclude-from=/dev/null tree
        members $TAPIR plan cf LTO-9 --no-recursion tree
        members $TAPIR plan -cf LTO-9 --hard-dereference tree
        members $TAPIR plan -cf LTO-9 -h tree/d
        cd tree; members $TAPIR plan -cf LTO-9 --newer-mtime=@1000000001 .
        """)
    #expect(
      outcome.lines == [
        "2, 1000010 bytes", "2, 1000010 bytes", "6, 1000010 bytes", "1, 0 bytes", "7, 1000020 bytes", "1, 10 bytes",
        "2, 0 bytes",
      ], "\(outcome.errors)")
  }

  @Test func membersThatPassAreNamedAsByCreate() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      tree + """
        $TAPIR plan -cvf LTO-9 --sort=name $PWD/tree > planned 2>&1; sed -i '/^drive/,$d' planned
        $TAPIR -cvf x.vtl --vsn V00001 --sort=name $PWD/tree 2> said > listed
        sort planned > a; cat said listed | grep -v labelled | sort > b; diff a b && wc -l < a
        """)
    #expect(outcome.text == "9\n", "\(outcome.text)\(outcome.errors)")
  }

  @Test func whatIsPlannedIsWhatIsWritten() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      tree + """
        $TAPIR plan -cf LTO-9 --sync-files=2 tree > plan; $TAPIR -cf x.vtl --vsn V00001 --sync-files=2 tree
        sed -n 's/^members *//p; s/^batches *//p' plan
        $TAPIR volume show x.vtl | sed -n 's/^members *//p'; $TAPIR volume show x.vtl | grep -c tapir
        """)
    #expect(outcome.lines == ["7, 1000010 bytes", "4", "7, 1000010 bytes", "4"], "\(outcome.errors)")
  }

  @Test func packsArePlanned() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      tree + """
        for option in --pack --pack=100 --pack=0 --sync-files=3\\ --pack; do
          $TAPIR plan -cf LTO-9 $option tree | sed -n 's/^filemarks *//p'
        done
        """)
    // Labels, packs and large members, catalogues.
    #expect(outcome.lines.count == 4 && outcome.lines[0] == "9" && outcome.lines[3] == "21", "\(outcome.text)")
  }

  @Test func exitStatusesAreTars() throws {
    let place = try Workplace()
    try place.shell(tree)
    let unknown = try place.tapir("plan", "-cf", "LTO-99", "tree")
    #expect(unknown.status == 2 && unknown.text == "")
    #expect(
      unknown.errors == """
        tapir: there is no drive model 'LTO-99'
        hint: there are LTO-2, LTO-5, LTO-6, LTO-7, LTO-8, LTO-9, LTO-10, T10000B, TS1160

        """)
    let missing = try place.tapir("plan", "-cf", "LTO-9", "tree", "nothing")
    #expect(missing.status == 2 && missing.text.contains("members       7,"))
    #expect(
      missing.errors == """
        tapir: nothing: Cannot stat: No such file or directory
        tapir: Exiting with failure status due to previous errors

        """)
    let large = try place.tapir("plan", "-cf", "LTO-9", "--capacity=1M", "tree")
    #expect(large.status == 0 && large.text.contains("cartridges    1 of 1048576 bytes"))
    try place.shell("truncate -s 2M large")
    let larger = try place.tapir("plan", "-cf", "LTO-9", "--capacity=1M", "large", "tree")
    #expect(larger.status == 2 && larger.errors.hasPrefix("tapir: large: Cannot archive: larger than a cartridge\n"))
  }

  @Test(arguments: [
    (["plan"], "Cowardly refusing to create an empty archive"),
    (["plan", "-c", "tree"], "'plan' takes a drive model with -f: LTO-2, "),
    (["plan", "-cf", "LTO-9", "-f", "LTO-8", "tree"], "Multiple archive files require '-M' option"),
    (["plan", "-cf", "LTO-9", "--ratio=x", "tree"], "--ratio takes a number such as 2.5, not 'x'"),
    (["plan", "-cf", "LTO-9", "--ratio=0", "tree"], "--ratio takes a number such as 2.5, not '0'"),
    (
      ["plan", "-cf", "LTO-9", "--source-rate=0", "tree"],
      "--source-rate takes a size such as 512k, 64G or 12TB, not '0'"
    ),
    (["plan", "-xf", "LTO-9", "tree"], "LTO-9: Cannot open: No such file or directory"),
    (["plan", "-cxf", "LTO-9", "tree"], "You may not specify more than one "),
    (["plan", "-x", "tree"], "'plan -x' takes an archive with -f, or a volume with --vsn"),
    (["plan", "-x", "--vsn=NO9999", "--drive-model=LTO-9"], "volume NO9999 is not in the index"),
    (["plan", "-cf", "LTO-9", "--drive-model=LTO-9", "tree"], "--drive-model is for -x and -d"),
    (["-tf", "x", "--drive-model=LTO-9"], "--drive-model is for -x and -d"),
    (["-xf", "x", "--drive-model=LTO"], "--drive-model takes one of LTO-2, "),
    (["plan", "-xf", "x", "--source-rate=1M"], "--source-rate is for -c: it is how fast files come"),
    (["plan", "-xf", "/dev/null"], "'plan' looks at volumes, not at ordinary archives"),
    (["plan", "-cf", "LTO-9", "@tree"], "'plan' looks at files, not at the members of @ARCHIVE"),
  ])
  func whatCannotBePlannedIsRefused(_ words: [String], _ message: String) throws {
    let outcome = try Workplace().shell("$TAPIR " + words.joined(separator: " "))
    #expect(
      outcome.status == 2 && outcome.text == "" && outcome.errors.hasPrefix("tapir: " + message), "\(outcome.errors)")
  }
}
