import { quotedPaths, type CompletedCommand } from './completed-command.ts'

/**
 * Returns the completion script for bash 3.2 and later. Names of commands and flags contain no characters that a shell
 * interprets.
 */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ path, subcommands, flags, words }) => {
    const names = [...subcommands.map(({ name }) => name), ...words].join(' ')
    const flagNames = flags.map(({ flag }) => flag).join(' ')
    return `    '${path}') words='${names}'; flags='${flagNames}' ;;`
  })
  const values = commands.flatMap(({ path, flags }) =>
    flags
      .filter(({ takesValue }) => takesValue)
      .map(({ flag, choices }) =>
        choices.length === 0
          ? `    '${path} ${flag}') files=1 ;;`
          : `    '${path} ${flag}') values='${choices.join(' ')}' ;;`,
      ),
  )
  const paths = quotedPaths(commands).join('|')
  return `# bash completion of signet
_signet() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local path='' words='' flags='' values='' files='' word next
  # Bash splits a line at =, so a flag and its value are three words.
  [[ $current == = ]] && current=''
  [[ $before == = ]] && before=\${COMP_WORDS[COMP_CWORD-2]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next=\${path:+$path }$word
    case $next in
    ${paths}) path=$next ;;
    esac
  done
  case "$path $before" in
${values.join('\n')}
  esac
  if [[ -n $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
    return
  fi
  case $path in
${cases.join('\n')}
  esac
  if [[ -n $files || ( $current != -* && -z $words ) ]]; then
    # Bash 3.2 has no compopt, and shows no slash after folders.
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -F _signet signet
`
}
