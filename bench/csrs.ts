/**
 * Many CSRs, each with a key, a subject and names of its own, so that no cache of a checked CSR flatters a figure. Made
 * by another library than the server's, once, and kept in a folder for temporary files.
 */
import { webcrypto } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs what it defines
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

/** So many are made at once: the keys are made on all cores. */
const together = 8

/** `count` CSRs in PEM. */
export async function csrsOf(key: CsrKey, count: number): Promise<string[]> {
  const folder = join(tmpdir(), 'signet-bench-csrs')
  const path = join(folder, `${key}.json`)
  const kept = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as string[],
    () => [],
  )
  if (kept.length >= count) return kept.slice(0, count)
  const csrs = [...kept]
  while (csrs.length < count) {
    const many = Math.min(together, count - csrs.length)
    const made = Array.from({ length: many }, (_, index) => makeCsr(key, csrs.length + index))
    csrs.push(...(await Promise.all(made)))
  }
  await mkdir(folder, { recursive: true })
  await writeFile(`${path}.${process.pid}`, JSON.stringify(csrs))
  await rename(`${path}.${process.pid}`, path)
  return csrs
}

async function makeCsr(key: CsrKey, index: number): Promise<string> {
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
