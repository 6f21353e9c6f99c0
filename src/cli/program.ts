/**
 * The program `signet` and the table of its commands. The commands are implemented in admin-commands/, client-commands/ and
 * server/.
 */
import { Command } from 'commander'
import { version } from '../version.ts'
import { visibleUsageError, type Output } from '../terminal.ts'
import { asCalled } from './shared/called-as.ts'
import { processIo, type CommandContext, type ProcessIo } from './shared/context.ts'
import { examplesText, helpLayout } from './shared/help-layout.ts'
import { SignetCommand } from './shared/signet-command.ts'

/** Creates a command. `completion` needs the program, because its scripts describe all commands. */
type CreateCommand = (context: CommandContext, program: Command) => Command

type LoadCommand = () => Promise<CreateCommand>

/**
 * Commands, grouped as in the help text. Only the requested command's file is loaded, because loading all files takes most of a
 * second.
 */
const groups: Readonly<Record<string, Readonly<Record<string, LoadCommand>>>> = {
  'Certificates:': {
    issue: async () => (await import('./commands/issue.ts')).issueCommand,
    renew: async () => (await import('./commands/renew.ts')).renewCommand,
    revoke: async () => (await import('./commands/revoke.ts')).revokeCommand,
    certificates: async () => (await import('./commands/certificates.ts')).certificatesCommand,
    inspect: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  'CAs:': {
    'init-hierarchy': async () =>
      (await import('./commands/init-hierarchy.ts')).initHierarchyCommand,
    ca: async () => (await import('./commands/ca.ts')).caCommand,
    ceremony: async () => (await import('./commands/ceremony.ts')).ceremonyCommand,
    trust: async () => (await import('./commands/trust.ts')).trustCommand,
  },
  'Enrollment:': {
    acme: async () => (await import('./commands/acme.ts')).acmeCommand,
    est: async () => (await import('./commands/est.ts')).estCommand,
  },
  'Access:': {
    account: async () => (await import('./commands/account.ts')).accountCommand,
    user: async () => (await import('./commands/user.ts')).userCommand,
    role: async () => (await import('./commands/role.ts')).roleCommand,
    policy: async () => (await import('./commands/policy.ts')).policyCommand,
    'access-key': async () => (await import('./commands/access-key.ts')).accessKeyCommand,
    'oidc-provider': async () => (await import('./commands/oidc-provider.ts')).oidcProviderCommand,
    approval: async () => (await import('./commands/approval.ts')).approvalCommand,
    share: async () => (await import('./commands/share.ts')).shareCommand,
  },
  'Server:': {
    serve: async () => (await import('./commands/serve.ts')).serveCommand,
    'check-config': async () => (await import('./commands/check-config.ts')).checkConfigCommand,
    status: async () => (await import('./commands/status.ts')).statusCommand,
    statistics: async () => (await import('./commands/statistics.ts')).statisticsCommand,
    bucket: async () => (await import('./commands/bucket.ts')).bucketCommand,
    jobs: async () => (await import('./commands/jobs.ts')).jobsCommand,
    backup: async () => (await import('./commands/backup.ts')).backupCommand,
    restore: async () => (await import('./commands/restore.ts')).restoreCommand,
    log: async () => (await import('./commands/log.ts')).logCommand,
    verify: async () => (await import('./commands/verify.ts')).verifyCommand,
    'master-key': async () => (await import('./commands/master-key.ts')).masterKeyCommand,
    unlock: async () => (await import('./commands/unlock.ts')).unlockCommand,
  },
  'Other:': {
    completion: async () => (await import('./commands/completion.ts')).completionCommand,
    version: () => Promise.resolve(versionCommand),
  },
}

const commands = new Map(
  Object.entries(groups).flatMap(([group, members]) =>
    Object.entries(members).map(([name, load]) => [name, { group, load }] as const),
  ),
)

/** A pattern for the name of a command. */
export const commandPattern = String.raw`(?:${[...commands.keys()].join('|')})\b`

const documentation = `
Help for a command: signet help COMMAND, or signet COMMAND --help.
Documentation: docs/README.md, also in the package.
`

/** Width, in columns, of help text that is not printed on a terminal. */
const widthDefault = 80

/** Flags that can be used without a command. */
const versionFlags: readonly (string | undefined)[] = ['-V', '--version']

/**
 * Creates the program `signet` with only the requested command, or with all commands for help and unknown arguments. Commands
 * print their results with `print`. Help texts, notes and usage errors are written to `io`.
 */
export async function createProgram(
  print: CommandContext['print'],
  argv: readonly string[],
  io: ProcessIo = processIo(),
): Promise<Command> {
  const program = new Command('signet')
    .description('A self-hosted private certificate authority with the AWS Private CA API.')
    .version(version(), '-V, --version', 'print the version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .addHelpText(
      'after',
      examplesText([
        'signet serve',
        'signet init-hierarchy',
        'signet issue --name localhost --out tls',
      ]) + documentation,
    )
  for (const name of namesFor(argv[0])) {
    const entry = commands.get(name)
    if (entry === undefined) continue
    const create = await entry.load()
    program.addCommand(create({ ...io, print }, program).helpGroup(entry.group))
  }
  return withOutputs(program, io)
}

/**
 * Sets the output streams of a command and all its subcommands. Usage errors are escaped, because they quote arguments that may
 * have been copied from certificates.
 */
function withOutputs(command: Command, io: ProcessIo, line = command.name()): Command {
  for (const each of command.commands) withOutputs(each, io, `${line} ${each.name()}`)
  const { stdout, stderr } = io
  const group = { line, commands: command.commands.map((each) => each.name()) }
  command.configureHelp({ ...command.configureHelp(), ...helpLayout })
  return command.configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
    outputError: (text, write) => write(asCalled(visibleUsageError(text, group), io)),
    getOutHelpWidth: () => widthOf(stdout),
    getErrHelpWidth: () => widthOf(stderr),
  })
}

/**
 * Converts `signet help [COMMAND…]` to the arguments that print this help. An unknown command then causes the usual error.
 */
export function withoutHelpCommand(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv
  if (first !== 'help') return argv
  const [command] = rest
  return command === undefined || commands.has(command) ? [...rest, '--help'] : rest
}

function widthOf({ isTTY, columns = widthDefault }: Output): number {
  return isTTY === true ? columns : widthDefault
}

/** Returns the names of the commands to load. Completion needs all commands, because completion scripts describe all commands. */
function namesFor(first: string | undefined): readonly string[] {
  if (versionFlags.includes(first)) return []
  const isOne = first !== undefined && commands.has(first) && first !== 'completion'
  return isOne ? [first] : [...commands.keys()]
}

function versionCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'version')
    .description('Print the version')
    .action(() => context.print(version()))
}
