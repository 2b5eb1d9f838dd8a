/// GNU tar's options that are not supported: known, so that they are refused by name and so that an abbreviation never
/// comes to mean another option.
enum GNUOptions {
  static let unsupported: [OptionSpecification] = [
    .unsupported("g", "listed-incremental", .required),
    .unsupported("G", "incremental", .none),
    .unsupported(nil, "level", .required),
    .unsupported(nil, "check-device", .none),
    .unsupported(nil, "no-check-device", .none),
  ]
}
