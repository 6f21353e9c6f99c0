/** Checks that keys recorded as stored in a token exist in the token and match their recorded public keys. */
import { systemClock } from '../../clock.ts'
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'
import type { DataFolder } from '../../data-folder/data-folder.ts'
import { tokenOf } from '../../settings/keys-config.ts'
import { KeyNotFoundError, type OpenKeyStore } from '../../keys/key-store.ts'
import { createPkcs11KeyStore } from '../../keys/pkcs11/pkcs11-key-store.ts'
import { systemRandom } from '../../random.ts'
import type { Config } from '../../settings/config.ts'
import { bytesOf, textOf } from '../../store/columns.ts'
import { pagesOf, type Snapshot } from '../../store/snapshot.ts'
import type { Row } from '../../store/sql.ts'
import { createTokenKeyRecords } from '../../store/token-keys.ts'
import {
  signatureAlgorithmIdentifier,
  parseAlgorithmIdentifier,
} from '../../x509/algorithm-identifier.ts'
import { parseSubjectPublicKeyInfo } from '../../x509/subject-public-key-info.ts'
import { verifySignature } from '../../x509/verify-signature.ts'
import type { Problems } from './problems.ts'

export interface TokenKeyCounts {
  /** Number of recorded keys. */
  readonly recorded: number
  /** Number of keys that created a valid signature; zero if no token is configured. */
  readonly used: number
}

/** The test message to sign, which cannot be mistaken for a certificate, a CRL or an OCSP response. */
const message = Buffer.from('signet verify: the key is in the token')

/** Signs the test message with each recorded key if the token is configured. */
export async function verifyTokenKeys(
  config: Pick<Config, 'keys' | 'dataDirectory'>,
  { data, snapshot, problems }: TokenKeyInput,
): Promise<TokenKeyCounts> {
  const records = createTokenKeyRecords(data.db, systemClock)
  const options = { records, random: systemRandom, limits: { wait: 0 } }
  const location = tokenOf(config)
  const store = location && createPkcs11KeyStore({ location, ...options })
  let recorded = 0
  let used = 0
  try {
    for await (const row of rowsIn(snapshot)) {
      recorded += 1
      if (store !== undefined && (await signsWith(store, row, problems))) used += 1
    }
  } finally {
    await store?.close?.()
  }
  return { recorded, used }
}

async function* rowsIn(snapshot: Snapshot): AsyncGenerator<Row> {
  const table = snapshot.tables.find(({ name }) => name === 'token_keys')
  if (table === undefined) return
  for await (const page of pagesOf(snapshot, table)) yield* page
}

interface TokenKeyInput {
  readonly data: Pick<DataFolder, 'db'>
  readonly snapshot: Snapshot
  readonly problems: Problems
}

async function signsWith(store: OpenKeyStore, row: Row, problems: Problems): Promise<boolean> {
  const name = textOf(row, 'name')
  const algorithm = signingAlgorithmOf(textOf(row, 'algorithm') as KeyAlgorithm)
  try {
    const signature = await store.sign(textOf(row, 'handle'), algorithm, message)
    const check = await verifySignature({
      subjectPublicKeyInfo: parseSubjectPublicKeyInfo(bytesOf(row, 'subject_public_key_info')),
      signatureAlgorithm: parseAlgorithmIdentifier(signatureAlgorithmIdentifier(algorithm)),
      message,
      signature,
    })
    if (check === 'valid') return true
    problems.add(`the key ${name} in the token does not match its recorded public key`)
  } catch (error) {
    problems.add(
      error instanceof KeyNotFoundError
        ? `the key ${name} is not in the token`
        : `the key ${name} in the token cannot be used: ${(error as Error).message}`,
    )
  }
  return false
}

function signingAlgorithmOf(algorithm: KeyAlgorithm): SigningAlgorithm {
  if (algorithm === 'ML_DSA_44' || algorithm === 'ML_DSA_65' || algorithm === 'ML_DSA_87')
    return algorithm
  return algorithm.startsWith('RSA') ? 'SHA256WITHRSA' : 'SHA256WITHECDSA'
}
