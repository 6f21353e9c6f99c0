/** Commands of `signet acme` and `signet est` that manage endpoints. The commands also work while a server uses the same data. */
import { systemClock } from '../../clock.ts'
import { withData } from '../../data-folder/data-folder.ts'
import {
  endpointNameForm,
  type AcmeConfiguration,
  type AcmeEndpoint,
  type EnrollmentEndpoint,
  type EnrollmentProtocol,
  type EstConfiguration,
  type EstEndpoint,
} from '../../enrollment/endpoint.ts'
import { ConfigurationError } from '../../errors.ts'
import { authorityOf, viewEndpointDetails } from '../../principals/endpoint-details.ts'
import { viewEndpoint } from '../../principals/endpoint-views.ts'
import { requireActiveAuthority, type ActiveAuthority } from '../../server/tls/own-authority.ts'
import type { Config } from '../../settings/config.ts'
import type { Database } from '../../store/database.ts'
import {
  deleteEndpoint,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  requireUnusedEndpoint,
  updateEndpoint,
} from '../../store/enrollment/endpoints.ts'
import { listBindingKeys } from '../../store/enrollment/binding-keys.ts'
import { countAccounts } from '../../store/enrollment/listings.ts'
import { removeDependents } from '../../store/enrollment/removal.ts'
import type { ChangeContext } from '../../store/recorded-states.ts'
import type { Sql } from '../../store/sql.ts'
import { certificateAuthorityArn } from '../../wire/arn.ts'
import { operatorContext } from '../operator.ts'
import { changeOr, pagedListingOf } from '../require-rows.ts'
import { requireSecondPersonForPrincipals as approve } from '../second-person.ts'
import {
  acmeConfiguration,
  configurationWarnings,
  estConfiguration,
  noClientAuthority,
  type AcmeOptions,
  type EstOptions,
} from './configuration.ts'

/** The flags of `create` and `update`, and the protocol. */
export type EndpointOptions =
  | ({ readonly protocol: 'acme'; readonly ca?: string | undefined } & AcmeOptions)
  | ({ readonly protocol: 'est'; readonly ca?: string | undefined } & EstOptions)

/** An endpoint of the given protocol, identified by its name. Endpoint names are unique across all accounts. */
export interface EndpointName {
  readonly protocol: EnrollmentProtocol
  readonly name: string
}

/** Creates an endpoint. Throws ConfigurationError for an invalid option, and if the endpoint's name is already in use. */
export async function addEndpoint(
  config: Config,
  name: string,
  options: EndpointOptions & { readonly ca: string },
) {
  if (!endpointNameForm.test(name))
    throw new ConfigurationError(
      `the name '${name}' must consist of 1 to 64 lower-case letters, digits and hyphens, with a letter or digit at its start and end`,
    )
  const { protocol } = options
  const command = `${protocol} create`
  return withData(config, async ({ db }) => {
    const now = systemClock.now()
    const authority = await authorityOfFlag(db, options.ca, now)
    const { accountId, number: authorityNumber } = authority
    const endpoint = {
      name,
      accountId,
      authorityNumber,
      createdAt: now,
      ...(await configured(db, options, { authority, before: undefined })),
    } as EnrollmentEndpoint
    const input = inputOf(endpoint, authority)
    const approved = await approve({ db, config }, { accountId, command, input })
    const context = contextOf(config, command, endpoint)
    // An interrupted deletion of an endpoint with the same name may have left rows.
    if ((await findEndpoint(db, protocol, name)) === undefined)
      await removeDependents(db, endpoint, context)
    const problem = `an ${wordOf(protocol)} endpoint ${name} already exists`
    await changeOr(problem, { db, context }, [...approved, insertEndpoint(endpoint)])
    return resultOf(endpoint, authority)
  })
}

/**
 * Changes the specified options of an endpoint. Throws ConfigurationError if the endpoint does not exist, or for an invalid
 * option.
 */
