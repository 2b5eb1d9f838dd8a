# bash completion for tapir; made by 'tapir completion bash'.
_tapir() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} names
  if [ "$COMP_CWORD" -eq 2 ]; then
    case ${COMP_WORDS[1]} in
      completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$word")); return ;;
      config) COMPREPLY=($(compgen -W 'show' -- "$word")); return ;;
      drive) COMPREPLY=($(compgen -W 'status rewind eject load position health' -- "$word")); return ;;
      help) COMPREPLY=($(compgen -W 'config drive index library plan rmt volume getting-started drives libraries spanning versions scripts configuration recovery restoring-without-tapir' -- "$word")); return ;;
      index) COMPREPLY=($(compgen -W 'find log show rename rebuild check' -- "$word")); return ;;
      library) COMPREPLY=($(compgen -W 'create status load unload transfer add remove inventory migrate' -- "$word")); return ;;
      volume) COMPREPLY=($(compgen -W 'label show map verify copy repack erase' -- "$word")); return ;;
    esac
  fi
  # bash takes --option=value for three words.
  if [ "$word" = = ]; then word=; elif [ "$previous" = = ]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
  case $previous in
    --compression) COMPREPLY=($(compgen -W 'lz4 off' -- "$word")); return ;;
    --sort) COMPREPLY=($(compgen -W 'none name inode' -- "$word")); return ;;
    --hole-detection) COMPREPLY=($(compgen -W 'raw seek' -- "$word")); return ;;
    --layout) COMPREPLY=($(compgen -W 'pax raw' -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W 'gnu pax ustar oldgnu v7' -- "$word")); return ;;
    --quoting-style) COMPREPLY=($(compgen -W 'literal shell shell-always shell-escape shell-escape-always c c-maybe escape locale clocale' -- "$word")); return ;;
    --sample) COMPREPLY=($(compgen -W 'N P%' -- "$word")); return ;;
    --size) COMPREPLY=($(compgen -W '[+ -]SIZE' -- "$word")); return ;;
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W '--create --append --update --catenate --concatenate --delete --list --extract --get --diff --compare --file --force-local --vsn --label --index-db --no-config --no-index --erase-volume --retain --erase-unexpired --erase-tail --capacity --compression --blocking-factor --record-size --buffer --drive-rate --changer --drive-element --directory --files-from --null --no-null --verbatim-files-from --no-verbatim-files-from --unquote --no-unquote --add-file --recursion --no-recursion --one-file-system --absolute-names --newer --after-date --newer-mtime --starting-file --occurrence --fast-read --preserve-order --same-order --interactive --confirmation --transform --xform --strip-components --show-transformed-names --show-stored-names --exclude --exclude-from --include --exclude-backups --exclude-vcs --exclude-vcs-ignores --exclude-ignore --exclude-ignore-recursive --exclude-caches --exclude-caches-under --exclude-caches-all --exclude-tag --exclude-tag-under --exclude-tag-all --anchored --no-anchored --ignore-case --no-ignore-case --wildcards --no-wildcards --wildcards-match-slash --no-wildcards-match-slash --owner --group --owner-map --group-map --mode --mtime --clamp-mtime --sort --dereference --hard-dereference --check-links --hole-detection --atime-preserve --ignore-failed-read --listed-incremental --incremental --level --check-device --no-check-device --changed --series --as-of --session --newest --stream --layout --no-span --pack --sparse --verify --remove-files --sync-bytes --sync-files --sync-seconds --to-stdout --range --drive-model --preserve-permissions --same-permissions --no-same-permissions --keep-damaged --same-owner --no-same-owner --touch --keep-directory-symlink --format --posix --old-archive --portability --pax-option --sparse-version --gzip --gunzip --ungzip --bzip2 --xz --zstd --lzma --lzip --lzop --lz4 --compress --uncompress --use-compress-program --auto-compress --no-auto-compress --ignore-zeros --numeric-owner --xattrs --xattrs-include --xattrs-exclude --no-xattrs --acls --no-acls --selinux --no-selinux --verbose --help --usage --version --keep-old-files --skip-old-files --keep-newer-files --overwrite --overwrite-dir --no-overwrite-dir --unlink-first --recursive-unlink --backup --suffix --one-top-level --to-command --ignore-command-error --no-ignore-command-error --delay-directory-restore --no-delay-directory-restore --read-full-records --seek --no-seek --test-label --show-defaults --show-snapshot-field-ranges --full-time --utc --quoting-style --quote-chars --no-quote-chars --index-file --show-omitted-dirs --totals --checkpoint --checkpoint-action --warning --progress --no-progress --json --block-number --multi-volume --tape-length --info-script --new-volume-script --volno-file --restrict --rsh-command --rmt-command --member --sample --no-verify --to --erase-source --salvage --scan --source-rate --ratio --slots --drives --io-slots --cartridges --into --stale --older-than --fuller-than --end --tape-file --width --svg --long --size --newer-than --older-than' -- "$word")); return ;;
  esac
  if names=$(tapir completion members "${COMP_LINE:0:COMP_POINT}" 2>/dev/null); then
    COMPREPLY=()
    if [ -n "$names" ]; then mapfile -t COMPREPLY <<<"$names"; fi
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
    return
  fi
  mapfile -t COMPREPLY < <(compgen -f -- "$word")
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY+=($(compgen -W 'completion config drive help index library plan rmt volume' -- "$word"))
  fi
}
complete -o filenames -F _tapir tapir
