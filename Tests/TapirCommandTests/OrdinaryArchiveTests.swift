import Foundation
import Testing

/// Files and pipes as archives, with GNU tar, bsdtar and Python as judges.
struct OrdinaryArchiveTests {
  /// A tree with long names, links, holes and a file that does not fit a block.
  private let tree = """
    mkdir -p tree/sub/$(printf 'd%.0s' {1..120}); for i in {1..9}; do echo $i > tree/sub/$i; done
    ln tree/sub/1 tree/hard; ln -s sub/2 tree/soft; mkfifo tree/pipe; : > tree/empty; printf 'x%.0s' {1..70000} > tree/large
    echo n > $(echo tree/sub/d*)/$(printf 'n%.0s' {1..110}); (printf a; truncate -s 1M /dev/stdout; printf b) > tree/holes
    cp --sparse=always tree/holes tree/sparse; rm tree/holes; touch -d '2020-02-02 02:02:02.123456789' tree/sub/3
    """

  @Test func archivesAreByteForByteThoseOfGNUTar() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      """
      \(tree)
      same() {
        for i in {1..20}; do
          tar "$@" -cf g.tar tree; a=$?; $TAPIR "$@" -cf t.tar tree; [ $? = $a ] && cmp -s g.tar t.tar && return
          case "$*" in *-V*) ;; *) break;; esac  # the label has the time
        done
        echo "differs: $*"
      }
      # Not every format holds every name.
      for format in gnu ustar oldgnu v7; do same --format=$format; done 2> errors
      same --format=gnu -S; same --format=gnu -b 1; same --format=gnu --record-size=64k; same -V label --mtime=@1
      same --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --format=gnu
      same --format=pax --sort=name --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime
      same --format=pax --pax-option=delete=atime; same --transform='s,^tree,other,' --mode=a+X
      # And appended to.
      for tar in tar $TAPIR; do $tar -cf $(basename $tar).r tree/sub; $tar -rf $(basename $tar).r tree/large tree/soft; done
      cmp tar.r tapir.r
      """)
    #expect(outcome.status == 0 && outcome.text == "", "\(outcome.text)\(outcome.errors)")
  }

  @Test(arguments: ["-z", "-j", "-J", "--zstd", "--lzma", "--lz4", "-Z", "-I gzip"])
  func compressedArchivesAreWrittenAndReadWithoutBeingTold(option: String) throws {
    let place = try Workplace()
    let outcome = try place.shell(
      """
      \(tree); mkdir theirs ours
      $TAPIR \(option) -cf a.tar tree || exit 1
      # A pipe is looked into as well.
      bsdtar -xf a.tar -C theirs && cat a.tar | $TAPIR -xf - -C ours && diff -r --no-dereference theirs ours -x pipe
      cmp <($TAPIR -tvf a.tar) <($TAPIR -cf - tree | tar -tvf -)
      """)
    #expect(outcome.status == 0 && outcome.text == "", "\(outcome.text)\(outcome.errors)")
  }

  @Test func otherFormatsAreReadAndWrittenByTheirNames() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      """
      mkdir tree; echo one > tree/one; echo two > tree/two; ln -s one tree/soft
      for format in zip 7zip cpio ar iso9660; do
        [ $format = ar ] && files="-C tree one two" || files=tree
        bsdtar --format=$format -cf a.$format $files
        $TAPIR -xOf a.$format $([ $format = ar ] && echo two || echo tree/two) || echo "not read: $format"
      done
      for name in b.zip b.7z b.cpio; do
        $TAPIR -caf $name tree && bsdtar -xOf $name tree/one || echo "not written: $name"
      done
      """)
    #expect(
      outcome.text == "two\\ntwo\\ntwo\\ntwo\\ntwo\\none\\none\\none\\n".replacingOccurrences(of: "\\n", with: "\n"),
      "\(outcome.errors)")
  }

  @Test func membersOfOtherArchivesAreArchived() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      """
      \(tree); setfattr -n user.a -v b tree/sub/4; rm tree/pipe; mkdir one two three
      same() { rsync -naicHX tree/ $1/tree/; diff -r --no-dereference tree $1/tree; }
      tar --xattrs --format=pax -Scf a.tar tree; head -c 9000000 /dev/urandom > big; tar -rf a.tar --format=pax big
      $TAPIR -cf x.vtl --vsn V00001 @a.tar && $TAPIR -xf x.vtl -C one --xattrs && same one
      [ $(stat -c %b one/tree/sparse) -lt 100 ] || echo "holes were filled"
      $TAPIR --xattrs --format=pax -caf b.tar.zst @x.vtl && tar --xattrs --xattrs-include='*' -xf b.tar.zst -C two && same two
      cat a.tar | $TAPIR -cf y.vtl --vsn V00002 @- && $TAPIR -xf y.vtl -C three --xattrs && same three
      cmp big two/big; $TAPIR -xOf y.vtl tree/hard | cmp - tree/sub/1
      # The link alone, which has only a name to lead it.
      mkdir link; $TAPIR -xf y.vtl -C link tree/hard tree/sub/1; cmp link/tree/hard tree/hard
      bsdtar -cf c.zip --format zip tree; $TAPIR -rf y.vtl @c.zip && $TAPIR volume verify y.vtl
      $TAPIR -cf d.tar big @a.tar tree/empty && tar -tf d.tar | sed -n '1p;$p'
      """)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.lines.count == 3 && outcome.lines[0].hasSuffix("nothing damaged"), "\(outcome.text)\(outcome.errors)")
    #expect(outcome.lines.suffix(2) == ["big", "tree/empty"])
  }

  @Test func archivesAreChangedInPlaceAsByGNUTar() throws {
    let place = try Workplace()
    let script = """
      mkdir d; echo 1 > d/a; echo 2 > b; touch -d '2026-01-01 10:00' d/a b d
      $T -cf u.tar d b; $T -uf u.tar d b; $T -tf u.tar; echo x > d/new; touch -d '2026-01-02' b d/new d
      $T -uf u.tar d b; $T -tvf u.tar | sort; $T -cf v.tar b; $T -Af v.tar u.tar; $T -tf v.tar | sort
      $T --delete -f v.tar b; $T -tf v.tar; stat -c %s v.tar; $T -rf - b; echo $?; gzip -nk u.tar
      $T -rf u.tar.gz b; echo $?; $T --delete -f v.tar nono; echo $?; $T -rf new.tar b; $T -rf new.tar d; $T -tf new.tar
      $T -df new.tar; echo y >> b; $T -df new.tar; echo $?; $T -cWf w.tar d; echo $?; $T -cf - --remove-files d | $T -t; ls
      $T -tf /etc/passwd; echo $?; : > none; $T -tf none; echo $?; $T -xf missing.tar; echo $?
      """
    let theirs = try place.shell("mkdir gnu; cd gnu; T=tar; \(script)")
    let ours = try place.shell("mkdir ours; cd ours; T=$TAPIR; \(script)")
    #expect(ours.text == theirs.text)
    // What is refused is refused in the same words.
    func words(_ text: String) -> Set<String> {
      Set(
        text.split(separator: "\n").map { $0.replacingOccurrences(of: "tapir: ", with: "tar: ") }.filter {
          !$0.contains("exiting now") && !$0.contains("Try 'tar") && !$0.contains("Exiting with")
        })
    }
    #expect(words(ours.errors) == words(theirs.errors), "\(ours.errors)")
  }

  @Test func whatDoesNotCompareIsNotRemoved() throws {
    let place = try Workplace()
    // Under the names that it stores there is nothing to compare with.
    let kept = try place.shell("mkdir d; echo 1 > d/a; $TAPIR -cWf x.tar --remove-files --transform='s,^d,e,' d")
    #expect(kept.status != 0 && kept.errors.contains("nothing was removed"), "\(kept.errors)")
    #expect(try place.shell("cat d/a").text == "1\n")
    #expect(try place.shell("$TAPIR -cWf x.tar --remove-files d").status == 0)
    #expect(try place.shell("ls").text == "x.tar\n")
  }

  @Test func whatIsForVolumesIsRefusedAndWhatIsForFilesIsSaid() throws {
    let place = try Workplace()
    try place.file("file", bytes: 10)
    let refused = try place.tapir("-cf", "x.tar", "--sync-files", "5", "file")
    #expect(
      refused.status == 2
        && refused.errors.contains("option '--sync-files' is for volumes: x.tar is an ordinary archive"))
    let mixed = try place.tapir("-cf", "x.tar", "--owner=0", "@y.tar")
    #expect(mixed.status == 2 && mixed.errors.contains("members of @ARCHIVE are archived as they are"))
    let said = try place.tapir("-czf", "x.vtl", "--vsn", "V00001", "file")
    #expect(said.status == 0)
    #expect(said.errors == "tapir: option '-z' is for ordinary archives: it changes nothing on a volume\n")
  }

  @Test func archivesAreAppendedToVolumes() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      mkdir t; echo 1 > t/a; echo 2 > t/b; ln t/a t/c; tar --sort=name -cf 1.tar t; echo 3 > d; tar -czf @2.tgz d
      $TAPIR -Af v.vtl --vsn V00001 1.tar && $TAPIR -rf v.vtl d && $TAPIR -Af v.vtl 1.tar @2.tgz
      $TAPIR -tf v.vtl | xargs; mkdir o; $TAPIR -xf v.vtl -C o; diff -r t o/t && cmp d o/d && stat -c %h o/t/a
      $TAPIR library create l --slots 2 --capacity 16M > /dev/null; $TAPIR -cf l d; $TAPIR -Af l 1.tar
      $TAPIR -tf l | xargs; $TAPIR -Af v.vtl none.tar; echo $?; $TAPIR -A --retain=1 -f 1.tar @2.tgz; echo $?
      """)
    #expect(
      result.lines == ["t/ t/a t/b t/c d t/ t/a t/b t/c d", "2", "d t/ t/a t/b t/c", "2", "2"],
      "\(result.text)\(result.errors)")
    #expect(result.errors.contains("none.tar: Cannot open: No such file or directory"))
  }
}