export async function changeEndpoint(config: Config, name: string, options: EndpointOptions) {
  const { protocol, ca } = options
  const command = `${protocol} update`
  return withData(config, async ({ db }) => {
    const before = await requireEndpoint(db, { protocol, name })
    const { accountId, configuration } = before
    const named = ca ?? certificateAuthorityArn(await authorityOf(db, before))
    const authority = await authorityOfFlag(db, named, systemClock.now())
    if (authority.accountId !== accountId)
      throw new ConfigurationError(
        `--ca: the certificate authority belongs to account ${authority.accountId}, and the endpoint to account ${accountId}`,
      )
    const endpoint = {
      ...before,
      authorityNumber: authority.number,
      ...(await configured(db, options, { authority, before: configuration })),
    } as EnrollmentEndpoint
    const guards = await requireSafeChange(db, before, endpoint)
    const input = inputOf(endpoint, authority)
    const approved = await approve({ db, config }, { accountId, command, input })
    const context = contextOf(config, command, endpoint)
    const problem =
      guards.length === 0
        ? missing({ protocol, name })
        : `the endpoint ${name} was changed or used by a client at the same time; run the command again`
    await changeOr(problem, { db, context }, [...approved, ...guards, updateEndpoint(endpoint)])
    return resultOf(endpoint, authority)
  })
}

/**
 * Throws ConfigurationError if an endpoint with accounts or keys would lose name validation. Without name validation, existing
 * accounts and keys could obtain certificates for any permitted name. Returns guards for the transaction of the change, because a
 * client could create an account in the meantime.
 */
async function requireSafeChange(
  db: Database,
  before: EnrollmentEndpoint,
  after: EnrollmentEndpoint,
): Promise<readonly Sql[]> {
  const validates = ({ configuration }: EnrollmentEndpoint): boolean =>
    !('challenges' in configuration) || configuration.challenges.length > 0
  if (!validates(before) || validates(after)) return []
  const { name } = before
  const [key] = await listBindingKeys(db, name, { after: undefined, limit: 1 })
  if (key !== undefined || (await countAccounts(db, name)) > 0)
    throw new ConfigurationError(
      `--challenges none: the ACME endpoint ${name} has accounts or EAB keys, which were created for an endpoint with validation; create another endpoint`,
    )
  return [requireUnusedEndpoint(before)]
}

/**
 * Deletes an endpoint with its keys, accounts, orders and passwords. Certificates that have been issued stay valid. Throws
 * ConfigurationError if the endpoint does not exist, or if it has accounts and `force` is false.
 */
export async function removeEndpoint(
  config: Config,
  { protocol, name }: EndpointName,
  { force }: { readonly force: boolean },
): Promise<void> {
  const command = `${protocol} delete`
  await withData(config, async ({ db }) => {
    const endpoint = await requireEndpoint(db, { protocol, name })
    const accounts = protocol === 'acme' ? await countAccounts(db, name) : 0
    if (accounts > 0 && !force)
      throw new ConfigurationError(
        `the ACME endpoint ${name} has ${accounts} ${accounts === 1 ? 'account, whose client' : 'accounts, whose clients'} can no longer renew certificates after the deletion; delete the endpoint with --force`,
      )
    const { accountId } = endpoint
    const approved = await approve({ db, config }, { accountId, command, input: { name } })
    const context = contextOf(config, command, endpoint)
    await removeDependents(db, endpoint, context)
    const problem = `a client created an account at the endpoint ${name} at the same time; run the command again`
    await changeOr(problem, { db, context }, [...approved, deleteEndpoint(endpoint)])
  })
}

export const listAcmeEndpoints = listingOfProtocol('acme')
export const listEstEndpoints = listingOfProtocol('est')

function listingOfProtocol(protocol: EnrollmentProtocol) {
  return pagedListingOf<EnrollmentEndpoint, ReturnType<typeof viewEndpoint>>(
    (db, accountId, page) => listEndpoints(db, { accountId, protocol }, page),
    async (endpoint, db) => viewEndpoint(endpoint, await authorityOf(db, endpoint)),
  )
}

