/** Flags for commands that read the stored data by default, and call the API if a flag selects a server or its credentials. */
import { withConnection, type Connection } from '../../client-commands/connection.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Flags } from '../../settings/config.ts'
import { settings } from '../../settings/settings-table.ts'
import { storageSettings } from './config-flags.ts'
import { connectionOf, withApiFlags, type ConnectionFlags } from './connection-flags.ts'
import type { OutputFlags } from './print.ts'
import type { Call, SignetCommand } from './signet-command.ts'

export type SourceFlags = Flags & OutputFlags & ConnectionFlags

/** Flags that select the API. */
const selecting = {
  endpoint: '--endpoint',
  profile: '--profile',
  awsCredentials: '--aws-credentials',
} as const

/** Flags that apply only to the API. */
const apiOnly = { region: '--region', caFile: '--ca-file' } as const

/** Flags that apply only to the stored data. If the API is used, `--data` specifies the credentials. */
const dataOnly: Readonly<Record<string, string>> = {
  account: '--account',
  ...Object.fromEntries(
    storageSettings
      .filter((name) => name !== 'data')
      .map((name) => [name, `--${settings[name].flag}`]),
  ),
}

/** Adds the flags that select the API to a command that otherwise works on the stored data. */
export function orApi(command: SignetCommand): SignetCommand {
  const { length } = command.options
  withApiFlags(command)
  for (const option of command.options.slice(length))
    option.helpGroup('Options to call the API instead of reading the stored data:')
  return command
}

/** Returns whether the flags select the API. */
export function selectsApi(flags: SourceFlags): boolean {
  return given(flags, selecting).length > 0
}

/** The two sources from which a command can read its result. */
interface Sources<Result> {
  readonly data: () => Promise<Result>
  readonly api: (client: Connection['client']) => Promise<Result>
}

/** Reads from the source selected by the flags. Throws ConfigurationError for contradictory flags. */
export async function readFrom<Result>(
  { context }: SignetCommand,
  { flags }: Pick<Call<SourceFlags>, 'flags'>,
  { data, api }: Sources<Result>,
): Promise<Result> {
  const [selected] = given(flags, selecting)
  const [unused] = given(flags, selected === undefined ? apiOnly : dataOnly)
  if (selected === undefined && unused !== undefined)
    throw new ConfigurationError(`${unused} requires --endpoint, --profile or --aws-credentials`)
  if (selected === undefined) return data()
  if (unused !== undefined)
    throw new ConfigurationError(
      `${unused} cannot be combined with ${selected}, because the API shows only the account of the credentials`,
    )
  return withConnection(connectionOf(flags, context.environment), ({ client }) => api(client))
}

/** Returns the flags in `names` that have a value. */
function given(flags: object, names: Readonly<Record<string, string>>): string[] {
  const values = flags as Readonly<Record<string, unknown>>
  return Object.entries(names).flatMap(([name, flag]) => (values[name] === undefined ? [] : [flag]))
}
