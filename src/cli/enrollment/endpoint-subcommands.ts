/** Subcommands shared by signet acme and signet est (list, show and delete), and the flags of create and update. */
import {
  listAcmeEndpoints,
  listEstEndpoints,
  removeEndpoint,
  showEndpoint,
} from '../../admin-commands/enrollment/endpoints.ts'
import { listEndpoints } from '../../client-commands/enrollment.ts'
import type { EnrollmentProtocol } from '../../enrollment/endpoint.ts'
import type { Flags } from '../../settings/config.ts'
import { printProblem } from '../../terminal.ts'
import { formatSeconds } from '../../text/duration.ts'
import { isObject, type JsonObject } from '../../text/json.ts'
import { seconds } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { connectionOf } from '../shared/connection-flags.ts'
import { orApi, readFrom, selectsApi, type SourceFlags } from '../shared/data-or-api.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import { listOf, storageCommand, type Call, type SignetCommand } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'
import { cellText, dayText, wordsOf, type Column, type Row } from '../shared/table.ts'
import { enrollUrlOf, shownUrlMember, urlMember } from './endpoint-url.ts'

/** Flags that `create` and `update` have for both protocols. */
export interface EndpointFlags extends Flags, OutputFlags {
  readonly ca?: string
  readonly template?: string
  readonly validity?: number
  readonly names?: string
}

/** Adds the flags of `create` and `update`. `template` is the name of the default template. */
export function withEndpointFlags(
  command: SignetCommand,
  { isNew, template }: { readonly isNew: boolean; readonly template: string },
): SignetCommand {
  const byDefault = (text: string): string => (isNew ? ` (default: ${text})` : '')
  const ca = ['--ca <ca>', 'ARN or common name of the CA that issues the certificates'] as const
  return (isNew ? command.requiredOption(...ca) : command.option(...ca))
    .option('--template <name>', `template of certificates${byDefault(template)}`)
    .option(
      '--validity <time>',
      `validity period of certificates${byDefault('90d; 7d for a CA for short-lived certificates')}`,
      seconds,
    )
    .option(
      '--names <list>',
      `permitted names, separated by commas: host.corp.example, *.corp.example, an address or a network; * permits all names${byDefault('*')}`,
    )
}

/** Returns the options from the flags that both protocols share. */
export function commonOptionsOf({ ca, template, validity, names }: EndpointFlags) {
  return { ca, template, validitySeconds: validity, names }
}

/** Prints a new or changed endpoint, and warnings about it. */
export function printChanged(
  context: CommandContext,
  { config, flags }: Call<EndpointFlags>,
  { endpoint, warnings }: { readonly endpoint: object; readonly warnings: readonly string[] },
): void {
  for (const warning of warnings) printProblem(`warning: ${warning}`, context.stderr)
  printEndpoint(context, flags, { endpoint, enrollUrl: enrollUrlOf(config) })
}

const listAll = { acme: listAcmeEndpoints, est: listEstEndpoints }

/** Adds the subcommands `list`, `show` and `delete`. */
export function addEndpointSubcommands(
  group: SignetCommand,
  protocol: EnrollmentProtocol,
  columns: readonly Column[],
): void {
  const word = protocol.toUpperCase()
  const upper = protocol === 'acme' ? 'ACME' : 'EST'
  orApi(listOf(group))
    .output()
    .description(`List ${word} endpoints`)
    .examples(
      `signet ${protocol} list`,
      `signet ${protocol} list --endpoint https://ca.example.com --profile ca`,
    )
    .run(
      (call: Call<SourceFlags>) =>
        readFrom<readonly object[]>(group, call, {
          data: () => listAll[protocol](call.config, call.flags.account),
          api: (client) => listEndpoints(client, upper),
        }),
      {
        columns: [...commonColumns, ...columns, ...wideColumns],
        empty: `No ${word} endpoints found.`,
      },
    )
  orApi(storageCommand(group, 'show'))
    .output()
    .description(
      `Show an ${word} endpoint with its ${protocol === 'acme' ? 'EAB keys' : 'passwords'}, without secrets`,
    )
    .argument('<name>')
    .examples(`signet ${protocol} show web`)
    .run(async (call: Call<SourceFlags>, name: string) => {
      const endpoint = await readFrom<object>(group, call, {
        data: () => showEndpoint(call.config, { protocol, name }),
        api: async (client) =>
          (await client.getEnrollmentEndpoint({ Protocol: upper, Name: name })).Endpoint,
      })
      const enrollUrl = selectsApi(call.flags)
        ? connectionOf(call.flags, group.context.environment).enrollUrl
        : enrollUrlOf(call.config)
      printEndpoint(group.context, call.flags, { endpoint, enrollUrl })
    })
  deleteSubcommand(group, protocol)
}

