import HostFiles

/// Name patterns: matching ends in good time, which libFuzzer's `-timeout` judges.
func fuzzPattern(_ input: [UInt8]) {
  var input = Input(input)
  let options = NamePattern.Options(rawValue: Int(input.byte() & 31))
  let pattern = input.text()
  let name = input.remainder()
  _ = NamePattern(pattern, options).matches(name)
  // A name matches itself where nothing in it is special.
  if !options.contains(.wildcards), pattern == name { precondition(NamePattern(pattern, options).matches(name)) }
}
