import Foundation
import Testing

/// Incremental archives (`-g`, `-G`): weeks of changes archived by GNU tar and by this program, restored by both.
struct IncrementalTests {
  private static func place() throws -> Workplace? {
    let place = try Workplace()
    guard geteuid() == 0 else {
      print("skipped: owners need root")
      return nil
    }
    guard try place.shell("tar --version").text.hasPrefix("tar (GNU tar) 1.34\n") else {
      print("skipped: GNU tar 1.34 is not installed")
      return nil
    }
    try functions.write(toFile: place.path("functions"), atomically: true, encoding: .utf8)
    try week.write(toFile: place.path("week"), atomically: true, encoding: .utf8)
    return place
  }

  @Test(arguments: ["gnu", "oldgnu", "pax"])
  func aWeekOfArchivesAndSnapshotsEqualsGNUTars(_ format: String) throws {
    guard let place = try Self.place() else { return }
    let made = try place.shell(
      """
      . ./functions
      day() {
        settle; n=$1
        tar --format=\(format) -cv -g gs -f g$n.tar src > g$n.out 2> g$n.err; echo "rc=$?" >> g$n.err
        "$TAPIR" --format=\(format) -cv -g ts -f t$n.tar src > t$n.out 2> t$n.err; echo "rc=$?" >> t$n.err
        sed -i 's/^tapir:/tar:/' t$n.err
        cmp g$n.tar t$n.tar || { echo "day $n: archives differ"; diff <(tar -tvvGf g$n.tar) <(tar -tvvGf t$n.tar); }
        diff g$n.out t$n.out || echo "day $n: what is said differs"
        diff g$n.err t$n.err || echo "day $n: what is said differs"
        [ $n = 6 ] || cmp <(lines gs) <(lines ts) || { echo "day $n: snapshots differ"; diff <(lines gs) <(lines ts); }
        for i in tar tapir; do diff <($i -tvvGf g$n.tar) <($i -tvvGf g$n.tar) || echo "day $n: lists differ"; done
        keep $n
      }
      tapir() { "$TAPIR" "$@"; }
      . ./week
      for archives in g t; do for program in tar "$TAPIR"; do
        restored=r-$archives-${program##*/}; mkdir $restored
        for n in 0 1 2 3 4 5 6; do
          (cd $restored; "$program" -xv -g /dev/null -f ../$archives$n.tar > ../$restored.$n 2>&1) || echo "day $n: $restored fails"
          diff <(tree kept$n) <(tree $restored/src) || echo "day $n: $restored differs"
        done
      done; done
      for n in 0 1 2 3 4 5 6; do
        diff r-g-tar.$n <(sed 's/^tapir:/tar:/' r-g-tapir.$n) || echo "day $n: what is said while restoring differs"
      done
      grep -l Deleting r-g-tar.* | wc -l
      """)
    #expect(made.lines == ["5"], "\(made.text)\n\(made.errors)")
  }

  /// Programs take turns with one snapshot, either of them beginning.
  @Test(arguments: [0, 1]) func programsTakeTurns(_ first: Int) throws {
    guard let place = try Self.place() else { return }
    let made = try place.shell(
      """
      . ./functions
      day() {
        settle; n=$1; program=tar; [ $(((n + \(first)) % 2)) = 0 ] || program=$TAPIR
        "$program" -c -g snapshot -f m$n.tar src || echo "day $n fails"
        keep $n
      }
      . ./week
      for program in tar "$TAPIR"; do
        restored=r-${program##*/}; mkdir $restored
        for n in 0 1 2 3 4 5 6; do
          (cd $restored; "$program" -x -G -f ../m$n.tar) || echo "day $n: $restored fails"
          diff <(names kept$n) <(names $restored/src) || echo "day $n: $restored differs"
        done
        diff -r kept6 $restored/src
      done
      """)
    #expect(made.text == "" && made.status == 0, "\(made.text)\n\(made.errors)")
  }

