import HostFiles

/// Scripts that complete tapir's command line, made from the option tables and the verbs. Members' names they ask of
/// `tapir completion members`.
enum CompletionScript {
  private static let options = OptionTable.supported + OptionTable.verbsOnly

  /// The first words of verbs, with the words that may follow.
  private static var verbs: [(first: String, following: [String])] {
    let groups = Dictionary(grouping: Verb.allCases) { $0.rawValue.prefix { $0 != " " } }
    let verbs = groups.map { first, verbs in
      (
        first: String(first),
        following: verbs.filter { $0.rawValue != first }.map { String($0.rawValue.dropFirst(first.count + 1)) }
      )
    }
    let others = [
      (first: "completion", following: ["bash", "zsh", "fish"]),
      (first: "help", following: groups.keys.sorted().map { String($0) } + HelpTopic.allCases.map(\.rawValue)),
    ]
    return (verbs + others).sorted { $0.first < $1.first }
  }

  /// What an option's argument can be, where that is one of a few words.
  private static func choices(_ option: OptionSpecification) -> [String] {
    let known = [
      "format": ["gnu", "pax", "ustar", "oldgnu", "v7"], "sort": ["none", "name", "inode"],
      "hole-detection": ["raw", "seek"], "quoting-style": NameQuoting.Style.allCases.map(\.rawValue),
    ]
    if let long = option.long, let words = known[long] { return words }
    let words = option.value.split(separator: "|").map { String($0) }
    return words.count > 1 ? words : []
  }

  static var bash: String {
    let longs = options.compactMap(\.long).map { "--" + $0 }.joined(separator: " ")
    var second = ""
    for verb in verbs where !verb.following.isEmpty {
      second +=
        "      \(verb.first)) COMPREPLY=($(compgen -W '\(verb.following.joined(separator: " "))' -- \"$word\")); return ;;\n"
    }
    var values = ""
    for option in options {
      let words = choices(option)
      guard let long = option.long, !words.isEmpty else { continue }
      values += "    --\(long)) COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$word\")); return ;;\n"
    }
    return """
      # bash completion for tapir; made by 'tapir completion bash'.
      _tapir() {
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} names
        if [ "$COMP_CWORD" -eq 2 ]; then
          case ${COMP_WORDS[1]} in
      \(second)    esac
        fi
        # bash takes --option=value for three words.
        if [ "$word" = = ]; then word=; elif [ "$previous" = = ]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
        case $previous in
      \(values)  esac
        case $word in
          -*) COMPREPLY=($(compgen -W '\(longs)' -- "$word")); return ;;
        esac
        if names=$(tapir completion members "${COMP_LINE:0:COMP_POINT}" 2>/dev/null); then
          COMPREPLY=()
          if [ -n "$names" ]; then mapfile -t COMPREPLY <<<"$names"; fi
          if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
          return
        fi
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        if [ "$COMP_CWORD" -eq 1 ]; then
          COMPREPLY+=($(compgen -W '\(verbs.map(\.first).joined(separator: " "))' -- "$word"))
        fi
      }
      complete -o filenames -F _tapir tapir
      """
  }

  static var zsh: String {
    func quoted(_ text: String) -> String {
      "'"
        + text.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "'\\''") + "'"
    }
    var lines = ""
    for option in options {
      guard let long = option.long else { continue }
      let isJoined = option.argument != .none
      lines += "    \(quoted("--\(long)\(isJoined ? "=" : ""):\(option.help)"))\n"
    }
    var second = ""
    for verb in verbs where !verb.following.isEmpty {
      second += "      \(verb.first)) compadd -- \(verb.following.joined(separator: " ")); return ;;\n"
    }
    var values = ""
    for option in options {
      let words = choices(option)
      guard let long = option.long, !words.isEmpty else { continue }
      values += "    --\(long)=*) compset -P '*='; compadd -- \(words.joined(separator: " ")); return ;;\n"
    }
    return """
      #compdef tapir
      # zsh completion for tapir; made by 'tapir completion zsh'.
      _tapir() {
        local -a options names
        local text
        options=(
      \(lines)  )
        if (( CURRENT == 3 )); then
          case $words[2] in
      \(second)    esac
        fi
        case $words[CURRENT] in
      \(values)    --*=*) compset -P '*='; _files; return ;;
          -*) _describe -o option options -S ''; return ;;
        esac
        if text=$(tapir completion members "${(j: :)words[1,CURRENT]}" 2>/dev/null); then
          names=(${(f)text})
          compadd -S '' -a names
          return
        fi
        if (( CURRENT == 2 )); then compadd -- \(verbs.map(\.first).joined(separator: " ")); fi
        _files
      }
      _tapir "$@"
      """
  }

  static var fish: String {
    func quoted(_ text: String) -> String {
      "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "'"
    }
    var lines = ""
    for verb in verbs where !verb.following.isEmpty {
      lines += "complete -c tapir -n 'test (count (commandline -opc)) -eq 1' -a \(verb.first)\n"
      lines +=
        "complete -c tapir -n '__tapir_second \(verb.first)' -f -a \(quoted(verb.following.joined(separator: " ")))\n"
    }
    for option in options {
      var line = "complete -c tapir"
      if let short = option.short { line += " -s \(short == "?" ? "'?'" : "\(short)")" }
      if let long = option.long { line += " -l \(long)" }
      let words = choices(option)
      if !words.isEmpty {
        line += " -x -a \(quoted(words.joined(separator: " ")))"
      } else if option.argument == .required {
        line += " -r"
      }
      lines += line + " -d \(quoted(option.help))\n"
    }
    return """
      # fish completion for tapir; made by 'tapir completion fish'.
      function __tapir_second
          set -l words (commandline -opc)
          test (count $words) -eq 2; and test $words[2] = $argv[1]
      end
      function __tapir_members
          tapir completion members (commandline -cp) 2>/dev/null
      end
      complete -c tapir -n '__tapir_members >/dev/null' -f -a '(__tapir_members)'
      \(lines)
      """
  }
}
