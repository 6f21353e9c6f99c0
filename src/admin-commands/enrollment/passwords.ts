/** Commands of `signet est password`, which manage one-time passwords. */
import { createHash } from 'node:crypto'
import { systemClock } from '../../clock.ts'
import { withData } from '../../data-folder/data-folder.ts'
import { argumentBytes } from '../../enrollment/new-id.ts'
import { ConfigurationError } from '../../errors.ts'
import { viewPassword } from '../../principals/endpoint-views.ts'
import { systemRandom } from '../../random.ts'
import type { Config } from '../../settings/config.ts'
import {
  deletePassword,
  insertPassword,
  listPasswords,
  type EstPassword,
} from '../../store/enrollment/passwords.ts'
import { readAllRows } from '../../store/row-pages.ts'
import { changeOr } from '../require-rows.ts'
import { requireSecondPersonForPrincipals as approve } from '../second-person.ts'
import { namesWithin, type CommonOptions } from './configuration.ts'
import { contextOf, requireEndpoint } from './endpoints.ts'

export interface PasswordOptions extends Pick<CommonOptions, 'names'> {
  readonly expiresSeconds: number
}

/** Number of random bytes in a user name and in a password. */
const userNameBytes = 9
const passwordBytes = 24

/** Creates a one-time password, which cannot be retrieved later. Throws ConfigurationError for an invalid option. */
export async function addPassword(config: Config, endpointName: string, options: PasswordOptions) {
  const { expiresSeconds } = options
  return withData(config, async ({ db }) => {
    const endpoint = await requireEndpoint(db, { protocol: 'est', name: endpointName })
    const { authentication, names: permitted } = endpoint.configuration
    const names = namesWithin(options, endpoint)
    if (authentication === 'certificate')
      throw new ConfigurationError(
        `the EST endpoint ${endpointName} does not accept passwords; to enable passwords, run: signet est update ${endpointName} --authentication either`,
      )
    if (permitted.length === 0 && names === undefined)
      throw new ConfigurationError(
        `--names is required, because the EST endpoint ${endpointName} permits all names: specify the names of the device, or --names '*' for all names`,
      )
    const { accountId } = endpoint
    const input = { endpointName, names, expiresSeconds }
    const command = 'est password create'
    const approved = await approve({ db, config }, { accountId, command, input })
    const createdAt = systemClock.now()
    const secret = Buffer.from(argumentBytes(systemRandom, passwordBytes)).toString('base64url')
    const password: EstPassword = {
      userName: Buffer.from(argumentBytes(systemRandom, userNameBytes)).toString('base64url'),
      endpointName,
      passwordSha256: createHash('sha256').update(secret).digest(),
      names: names ?? [],
      createdAt,
      expiresAt: new Date(createdAt.getTime() + expiresSeconds * 1000),
      usedAt: undefined,
      requestSha256: undefined,
      certificateArn: undefined,
    }
    const problem = 'the generated user name already exists; run the command again'
    const context = contextOf(config, command, endpoint)
    await changeOr(problem, { db, context }, [...approved, insertPassword(password)])
    return { ...viewPassword(password, createdAt), Password: secret }
  })
}

/**
 * Lists an endpoint's one-time passwords, without the passwords themselves. Throws ConfigurationError if the endpoint does
 * not exist.
 */
export async function listPasswordsOf(config: Config, endpointName: string) {
  return withData(config, async ({ db }) => {
    await requireEndpoint(db, { protocol: 'est', name: endpointName })
    const passwords = await readAllRows<EstPassword>((page) =>
      listPasswords(db, endpointName, page),
    )
    const now = systemClock.now()
    return passwords.map((password) => viewPassword(password, now))
  })
}

/** Deletes a one-time password. Throws ConfigurationError if the endpoint or the user name does not exist. */
export async function removePassword(
  config: Config,
  endpointName: string,
  userName: string,
): Promise<void> {
  await withData(config, async ({ db }) => {
    const endpoint = await requireEndpoint(db, { protocol: 'est', name: endpointName })
    await changeOr(
      `the EST endpoint ${endpointName} has no password for the user ${userName}`,
      { db, context: contextOf(config, 'est password delete', endpoint) },
      [deletePassword({ userName, endpointName })],
    )
  })
}
