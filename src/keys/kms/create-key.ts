/**
 * Creates and deletes keys in KMS. The name of a key is stored as an alias, because KMS keys have no unique names of their own.
 */
import type { KeyMetadata, KeySpec } from '@aws-sdk/client-kms'
import type { KeyAlgorithm } from '../../authority/algorithms.ts'
import type { BoundedCache } from '../../bounded-cache.ts'
import { UnsupportedKeyAlgorithmError } from '../key-store.ts'
import { parseKeyArn, type KeyArn } from './key-arn.ts'
import type { Kms } from './kms-client.ts'
import { KmsError } from './kms-error.ts'
import { keySpecs } from './signing-request.ts'

/** Prefix of the aliases of CA keys. */
const aliasPrefix = 'alias/signet/'
const nameForm = /^[A-Za-z0-9/_-]{1,200}$/
/** Name of the tag that contains a CA key's name. IAM policies can refer to the tag. */
const tagKey = 'signet-ca'
/**
 * Waiting period in days before a key is deleted: the shortest period that KMS allows. Until the period ends, a KMS administrator
 * can cancel the deletion.
 */
const pendingWindowDays = 7

const pendingStates: ReadonlySet<string | undefined> = new Set([
  'PendingDeletion',
  'PendingReplicaDeletion',
])

/** Returns whether a KMS key is scheduled for deletion and therefore unusable. */
export function isPendingDeletion({ KeyState }: KeyMetadata): boolean {
  return pendingStates.has(KeyState)
}

/** Keys that the process has created but that have no alias yet, by their intended alias and key spec. */
export type UnnamedKeys = BoundedCache<KeyArn>

interface KeyToCreate {
  readonly name: string
  readonly algorithm: KeyAlgorithm
  /**
   * Keys without an alias. If KMS fails to create an alias, the next attempt uses the same key, so that repeated attempts do
   * not create many keys.
   */
  readonly unnamed: UnnamedKeys
}

/**
 * Creates a KMS key and its alias, or returns the existing key with the same name. Throws KmsError or
 * UnsupportedKeyAlgorithmError. Throws TypeError if the name is invalid or the existing key has another algorithm.
 */
export async function createNamedKey(
  kms: Kms,
  { name, algorithm, unnamed }: KeyToCreate,
): Promise<KeyArn> {
  const spec = keySpecs.get(algorithm)
  if (spec === undefined)
    throw new UnsupportedKeyAlgorithmError(
      `KMS does not support keys with the algorithm ${algorithm}`,
    )
  if (!nameForm.test(name)) throw new TypeError(`'${name}' cannot be the name of a key in KMS`)
  const { region } = kms
  if (region === undefined) throw new TypeError('no Region is configured for new keys in KMS')
  const key = { region, name, alias: `${aliasPrefix}${name}`, spec }
  const existing = await findByAlias(kms, key)
  if (existing !== undefined && !isPendingDeletion(existing)) return requireSpec(existing, key)
  if (existing !== undefined) await deleteAlias(kms, key)
  return createWithAlias(kms, key, unnamed)
}

interface Alias {
  readonly region: string
  readonly alias: string
}

interface NewKey extends Alias {
  readonly name: string
  readonly spec: KeySpec
}

async function createWithAlias(kms: Kms, key: NewKey, unnamed: UnnamedKeys): Promise<KeyArn> {
  const id = `${key.alias} ${key.spec}`
  const created = unnamed.get(id) ?? (await createKey(kms, key))
  unnamed.set(id, created)
  const named = await createAlias(kms, key, created)
  unnamed.delete(id)
  return named
}

/**
 * Creates the alias for a new key. If the alias already exists, the function deletes the new key and returns the key that the
 * alias refers to.
 */
async function createAlias(kms: Kms, key: NewKey, created: KeyArn): Promise<KeyArn> {
  try {
    await kms.send(
      key.region,
      (sdk) => new sdk.CreateAliasCommand({ AliasName: key.alias, TargetKeyId: created.text }),
    )
    return created
  } catch (error) {
    if (!(error instanceof KmsError && error.problem === 'exists')) throw error
  }
  // Either another process has created the alias, or an earlier attempt by the same process succeeded but its response was
  // lost.
  const owner = await findByAlias(kms, key, ['not-found'])
  if (owner === undefined) throw new KmsError('transient', `${key.alias} exists but has no key`)
  if (owner.Arn === created.text) return created
  await scheduleDeletion(kms, created)
  return requireSpec(owner, key)
}

