/** IssueCertificate with every kind of key, beside CFSSL and moto with the same CSRs, and the signatures alone. */
import type { Credentials } from '../test/support/signed-request.ts'
import { hasCfssl, startCfssl, type CfsslKey, type Peer } from './cfssl.ts'
import { csrsOf, type CsrKey } from './csrs.ts'
import { rawFloor } from './floors.ts'
import { freePort } from '../test/support/free-port.ts'
import type { Moto } from './moto.ts'
import type { BenchOptions } from './options.ts'
import type { CaKey } from './raw-floor.ts'
import { issueLoad } from './requests.ts'
import { credentialsIn, prepareTarget } from './target.ts'
import { compare, loaded, type Against, type Row } from './turns.ts'

interface Kind {
  readonly ca: CaKey
  readonly keyAlgorithm: string
  readonly csr: CsrKey
  readonly cfssl?: CfsslKey & { readonly target?: number }
  /** Of the ratio to the signatures alone. */
  readonly rawTarget?: number
  readonly moto?: boolean
}

const kinds: readonly Kind[] = [
  {
    ca: 'P-256',
    keyAlgorithm: 'EC_prime256v1',
    csr: 'P-256',
    cfssl: { algo: 'ecdsa', size: 256, target: 1.2 },
    moto: true,
  },
  {
    ca: 'P-256',
    keyAlgorithm: 'EC_prime256v1',
    csr: 'RSA-2048',
    cfssl: { algo: 'ecdsa', size: 256, target: 1.2 },
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
    cfssl: { algo: 'rsa', size: 2048, target: 2.5 },
  },
  { ca: 'ML-DSA-65', keyAlgorithm: 'ML_DSA_65', csr: 'P-256', rawTarget: 0.7 },
]

export interface IssueSubject {
  readonly url: string
  readonly data: string
  readonly moto: Moto | undefined
}

/** A row for each kind. */
export async function benchIssue(subject: IssueSubject, options: BenchOptions): Promise<Row[]> {
  const rows: Row[] = []
  for (const kind of kinds) rows.push(await benchKind(kind, subject, options))
  return rows
}

async function benchKind(
  kind: Kind,
  { url, data, moto }: IssueSubject,
  options: BenchOptions,
): Promise<Row> {
  const csrs = await csrsOf(kind.csr, options.csrs)
  const [csr = ''] = csrs
  const { keyAlgorithm } = kind
  const target = await prepareTarget(url, credentialsIn(data), { keyAlgorithm, csr })
  const against: Against[] = [
    rawFloor({ caKey: kind.ca, csrKey: kind.csr, csrs: options.csrs }, kind.rawTarget),
  ]
  const cfssl =
    kind.cfssl !== undefined && (await hasCfssl())
      ? await startCfssl(data, kind.cfssl, await freePort())
      : undefined
  if (cfssl !== undefined) against.unshift(besideCfssl(cfssl, { csrs, options, kind }))
  if (moto !== undefined && kind.moto === true) {
    const other = await prepareTarget(moto.url, motoCredentials, { keyAlgorithm, csr })
    const load = { ...issueLoad({ target: other, csrs }), reconnect: true }
    against.push(loaded('moto', load, { options }))
  }
  try {
    const signet = issueLoad({ target, csrs })
    return await compare(
      `IssueCertificate, ${kind.ca} CA, ${kind.csr} CSR`,
      { signet, against },
      options,
    )
  } finally {
    cfssl?.stop()
  }
}

function besideCfssl(
  peer: Peer,
  about: {
    readonly csrs: readonly string[]
    readonly options: BenchOptions
    readonly kind: Kind
  },
): Against {
  const { csrs, options, kind } = about
  const { host, port } = peer
  const requests = (): Buffer[] => csrs.map((csr) => peer.signRequest(csr))
  const target = kind.cfssl?.target
  const load = { host, port, requests }
  return loaded('CFSSL', load, { options, ...(target !== undefined && { target }) })
}

/** It accepts any. */
export const motoCredentials: Credentials = { accessKeyId: 'AKIAMOTO', secretAccessKey: 'none' }
