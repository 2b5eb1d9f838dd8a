import Foundation
import Testing

/// GNU tar as the oracle: the same command lines for both programs, on the same tree, have to come to the same members,
/// metadata, messages and exit status. Each line is one that fails when its option does something else.
///
/// Not in here because we differ on purpose: `-K` (GNU tar 1.34 takes nothing but MEMBER), `--exclude-ignore` (it speaks
/// for the directories below too), dates that are not understood (it makes one up), a name that is given twice (it
/// archives a link of the file to itself), `-C` to what is no directory (it stops at once).
struct NameOracleTests {
  /// What is archived.
  private static let selection = #"""
    t
    --exclude='*.o' t
    --exclude=sub t
    --anchored --exclude=sub t
    --anchored --exclude=t/sub t
    --anchored --exclude=t/sub --no-anchored --exclude=a.o t
    --ignore-case --exclude='*.c' t
    --ignore-case --no-ignore-case --exclude='*.c' t
    --exclude='*.c' --ignore-case t
    --no-wildcards --exclude='star*' t
    --no-wildcards --exclude='*' t
    --no-wildcards --wildcards --exclude='*.o' t
    --no-wildcards-match-slash --exclude='t/*.c' t
    --no-wildcards-match-slash --wildcards-match-slash --exclude='t/*.c' t
    --exclude='t/*.c' t
    --anchored --exclude='*.c' --exclude='[!t]*' t
    t/sub --exclude='*.c' t/Up
    --exclude='*.c' t/sub t/Up
    t --exclude='*.o'
    t --wildcards -C t
    t --exclude='*.o' --null
    t -X pat
    -X pat t
    -X nopat t
    --exclude-vcs t
    --exclude-backups t
    --exclude-caches t
    --exclude-caches-under t
    --exclude-caches-all t
    -v --exclude-caches t
    -v --exclude-caches-under t
    -v --exclude-caches-all t
    --exclude-tag=TAG t
    --exclude-tag-under=TAG t
    --exclude-tag-all=TAG t
    --exclude-tag-all=TAG t/tag
    --exclude-tag=TAG --exclude-tag-under=TAG t
    --exclude-tag-under=TAG --exclude-tag=TAG t
    --exclude-ignore-recursive=.ignore t
    --exclude-vcs-ignores g
    --no-recursion t t/sub
    --no-recursion t/sub --recursion t/Up
    t/sub --no-recursion t/Up
    --no-recursion --exclude=sub t/sub t/sub/b.c
    -T list
    --null -T nlist
    -T nlist
    --null --no-null -T list
    --verbatim-files-from -T olist
    -T olist
    --no-verbatim-files-from -T olist
    --verbatim-files-from --no-verbatim-files-from -T olist
    --no-unquote -T ulist
    -T ulist
    --verbatim-files-from -T ulist
    --no-unquote --unquote -T ulist
    't/ta\tb'
    't/sp\040ace'
    --no-unquote 't/back\slash'
    --no-unquote 't/ta\tb'
    -T nested
    -T self
    -T nolist
    -T badopt
    -C t a.c -T tlist
    --add-file=-dash new
    -- -dash new
    """#

  /// What it is called, and with what metadata.
  private static let metadata = #"""
    --transform='s/^t/u/' t
    --transform='s/sub/SUB/;s/t/T/' t/sub
    --transform='s/a/X/g' --xform='s/X/Y/' t
    --transform='flags=r;s/a/X/' t
    --transform='s/a/X/S' t
    --transform='s/a/X/H' t
    --transform='s/a/X/Rh' t
    -v --transform='s/^t/u/' t/sub
    -v --show-transformed-names --transform='s/^t/u/' t/sub
    -v --show-stored-names --transform='s/^t/u/' t/sub
    -v $PWD/t/sub
    -vv $PWD/t/sub
    --transform=foo t
    -C t --transform='s,^,pre/,' sub
    --owner=joe t/a.c
    --owner=joe:77 --group=staff2:88 t/a.c
    --owner=:77 t/a.c
    --owner=77 --group=88 t/a.c
    --owner=+77 t/a.c
    --owner=daemon --group=daemon t/a.c
    --owner=daemon --numeric-owner t/a.c
    --owner=joe:x t/a.c
    --owner=99999999999 t/a.c
    --group=joe:99999999999 t/a.c
    --owner-map=map t/a.c
    --owner-map=map --owner=other --group=other t/a.c
    --owner-map=map2 t/a.c
    --group-map=map t/a.c
    --owner-map=nomap t/a.c
    --owner-map=badmap t/a.c
    --mode=600 t
    --mode=02755 t
    --mode=0755 t
    --mode=u+x t
    --mode=go= t
    --mode=a+X t
    --mode=go=u t
    --mode=u-s,g-s,+t t
    --mode=+w t
    --mode==rw t
    --mode=a=rX,u+w t
    --mode=u+rwx,o-x+w t
    --mode=g=o t
    --mode=foo t
    --mode=9 t
    --mode=u+7 t
    --mode==644 t
    --mtime=@0 t
    --mtime=@-1.5 t
    -v --mtime=@1.25 new
    --mtime=2019-03-04 t/a.c
    --mtime='2019-03-04 05:06' t/a.c
    --mtime='2019-03-04 05:06:07.5' t/a.c
    --mtime='2019-03-04 05:06:07 UTC' t/a.c
    --mtime='2019-03-04T05:06:07Z' t/a.c
    --mtime='2019-03-04 05:06:07+05:30' t/a.c
    --mtime='2019-03-04T05:06:07-0800' t/a.c
    --mtime='4 Mar 2019' t/a.c
    --mtime='Mar 4 2019 01:02' t/a.c
    --mtime='03/04/2019' t/a.c
    --mtime='2019-03-31 1 month ago' t/a.c
    --mtime='2019-03-04 +3 days' t/a.c
    --mtime='2019-03-04 12:00 2 hours ago' t/a.c
    --mtime='2019-03-04 next week' t/a.c
    --mtime='2019-07-04 5:06' t/a.c
    --mtime='Mon, 04 Mar 2019 05:06:07 -0800' t/a.c
    --mtime='Mon Mar  4 05:06:07 PM CET 2019' t/a.c
    --mtime='TZ="America/New_York" 2019-07-04 9am' t/a.c
    --mtime='20190304 0506' t/a.c
    --mtime='2019-03-04 12:00 +1 day' t/a.c
    --mtime='4-mar-19 12:30 EST' t/a.c
    --mtime='(noon) 12pm Mar 4, 2019' t/a.c
    --mtime=./t/sub/b.c t
    --mtime=./nofile t
    --clamp-mtime --mtime=2010-01-01 t
    --clamp-mtime t
    --sort=name t
    --sort=none t
    --sort=inode t
    --sort=foo t
    --sort=na t
    -h --exclude=dangling t
    -h t/link t/a.c
    -h t
    --hard-dereference t
    --hole-detection=raw t
    --hole-detection=seek t
    --hole-detection=foo t
    --atime-preserve t
    --atime-preserve=replace t
    --atime-preserve=system t
    --atime-preserve=foo t
    --ignore-failed-read nofile t/a.c
    nofile t/a.c
    -l t/a.c
    -l t
    -l t/a.c t/hard
    -N 2015-01-01 t
    --newer-mtime=2015-01-01 t
    -v --newer-mtime=2015-01-01 t
    --newer-mtime=./t/a.o t
    --newer-mtime='2020-01-02 03:04:06' t
    --after-date=2015-01-01 --newer-mtime=2015-01-01 t
    --newer-mtime=./nofile t
    -w t/sub < yn
    -s t/a.c
    """#

  /// What is listed of an archive that has some members twice.
  private static let reading = #"""
    -t
    -t t/sub
    -t t/sub t/sub/b.c
    -t t/sub/b.c t/sub
    -t nothing
    -t 't/*.c'
    -t --wildcards 't/*.c'
    -t --wildcards --no-wildcards-match-slash 't/*.c'
    -t --wildcards --no-wildcards-match-slash --wildcards-match-slash 't/*.c'
    -t --no-wildcards 't/*.c'
    -t --wildcards '*.c' --no-wildcards 't/star*'
    -t --no-anchored a.c
    -t --no-anchored a.c --anchored a.o
    -t --ignore-case T/A.C
    -t --ignore-case T/A.C --no-ignore-case T/A.O
    -t --no-recursion t/sub
    -t --no-recursion t/sub --recursion t/Up
    -t --exclude='*.c' t/sub
    -t t/sub --exclude='*.c'
    -t t/a.c --exclude=t/a.c
    -t --exclude-vcs
    -t --exclude-backups
    -t --anchored --exclude=a.c
    -t 't/ta\tb'
    -t --no-unquote 't/ta\tb'
    -t -T list
    -t --null -T nlist
    -t -T olist
    -t --verbatim-files-from -T olist
    -t -X pat
    -t --occurrence t/a.c
    -t --occurrence=1 t/sub
    -t --occurrence=2 t/a.c t/sub
    -t --occurrence=3 t/a.c
    -t --occurrence=0 t/a.c
    -t --occurrence
    -t --newer-mtime=2015-01-01
    -t --newer-mtime=2025-01-01 t/sub
    -t --transform='s/^t/u/' t/a.c
    -tv --transform='s/^t/u/' t/link t/hard
    -tv --show-transformed-names --transform='s/^t/u/' t/hard t/a.c t/sub
    -t --show-stored-names --strip-components=1 t/sub
    -t --show-transformed-names --strip-components=2
    -t --transform='s/^t/u/' u/a.c
    -t ''
    """#

  /// What is restored or compared, in a folder beside the tree.
  private static let restoring = #"""
    -x
    -xv t/Up t/subway
    -xv --strip-components=1
    -xv --strip-components=2 t/tag
    -xv --strip-components=1 --show-transformed-names t/sub t/a.c
    -xv --transform='s/^t/u/'
    -xv --transform='s/^t/u/' --show-transformed-names
    -xvv --transform='s/^t/u/S;s/a/X/' --strip-components=1
    -xv --transform='s/hard$/soft/' t/a.c t/hard
    -x --transform='s,.*/,,' t/Up t/tag
    -x --exclude='*.c' t/Up t/tag t/ign
    -x --exclude=sub t --exclude=hard
    -xv --wildcards '*.[oC]'
    -xv --no-recursion t t/Up/A.C
    -xv --newer-mtime=2015-01-01 t/sub/b.c t/sub/deep
    -xv -N 2025-01-01 t/sub
    -xv --occurrence t/tag
    -x --occurrence=2 t/tag
    -x -C d1 t/tag -C ../d2 t/Up
    -xO t/Up t/a.c
    -xO --no-anchored A.C
    -x t/nothing t/Up
    -xw t/Up t/subway < ../yn
    -x -T ../list
    -xv --no-anchored b.c --exclude=deep
    -x --ignore-case T/UP
    -d -C .. t/Up
    -dv -C .. t/Up t/tag
    -d -C .. --transform='s/Up/tag/' t/Up
    -d --strip-components=1 t/Up
    """#

  private static let tree = ##"""
    umask 022
    mkdir -p t/sub/deep t/.git t/CVS t/cache/in t/fake t/tag/in t/ign/below t/Up
    for f in t/a.c t/a.o t/sub/b.c t/sub/b.o t/sub/deep/c.C t/sub/deep/a.c t/old~ 't/#auto#' t/.#lock t/.git/config t/.gitignore t/CVS/x \
      t/cache/data t/cache/in/more t/fake/data t/tag/TAG t/tag/in/x t/tag/y t/ign/one.x t/ign/two.y t/ign/below/three.x t/Up/A.C 't/sp ace' 't/star*' 't/back\slash' t/subway; do echo "$f" > "$f"; done
    mkfifo t/pipe
    printf 'Signature: 8a477f597d28d172789f06886806bc55\n' > t/cache/CACHEDIR.TAG
    printf 'Signature: nothing\n' > t/fake/CACHEDIR.TAG
    printf '*.x\n# none\n' > t/ign/.ignore
    ln t/a.c t/hard; ln t/a.c t/sub/hard2; ln -s a.c t/link; ln -s nowhere t/dangling; ln -s sub t/dirlink
    printf 'x\tab' > 't/ta	b'; echo dash > ./-dash; echo n > new; truncate -s 1M t/holes; printf x | dd of=t/holes bs=1 seek=500000 conv=notrunc 2>/dev/null
    chmod 4755 t/a.o; chmod 700 t/sub; chmod 640 t/sub/b.c; chmod 2775 t/tag
    find t new ./-dash -exec touch -h -d '2020-01-02 03:04:05.678' {} +
    touch -d '2001-01-01' t/a.c; touch -d '2030-01-01 12:00' t/sub/b.c
    printf '*.o\nsub  \n\n' > pat
    printf 't/a.c\nt/sub/\n' > list; printf 't/a.c\0t/sub\0' > nlist; printf -- '-C t\na.c\n--exclude=*.c\nsub\n-dash\n' > /dev/null
    printf -- '  -C t\na.c\n--exclude="*.c"\nsub\n' > olist; printf 't/ta\\tb\nt/sp\\040ace\n' > ulist
    printf 'new\n-T list\nt/Up\n' > nested; printf 'new\n-T self\n' > self; printf 'new\n--bogus\nt/a.c\n' > badopt; printf 'a.o\n' > tlist
    printf '+0 joe:7 # him\n\n' > map; printf 'root +5\n' > map2; printf 'one\nnosuch x\n+0 x:y\n+99999999999 +1\n' > badmap
    printf 'y\nn\ny\ny\n' > yn
    mkdir -p g/d; for f in g/a.o g/c.c g/d/a.o g/d/c.c 'g/x y' g/keep; do echo > "$f"; done; printf '# c\n\n  c.c\n*.o\n\\#x\n' > g/.gitignore
    find g -exec touch -d '2020-01-02 03:04:05' {} +
    """##

  /// What a command line came to, with the names of the programs and the quotation marks made the same.
  private struct Answer: Equatable {
    var output: String
    var errors: String
    var result: String
  }

  /// Runs all lines in one shell: `command`, a shell function, gets the program, its archive and the line, and prints
  /// what came of it to descriptor 3.
  private func answers(
    _ lines: [String], _ program: String, _ archive: String, in place: Workplace, _ command: String
  ) throws -> [Answer] {
    let folder = UUID().uuidString
    try lines.joined(separator: "\n").write(
      to: place.folder.appendingPathComponent("lines"), atomically: true, encoding: .utf8)
    let result = try place.shell(
      """
      command() { \(command); }
      mkdir \(folder); n=0
      while IFS= read -r line || [ -n "$line" ]; do
        at=$PWD/\(folder)/$n; n=$((n + 1))
        command "\(program)" "\(archive)" "$line" > $at.out 2> $at.err 3> $at.result < /dev/null
      done < lines
      """, environment: ["TZ": "Europe/Berlin"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    func text(_ name: String) throws -> String {
      var text = String(
        decoding: try Data(contentsOf: place.folder.appendingPathComponent("\(folder)/\(name)")), as: UTF8.self)
      for (from, to) in [
        ("tapir: ", "tar: "), ("‘", "'"), ("’", "'"), ("'tapir --help'", "'tar --help' or 'tar --usage'"),
      ] {
        text = text.replacingOccurrences(of: from, with: to)
      }
      return text
    }
    // Every line was run to its end.
    defer { #expect((try? text("\(lines.count - 1).result"))?.contains("status ") == true) }  // try?: missing is a failure
    return try lines.indices.map {
      Answer(output: try text("\($0).out"), errors: try text("\($0).err"), result: try text("\($0).result"))
    }
  }

  private func compare(_ lines: [String], _ theirs: [Answer], _ ours: [Answer], _ note: String = "") {
    for (line, (theirs, ours)) in zip(lines, zip(theirs, ours)) where theirs != ours {
      Issue.record("\(line) \(note)\nGNU tar: \(theirs)\ntapir: \(ours)")
    }
  }

  private func place() throws -> Workplace {
    let place = try Workplace()
    let made = try place.shell(Self.tree)
    #expect(made.status == 0 && made.errors.isEmpty, "\(made.errors)")
    return place
  }

  private func lines(_ table: String) -> [String] { table.split(separator: "\n").map(String.init) }

  @Test func whatIsArchivedIsWhatGNUTarArchives() throws { try compareArchives(Self.selection) }
  @Test func metadataAreThoseThatGNUTarStores() throws { try compareArchives(Self.metadata) }

  private func compareArchives(_ table: String) throws {
    let place = try place()
    let lines = lines(table)
    let command =
      #"rm -rf $2; eval "$1 -cf $2 $3"; echo "status $?" >&3; [ ! -e $2 ] || ${1%% *} -tvf $2 >&3 2> /dev/null || :"#
    let theirs = try answers(lines, "tar", "a.tar", in: place, command)
    compare(lines, theirs, try answers(lines, "$TAPIR --vsn V00001", "a.vtl", in: place, command))
  }

  @Test func membersAreChosenAsByGNUTar() throws {
    let place = try place()
    let lines = lines(Self.reading)
    try place.shell(
      """
      tar -cf a.tar t; tar -rf a.tar t/a.c t/sub
      $TAPIR --vsn V00001 -cf a.vtl t; $TAPIR -rf a.vtl t/a.c t/sub
      """)
    let command = #"eval "$1 -f $2 $3"; echo "status $?" >&3"#
    let theirs = try answers(lines, "tar", "a.tar", in: place, command)
    compare(lines, theirs, try answers(lines, "$TAPIR", "a.vtl", in: place, command))
    compare(lines, theirs, try answers(lines, "$TAPIR --no-index", "a.vtl", in: place, command), "--no-index")
  }

  @Test func membersAreRestoredAsByGNUTar() throws {
    let place = try place()
    let lines = lines(Self.restoring)
    // The time is one that GNU tar calls to be in the future.
    try place.shell("touch -d 2024-01-01 t/sub/b.c; tar --format=pax -cf a.tar t; $TAPIR --vsn V00001 -cf a.vtl t")
    let command = #"""
      rm -rf o; mkdir -p o/d1 o/d2; (cd o; eval "$1 -f ../$2 $3"; echo "status $?" >&3)
      (cd o; find . -type d -printf '%P %m\n' -o -printf '%P %y %l %n %m %s %Ts\n' | sort) >&3
      """#
    let theirs = try answers(lines, "tar", "a.tar", in: place, command)
    compare(lines, theirs, try answers(lines, "$TAPIR", "a.vtl", in: place, command))
    compare(lines, theirs, try answers(lines, "$TAPIR --no-index", "a.vtl", in: place, command), "--no-index")
  }
}