function deleteSubcommand(group: SignetCommand, protocol: EnrollmentProtocol): void {
  const word = protocol.toUpperCase()
  const command = storageCommand(group, 'delete')
    .description(
      protocol === 'acme'
        ? 'Delete an ACME endpoint with its accounts, orders and EAB keys. Issued certificates stay valid'
        : 'Delete an EST endpoint with its one-time passwords. Issued certificates stay valid',
    )
    .argument('<name>')
    .examples(`signet ${protocol} delete web`)
  if (protocol === 'acme') command.option('--force', 'delete the endpoint even if it has accounts')
  command.run(
    ({ config, flags }: Call<Flags & { readonly force?: boolean }>, name: string) =>
      removeEndpoint(config, { protocol, name }, { force: flags.force === true }),
    { done: (name) => `Deleted ${word} endpoint ${name}.` },
  )
}

const commonColumns: readonly Column[] = [
  { key: 'Name', header: 'NAME', shrink: 'never' },
  { key: 'CertificateAuthorityArn', header: 'CA', shrink: 'id' },
  { key: 'Names', header: 'NAMES', text: namesText },
  { key: 'ValiditySeconds', header: 'VALIDITY', shrink: 'never', text: validityText },
]

const wideColumns: readonly Column[] = [
  { key: 'CreatedAt', header: 'CREATED', shrink: 'never', text: dayText('CreatedAt') },
  { key: 'AccountId', header: 'ACCOUNT', wide: true },
  { key: 'TemplateArn', header: 'TEMPLATE', wide: true },
  { key: 'Arn', wide: true },
]

/** Formats the permitted names of an endpoint, key or password. */
export function namesText({ Names }: Row): string {
  return Array.isArray(Names) && Names.length === 0 ? '*' : cellText(Names)
}

/** Formats the challenges of an ACME endpoint. */
export function challengesText({ Challenges }: Row): string {
  return cellText(Challenges) || 'none'
}

function validityText({ ValiditySeconds }: Row): string {
  return formatSeconds(Number(ValiditySeconds))
}

interface ShownEndpoint {
  readonly endpoint: object
  readonly enrollUrl: string | undefined
}

/** Prints an endpoint. In table format, each profile and each key or password is a separate paragraph. */
function printEndpoint(
  context: CommandContext,
  flags: OutputFlags,
  { endpoint, enrollUrl }: ShownEndpoint,
): void {
  const { Profiles, ExternalAccountKeys, Passwords, ...members } = endpoint as JsonObject
  const protocol = members['Protocol'] === 'ACME' ? 'acme' : 'est'
  const address = { protocol, name: String(members['Name']), enrollUrl } as const
  printResult(context, flags, {
    value: { ...endpoint, ...urlMember(address) },
    text: () =>
      paragraphsText(context.stdout, [
        { title: 'Endpoint', lines: linesOf({ ...members, ...shownUrlMember(address) }) },
        ...paragraphsOf(Profiles, 'Profile', 'Name'),
        ...paragraphsOf(ExternalAccountKeys, 'EAB key', 'KeyId'),
        ...paragraphsOf(Passwords, 'Password of user', 'UserName'),
      ]),
  })
}

function paragraphsOf(list: unknown, noun: string, key: string) {
  const objects: readonly unknown[] = Array.isArray(list) ? list : []
  return objects.filter(isObject).map(({ [key]: name, ...members }) => ({
    title: `${noun} ${String(name)}`,
    lines: linesOf(members),
  }))
}

function linesOf({ ValiditySeconds, Names, ...members }: JsonObject) {
  const all = {
    ...members,
    ...(members['Challenges'] !== undefined && { Challenges: challengesText(members) }),
    ...(ValiditySeconds !== undefined && { Validity: validityText({ ValiditySeconds }) }),
    ...(Names !== undefined && { Names: namesText({ Names }) }),
  }
  return Object.entries(all)
    .map(([key, value]) => ({ label: wordsOf(key), text: cellText(value), tone: 'plain' as const }))
    .filter(({ text }) => text !== '')
}
