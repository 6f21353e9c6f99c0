/** The command `signet`: the table of its commands. Their work is done in admin-commands/, client-commands/ and server/. */
import { Command } from 'commander'
import { version } from '../version.ts'
import { visibleUsageError, type Output } from '../terminal.ts'
import { processIo, type CommandContext, type ProcessIo } from './shared/context.ts'
import { examplesText, SignetCommand } from './shared/signet-command.ts'

/** Creates a command. `completion` uses the program, because it describes all commands. */
type CreateCommand = (context: CommandContext, program: Command) => Command

/**
 * Each command by its name, in the order of the help. Only the file of the command that runs is loaded, because all of them
 * take most of a second.
 */
const commands: Readonly<Record<string, () => Promise<CreateCommand>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  'check-config': async () => (await import('./commands/check-config.ts')).checkConfigCommand,
  'init-hierarchy': async () => (await import('./commands/init-hierarchy.ts')).initHierarchyCommand,
  ca: async () => (await import('./commands/ca.ts')).caCommand,
  trust: async () => (await import('./commands/trust.ts')).trustCommand,
  issue: async () => (await import('./commands/issue.ts')).issueCommand,
  renew: async () => (await import('./commands/renew.ts')).renewCommand,
  revoke: async () => (await import('./commands/revoke.ts')).revokeCommand,
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  account: async () => (await import('./commands/account.ts')).accountCommand,
  user: async () => (await import('./commands/user.ts')).userCommand,
  role: async () => (await import('./commands/role.ts')).roleCommand,
  policy: async () => (await import('./commands/policy.ts')).policyCommand,
  'access-key': async () => (await import('./commands/access-key.ts')).accessKeyCommand,
  'oidc-provider': async () => (await import('./commands/oidc-provider.ts')).oidcProviderCommand,
  share: async () => (await import('./commands/share.ts')).shareCommand,
  certificates: async () => (await import('./commands/certificates.ts')).certificatesCommand,
  bucket: async () => (await import('./commands/bucket.ts')).bucketCommand,
  jobs: async () => (await import('./commands/jobs.ts')).jobsCommand,
  backup: async () => (await import('./commands/backup.ts')).backupCommand,
  restore: async () => (await import('./commands/restore.ts')).restoreCommand,
  verify: async () => (await import('./commands/verify.ts')).verifyCommand,
  completion: async () => (await import('./commands/completion.ts')).completionCommand,
  version: () => Promise.resolve(versionCommand),
}

/** Columns of a help text that is not for a terminal. */
const widthDefault = 80

/** Flags of the program that no command is needed for. */
const versionFlags: readonly (string | undefined)[] = ['-V', '--version']

/**
 * The command `signet`, with the one command that the arguments begin with, or with all of them for help and unknown
 * arguments. Actions print their answers with `print`; help, notes and usage errors go to `io`.
 */
export async function createProgram(
  print: CommandContext['print'],
  argv: readonly string[],
  io: ProcessIo = processIo(),
): Promise<Command> {
  const program = new Command('signet')
    .description('A self-hosted private certificate authority that speaks the AWS Private CA API.')
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
      ]),
    )
  for (const name of namesFor(argv[0])) {
    const create = await commands[name]?.()
    if (create !== undefined) program.addCommand(create({ ...io, print }, program))
  }
  return withOutputs(program, io)
}

/** Usage errors are escaped: they repeat arguments, which a script may have taken from a certificate. */
function withOutputs(command: Command, io: ProcessIo): Command {
  for (const each of command.commands) withOutputs(each, io)
  const { stdout, stderr } = io
  return command.configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
    outputError: (text, write) => write(visibleUsageError(text)),
    getOutHelpWidth: () => widthOf(stdout),
    getErrHelpWidth: () => widthOf(stderr),
  })
}

function widthOf({ isTTY, columns = widthDefault }: Output): number {
  return isTTY === true ? columns : widthDefault
}

/** Names of the commands that are needed. Completion describes every one. */
function namesFor(first: string | undefined): readonly string[] {
  if (versionFlags.includes(first)) return []
  const isOne = first !== undefined && Object.hasOwn(commands, first) && first !== 'completion'
  return isOne ? [first] : Object.keys(commands)
}

function versionCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'version')
    .description('print the version')
    .action(() => context.print(version()))
}
