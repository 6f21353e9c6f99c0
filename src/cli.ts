/** The command line: what can be asked, and in which words. What is done is in administration.ts and serve.ts. */
import { Command, CommanderError } from 'commander'
import { readFile } from 'node:fs/promises'
import {
  addAccessKey,
  addAccount,
  checkPolicy,
  listAccessKeysOf,
  listAllAccounts,
  removeAccessKey,
  switchAccessKeyOff,
} from './administration.ts'
import {
  accountId,
  config,
  configOf,
  examples,
  lenient,
  onlyOne,
  printJson,
  storageSettings,
  withSettings,
  type ParsedFlags,
} from './cli-settings.ts'
import { bucketCommand, jobsCommand } from './cli-storage.ts'
import type { Config, Flags } from './config.ts'
import { ConfigurationError } from './errors.ts'
import { serve } from './serve.ts'
import { version } from './version.ts'

/** The command `signet` with all its commands. Actions print their answer with `print`. */
export function createProgram(print: (text: string) => void): Command {
  const program = new Command('signet')
    .description('A self-hosted private certificate authority that speaks the AWS Private CA API.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .addHelpText('after', examples('signet serve', 'signet access-key list', 'signet version'))
  for (const command of [
    serveCommand,
    checkConfigCommand,
    accountCommand,
    accessKeyCommand,
    bucketCommand,
    jobsCommand,
  ])
    program.addCommand(command(print).exitOverride())
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
    .action((flags: ParsedFlags, command: Command) => serve(configOf(flags, command), print))
}

function checkConfigCommand(print: (text: string) => void): Command {
  return lenient(new Command('check-config'))
    .description('check the flags and variables that serve would get, and print what they mean')
    .addHelpText('after', examples('SIGNET_LISTEN=127.0.0.1:9000 signet check-config'))
    .action((flags: ParsedFlags, command: Command) =>
      print(JSON.stringify(configOf(flags, command), undefined, 2)),
    )
}

function accountCommand(print: (text: string) => void): Command {
  const group = new Command('account').description('accounts that own certificate authorities')
  withSettings(group.command('create'), storageSettings)
    .description('create an account')
    .argument('[account-id]', 'twelve digits', accountId)
    .option('--account <id>', 'the same, as a flag', accountId)
    .addHelpText('after', examples('signet account create 210987654321'))
    .action(async (id: string | undefined, flags: Flags) => {
      const given = onlyOne('account id', id, flags.account)
      printJson(print, await addAccount(config(flags), given))
    })
  withSettings(group.command('list'), storageSettings)
    .description('list accounts')
    .addHelpText('after', examples('signet account list --data /var/lib/signet'))
    .action(async (flags: Flags) => printJson(print, await listAllAccounts(config(flags))))
  return group.helpCommand(false)
}

type AccessKeyFlags = Flags & {
  readonly account?: string
  readonly user: string
  readonly policy?: string
}

function accessKeyCommand(print: (text: string) => void): Command {
  const group = new Command('access-key').description('access keys that requests are signed with')
  withSettings(group.command('create'), storageSettings)
    .description('create an access key and print it; its secret is shown this once')
    .requiredOption('--account <id>', 'account it belongs to', accountId)
    .requiredOption('--user <name>', 'user it is for, as in its ARN')
    .option('--policy <file>', 'JSON identity policy; without one the key may do nothing')
    .addHelpText(
      'after',
      examples(
        'signet access-key create --account 123456789012 --user issuer --policy issuer-policy.json',
      ),
    )
    .action(async (flags: AccessKeyFlags) => printJson(print, await createKey(flags)))
  withSettings(group.command('list'), storageSettings)
    .description('list access keys, without their secrets')
    .option('--account <id>', 'only those of this account', accountId)
    .addHelpText('after', examples('signet access-key list --account 123456789012'))
    .action(async (flags: AccessKeyFlags) =>
      printJson(print, await listAccessKeysOf(config(flags), flags.account)),
    )
  addKeyChange(group, {
    name: 'disable',
    description: 'refuse requests signed with an access key, from now on',
    change: switchAccessKeyOff,
  })
  addKeyChange(group, {
    name: 'delete',
    description: 'delete an access key',
    change: removeAccessKey,
  })
  return group.helpCommand(false)
}

interface KeyChange {
  readonly name: string
  readonly description: string
  readonly change: (config: Config, accessKeyId: string) => Promise<void>
}

function addKeyChange(group: Command, { name, description, change }: KeyChange): void {
  withSettings(group.command(name), storageSettings)
    .description(description)
    .argument('[access-key-id]')
    .option('--access-key-id <id>', 'the same, as a flag')
    .addHelpText('after', examples(`signet access-key ${name} AKIAIOSFODNN7EXAMPLE`))
    .action((id: string | undefined, flags: Flags & { readonly accessKeyId?: string }) =>
      change(config(flags), onlyOne('access key id', id, flags.accessKeyId)),
    )
}

async function createKey(flags: AccessKeyFlags): Promise<unknown> {
  const policy = flags.policy === undefined ? undefined : await readPolicy(flags.policy)
  for (const problem of policy === undefined ? [] : checkPolicy(policy))
    process.stderr.write(`signet: note: ${problem}\n`)
  return addAccessKey(config(flags), {
    accountId: flags.account ?? '',
    userName: flags.user,
    policy,
  })
}

async function readPolicy(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`--policy ${path} cannot be read: ${(error as Error).message}`)
  }
}

/** Whether commander has said already what there is to say (help, or a usage error). */
export function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof CommanderError
}
