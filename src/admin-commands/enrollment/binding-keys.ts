/** Commands of `signet acme eab`, which manage keys for external account binding. */
import { systemClock } from '../../clock.ts'
import { withData } from '../../data-folder/data-folder.ts'
import { argumentBytes, newResourceId } from '../../enrollment/new-id.ts'
import { ConfigurationError } from '../../errors.ts'
import { viewBindingKey } from '../../principals/endpoint-views.ts'
import { systemRandom } from '../../random.ts'
import type { Config } from '../../settings/config.ts'
import {
  deleteBindingKey,
  insertBindingKey,
  listBindingKeys,
  type BindingKeyRecord,
} from '../../store/enrollment/binding-keys.ts'
import { readAllRows } from '../../store/row-pages.ts'
import { changeOr } from '../require-rows.ts'
import { requireSecondPersonForPrincipals as approve } from '../second-person.ts'
import { namesWithin, type CommonOptions } from './configuration.ts'
import { contextOf, requireEndpoint } from './endpoints.ts'

export interface BindingKeyOptions extends Pick<CommonOptions, 'names'> {
  readonly reusable: boolean
  /** Seconds until the EAB key expires; undefined for a key without expiry. */
  readonly expiresSeconds: number | undefined
}

const macKeyBytes = 32

/**
 * Creates an EAB key. The result contains the MAC key, which cannot be retrieved later. Throws ConfigurationError for an invalid
 * option.
 */
export async function addBindingKey(
  config: Config,
  endpointName: string,
  options: BindingKeyOptions,
) {
  const { reusable, expiresSeconds } = options
  return withData(config, async ({ db, masterKeys }) => {
    const endpoint = await requireEndpoint(db, { protocol: 'acme', name: endpointName })
    const { eab, challenges, names: permitted } = endpoint.configuration
    const names = namesWithin(options, endpoint) ?? []
    if (eab === 'off')
      throw new ConfigurationError(
        `the ACME endpoint ${endpointName} does not use external account binding; to enable it, run: signet acme update ${endpointName} --eab required`,
      )
    if (challenges.length === 0 && permitted.length === 0 && names.length === 0)
      throw new ConfigurationError(
        `--names is required, because the ACME endpoint ${endpointName} validates no names: specify the names that accounts with the key may use`,
      )
    const { accountId } = endpoint
    const input = { endpointName, names, reusable, expiresSeconds }
    const command = 'acme eab create'
    const approved = await approve({ db, config }, { accountId, command, input })
    const createdAt = systemClock.now()
    const key = {
      keyId: newResourceId(systemRandom),
      endpointName,
      macKey: argumentBytes(systemRandom, macKeyBytes),
      names,
      reusable,
      createdAt,
      expiresAt:
        expiresSeconds === undefined
          ? undefined
          : new Date(createdAt.getTime() + expiresSeconds * 1000),
    }
    const insertion = insertBindingKey(masterKeys.sealers('acme binding keys'), key)
    await changeOr(
      'another command replaced the master key at the same time; run the command again',
      { db, context: contextOf(config, command, endpoint) },
      [...approved, insertion],
    )
    const view = viewBindingKey({ ...key, usedAt: undefined }, createdAt)
    return { ...view, HmacKey: Buffer.from(key.macKey).toString('base64url') }
  })
}

/** Lists an endpoint's EAB keys without their MAC keys. Throws ConfigurationError if the endpoint does not exist. */
export async function listBindingKeysOf(config: Config, endpointName: string) {
  return withData(config, async ({ db }) => {
    await requireEndpoint(db, { protocol: 'acme', name: endpointName })
    const keys = await readAllRows<BindingKeyRecord>((page) =>
      listBindingKeys(db, endpointName, page),
    )
    const now = systemClock.now()
    return keys.map((key) => viewBindingKey(key, now))
  })
}

/**
 * Deletes an EAB key. One person can always delete an EAB key, because the key may have been disclosed. Accounts that were
 * created with the EAB key are not deleted. Throws ConfigurationError if the endpoint or the EAB key does not exist.
 */
export async function removeBindingKey(
  config: Config,
  endpointName: string,
  keyId: string,
): Promise<void> {
  await withData(config, async ({ db }) => {
    const endpoint = await requireEndpoint(db, { protocol: 'acme', name: endpointName })
    await changeOr(
      `the ACME endpoint ${endpointName} has no EAB key ${keyId}`,
      { db, context: contextOf(config, 'acme eab delete', endpoint) },
      [deleteBindingKey({ keyId, endpointName })],
    )
  })
}
