import Foundation
import Testing

/// What restoring will take, from outside.
struct RestorePlanTests {
  /// A volume of two sessions of 20 files of 1 MB.
  private let volume = """
    for i in {10..29}; do head -c 1000000 /dev/zero > f$i; done
    $TAPIR -cf v.vtl --vsn V00001 --no-span f1* && $TAPIR -rf v.vtl f2* || exit 1

    """

  @Test func aPlanOfRestoringSaysWhatItTakesAndWhatFor() throws {
    let outcome = try Workplace().shell(volume + "rm f*; $TAPIR plan -xf v.vtl --drive-model=lto-8 -v f12 f20 f21; ls")
    #expect(
      outcome.text == """
        f12
        f20
        f21
        drive         LTO-8, 360.0 MB/s
        volumes       1
        members       3, 3000000 bytes
        files read    3
        locates       1
        read through  1 gaps, about 7024896 bytes
        time          0 h 00 min 04 s
        rate          0.7 MB/s

        where the time goes          seconds      %
        reading                          0.0    0.6
        locates                          4.3   99.4
        v.vtl

        """, "\(outcome.errors)")
    #expect(outcome.status == 0 && outcome.errors == "")
  }

  @Test func namesAndVersionsAreChosenAsByExtract() throws {
    let outcome = try Workplace().shell(
      volume + """
        members() { "$@" --drive-model=LTO-9 2>&1 | sed -n 's/^members *//p; s/^tapir: //p'; }
        members $TAPIR plan -xf v.vtl
        members $TAPIR plan -xf v.vtl --wildcards 'f*5'
        members $TAPIR plan -xf v.vtl --exclude='f1?'
        members $TAPIR plan -xf v.vtl --session=1
        members $TAPIR plan -xf v.vtl f10 nothing
        members $TAPIR plan -x --vsn=V00001 --index-db=v.vtl/index.sqlite f11
        members $TAPIR plan -xf v.vtl -C sub f10 -C ../other f11
        """)
    #expect(
      outcome.lines == [
        "20, 20000000 bytes", "2, 2000000 bytes", "10, 10000000 bytes", "10, 10000000 bytes",
        "nothing: Not found in archive", "1, 1000000 bytes",
        "Exiting with failure status due to previous errors", "1, 1000000 bytes", "2, 2000000 bytes",
      ], "\(outcome.text)\(outcome.errors)")
  }

  @Test func aLibraryIsPlannedWithAllOfItsVolumes() throws {
    let outcome = try Workplace().shell(
      """
      $TAPIR library create lib --slots=2 --drives=1 > /dev/null; echo a > a; echo b > b
      $TAPIR -rf lib a 2> /dev/null; $TAPIR -cf lib b 2> /dev/null
      $TAPIR plan -xf lib --drive-model=LTO-8
      """)
    #expect(
      outcome.text.hasPrefix("drive         LTO-8, 360.0 MB/s\nvolumes       2\nmembers       2, 4 bytes\n"),
      "\(outcome.text)\(outcome.errors)")
    // Two are loaded, and the first is given out again.
    #expect(outcome.text.contains("\nloads                           30.0 "), "\(outcome.text)")
    #expect(outcome.text.contains("\nunloads                         24.0 "), "\(outcome.text)")
  }

  @Test func theModelMayBeConfigured() throws {
    let outcome = try Workplace().shell(
      volume + """
        printf '[drive %s/v.vtl]\ndrive-model = LTO-5\n' "$PWD" > conf
        $TAPIR plan -xf v.vtl f10 > unknown 2>&1; echo $?; cat unknown
        TAPIR_CONFIG=$PWD/conf $TAPIR plan -xf v.vtl f10 | head -n 1
        TAPIR_CONFIG=$PWD/conf $TAPIR plan -xf v.vtl --drive-model=LTO-6 f10 | head -n 1
        TAPIR_CONFIG=$PWD/conf $TAPIR -tf v.vtl f10
        TAPIR_CONFIG=$PWD/conf $TAPIR plan -cf LTO-9 f10 | head -n 1
        """)
    #expect(
      outcome.lines == [
        "2", "tapir: 'plan -x' needs to know which drive: --drive-model",
        "hint: there are LTO-2, LTO-5, LTO-6, LTO-7, LTO-8, LTO-9, LTO-10, T10000B, TS1160",
        "drive         LTO-5, 140.0 MB/s", "drive         LTO-6, 160.0 MB/s", "f10",
        "drive         LTO-9, 400.0 MB/s, at its slowest 177.0 MB/s",
      ], "\(outcome.text)\(outcome.errors)")
  }

  @Test func aLongRestoreSaysBeforeHowLong() throws {
    let outcome = try Workplace().shell(
      """
      export TAPIR_INDEX=$PWD/index.sqlite; head -c 2600000 /dev/urandom > data
      names='-f a.vtl -f b.vtl -f c.vtl'
      $TAPIR -cM --compression=off --capacity=1200k $names --vsn V00001,V00002,V00003 data 2> /dev/null
      $TAPIR -dM $names -v --drive-model=LTO-8 data 2>&1
      echo; $TAPIR -dM $names --drive-model=LTO-8 data 2>&1
      echo; $TAPIR -dM $names -v --drive-model=LTO-8 --json data 2> /dev/null | grep about
      """)
    let volumes = ["tapir: reading volume V00002", "tapir: reading volume V00003"]
    // 39 s for each cartridge that is given out and the next. Standard output may come before or behind the other.
    #expect(
      outcome.lines.prefix(4).sorted() == ["data", "tapir: about 1 min: 1 member, 3 volumes, 0 locates, 2.6 MB"]
        + volumes,
      "\(outcome.text)\(outcome.errors)")
    // Not for a log, nor of what is short.
    #expect(Array(outcome.lines.dropFirst(4).dropLast()) == volumes, "\(outcome.lines)")
    #expect(outcome.lines.last?.contains("\"message\":\"about 1 min: ") == true, "\(outcome.text)")
  }

  @Test func whatIsShortIsNotSaid() throws {
    let outcome = try Workplace().shell(volume + "$TAPIR -dvf v.vtl --drive-model=LTO-8 f12 f29 2>&1")
    #expect(outcome.lines == ["f12", "f29"], "\(outcome.text)")
  }

  /// A foreign catalogue may claim anything: a forecast of it stops no restore.
  @Test func absurdPlacesDoNotStopARestore() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      mkdir d o; echo x > d/x; echo y > d/y; $TAPIR -cf a.vtl d
      sqlite3 a.vtl/index.sqlite 'UPDATE member SET blocks = 9223372036854775807, bytes = 9223372036854775807'
      $TAPIR -xvf a.vtl -C o --drive-model=LTO-9 > names; echo $?; diff -r d o/d && echo same
      """)
    #expect(result.lines == ["0", "same"], "\(result.text)\(result.errors)")
  }
}