  /// Sessions of a volume are restored one behind the other, with and without an index, over an older state too.
  @Test func aWeekOfSessionsIsRestoredFromAVolume() throws {
    guard let place = try Self.place() else { return }
    let made = try place.shell(
      """
      . ./functions
      day() {
        settle; n=$1; mode=-r; [ $n != 0 ] || mode=-c
        "$TAPIR" $mode -g snapshot -f V.vtl src 2>/dev/null || echo "day $n fails"
        keep $n
      }
      . ./week
      touch -d 2020-02-02 src/a
      day 7; day 8
      mkdir r; cd r
      for how in "" "" --no-index; do
        "$TAPIR" -x -g /dev/null $how -f ../V.vtl || echo "restoring fails"
        diff <(tree ../src) <(tree src) || echo "differs with '$how'"
      done
      cd ..
      "$TAPIR" -tvvG -f V.vtl > list || echo "listing fails"
      grep -c '^R src/a/b$' list
      "$TAPIR" volume verify V.vtl > /dev/null || echo "not verified"
      """)
    #expect(made.lines == ["1"], "\(made.text)\n\(made.errors)")
  }

  /// After directories swapped their names GNU tar keeps the old inodes, and swaps them again the next time.
  @Test func swappedDirectoriesAreSwappedOnce() throws {
    guard let place = try Self.place() else { return }
    let made = try place.shell(
      """
      . ./functions
      mkdir -p src/one src/two; echo 1 > src/one/x; echo 2 > src/two/y; settle
      "$TAPIR" -c -g s -f 0.tar src; mv src/one t; mv src/two src/one; mv t src/two; settle
      "$TAPIR" -c -g s -f 1.tar src; "$TAPIR" -c -g s -f 2.tar src
      tar -tvvGf 1.tar | grep -c '^[RTX] '; tar -tvvGf 2.tar | grep -c '^[RTX] '
      for program in tar "$TAPIR"; do
        rm -rf r; mkdir r; cd r
        for n in 0 1 2; do "$program" -x -G -f ../$n.tar || echo fails; done
        diff <(tree ../src) <(tree src); cd ..
      done
      """)
    #expect(made.lines == ["7", "0"], "\(made.text)\n\(made.errors)")
  }