async function createKey(kms: Kms, { region, name, spec }: NewKey): Promise<KeyArn> {
  const { KeyMetadata } = await kms.send(
    region,
    (sdk) =>
      new sdk.CreateKeyCommand({
        KeySpec: spec,
        KeyUsage: 'SIGN_VERIFY',
        Description: `Private key of the Signet CA ${name}`,
        Tags: [{ TagKey: tagKey, TagValue: name }],
      }),
  )
  return arnOf(KeyMetadata)
}

/**
 * Finds a KMS key by its alias. The caller can request retries, because KMS may report a new alias as missing for some seconds.
 */
async function findByAlias(
  kms: Kms,
  { region, alias }: Alias,
  retry: readonly 'not-found'[] = [],
): Promise<KeyMetadata | undefined> {
  try {
    return await describeKey(kms, region, { id: alias, retry })
  } catch (error) {
    if (error instanceof KmsError && error.problem === 'not-found') return undefined
    throw error
  }
}

/** Reads the description of a KMS key, which is identified by its ARN or alias. Throws KmsError if the request fails. */
export async function describeKey(
  kms: Kms,
  region: string,
  { id, retry = [] }: { readonly id: string; readonly retry?: readonly 'not-found'[] },
): Promise<KeyMetadata> {
  const { KeyMetadata } = await kms.send(
    region,
    (sdk) => new sdk.DescribeKeyCommand({ KeyId: id }),
    { retry },
  )
  if (KeyMetadata === undefined)
    throw new KmsError('other', `KMS returned no description of the key ${id}`)
  return KeyMetadata
}

function requireSpec(metadata: KeyMetadata, { name, spec }: Pick<NewKey, 'name' | 'spec'>): KeyArn {
  const arn = arnOf(metadata)
  if (metadata.KeySpec === spec && metadata.KeyUsage === 'SIGN_VERIFY') return arn
  const algorithm = [...keySpecs].find(([, each]) => each === metadata.KeySpec)?.[0]
  throw new TypeError(
    `the KMS key ${arn.text} exists for ${name} with the algorithm ${algorithm ?? metadata.KeySpec}`,
  )
}

function arnOf(metadata: KeyMetadata | undefined): KeyArn {
  const arn = parseKeyArn(metadata?.Arn ?? '')
  if (arn === undefined) throw new KmsError('other', 'KMS returned a key without a valid ARN')
  return arn
}

/**
 * Schedules the deletion of a KMS key and deletes its aliases, so that the key's name can be used again. Deleting a nonexistent
 * key is not an error.
 */
export async function deleteKey(kms: Kms, arn: KeyArn): Promise<void> {
  await scheduleDeletion(kms, arn)
  for (const alias of await listAliases(kms, arn))
    await deleteAlias(kms, { region: arn.region, alias })
}

async function scheduleDeletion(kms: Kms, arn: KeyArn): Promise<void> {
  try {
    await kms.send(
      arn.region,
      (sdk) =>
        new sdk.ScheduleKeyDeletionCommand({
          KeyId: arn.text,
          PendingWindowInDays: pendingWindowDays,
        }),
    )
  } catch (error) {
    await requireGone(kms, arn, error)
  }
}

/** Ignores a deletion error if the key does not exist or its deletion is already scheduled, and throws any other error. */
async function requireGone(kms: Kms, arn: KeyArn, error: unknown): Promise<void> {
  if (!(error instanceof KmsError)) throw error
  if (error.problem === 'not-found') return
  if (error.problem !== 'state') throw error
  const metadata = await describeKey(kms, arn.region, { id: arn.text })
  if (!isPendingDeletion(metadata)) throw error
}

/** Lists the aliases that Signet has created for a KMS key. */
async function listAliases(kms: Kms, arn: KeyArn): Promise<readonly string[]> {
  const names: string[] = []
  let marker: string | undefined
  try {
    do {
      const page = await kms.send(
        arn.region,
        (sdk) => new sdk.ListAliasesCommand({ KeyId: arn.text, Marker: marker }),
      )
      names.push(...(page.Aliases ?? []).map(({ AliasName = '' }) => AliasName))
      marker = page.Truncated ? page.NextMarker : undefined
    } while (marker !== undefined)
  } catch (error) {
    if (!(error instanceof KmsError && error.problem === 'not-found')) throw error
  }
  return names.filter((name) => name.startsWith(aliasPrefix))
}

async function deleteAlias(kms: Kms, { region, alias }: Alias): Promise<void> {
  try {
    await kms.send(region, (sdk) => new sdk.DeleteAliasCommand({ AliasName: alias }))
  } catch (error) {
    if (!(error instanceof KmsError && error.problem === 'not-found')) throw error
  }
}
