import { quotedPaths, type CompletedCommand, type CompletedFlag } from './completed-command.ts'

/** Returns the completion script for zsh 5 and later, which can be placed in a completion folder or loaded with `source`. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const paths = quotedPaths(commands).join('|')
  const cases = commands.map((command) => `  '${command.path}')\n${caseOf(command)}\n    ;;`)
  return `#compdef signet
# zsh completion of signet
_signet() {
  local path_='' word next
  local -a names
  for word in "\${words[@]:1:$((CURRENT-2))}"; do
    next=\${path_:+$path_ }$word
    case $next in
    ${paths}) path_=$next ;;
    esac
  done
  case $path_ in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _signet ]]; then
  _signet "$@"
else
  compdef _signet signet
fi
`
}

/**
 * Returns the `case` branch for a command. Subcommands are completed first, because `_arguments` would treat them as arguments.
 */
function caseOf({ subcommands, flags, words }: CompletedCommand): string {
  const specs = flags.map(specOf)
  const names = [
    ...subcommands.map(({ name, description }) => `'${name}:${description}'`),
    ...words.map((word) => `'${word}'`),
  ]
  const rest = names.length === 0 ? `'*:file:_files'` : `'*:word:->word'`
  return [
    `    _arguments ${[...specs, rest].join(' ')}`,
    ...(names.length === 0
      ? []
      : [`    names=(${names.join(' ')})`, `    [[ $state == word ]] && _describe 'signet' names`]),
  ].join('\n')
}

function specOf({ flag, description, takesValue, choices }: CompletedFlag): string {
  const value =
    choices.length > 0 ? `:value:(${choices.join(' ')})` : takesValue ? ':value:_files' : ''
  return `'${flag}[${description}]${value}'`
}
