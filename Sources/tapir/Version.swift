/// The program's version.
enum Version {
  static let number = "0.1.0"

  static let text = """
    tapir \(number)
    Licence: Apache-2.0. There is no warranty.
    """
}
