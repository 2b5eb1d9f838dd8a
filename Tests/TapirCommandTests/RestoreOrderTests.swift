import Testing

/// Of several members of one name the last one counts, whatever they are.
struct RestoreOrderTests {
  @Test func theLastMemberOfANameWins() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      arguments=; for i in $(seq 100); do mkdir $i; echo $i > $i/f; arguments="$arguments -C $PWD/$i f"; done
      mkdir link file both; ln -s nowhere link/f; echo file > file/f; echo first > both/g; ln both/g both/f
      $TAPIR -cf a.vtl $arguments && mkdir a && $TAPIR -xf a.vtl -N 1970-01-02 -C a && cat a/f
      $TAPIR -cf b.vtl $arguments -C $PWD/link f && mkdir b && $TAPIR -xf b.vtl -N 1970-01-02 -C b && readlink b/f
      $TAPIR -cf c.vtl $arguments -C $PWD/link f -C $PWD/file f && mkdir c && $TAPIR -xf c.vtl -N 1970-01-02 -C c && cat c/f
      $TAPIR -cf d.vtl $arguments -C $PWD/both g f && mkdir d && $TAPIR -xvf d.vtl -N 1970-01-02 -C d | uniq -c && cat d/f
      stat -c %h d/f; ls -A a b c d
      """)
    #expect(
      result.lines == [
        "100", "nowhere", "file", "    100 f", "      1 g", "      1 f", "first", "2", "a:", "f", "b:", "f", "c:", "f",
        "d:", "f", "g",
      ], "\(result.text)\(result.errors)")
  }

  /// What has its name only in a moment must not be passed through as what it replaces.
  @Test func aFileThatReplacesALinkOrDirectoryIsInTheWayOfTheNext() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      mkdir -p one two/x; echo file > one/x; echo below > two/x/y
      $TAPIR -cf a.vtl -C $PWD/one x -C $PWD/two x/y
      mkdir -p out/d; echo precious > out/d/y; ln -s d out/x
      $TAPIR -xf a.vtl -C out; echo $?; cat out/d/y out/x
      mkdir -p in/l; echo f > in/l/f; ln -s z in/x
      $TAPIR -cf b.vtl -C in l/f x; mkdir -p to/x; ln -s x to/l
      $TAPIR -xf b.vtl -C to; echo $?; cat to/l/f; test -d to/x && echo directory
      for i in $(seq 500); do echo $i > in/$i; done; $TAPIR -cf c.vtl in; mkdir few
      (ulimit -n 32; $TAPIR -xf c.vtl -C few; echo $?); diff -r in/500 few/in/500 && ls few/in | wc -l
      """)
    #expect(
      result.lines == ["2", "precious", "file", "2", "f", "directory", "0", "502"], "\(result.text)\(result.errors)")
    #expect(
      result.errors.contains("x/y: Cannot open: Not a directory") && result.errors.contains("x: Cannot create symlink"))
  }

  /// Files, directories and links under a few names, over each other and over what is there already, with files committed
  /// beside reading, and with everything done in turn (`--keep-damaged`): the same tree, words and status.
  @Test(arguments: 0..<4) func committingBesideReadingChangesNothing(seed: Int) throws {
    let place = try Workplace()
    let result = try place.shell(
      #"""
      RANDOM=\#(seed + 1); names=(a b c a/a a/b b/a b/c c/a a/b/c)
      make() { # PLACE NAME
        mkdir -p "$(dirname "$1/$2")" 2>/dev/null || return
        case $((RANDOM % 5)) in
          0|1|2) [ -d "$1/$2" ] || echo $RANDOM > "$1/$2" ;;
          3) mkdir -p "$1/$2" ;;
          4) ln -sn "${names[RANDOM % 3]}" "$1/$2" ;;
        esac
      } 2>/dev/null
      look() { (cd $1; find . -printf '%P %y %l %m\n' | sort; find . -type f | sort | xargs -r cat); }
      for round in 1 2 3 4 5 6 7 8; do
        rm -rf src old* new* v.vtl; mkdir src; arguments=
        for i in $(seq 24); do
          name=${names[RANDOM % 9]}; mkdir src/$i; make src/$i $name
          [ -e src/$i/$name -o -L src/$i/$name ] && arguments="$arguments -C $PWD/src/$i $name"
        done
        mkdir old; for i in 1 2 3 4; do make old ${names[RANDOM % 9]}; done; cp -a old new
        $TAPIR -cf v.vtl --no-recursion $arguments || exit
        $TAPIR -xf v.vtl -N 1970-01-02 -C old --keep-damaged 2> old.err; echo $? >> old.err
        $TAPIR -xf v.vtl -N 1970-01-02 -C new 2> new.err; echo $? >> new.err
        look old > old.tree; look new > new.tree; diff old.err new.err && diff old.tree new.tree && echo same
      done
      """#)
    #expect(result.lines == Array(repeating: "same", count: 8), "\(result.text)\(result.errors)")
  }
}
