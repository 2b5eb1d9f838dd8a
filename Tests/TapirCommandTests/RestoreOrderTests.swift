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
}
