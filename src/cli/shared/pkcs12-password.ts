/** Passwords for PKCS #12 files. A PKCS #12 password is never a command-line argument, because other users could see it. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  passwordLengthMin,
  requirePkcs12Password,
  type Pkcs12Options,
} from '../../client-commands/pkcs12-file.ts'
import { ConfigurationError } from '../../errors.ts'
import { firstLine } from '../../files/private-file.ts'
import { askHidden } from './ask-hidden.ts'
import { readPrivate } from './backup-keys.ts'

const passwordFlag = '--pkcs12-password-file'

type Pkcs12Password = Pick<Pkcs12Options, 'password' | 'passwordFile'>

/** Reads the password for a PKCS #12 file from the first line of a file. Throws ConfigurationError for an invalid password. */
export async function readPkcs12Password(file: string): Promise<Pkcs12Password> {
  const password = firstLine(await readPrivate(file, 'PKCS #12 password'))
  requirePkcs12Password(password)
  // A pipe, such as the shell's `<(…)`, cannot be read twice.
  return { password, passwordFile: statSync(file).isFile() ? resolve(file) : undefined }
}

/** Prompts twice for the password for a PKCS #12 file. Throws ConfigurationError for an invalid password. */
export async function askPkcs12Password(path: string): Promise<Pkcs12Password> {
  const question = `Password for the PKCS #12 file ${path} (at least ${passwordLengthMin} ASCII characters): `
  const password = await askHidden(question, passwordFlag)
  requirePkcs12Password(password)
  if ((await askHidden('Repeat the password: ', passwordFlag)) !== password)
    throw new ConfigurationError('the passwords do not match')
  return { password, passwordFile: undefined }
}
