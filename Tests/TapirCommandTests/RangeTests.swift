import Testing

struct RangeTests {
  /// A volume with a long file, a sparse one, a short one, an empty one, a link and a directory.
  private func place(_ options: String = "") throws -> Workplace {
    let place = try Workplace()
    try place.file("long", bytes: 9_500_000)
    try place.file("short", bytes: 1000)
    let made = try place.shell(
      """
      truncate -s 13M holes; dd if=long of=holes bs=4096 count=3 seek=100 conv=notrunc status=none
      dd if=long of=holes bs=4096 count=700 seek=2000 conv=notrunc status=none
      : > empty; ln long other; mkdir dir; touch dir/x
      $TAPIR -cSf x.vtl --vsn V00001 \(options) short long holes empty other dir 2>/dev/null
      """)
    #expect(made.status == 0)
    return place
  }

  @Test(arguments: ["", "--layout raw", "--compression off -b 64"]) func aPartIsThatPart(_ options: String) throws {
    let script = """
      for f in long other holes short empty; do
        size=$(stat -c %s $f)
        for r in 0 0:1 1:5 100:4000 4194303:2 4194304:1 4194300:4194400 8388607:100 9000000 409600:12288 8191999:9000 \
          999:1 999:50 $size $((size - 1)) $((size - 1)):9; do
          o=${r%:*}; [ $o -ge 0 -a $o -le $size ] || continue; l=${r#*:}; [ $r = $o ] && l=$size
          $TAPIR -xOf x.vtl --range=$r $f > got 2> errors || { echo "$f $r failed"; cat errors; }
          tail -c +$((o + 1)) $f | head -c $l | cmp - got || echo "$f $r"
        done
      done
      """
    let outcome = try place(options).shell(script)
    #expect(outcome.text == "" && outcome.status == 0, "\(outcome.text)\(outcome.errors)")
  }

  @Test func whatHasNoSuchPartIsSaid() throws {
    let place = try place()
    func errors(_ arguments: String...) throws -> String {
      let words = arguments.joined(separator: " ")
      let result = try place.shell("$TAPIR -f x.vtl \(words)")
      #expect(result.status == 2 && result.text == "")
      return result.errors.split(separator: "\n").first.map(String.init) ?? ""
    }
    #expect(try errors("-xO", "--range=1001", "short") == "tapir: short has 1000 bytes: there is none at 1001")
    #expect(try errors("-xO", "--range=0", "none") == "tapir: none: Not found in archive")
    #expect(
      try errors("-xO", "--range=0", "dir") == "tapir: dir is no regular file: it has no bytes to take a part of")
    #expect(try errors("-x", "--range=0", "short") == "tapir: --range is for -x with -O")
    #expect(try errors("-xO", "--range=0", "short", "long") == "tapir: --range takes a part of one member: name one")
    #expect(
      try errors("-xO", "--range=1:2:3", "short")
        == "tapir: --range takes an offset, or an offset and a length such as 2G:64k, not '1:2:3'")
  }

  @Test func aDamagedPartIsNotDeliveredAndTheOthersAre() throws {
    let place = try place("--compression off")
    // A byte in the second chunk of "long", found by its content.
    let script = """
      python3 - <<'END'
      data = bytearray(open('x.vtl/data', 'rb').read())
      part = open('long', 'rb').read()[5000000:5000064]
      at = data.index(part)
      data[at] ^= 1
      open('x.vtl/data', 'wb').write(data)
      END
      $TAPIR -xOf x.vtl --range=0:4194304 long | cmp - <(head -c 4194304 long) && echo first
      $TAPIR -xOf x.vtl --range=4999000:2000 long > got 2> errors; echo $? $(wc -c < got)
      $TAPIR -xOf x.vtl --range=8388608 long | cmp - <(tail -c +8388609 long) && echo last
      """
    #expect(try place.shell(script).lines == ["first", "2 0", "last"])
  }
}
