/** Benchmark of IssueCertificate with several key types, compared with CFSSL and with signing alone. */
import { hasCfssl, startCfssl, type CfsslKey, type Peer } from './cfssl.ts'
import { csrsOf, type CsrKey } from './csrs.ts'
import { rawFloor } from './floors.ts'
import type { BenchOptions } from './options.ts'
import type { CaKey } from './raw-floor.ts'
import { issueLoad } from './requests.ts'
import type { Prepared } from './servers.ts'
import { credentialsIn, prepareTarget } from './target.ts'
import { compare, loaded, type LoadTarget, type Row } from './turns.ts'

interface Kind {
  readonly ca: CaKey
  readonly keyAlgorithm: string
  readonly csr: CsrKey
  readonly cfssl?: CfsslKey
}

const kinds: readonly Kind[] = [
  {
    ca: 'P-256',
    keyAlgorithm: 'EC_prime256v1',
    csr: 'P-256',
    cfssl: { algo: 'ecdsa', size: 256 },
  },
  {
    ca: 'P-256',
    keyAlgorithm: 'EC_prime256v1',
    csr: 'RSA-2048',
    cfssl: { algo: 'ecdsa', size: 256 },
  },
  {
    ca: 'P-384',
    keyAlgorithm: 'EC_secp384r1',
    csr: 'P-256',
    cfssl: { algo: 'ecdsa', size: 384 },
  },
  {
    ca: 'RSA-2048',
    keyAlgorithm: 'RSA_2048',
    csr: 'P-256',
    cfssl: { algo: 'rsa', size: 2048 },
  },
  { ca: 'ML-DSA-65', keyAlgorithm: 'ML_DSA_65', csr: 'P-256' },
]

/** Returns the table rows for all key types. */
export async function benchIssue(
  prepared: readonly Prepared[],
  options: BenchOptions,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const kind of kinds) rows.push(...(await benchKind(kind, prepared, options)))
  return rows
}

async function benchKind(
  kind: Kind,
  prepared: readonly Prepared[],
  options: BenchOptions,
): Promise<Row[]> {
  const csrs = await csrsOf(kind.csr, options.csrs)
  const loads: LoadTarget[] = []
  for (const { server, data, name, pids } of prepared) {
    const request = { keyAlgorithm: kind.keyAlgorithm, csr: csrs[0] ?? '' }
    const target = await prepareTarget(server.url, credentialsIn(data), request)
    loads.push(issueLoad({ name, pids, target, csrs }))
  }
  const peers: Peer[] = []
  try {
    const data = prepared[0]?.data ?? ''
    if (kind.cfssl !== undefined && (await hasCfssl()))
      for (const stores of [true, false])
        peers.push(await startCfssl(data, { key: kind.cfssl, csrs, stores }, options))
    const contenders = [
      ...loads.map(loaded),
      ...peers.map(({ load }) => loaded(load)),
      rawFloor({ caKey: kind.ca, csrKey: kind.csr, csrs: options.csrs }, options),
    ]
    const rows = await compare(
      `IssueCertificate, ${kind.ca} CA, ${kind.csr} CSR`,
      contenders,
      options,
    )
    for (const peer of peers) requireStored(peer, rows)
    return rows
  } finally {
    for (const peer of peers) peer.stop()
  }
}

/** Throws if a certificate that a peer returned is missing from the peer's database. */
function requireStored({ load, stored }: Peer, rows: readonly Row[]): void {
  const count = stored()
  const results = rows.flatMap(({ others }) => others.filter(({ name }) => name === load.name))
  const succeeded = results
    .flatMap((contender) => contender.results)
    .reduce((sum, result) => sum + result.succeeded, 0)
  if (count !== undefined && count < succeeded)
    throw new Error(`${load.name} has stored only ${count} of ${succeeded} certificates`)
}