  @Test func whatWasNotArchivedIsArchivedTheNextTime() throws {
    guard let place = try Self.place() else { return }
    let made = try place.shell(
      """
      . ./functions
      mkdir -p src/sub src/cache; for i in a b sub/c cache/d; do echo $i > src/$i; done
      printf 'Signature: 8a477f597d28d172789f06886806bc55' > src/cache/CACHEDIR.TAG; settle
      "$TAPIR" -c -g s -f 0.tar --exclude=src/a --exclude-caches src; settle
      tar -tvvGf 0.tar | grep -c '^N'
      "$TAPIR" -c -g s -f 1.tar src; tar -tf 1.tar
      echo --
      "$TAPIR" -c -g s -f 2.tar --no-recursion src; "$TAPIR" -c -g s -f 3.tar src; tar -tf 3.tar
      """)
    #expect(
      made.lines == [
        "2", "src/", "src/cache/", "src/sub/", "src/a", "src/cache/d", "--", "src/", "src/cache/", "src/sub/",
        "src/cache/CACHEDIR.TAG", "src/cache/d", "src/sub/c",
      ], "\(made.text)\n\(made.errors)")
  }

  /// The snapshot stays what it was when the archive does not become complete, and claims nothing that could not be read.
  @Test func theSnapshotClaimsOnlyWhatIsSaved() throws {
    guard let place = try Self.place() else { return }
    let made = try place.shell(
      """
      . ./functions
      mkdir src; echo 1 > src/a; echo 2 > src/b; settle
      "$TAPIR" -c -g s -f 0.tar src; cp s before
      echo 3 >> src/a
      "$TAPIR" -c -g s -f /dev/full src 2>/dev/null; echo $?; cmp s before
      "$TAPIR" -c -g s -f missing/x.tar src 2>/dev/null; echo $?; cmp s before
      "$TAPIR" -c -g s -f 1.tar src nothing 2>&1 | grep -c 'Not brought up to date'; cmp s before
      "$TAPIR" -c -g new -f /dev/full src 2>/dev/null; [ ! -e new ] && echo none
      ls -A | grep -c tapir-
      ln -s s link; chmod 640 s; "$TAPIR" -c -g link -f 2.tar src; [ -L link ] && stat -c %a s; cmp -s s before || echo changed
      flock s "$TAPIR" -c -g s -f 3.tar src; echo $?
      # A volume that is full.
      head -c 3000000 /dev/urandom > src/big; cp s before
      "$TAPIR" -c -g s --capacity=2M -f F.vtl src 2>/dev/null; echo $?; cmp s before
      # A file that cannot be read.
      settle; cp s before
      setpriv --reuid=65534 --clear-groups true 2>/dev/null
      chmod 711 src; chmod 600 src/big; mkdir -m 777 out; touch out/s; chmod 666 out/s; chown -R 65534 out
      setpriv --reuid=65534 --clear-groups "$TAPIR" -c -g out/s -f out/1.tar --no-recursion src/a src/big 2>/dev/null; echo $?
      """)
    #expect(
      made.lines == ["2", "2", "1", "none", "0", "640", "changed", "2", "2", "2"], "\(made.text)\n\(made.errors)")
    #expect(made.errors.contains("tapir: s: Cannot open: another archive is being made with it"))
  }

  @Test func optionsGoTogether() throws {
    guard let place = try Self.place() else { return }
    let made = try place.shell(
      """
      . ./functions
      mkdir src; echo 1 > src/a; echo 2 > src/b; settle
      "$TAPIR" -cvW -g s --totals -f 0.tar src 2>&1 | sed 's/(.*//'
      echo 3 >> src/a; settle
      "$TAPIR" -c -g s --remove-files -f 1.tar src 2>&1; ls src; tar -tf 1.tar
      echo 4 > src/c; settle
      "$TAPIR" -c -g s --level=0 -f 2.tar src; tar -tf 2.tar
      "$TAPIR" -r -G -f 2.tar src; tar -tf 2.tar | wc -l
      "$TAPIR" -dG -f 2.tar; echo $?; touch src/d; "$TAPIR" -d -f 2.tar | uniq
      tar -dGf 2.tar | uniq
      """)
    #expect(
      made.lines == [
        "tapir: src: Directory is new", "src/", "src/a", "src/b", "src/", "src/a", "src/b",
        "Total bytes written: 10240 ",
        "tapir: src: Cannot rmdir: Directory not empty", "tapir: Exiting with failure status due to previous errors",
        "b", "src/", "src/a", "src/", "src/b", "src/c", "6", "0", "src: Contents differ", "src: Contents differ",
      ], "\(made.text)\n\(made.errors)")
  }

  /// The same words as GNU tar's for command lines and snapshots that cannot be used.
  @Test func refusalsAreGNUTars() throws {
    guard let place = try Self.place() else { return }
    let lines = [
      "-c -g s -f x.tar --format=ustar src", "-c -G -f x.tar --format=v7 src", "-c -g s -N 2020-01-01 -f x.tar src",
      "-c -g s --newer-mtime=2020-01-01 -f x.tar src", "-c --level=1 -f x.tar src", "-t --level=1 -f a.tar",
      "-c -g s --level=x -f x.tar src", "-c -g s -f x.tar src -C src a", "-c -g s -f x.tar -C src a -C /tmp a",
      "-c -g junk -f x.tar src", "-c -g sec -f x.tar src", "-c -g early -f x.tar src", "-c -g range -f x.tar src",
      "-c -g long -f x.tar src", "-c -g record -f x.tar src", "-c -g empty -f x.tar src",
      "-c -g device -f x.tar src", "-xvg /dev/null -f bad1.tar", "-xvG -f bad2.tar",
      "-xvG -f bad3.tar", "-xvG -f bad4.tar", "-xvG -f bad5.tar", "-tvvG -f bad1.tar",
    ]
    try lines.joined(separator: "\n").write(toFile: place.path("lines"), atomically: true, encoding: .utf8)
    let made = try place.shell(
      #"""
      . ./functions; export LC_ALL=C
      mkdir -p src made; echo 1 > src/a
      tar -cf made/a.tar src
      cd made; echo junk > junk; printf 'GNU tar-1.34-2\nx' > sec; printf 'GNU tar-1.34-2\n1\0' > early
      printf 'GNU tar-1.34-2\n1\0002000000000\0' > range; printf 'GNU tar-1.34-2\n123456789012345678901234' > long
      printf 'GNU tar-1.34-2\n1\0001\0000\0001\0001\0001\0001\0src\0Ya\0\0x' > record; printf 'GNU tar-1.34-2\n\0' > empty
      printf '1\n+x 1 src\n' > device
      # Lists of directories that nobody writes.
      python3 - <<'END'
      import tarfile, io
      def write(name, data):
          with open(name, 'wb') as f:
              for path, type, content in (('src/', b'D', data), ('src/f', b'0', b'x')):
                  info = tarfile.TarInfo(path); info.type = type; info.size = len(content); info.mode = 0o755
                  f.write(info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512))
              f.write(bytes(1024))
      write('bad1.tar', b'Rsrc/a\0Yf\0\0'); write('bad2.tar', b'Tx\0\0'); write('bad3.tar', b'R\0Tx\0\0')
      write('bad4.tar', b'Rsrc/none\0Tsrc/b\0Yf\0\0'); write('bad5.tar', b'X.\0Yf\0Zq\0\0')
      END
      cd ..
      while read -r line; do
        for program in tar "$TAPIR"; do
          rm -rf w; mkdir w; cp -a made/. w; cp -a src w; cd w
          { $program $line; echo "rc=$?"; } > ../out.${program##*/} 2>&1
          { ls src; [ -s x.tar ] && tar -tf x.tar; } >> ../out.${program##*/} 2>&1
          cd ..
        done
        # Our own hints, and the exit status of what GNU tar takes for a difference.
        sed -i '/^hint: /d; s/^tapir:/tar:/; s/tapir --help. for more/tar --help'"'"' or '"'tar --usage'"' for more/' out.tapir
        diff out.tar out.tapir || echo "differs: $line"
      done < lines
      """#)
    #expect(made.text == "", "\(made.text)\n\(made.errors)")
  }

  /// Nothing outside the target is deleted or renamed, whatever a list says.
  @Test func listsDoNothingOutsideTheTarget() throws {
    let place = try Workplace()
    let made = try place.shell(
      #"""
      mkdir -p outside/keep target/real; touch outside/keep/file target/real/x; ln -s ../outside target/link
      python3 - <<'END'
      import tarfile
      with open('evil.tar', 'wb') as f:
          lists = [('link/', b'\0'), ('./', b'Dreal\0Ylink\0R../outside/keep\0Tstolen\0\0'),
              ('real/', b'Rlink/keep\0Treal/stolen\0\0'), ('real/', b'Xlink\0Rreal/x\0T\0R\0Tlink/y\0\0'),
              ('real/../../outside/', b'\0'), ('real/', b'R/etc/passwd\0Tp\0Yx\0\0')]
          for path, data in lists:
              info = tarfile.TarInfo(path); info.type = b'D'; info.size = len(data); info.mode = 0o755
              f.write(info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
          f.write(bytes(1024))
      END
      cd target; "$TAPIR" -xG -f ../evil.tar 2>/dev/null; echo $?
      cd ..; find outside | sort
      """#)
    #expect(made.lines == ["2", "outside", "outside/keep", "outside/keep/file"], "\(made.text)\n\(made.errors)")
  }

  /// What a list does not name only because it was cut off may have been there.
  @Test func aListWithoutItsEndDeletesNothing() throws {
    let place = try Workplace()
    let made = try place.shell(
      #"""
      python3 - <<'END'
      import tarfile
      for name, kind, data, pax in (('empty', b'D', b'', {}), ('cut', b'D', b'Yx\0', {}), ('half', b'D', b'Yx', {}),
          ('pax', b'5', b'', {'GNU.dumpdir': 'Yx'}), ('none', b'5', b'', {'GNU.dumpdir': ''})):
          with open(name + '.tar', 'wb') as f:
              info = tarfile.TarInfo('d/'); info.type = kind; info.size = len(data); info.mode = 0o755
              info.pax_headers = pax
              f.write(info.tobuf(tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
              f.write(bytes(1024))
      END
      for name in empty cut half pax none; do
        rm -rf d; mkdir d; touch d/x d/y; "$TAPIR" -xG -f $name.tar > said 2>&1; echo $name $? $(ls d)
      done
      "$TAPIR" -c -a -g s -f x.zip d 2>&1 | sed -n 1p; [ -e s ] || echo none
      """#)
    #expect(
      made.lines == [
        "empty 2 x y", "cut 2 x y", "half 2 x y", "pax 2 x y", "none 0 x y",
        "tapir: GNU features wanted on incompatible archive format", "none",
      ], "\(made.text)\n\(made.errors)")
  }

  private static let functions = #"""
    export TZ=UTC
    # Times of access stand in the headers: they are what they are before both programs read.
    settle() { sleep 0.03; find src -type f -exec cat {} + > /dev/null; find src > /dev/null; find src -type l -exec readlink {} + > /dev/null; sleep 0.03; }
    # A snapshot without its time.
    lines() { tail -c +16 $1 | tr '\0' '\n' | tail -n +3; }
    keep() { rm -rf kept$1; cp -a src kept$1; }
    # Formats of GNU tar have whole seconds.
    tree() { (cd $1; find . \( -type d -printf '%p d %m %TY%Tm%Td%TH%TM%TS\n' \) -o -printf '%p %y %m %s %TY%Tm%Td%TH%TM%TS %l %n\n' | sed -E 's/([0-9]{14})\.[0-9]*/\1/' | sort); }
    names() { (cd $1; find . -printf '%p %y\n' | sort); }
    """#

  /// `day N` is called at the end of each.
  private static let week = #"""
    mkdir -p src/a/b/c src/d src/empty src/swap1 src/swap2 'src/name with blank' src/$'odd\nname'
    for i in 1 2 3; do echo $i > src/f$i; echo a$i > src/a/f$i; echo c$i > src/a/b/c/f$i; done
    echo s1 > src/swap1/x; echo s2 > src/swap2/y; ln -s f1 src/link; echo hard > src/d/hard; ln src/d/hard src/d/hard2; mkfifo src/fifo
    for i in $(seq 60); do mkdir src/d/sub$i; echo $i > src/d/sub$i/file$i; done
    day 0
    echo more >> src/f2; rm src/a/f1; echo new > src/new; mkdir -p src/n1/n2; echo n > src/n1/n2/x; chmod 700 src/empty
    day 1
    mv src/a/b src/a/renamed; mv src/d/sub7 src/empty/moved7; rm -r src/d/sub9
    day 2
    rm src/f3; mkdir src/f3; echo in > src/f3/in; rm -r src/n1; echo wasdir > src/n1
    day 3
    mv src/a/renamed src/zzz; rm -r src/f3; echo back > src/f3; mkdir src/a/b; echo again > src/a/b/f
    chmod 600 src/f2; ln src/f2 src/linked; echo older > older; touch -d 2001-01-01 older; mv older src/a/f2
    day 4
    day 5
    mv src/swap1 src/t; mv src/swap2 src/swap1; mv src/t src/swap2; rm src/fifo
    day 6
    """#
}