/**
 * Returns an endpoint with its keys or passwords, but without secrets. Throws ConfigurationError if the endpoint does not exist.
 */
export async function showEndpoint(config: Config, name: EndpointName) {
  return withData(config, async ({ db }) => {
    const endpoint = await requireEndpoint(db, name)
    const authority = await authorityOf(db, endpoint)
    return viewEndpointDetails(db, endpoint, { authority, now: systemClock.now() })
  })
}

/** Finds an endpoint by name. Throws ConfigurationError if the endpoint does not exist. */
export async function requireEndpoint<P extends EnrollmentProtocol>(
  db: Database,
  { protocol, name }: { readonly protocol: P; readonly name: string },
) {
  const endpoint = await findEndpoint(db, protocol, name)
  if (endpoint === undefined) throw new ConfigurationError(missing({ protocol, name }))
  return endpoint
}

/** Returns the context of a command that changes an endpoint or its rows. The command's leaves belong to the endpoint's CA. */
export function contextOf(
  config: Config,
  command: string,
  { authorityNumber }: Pick<EnrollmentEndpoint, 'authorityNumber'>,
): ChangeContext {
  return { ...operatorContext(config, command), authority: authorityNumber }
}

function missing({ protocol, name }: EndpointName): string {
  return `the ${wordOf(protocol)} endpoint ${name} does not exist`
}

function wordOf(protocol: EnrollmentProtocol): string {
  return protocol.toUpperCase()
}

function authorityOfFlag(db: Database, nameOrArn: string, now: Date): Promise<ActiveAuthority> {
  const advice = 'specify an ACTIVE CA'
  return requireActiveAuthority(db, { flag: '--ca', nameOrArn, advice }, now)
}

interface ConfiguringContext {
  readonly authority: ActiveAuthority
  /** Current configuration of an endpoint that is being updated. */
  readonly before: AcmeConfiguration | EstConfiguration | undefined
}

async function configured(
  db: Database,
  options: EndpointOptions,
  { authority, before }: ConfiguringContext,
): Promise<
  Pick<AcmeEndpoint, 'protocol' | 'configuration'> | Pick<EstEndpoint, 'protocol' | 'configuration'>
> {
  const { protocol } = options
  if (protocol === 'acme')
    return {
      protocol,
      configuration: acmeConfiguration(options, authority, before as AcmeConfiguration | undefined),
    }
  const { clientAuthorityArn: client } = options
  const clientAuthorityArn =
    client === undefined || client === noClientAuthority
      ? client
      : await clientAuthorityOfFlag(db, client)
  const configuration = estConfiguration(
    { ...options, clientAuthorityArn },
    authority,
    before as EstConfiguration | undefined,
  )
  if (configuration.clientAuthorityArn === certificateAuthorityArn(authority))
    throw new ConfigurationError(
      `--client-ca: certificates of the endpoint's own CA are always accepted, for renewals; specify another CA, or ${noClientAuthority}`,
    )
  return { protocol, configuration }
}

async function clientAuthorityOfFlag(db: Database, nameOrArn: string): Promise<string> {
  const flag = { flag: '--client-ca', nameOrArn, advice: 'specify an ACTIVE CA' }
  return certificateAuthorityArn(await requireActiveAuthority(db, flag, systemClock.now()))
}

/** Returns the command's parameters that an approval covers. */
function inputOf({ name, configuration }: EnrollmentEndpoint, authority: ActiveAuthority): object {
  return { name, authorityArn: certificateAuthorityArn(authority), configuration }
}

function resultOf(endpoint: EnrollmentEndpoint, authority: ActiveAuthority) {
  return {
    endpoint: viewEndpoint(endpoint, authority),
    warnings: configurationWarnings(endpoint.configuration, authority, systemClock.now()),
  }
}
