/// GNU tar's options that are not supported: known, so that they are refused by name and so that an abbreviation never
/// comes to mean another option.
enum GNUOptions {
  static let unsupported: [OptionSpecification] = [
    .unsupported("0", nil, .none),
    .unsupported("1", nil, .none),
    .unsupported("2", nil, .none),
    .unsupported("3", nil, .none),
    .unsupported("4", nil, .none),
    .unsupported("5", nil, .none),
    .unsupported("6", nil, .none),
    .unsupported("7", nil, .none),
    .unsupported("8", nil, .none),
    .unsupported("9", nil, .none),
    .unsupported(nil, "rmt-command", .required),
    .unsupported(nil, "rsh-command", .required),
    .unsupported("M", "multi-volume", .none),
    .unsupported("L", "tape-length", .required),
    .unsupported("F", "info-script", .required),
    .unsupported(nil, "new-volume-script", .required),
    .unsupported(nil, "volno-file", .required),
  ]
}
