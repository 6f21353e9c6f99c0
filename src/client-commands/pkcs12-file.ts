/** The PKCS #12 file of `signet issue --pkcs12`. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { replaceFile } from '../durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import { parsePem } from '../x509/pem.ts'
import { encodePkcs12, isPkcs12Password } from '../x509/pkcs12.ts'

export interface Pkcs12Options {
  readonly path: string
  readonly password: string
}

/** Throws ConfigurationError for a password that programs would encode differently, or that is too short. */
export function requirePkcs12Password(password: string): void {
  if (!isPkcs12Password(password))
    throw new ConfigurationError(
      'the PKCS #12 password must consist of printable ASCII characters, because programs encode other characters differently',
    )
  if (password.length < passwordLengthMin)
    throw new ConfigurationError(
      `the PKCS #12 password must have at least ${passwordLengthMin} characters or more`,
    )
}

const passwordLengthMin = 8

/** Throws ConfigurationError if the file exists and `force` is not set, or if its folder does not exist. */
export function requirePkcs12Path(path: string, force: boolean): void {
  if (existsSync(path) && !force)
    throw new ConfigurationError(`--pkcs12: ${path} exists; replace it with --force`)
  if (!existsSync(dirname(path)))
    throw new ConfigurationError(`--pkcs12: the folder ${dirname(path)} does not exist`)
}

/** Writes the key and the certificates of a folder of `signet issue` into one file, which only its owner can read. */
export async function writePkcs12(
  folder: string,
  { path, password }: Pkcs12Options,
  { friendlyName, random }: { readonly friendlyName: string; readonly random: Random },
): Promise<void> {
  const [key] = parsePem(await readFile(join(folder, 'key.pem'), 'utf8'))
  if (key === undefined) throw new Error(`${folder} has no private key`)
  const chain = parsePem(await readFile(join(folder, 'fullchain.pem'), 'utf8'))
  const content = encodePkcs12(
    { privateKey: key.der, certificates: chain.map(({ der }) => der), friendlyName },
    { password, random },
  )
  await replaceFile({ path, content, mode: 0o600 })
}
