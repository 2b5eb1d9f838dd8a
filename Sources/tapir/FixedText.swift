/// What options that only ask for a text print, as GNU tar has it.
enum FixedText {
  /// `--show-defaults`.
  static let defaults = "--format=gnu -f- -b20 --quoting-style=escape"

  /// `--show-snapshot-field-ranges`.
  static let snapshotFieldRanges = """
    This tar's snapshot file field ranges are
       (field name      => [ min, max ]):

        nfs             => [ 0, 1 ],
        timestamp_sec   => [ -9223372036854775808, 9223372036854775807 ],
        timestamp_nsec  => [ 0, 999999999 ],
        dev             => [ 0, 18446744073709551615 ],
        ino             => [ 0, 18446744073709551615 ],

    """
}
