/** Commands of `signet est`, which manage endpoints for EST clients and their one-time passwords. */
import { Option, type Command } from 'commander'
import { addEndpoint, changeEndpoint } from '../../admin-commands/enrollment/endpoints.ts'
import {
  addPassword,
  listPasswordsOf,
  removePassword,
} from '../../admin-commands/enrollment/passwords.ts'
import { estAuthentications, type EstAuthentication } from '../../enrollment/endpoint.ts'
import type { Flags } from '../../settings/config.ts'
import { daySeconds } from '../../text/duration.ts'
import {
  addEndpointSubcommands,
  commonOptionsOf,
  namesText,
  printChanged,
  withEndpointFlags,
  type EndpointFlags,
} from '../enrollment/endpoint-subcommands.ts'
import { enrollUrlOf, shownUrlMember, urlMember } from '../enrollment/endpoint-url.ts'
import { seconds } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { detailsText, printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'
import { dayText, type Column } from '../shared/table.ts'

interface EstFlags extends EndpointFlags {
  readonly authentication?: EstAuthentication
  readonly clientCa?: string
  readonly serverKeygen?: boolean
}

const columns: readonly Column[] = [{ key: 'Authentication', header: 'AUTHENTICATION' }]

export function estCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'est')
  group.description('Manage EST endpoints, from which devices obtain certificates')
  withEstFlags(storageCommand(group, 'create').output(), true)
    .description('Create an EST endpoint')
    .argument('<name>', 'name of the endpoint, which is part of its URL')
    .examples(
      "signet est create devices --ca 'Example Issuing CA' --names '*.devices.corp.example'",
      "signet est create devices --ca 'Example Issuing CA' --authentication certificate --client-ca 'Factory CA'",
    )
    .run(
      async (call: Call<EstFlags>, name: string) => {
        const { config, flags } = call
        const options = { ...optionsOf(flags), ca: flags.ca ?? '' }
        printChanged(context, call, await addEndpoint(config, name, options))
      },
      { next: (name) => [`signet est password create ${name} --names HOST`] },
    )
  addEndpointSubcommands(group, 'est', columns)
  withEstFlags(storageCommand(group, 'update').output(), false)
    .description('Update an EST endpoint. Omitted options keep their values')
    .argument('<name>')
    .examples('signet est update devices --validity 45d --no-server-keygen')
    .run(async (call: Call<EstFlags>, name: string) =>
      printChanged(context, call, await changeEndpoint(call.config, name, optionsOf(call.flags))),
    )
  passwordSubcommands(group)
  return group
}

function withEstFlags(command: SignetCommand, isNew: boolean): SignetCommand {
  const template = 'EndEntityClientAuthCertificate'
  const byDefault = isNew ? ' (default: either)' : ''
  withEndpointFlags(command, { isNew, template })
    .addOption(
      new Option(
        '--authentication <mode>',
        `credentials in each request: a client certificate, a one-time password, either of them, or both${byDefault}`,
      ).choices(estAuthentications),
    )
    .option(
      '--client-ca <ca>',
      `ARN or common name of a CA whose certificates authenticate clients, in addition to the endpoint's own CA${isNew ? '' : '; none removes it'}`,
    )
    .option('--server-keygen', 'allow clients to request keys that the server generates')
  return isNew ? command : command.option('--no-server-keygen', 'do not generate keys for clients')
}

function optionsOf(flags: EstFlags) {
  const { authentication, clientCa: clientAuthorityArn, serverKeygen } = flags
  return {
    protocol: 'est' as const,
    ...commonOptionsOf(flags),
    authentication,
    clientAuthorityArn,
    serverKeyGeneration: serverKeygen,
  }
}

type PasswordFlags = Flags & OutputFlags & { readonly names?: string; readonly expires: number }

const passwordColumns: readonly Column[] = [
  { key: 'UserName', header: 'USER', shrink: 'never' },
  { key: 'Usable', header: 'USABLE', shrink: 'never' },
  { key: 'Names', header: 'NAMES', text: namesText },
  { key: 'CreatedAt', header: 'CREATED', shrink: 'never', text: dayText('CreatedAt') },
  { key: 'ExpiresAt', header: 'EXPIRES', shrink: 'never' },
  { key: 'UsedAt', header: 'USED', wide: true },
]

function passwordSubcommands(est: SignetCommand): void {
  const group = est.command('password')
  group.description('Manage one-time passwords for the first certificate of a device')
  storageCommand(group, 'create')
    .output()
    .description('Create a one-time password')
    .argument('<endpoint>', 'name of the EST endpoint')
    .option(
      '--names <list>',
      "comma-separated names that the certificate may contain, limited to the endpoint's names; required if the endpoint permits all names",
    )
    .addOption(
      new Option('--expires <time>', 'time after which the password expires')
        .argParser(seconds)
        .default(daySeconds, '24h'),
    )
    .examples('signet est password create devices --names device17.devices.corp.example')
    .run(async ({ config, flags }: Call<PasswordFlags>, endpoint: string) => {
      const options = { names: flags.names, expiresSeconds: flags.expires }
      const password = await addPassword(config, endpoint, options)
      const address = { protocol: 'est', name: endpoint, enrollUrl: enrollUrlOf(config) } as const
      printResult(est.context, flags, {
        value: { ...password, ...urlMember(address) },
        text: () => detailsText(est.context.stdout, { ...password, ...shownUrlMember(address) }),
      })
    })
  storageCommand(group, 'list')
    .output()
    .description('List the one-time passwords of an endpoint, without their secrets')
    .argument('<endpoint>', 'name of the EST endpoint')
    .examples('signet est password list devices')
    .run(({ config }, endpoint: string) => listPasswordsOf(config, endpoint), {
      columns: passwordColumns,
      empty: 'No passwords found.',
    })
  storageCommand(group, 'delete')
    .description('Delete a password')
    .argument('<endpoint>', 'name of the EST endpoint')
    .argument('<user-name>', 'user name of the password')
    .examples('signet est password delete devices q3dXvPz0Tn2K')
    .run(
      ({ config }, endpoint: string, userName: string) =>
        removePassword(config, endpoint, userName),
      { done: (_endpoint, userName) => `Deleted the password of user ${userName}.` },
    )
}
