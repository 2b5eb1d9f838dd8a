# bash completion for tapir; made by 'tapir completion bash'.
_tapir() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  if [ "$COMP_CWORD" -eq 2 ]; then
    case ${COMP_WORDS[1]} in
      index) COMPREPLY=($(compgen -W 'find rebuild check' -- "$word")); return ;;
      volume) COMPREPLY=($(compgen -W 'label show verify' -- "$word")); return ;;
    esac
  fi
  case $previous in
    --layout) COMPREPLY=($(compgen -W 'pax raw' -- "$word")); return ;;
    --compression) COMPREPLY=($(compgen -W 'lz4 off' -- "$word")); return ;;
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W '--create --append --list --extract --get --diff --compare --file --force-local --vsn --label --index-db --no-index --erase-volume --erase-unexpired --erase-tail --capacity --compression --blocking-factor --record-size --buffer --directory --files-from --null --no-null --add-file --exclude --exclude-from --recursion --no-recursion --one-file-system --absolute-names --wildcards --no-wildcards --stream --layout --sparse --verify --remove-files --sync-bytes --sync-files --sync-seconds --to-stdout --preserve-permissions --same-permissions --no-same-permissions --keep-damaged --strip-components --same-owner --no-same-owner --touch --keep-directory-symlink --format --posix --old-archive --portability --pax-option --sparse-version --gzip --gunzip --ungzip --bzip2 --xz --zstd --lzma --lzip --lzop --lz4 --compress --uncompress --use-compress-program --auto-compress --no-auto-compress --ignore-zeros --numeric-owner --xattrs --no-xattrs --acls --no-acls --verbose --help --usage --version --keep-old-files --skip-old-files --keep-newer-files --overwrite --overwrite-dir --no-overwrite-dir --unlink-first --recursive-unlink --backup --suffix --one-top-level --to-command --ignore-command-error --no-ignore-command-error --interactive --confirmation --delay-directory-restore --no-delay-directory-restore --preserve-order --same-order --restrict --read-full-records --seek --no-seek --test-label --show-defaults --show-snapshot-field-ranges --full-time --utc --quoting-style --quote-chars --no-quote-chars --index-file --show-omitted-dirs --totals --checkpoint --checkpoint-action --warning --block-number --session --member --sample --salvage --scan' -- "$word")) ;;
    *)
      COMPREPLY=($(compgen -f -- "$word"))
      if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY+=($(compgen -W 'index volume' -- "$word")); fi
      ;;
  esac
}
complete -o filenames -F _tapir tapir
