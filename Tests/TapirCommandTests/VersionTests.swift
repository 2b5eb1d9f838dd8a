import Foundation
import Testing

/// Versions of members: deleted, renamed, updated, looked up as of a time, on volumes and in libraries.
struct VersionTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  /// Runs a script that must succeed silently, but for what it prints.
  private func lines(_ script: String) throws -> [String] {
    let made = try place.shell(script)
    #expect(made.status == 0 && made.errors == "", "\(made.errors)")
    return made.lines
  }

  private func start() throws {
    #expect(
      try lines(
        """
        mkdir -p d/sub; echo a > d/a; echo b > d/sub/b; ln d/a d/link; echo x > d/x
        touch -d 2020-01-01 d/a d/sub/b d/x
        "$TAPIR" -cf v.vtl --vsn V00001 --sort=name d
        """) == [])
  }

  @Test func deletedMembersAreFoundByNothingButTheirPast() throws {
    try start()
    let made = try place.shell(
      """
      t=$(date +@%s.%N)
      "$TAPIR" --delete -f v.vtl d/sub nope; echo $?
      "$TAPIR" -tf v.vtl d/sub; echo $?
      "$TAPIR" index find -f v.vtl d/sub/b; echo $?
      "$TAPIR" -xf v.vtl d/sub/b; echo $?
      "$TAPIR" -df v.vtl d/sub/b; echo $?
      "$TAPIR" -tf v.vtl; "$TAPIR" -xOf v.vtl --as-of=$t d/sub/b 2>/dev/null
      "$TAPIR" -xO --range=0:1 -f v.vtl --as-of=$t d/sub/b 2>/dev/null; echo
      "$TAPIR" --delete -f v.vtl --wildcards 'd/*' --exclude=d/x; echo $?
      "$TAPIR" -tf v.vtl --newest
      "$TAPIR" --delete -f v.vtl d --exclude=d/x; echo $?
      "$TAPIR" --delete -f v.vtl --occurrence=1 d; echo $?
      """)
    #expect(
      made.lines == [
        "2", "2", "2", "2", "2", "d/", "d/a", "d/link", "d/x", "b", "b", "0", "d/", "d/x", "2", "2",
      ])
    let summary = "tapir: Exiting with failure status due to previous errors\n"
    #expect(
      made.errors
        == "tapir: nope: Not found in archive\n" + summary + "tapir: d/sub: Not found in archive\n" + summary
        + "tapir: d/sub/b: Not found in the index\n" + summary
        + String(repeating: "tapir: d/sub/b: Not found in archive\n" + summary, count: 2)
        + "tapir: d: Not deleted: something below it stays\n" + summary
        + "tapir: --occurrence, -K and -N are not supported with --delete on volumes: a deletion is of all versions\n"
        + "tapir: Error is not recoverable: exiting now\n")
    // Nothing was written for what was not there, and the answers are the same without an index, and from a new one.
    #expect(
      try lines(
        """
        "$TAPIR" volume show v.vtl | tail -n 3 | awk '{ print $1, $2, $5 }'; "$TAPIR" volume verify v.vtl; rm v.vtl/index.sqlite*
        "$TAPIR" -tf v.vtl 2>/dev/null; "$TAPIR" index rebuild v.vtl; "$TAPIR" -tf v.vtl; "$TAPIR" index check v.vtl
        """) == [
          "1 1 6", "2 2 0", "3 3 0",
          "volume V00001: 6 members read, 6 bytes of content verified, nothing damaged", "d/", "d/x",
          "volume V00001: 6 members in 3 batches", "d/", "d/x",
          "volume V00001: 6 members in 3 batches compared, index and tape agree",
        ])
  }

  @Test func renamedMembersAreListedAndRestoredUnderTheirNewNames() throws {
    try start()
    let made = try place.shell(
      """
      "$TAPIR" index rename -f v.vtl d/a d/new; echo $?
      "$TAPIR" index rename -f v.vtl d/sub/ e; echo $?
      "$TAPIR" index rename -f v.vtl d/a other; echo $?
      "$TAPIR" index rename -f v.vtl d/x e; echo $?
      "$TAPIR" index rename -f v.vtl d d/f; echo $?
      "$TAPIR" -tf v.vtl
      mkdir o; "$TAPIR" -xf v.vtl -C o; diff d/sub o/e; cat o/d/new; stat -c %h o/d/link
      mkdir p; "$TAPIR" -xf v.vtl -C p d/link; cat p/d/link
      "$TAPIR" -xOf v.vtl e/b; "$TAPIR" -xO --range=0:1 -f v.vtl e/b; echo
      "$TAPIR" index log v.vtl | sed 's/  2[-0-9]* [0-9:]*//; s/  [^ ]*:.*//'
      "$TAPIR" index show -f v.vtl e/b | sed 's/2[-0-9]* [0-9][0-9]:[0-9:]*[0-9]/TIME/' | grep -v modified
      """)
    #expect(
      made.lines == [
        "0", "0", "2", "2", "2", "d/", "d/new", "d/link", "e/", "e/b", "d/x", "a", "2", "a", "b", "b",
        "session 1  V00001  6 members, 6 bytes", "session 2  V00001  0 members, 0 bytes", "  renamed d/a to d/new",
        "session 3  V00001  0 members, 0 bytes", "  renamed d/sub to e", "V00001  file 6  block 51  TIME",
        "  size     2",
        "  digest   xxh128:ccd433e50931cf855b19ef905838a84a", "  renamed  TIME: d/sub to e",
      ], "\(made.text)")
    #expect(
      made.errors == """
        tapir: cannot rename d/a to other: not found in the index
        tapir: cannot rename d/x to e: there is a member of that name, or below it
        tapir: cannot rename d to d/f: one lies below the other

        """)
  }

  @Test func onlyWhatIsNewerIsAppendedByU() throws {
    try start()
    #expect(
      try lines(
        """
        "$TAPIR" -uvf v.vtl d
        echo newer > d/x; touch -d 2021-01-01 d/x; touch -d 2019-01-01 d/sub/b; echo n > d/n
        "$TAPIR" -uvf v.vtl --sort=name d
        "$TAPIR" --delete -f v.vtl d/a; "$TAPIR" -uvf v.vtl d
        "$TAPIR" -uf w.vtl --vsn V00002 d/n; "$TAPIR" -tf w.vtl
        """) == ["d/n", "d/x", "d/a", "d/n"])
    let refused = try place.shell("\"$TAPIR\" -uf v.vtl --no-index d; echo $?")
    #expect(refused.lines == ["2"])
    #expect(
      refused.errors
        == "tapir: -u finds what is archived in the index\nhint: leave out --no-index\n"
        + "tapir: Error is not recoverable: exiting now\n")
  }

  @Test func deletingNothingDeletesNothing() throws {
    try start()
    #expect(
      try lines(
        """
        tar -cf o.tar d; for f in v.vtl o.tar; do "$TAPIR" --delete -f $f; "$TAPIR" --delete -f $f ''; "$TAPIR" -tf $f | wc -l; done
        """) == ["6", "6"])
    let missing = try place.shell("\"$TAPIR\" --delete -f blank.vtl x; \"$TAPIR\" index rename -f blank.vtl x y; ls")
    #expect(missing.lines == ["d", "o.tar", "v.vtl"])
  }

  /// A library's deletions are written on the volume that is appended to, or on a fresh one, and reach all of its volumes.
  @Test func aLibraryForgetsMembersOfAllItsVolumes() throws {
    #expect(
      try lines(
        """
        "$TAPIR" library create lib --slots 4 --cartridges 3 --capacity 1M > /dev/null
        mkdir d; for i in 1 2 3; do head -c 500000 /dev/urandom > d/$i; done
        "$TAPIR" -cf lib --sort=name d 2> /dev/null; "$TAPIR" --delete -f lib d/1; "$TAPIR" index rename -f lib d/2 e/2
        "$TAPIR" -tf lib; "$TAPIR" index log -f lib | awk '{ print $1, $2, $5 }' | grep -v '^session 1'
        mkdir o; "$TAPIR" -xf lib -C o 2> /dev/null; cmp d/2 o/e/2; find o -type f | sort
        rm lib/index.sqlite*; "$TAPIR" -tf lib 2> /dev/null; for v in 2 1; do "$TAPIR" index rebuild lib/V0000$v > /dev/null; done
        "$TAPIR" -tf lib; "$TAPIR" -tf lib d/1 2> /dev/null || echo gone
        "$TAPIR" index log lib/V00002 | grep -c '^session'
        """) == [
          "d/", "e/2", "d/3", "session 2 V00002", "deleted d/1 ", "session 3 V00002", "renamed d/2 ", "o/d/3",
          "o/e/2", "d/", "e/2", "d/3", "d/", "e/2", "d/3", "gone", "3",
        ])
  }

  /// A file that cannot be seen is not said to have vanished.
  @Test func onlyWhatIsKnownToBeGoneHasVanished() throws {
    try start()
    #expect(
      try lines(
        """
        "$TAPIR" -r --changed -f v.vtl --series s d; mv d/sub hidden; ln -s ../hidden d/sub; rm d/x
        "$TAPIR" -rv --changed -f v.vtl --series other d/nothing 2>/dev/null
        "$TAPIR" -rv --changed -f v.vtl --series s --sort=name d; "$TAPIR" index log v.vtl | grep vanished
        "$TAPIR" -tf v.vtl --newest
        mv d gone; "$TAPIR" -r --changed -f v.vtl --series s d 2>/dev/null; "$TAPIR" -tf v.vtl --newest | wc -l
        """) == ["d/", "d/sub", "  vanished d/sub/b", "  vanished d/x", "d/link", "d/a", "d/", "d/sub", "4"])
  }

  @Test(arguments: [
    ("-cf v.vtl --changed d", "--changed is for -r"), ("-tf v.vtl --changed", "--changed is for -r"),
    ("-cf v.vtl --as-of=now d", "--as-of is for -t, -x and -d"),
    ("-xf v.vtl --newest", "--newest is for -t"), ("-tf v.vtl --series s", "--series is for -c, -r and -u"),
    ("-tf v.vtl --as-of=now --session 1", "--as-of and --session exclude each other"),
    ("-tf v.vtl --newest --no-index", "--newest needs the index or the volume's catalogues"),
    ("-rf v.vtl --changed a -C d b", "Only one -C option is allowed with --changed"),
    (
      "-rf v.vtl --changed --transform=s/a/b/ d",
      "--changed is for files by their own names: not with --stream, @ARCHIVE, --transform or -g"
    ),
  ])
  func optionsThatDoNotGoTogetherAreRefused(_ arguments: String, _ message: String) throws {
    let refused = try place.shell("\"$TAPIR\" \(arguments)")
    #expect(refused.status == 2)
    #expect(refused.errors == "tapir: \(message)\n")
    #expect(!FileManager.default.fileExists(atPath: place.path("v.vtl")))
  }

  /// Two weeks of changes in a library of small cartridges: each day comes back as it was, before and after the index is
  /// lost and made again from the cartridges in another order.
  @Test func twoWeeksComeBackDayByDay() throws {
    try weeks.write(toFile: place.path("weeks"), atomically: true, encoding: .utf8)
    let made = try place.shell(". ./weeks")
    #expect(made.status == 0 && made.errors == "", "\(made.errors)")
    #expect(made.lines == ["V00001 V00002 V00003 ", "done"], "\(made.text)")
  }
}

