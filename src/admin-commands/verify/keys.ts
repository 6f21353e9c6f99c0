/** Checks that stored private keys can be decrypted and belong to their CAs. */
import type { DataFolder } from '../../data-folder/data-folder.ts'
import type { KeyRecord } from '../../keys/key-records.ts'
import { openKeyRecord } from '../../keys/local-key-store.ts'
import { systemRandom } from '../../random.ts'
import { bytesOf, integerOf, optionalTextOf, textOf } from '../../store/columns.ts'
import { pagesOf, type Snapshot } from '../../store/snapshot.ts'
import type { Row } from '../../store/sql.ts'
import { countOf } from '../../store/verify-rows.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Problems } from './problems.ts'

/**
 * Decrypts every private key, secret access key and EAB key, one at a time. Resolves to the number of private keys and access
 * keys.
 */
export async function verifyKeys(
  { masterKeys, sealers }: DataFolder,
  snapshot: Snapshot,
  problems: Problems,
): Promise<[number, number]> {
  const keySealers = masterKeys.sealers('keys')
  const keys = await each(snapshot, 'keys', async (row) => {
    const name = textOf(row, 'name')
    const record = {
      name,
      algorithm: textOf(row, 'algorithm') as KeyRecord['algorithm'],
      subjectPublicKeyInfo: bytesOf(row, 'subject_public_key_info'),
      masterKeyId: textOf(row, 'master_key_id'),
      dataKeySealed: bytesOf(row, 'data_key_sealed'),
      privateKeySealed: bytesOf(row, 'private_key_sealed'),
    }
    // The error's cause is omitted, because it may contain secret data.
    await addUnlessDone(
      problems,
      `the private key ${name} cannot be decrypted, or does not match its public key`,
      () => openKeyRecord(record, { sealers: keySealers, random: systemRandom }),
    )
  })
  const accessKeys = await each(snapshot, 'access_keys', async (row) => {
    const id = textOf(row, 'access_key_id')
    await addUnlessDone(
      problems,
      `the secret of the access key ${id} cannot be decrypted`,
      async () => {
        const sealer = await sealers.find(textOf(row, 'master_key_id'))
        sealer.open(id, bytesOf(row, 'secret_sealed')).fill(0)
      },
    )
  })
  const bindingSealers = masterKeys.sealers('acme binding keys')
  await each(snapshot, 'acme_binding_keys', async (row) => {
    const id = textOf(row, 'key_id')
    await addUnlessDone(
      problems,
      `the EAB key ${id} of the ACME endpoint ${textOf(row, 'endpoint_name')} cannot be decrypted`,
      async () => {
        const sealer = await bindingSealers.find(textOf(row, 'master_key_id'))
        sealer.open(id, bytesOf(row, 'mac_key_sealed')).fill(0)
      },
    )
  })
  return [keys, accessKeys]
}

async function addUnlessDone(
  problems: Problems,
  problem: string,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work()
  } catch {
    problems.add(problem)
  }
}

async function each(
  snapshot: Snapshot,
  name: string,
  check: (row: Row) => Promise<void>,
): Promise<number> {
  const table = snapshot.tables.find((one) => one.name === name)
  let count = 0
  if (table === undefined) return count
  for await (const page of pagesOf(snapshot, table)) {
    for (const row of page) await check(row)
    count += page.length
  }
  return count
}

/**
 * Checks that a CA in use has a key, that the key matches the CA's certificate, and that the CA's counts of issued and
 * revoked certificates are correct.
 */
export async function verifyAuthority(
  row: Row,
  snapshot: Snapshot,
  problems: Problems,
): Promise<void> {
  const id = textOf(row, 'id')
  const handle = optionalTextOf(row, 'key_handle')
  const isInUse = ['ACTIVE', 'DISABLED', 'PENDING_CERTIFICATE'].includes(textOf(row, 'status'))
  // The key of a deleted CA may have been erased.
  if (handle === undefined && isInUse && row['deleted_at_ms'] === null)
    problems.add(`the CA ${id} has no key`)
  const isRecorded = handle?.startsWith('local:') || handle?.startsWith('pkcs11:')
  const isLost = isRecorded && row['subject_public_key_info'] === null
  if (isLost) problems.add(`the key ${handle} of the CA ${id} is missing`)
  if (row['authority_certificate_number'] !== null) verifyPair(row, problems)
  await verifyCounts(row, snapshot, problems)
}

function verifyPair(row: Row, problems: Problems): void {
  const id = textOf(row, 'id')
  const certificateDer = row['certificate_der']
  const publicKey = row['subject_public_key_info']
  if (!(certificateDer instanceof Uint8Array)) {
    problems.add(`the certificate of the CA ${id} is missing`)
    return
  }
  if (!(publicKey instanceof Uint8Array)) return
  try {
    const { der } = parseCertificate(certificateDer).subjectPublicKeyInfo
    if (Buffer.compare(der, publicKey) !== 0)
      problems.add(`the key of the CA ${id} does not match its certificate`)
  } catch {
    // The unreadable certificate is reported by verifyAuthorityCertificate.
  }
}

async function verifyCounts(row: Row, snapshot: Snapshot, problems: Problems): Promise<void> {
  const id = textOf(row, 'id')
  if (row['issued'] === null) {
    problems.add(`the CA ${id} has no row with its certificate counts`)
    return
  }
  const number = integerOf(row, 'authority_number')
  const [counted] = await snapshot.read(countOf(number, integerOf(row, 'revoked_counted_at')))
  for (const counter of ['issued', 'revoked'])
    if (counted?.[counter] !== row[counter])
      problems.add(
        `the CA ${id} has a count of ${String(row[counter])} ${counter} certificates, but ${String(counted?.[counter])} exist`,
      )
}
