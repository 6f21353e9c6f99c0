/** The command line: what can be asked, and in which words. What is done is in administration/ and serve.ts. */
import { Command, CommanderError } from 'commander'
import { accessKeyCommand, accountCommand } from './accounts.ts'
import { backupCommand, restoreCommand, verifyCommand } from './backup.ts'
import { certificatesCommand } from './certificates.ts'
import { completionCommand } from './completion.ts'
import { identityProviderCommand } from './identity-providers.ts'
import { initHierarchyCommand } from './hierarchy.ts'
import { issueCommand, renewCommand } from './issuing.ts'
import { inspectCommand, statusCommand } from './looking.ts'
import { policyCommand, roleCommand, userCommand } from './principals.ts'
import { shareCommand } from './shares.ts'
import { configOf, environment, examples, lenient, type ParsedFlags } from './settings.ts'
import { bucketCommand, jobsCommand } from './storage.ts'
import { serve } from '../serve.ts'
import { version } from '../version.ts'

/** The command `signet` with all its commands. Actions print their answer with `print`. */
export function createProgram(print: (text: string) => void): Command {
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
  for (const command of [
    serveCommand,
    checkConfigCommand,
    initHierarchyCommand,
    issueCommand,
    renewCommand,
    inspectCommand,
    statusCommand,
    accountCommand,
    userCommand,
    roleCommand,
    policyCommand,
    accessKeyCommand,
    identityProviderCommand,
    shareCommand,
    certificatesCommand,
    bucketCommand,
    jobsCommand,
    backupCommand,
    restoreCommand,
    verifyCommand,
  ])
    program.addCommand(command(print).exitOverride())
  program.addCommand(completionCommand(program, print))
  program
    .command('version')
    .description('print the version')
    .action(() => print(version()))
  return program
}

function serveCommand(print: (text: string) => void): Command {
  return lenient(new Command('serve'))
    .description('serve the API')
    .addHelpText(
      'after',
      examples(
        'signet serve',
        'signet serve --data /var/lib/signet --listen 127.0.0.1:8080 --public-listen 0.0.0.0:8081 \\\n' +
          '    --public-url http://pki.example.com',
      ),
    )
    .action((flags: ParsedFlags, command: Command) =>
      serve(configOf(flags, command), environment(), print),
    )
}

function checkConfigCommand(print: (text: string) => void): Command {
  return lenient(new Command('check-config'))
    .description('check the flags and variables that serve would get, and print what they mean')
    .addHelpText('after', examples('SIGNET_LISTEN=127.0.0.1:9000 signet check-config'))
    .action((flags: ParsedFlags, command: Command) =>
      print(JSON.stringify(configOf(flags, command), undefined, 2)),
    )
}

/** Whether commander has said already what there is to say (help, or a usage error). */
export function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof CommanderError
}
