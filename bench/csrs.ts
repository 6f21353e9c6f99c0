/**
 * Many CSRs with different keys, subjects and names, so that caching of checked CSRs cannot improve the results. The CSRs are
 * generated once and stored in the temporary directory. The server does not use the library that generates the CSRs.
 */
import { webcrypto } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'

export type CsrKey = 'P-256' | 'RSA-2048'

const algorithms = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'RSA-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
} as const

/** Number of CSRs that are generated concurrently, so that key generation uses all cores. */
const concurrent = 8

/** Returns `count` CSRs in PEM. */
export async function csrsOf(key: CsrKey, count: number): Promise<string[]> {
  const folder = join(tmpdir(), 'signet-bench-csrs')
  const path = join(folder, `${key}.json`)
  const stored = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as string[],
    () => [],
  )
  if (stored.length >= count) return stored.slice(0, count)
  const csrs = [...stored]
  while (csrs.length < count) {
    const length = Math.min(concurrent, count - csrs.length)
    const created = Array.from({ length }, (_, index) => createCsr(key, csrs.length + index))
    csrs.push(...(await Promise.all(created)))
  }
  await mkdir(folder, { recursive: true })
  await writeFile(`${path}.${process.pid}`, JSON.stringify(csrs))
  await rename(`${path}.${process.pid}`, path)
  return csrs
}

async function createCsr(key: CsrKey, index: number): Promise<string> {
  const algorithm = algorithms[key]
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const host = `host-${index}.unit-${index % 17}.example.com`
  const names: peculiar.JsonGeneralNames = [
    { type: 'dns', value: host },
    { type: 'dns', value: `www.${host}` },
    { type: 'ip', value: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` },
  ]
  const request = await peculiar.Pkcs10CertificateRequestGenerator.create(
    {
      name: `C=DE, O=Example ${index % 23}, OU=Unit ${index % 17}, CN=${host}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [new peculiar.SubjectAlternativeNameExtension(names)],
    },
    webcrypto,
  )
  return `${request.toString('pem')}\n`
}
