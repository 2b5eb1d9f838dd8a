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
}
