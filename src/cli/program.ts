/** The command line: what can be asked, and in which words. What is done is in administration/, daily/ and serve.ts. */
import { Command, CommanderError } from 'commander'
import { version } from '../version.ts'
import type { Print } from './print.ts'
import { examples } from './config-flags.ts'
import { printUsageError } from '../terminal.ts'

/** Makes a command; the program is there for who tells of all of them. */
type Make = (print: Print, program: Command) => Command

/** Each command by its name, in the order of the help. Only the one that is run is loaded: all take most of a second. */
const commands: Readonly<Record<string, () => Promise<Make>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand,
  'check-config': async () => (await import('./serve.ts')).checkConfigCommand,
  'init-hierarchy': async () => (await import('./init-hierarchy.ts')).initHierarchyCommand,
  issue: async () => (await import('./issuing.ts')).issueCommand,
  renew: async () => (await import('./issuing.ts')).renewCommand,
  inspect: async () => (await import('./looking.ts')).inspectCommand,
  status: async () => (await import('./looking.ts')).statusCommand,
  account: async () => (await import('./accounts.ts')).accountCommand,
  user: async () => (await import('./principals.ts')).userCommand,
  role: async () => (await import('./principals.ts')).roleCommand,
  policy: async () => (await import('./principals.ts')).policyCommand,
  'access-key': async () => (await import('./accounts.ts')).accessKeyCommand,
  'oidc-provider': async () => (await import('./oidc-provider.ts')).identityProviderCommand,
  share: async () => (await import('./share.ts')).shareCommand,
  certificates: async () => (await import('./certificates.ts')).certificatesCommand,
  bucket: async () => (await import('./storage.ts')).bucketCommand,
  jobs: async () => (await import('./storage.ts')).jobsCommand,
  backup: async () => (await import('./backup.ts')).backupCommand,
  restore: async () => (await import('./backup.ts')).restoreCommand,
  verify: async () => (await import('./backup.ts')).verifyCommand,
  completion: async () => (await import('./completion/completion.ts')).completionCommand,
  version: () => Promise.resolve(versionCommand),
}

/** What asks nothing of any command. */
const versionFlags: readonly (string | undefined)[] = ['-V', '--version']

/**
 * The command `signet`, with the one command that the arguments begin with, or with all of them if they may be asked about.
 * Actions print their answer with `print`.
 */
export async function createProgram(print: Print, argv: readonly string[]): Promise<Command> {
  const program = new Command('signet')
    .description('A self-hosted private certificate authority that speaks the AWS Private CA API.')
    .version(version(), '-V, --version', 'print the version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .addHelpText(
      'after',
      examples('signet serve', 'signet init-hierarchy', 'signet issue --name localhost --out tls'),
    )
  for (const name of namesFor(argv[0])) {
    const make = await commands[name]?.()
    if (make !== undefined) program.addCommand(make(print, program).exitOverride())
  }
  return withSafeErrors(program)
}

/** Escapes usage errors: they repeat arguments, which a script may have taken from a certificate. */
function withSafeErrors(command: Command): Command {
  for (const each of command.commands) withSafeErrors(each)
  return command.configureOutput({ outputError: printUsageError })
}

/** Of the commands that are needed. Completion tells of every one. */
function namesFor(first: string | undefined): readonly string[] {
  if (versionFlags.includes(first)) return []
  const isOne = first !== undefined && Object.hasOwn(commands, first) && first !== 'completion'
  return isOne ? [first] : Object.keys(commands)
}

function versionCommand(print: Print): Command {
  return new Command('version').description('print the version').action(() => print(version()))
}

/** Whether commander has said already what there is to say (help, or a usage error). */
export function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof CommanderError
}