private let weeks = #"""
  tree() { (cd "$1" && find . -printf '%y %P %s %m %T@ %l\n' | sed 's/^d \(.*\) [0-9]* \([0-7]* [0-9.]*\) /d \1 \2/' | sort; find . -type f -print0 | sort -z | xargs -0r md5sum); }
  noise() { head -c "$1" /dev/urandom; }
  check() {
    for n in $(seq 0 13); do
      rm -rf out; mkdir out
      "$TAPIR" -xf lib --as-of="$(cat at$n)" -C out 2> said || { echo "day $n fails"; cat said; }
      grep -v 'Treating\|reading volume' said
      diff <(tree kept$n) <(tree out/src) || echo "day $n: differs $1"
      diff <(cd kept$n/..; cd kept$n; find . -printf 'src/%P\n' | sed 's,/$,,' | sort)         <("$TAPIR" -tf lib --newest --as-of="$(cat at$n)" 2> /dev/null | sed 's,/$,,' | sort) || echo "day $n: list differs $1"
    done
    rm -rf out; mkdir out; "$TAPIR" -xf lib -C out || echo "restoring fails"
    diff <(tree src) <(tree out/src) || echo "now: differs $1"
  }
  "$TAPIR" library create lib --slots 8 --cartridges 6 --capacity 1M > /dev/null
  mkdir -p src/dir/deep src/old; for i in 1 2 3; do noise 60000 > src/f$i; echo $i > src/dir/$i; echo $i > src/dir/deep/$i; done
  echo o > src/old/o; ln -s f1 src/link; ln src/f1 src/hard
  for n in $(seq 0 13); do
    case $n in
      1) noise 90000 > src/f2; rm src/f3 ;;
      2) mv src/dir src/moved; echo new > src/moved/new ;;
      3) rm -r src/old; noise 400000 > src/big ;;
      4) echo file > src/old; chmod 700 src/moved ;;
      5) rm src/old; mkdir src/old; echo again > src/old/o; noise 30000 > src/f3 ;;
      6) ;;
      7) rm src/f1; noise 500000 > src/big ;;
      8) rm src/link; mkdir src/link; echo l > src/link/l ;;
      9) rm -r src/moved/deep; mv src/hard src/f1 ;;
      10) noise 450000 > src/big; touch -d 2001-01-01 src/f2 ;;
      11) rm -r src/link; ln -s moved src/link; mkdir -p src/moved/deep; echo d > src/moved/deep/1 ;;
      12) noise 500000 > src/big; rm src/f3; echo x > src/moved/1 ;;
      13) rm src/big; echo end > src/end ;;
    esac
    mode=-c; [ $n = 0 ] || mode="-r --changed"
    "$TAPIR" $mode -f lib src > said 2>&1 || { echo "day $n fails"; cat said; }
    date +@%s.%N > at$n
    cp -a src kept$n
  done
  "$TAPIR" index log -f lib | grep -o 'V0000[0-9]' | sort -u | tr '\n' ' '; echo
  check "with its index"
  rm lib/index.sqlite*
  for v in $(ls -rd lib/V0*); do [ "$("$TAPIR" volume show $v 2>&1 | wc -l)" -lt 3 ] || "$TAPIR" index rebuild lib --vsn ${v##*/} > /dev/null; done
  check "with a new index"
  echo done
  """#
