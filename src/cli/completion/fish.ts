import { quotedPaths, type CompletedCommand } from './completed-command.ts'

/** Returns the completion script for fish 3 and later. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, subcommands, flags, words }) => {
    const condition = `complete -c signet -n '__signet_at "${path}"'`
    const noFiles = subcommands.length > 0 || words.length > 0 ? ' -f' : ''
    return [
      ...subcommands.map(
        ({ name, description }) => `${condition}${noFiles} -a ${name} -d '${description}'`,
      ),
      ...words.map((word) => `${condition}${noFiles} -a ${word}`),
      ...flags.map(({ flag, description, takesValue, choices }) => {
        const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : ''
        return `${condition} -l ${flag.slice(2)}${value} -d '${description}'`
      }),
    ]
  })
  return `# fish completion of signet
function __signet_at
  set -l path ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$path $word")
    if contains -- $next ${quotedPaths(commands).join(' ')}
      set path $next
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`
}
