import Foundation
import Testing

/// Sessions over several virtual cartridges, from outside.
struct SpanCommandTests {
  private static let tree = """
    mkdir t; for i in 1 2 3; do head -c 60000 /dev/urandom > t/f$i; done; head -c 1500000 /dev/urandom > t/big
    o="--sort=name --capacity 1M -b 32"; v="-f a.vtl -f b.vtl -f c.vtl -f d.vtl"
    """

  @Test
  func severalCartridgesAreOneArchive() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      """
      \(Self.tree)
      $TAPIR -cM $v --vsn V00001,V00002,V00003,V00004 $o t; echo "created $?"
      $TAPIR -tf a.vtl; mkdir x; $TAPIR -xM $v -C x 2> err; echo "restored $?"; diff -r t x/t && echo same
      cut -c1-60 err; mkdir y; $TAPIR -xM $v -C y --no-index 2> err; echo "in sequence $?"; diff -r t y/t && echo same
      rm a.vtl/index.sqlite
      for i in d c b a; do [ -e $i.vtl ] && $TAPIR index rebuild $i.vtl --index-db i; done
      for i in a b c; do $TAPIR volume verify $i.vtl --index-db i; $TAPIR index check $i.vtl --index-db i; done
      $TAPIR -xM $v --index-db i -O t/big 2> err | cmp - t/big && echo big
      $TAPIR -xM $v --index-db i --range=800000:400000 -O t/big 2> err | cmp - <(head -c 1200000 t/big | tail -c 400000) &&
        echo range
      $TAPIR volume show b.vtl --index-db i | grep -e ^continues -e ^goes -e ^state
      """)
    #expect(
      outcome.text == """
        created 0
        t/
        t/big
        t/f1
        t/f2
        t/f3
        restored 0
        same
        tapir: reading volume V00002
        tapir: reading volume V00003
        in sequence 0
        same
        volume V00003: 2 members in 1 batch
        volume V00002: 2 members in 1 batch
        volume V00001: 1 member in 1 batch
        volume V00001: 1 members read, 0 bytes of content verified, nothing damaged
        volume V00001: 1 member in 1 batch compared, index and tape agree
        volume V00002: 2 members read, 60000 bytes of content verified, nothing damaged
        volume V00002: 2 members in 1 batch compared, index and tape agree
        volume V00003: 2 members read, 60000 bytes of content verified, nothing damaged
        volume V00003: 2 members in 1 batch compared, index and tape agree
        big
        range
        continues     V00001
        goes on on    V00003
        state         full

        """, "\(outcome.text)")
    #expect(
      outcome.errors.hasPrefix(
        """
        tapir: volume V00002 is wanted
        tapir: going on on volume V00002
        tapir: volume V00003 is wanted
        tapir: going on on volume V00003

        """), "\(outcome.errors)")
  }

  @Test
  func whoeverIsAskedBringsTheNextVolume() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      """
      \(Self.tree)
      $TAPIR -cf used.vtl t/f1 2> /dev/null
      # A volume with something on it is refused, and another one asked for.
      printf 'n used.vtl\\nn b.vtl\\nn c.vtl/\\n' | $TAPIR -cMf a.vtl --vsn V00001 $o t > log 2>&1; echo "created $?"
      tr '\\a' '!' < log | sed 's/volume V[^ ]* in used.vtl/volume X in used.vtl/; s/written .* UTC/written T/; s/=V.*/=X/
        s/on volume V.*/on volume X/'; echo
      # So is the wrong one, when one is wanted for reading.
      printf 'n used.vtl\\nn c.vtl\\n' | $TAPIR -xMf b.vtl --index-db a.vtl/index.sqlite -O t/f3 2> log | cmp - t/f3 && echo f3
      tr '\\a' '!' < log | sed 's/volume V[0-9A-Z]* /volume X /; s/load V.*/load X/; s/reading volume .*/reading volume X/'; echo
      # Nobody there to be asked.
      $TAPIR -cMf n.vtl --vsn N00001 $o t < /dev/null; echo "nobody $?"
      cat > next <<'END'
      [ "$TAR_SUBCOMMAND" = -c ] || exit 1
      echo "s$TAR_VOLUME.vtl/" >&$TAR_FD
      END
      $TAPIR -cf s1.vtl --vsn S00001,S00002,S00003 -F 'sh next' $o t 2> /dev/null; echo "script $?"
      $TAPIR -tMf s1.vtl -f s2.vtl | wc -l
      """)
    #expect(
      outcome.text == """
        created 0
        !Prepare volume #2 for ‘a.vtl’ and hit return: tapir: --capacity and --compression are for new cartridges: this one keeps its own
        tapir: Warning: volume X in used.vtl holds 1 batch, last written T: not overwritten
        hint: -r appends, --erase-volume=X
        !Prepare volume #2 for ‘used.vtl’ and hit return: tapir: going on on volume X
        !Prepare volume #3 for ‘b.vtl’ and hit return: tapir: going on on volume X

        f3
        tapir: volume X is wanted
        !Prepare volume #2 for ‘b.vtl’ and hit return: tapir: Warning: volume X is not in used.vtl
        hint: load X
        !Prepare volume #2 for ‘used.vtl’ and hit return: tapir: reading volume X

        nobody 2
        script 0
        5

        """, "\(outcome.text)")
    #expect(
      outcome.errors == """
        \u{7}Prepare volume #2 for ‘n.vtl’ and hit return: tapir: EOF where user reply was expected
        tapir: t/big: Written but not confirmed: not safe on tape
        tapir: volume N00001 is full: t/big and what follows it were not archived: WARNING: Archive is incomplete
        hint: the 1 members before it are safe; a blank volume is needed
        tapir: Error is not recoverable: exiting now

        """, "\(outcome.errors)")
  }

  @Test
  func aSetIsGoneOnWith() throws {
    let place = try Workplace()
    let outcome = try place.shell(
      """
      \(Self.tree)
      $TAPIR -cM $v --vsn V00001,V00002,V00003,V00004 $o t 2> /dev/null; echo more > more
      $TAPIR -rf a.vtl more; echo "full $?"
      $TAPIR -rM $v more 2> log; echo "appended $?"; $TAPIR -tf a.vtl | tail -1
      $TAPIR -xM $v -O more 2> /dev/null
      $TAPIR -xf b.vtl --index-db a.vtl/index.sqlite -O t/big; echo "alone $?"
      $TAPIR -cf z.vtl -L 100 t; echo "length $?"
      $TAPIR -cMf z.vtl -f z2.vtl --no-span --vsn Z00001,Z00002 $o t; echo "no room $?"
      $TAPIR -cf z.vtl --no-span --stream x < more; echo "stream $?"
      $TAPIR -cMf y1.vtl -f y2.vtl --no-span --vsn Y00001,Y00002 $o --exclude=big t t t t t t 2> /dev/null; echo "whole $?"
      $TAPIR index rebuild y2.vtl --index-db y; $TAPIR volume show y2.vtl --index-db y | grep ^members
      """)
    #expect(
      outcome.text == """
        full 2
        appended 0
        more
        more
        alone 2
        length 2
        no room 2
        stream 2
        whole 0
        volume Y00002: 7 members in 1 batch
        members       7, 360000 bytes

        """, "\(outcome.text)")
    #expect(
      outcome.errors == """
        tapir: volume V00001 is full
        hint: use another volume; -M with a further -f goes on there
        tapir: Error is not recoverable: exiting now
        tapir: volume V00001 is wanted, and volume V00002 is in b.vtl
        hint: -M asks for V00001, and more than one -f may name the volumes
        tapir: Error is not recoverable: exiting now
        tapir: option '-L' is for ordinary archives: a volume goes on on another where its medium ends
        hint: --capacity makes a new virtual cartridge as small as that
        tapir: Error is not recoverable: exiting now
        tapir: t/big is bigger than volume Z00001
        hint: the 1 members before it are safe; without --no-span it goes on on the next volume
        tapir: Error is not recoverable: exiting now
        tapir: --no-span has to know how long a member is: --stream cannot tell

        """, "\(outcome.errors)")
  }
}
