import Testing

struct DriveRateTests {
  @Test func aSlowSourceMeansFewLongRests() throws {
    let place = try Workplace()
    let result = try place.shell(
      """
      source() { for i in {1..16}; do head -c 1M /dev/zero; sleep 0.12; done; }
      source | $TAPIR -cf a.vtl --stream x --buffer 8M --totals 2> a; source | $TAPIR -cf b.vtl --stream x --buffer 8M \
        --drive-rate 1G-2G --totals 2> b
      sed -n 's/.*ran dry \\([0-9]*\\) times.*/\\1/p' a b; $TAPIR -xOf b.vtl | wc -c
      """)
    let numbers = result.lines.compactMap(Int.init)
    #expect(result.status == 0 && numbers.count == 3, "\(result)")
    #expect(numbers.last == 16 << 20)
    // On a busy machine the drive may be late too, and finds more at once.
    #expect(numbers[0] >= 2 * numbers[1] && numbers[1] <= 5, "\(numbers)")
  }

  @Test(arguments: ["", "0", "5X", "-3M", "3M-", "3M-2M", "1M-2M-3M"]) func whatIsNoRateIsRefused(_ rate: String) throws
  {
    let result = try Workplace().tapir("-cf", "a.vtl", "--drive-rate=\(rate)", ".")
    #expect(result.status == 2)
    #expect(
      result.errors
        == "tapir: --drive-rate takes a rate such as 140M, or two such as 112M-300M, not '\(rate)'\n")
  }

  @Test func ratesAreForWriting() throws {
    let result = try Workplace().tapir("-tf", "a.vtl", "--drive-rate=3M")
    #expect(result.status == 2 && result.errors == "tapir: --drive-rate is for -c and -r\n")
  }
}
