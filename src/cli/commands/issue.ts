import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Metadata } from '../../client-commands/certificate-folder.ts'
import { withConnection } from '../../client-commands/connection.ts'
import {
  issueInto,
  requestIn,
  requestNotes,
  requireNames,
  type IssueRequest,
} from '../../client-commands/issue.ts'
import type { KeyAlgorithmName } from '../../client-commands/issuance-options.ts'
import { requirePkcs12Folder, type Pkcs12Options } from '../../client-commands/pkcs12-file.ts'
import type { Paragraph } from '../../inspect/lines.ts'
import { instantWords } from '../../inspect/value-texts.ts'
import { ConfigurationError } from '../../errors.ts'
import { systemClock } from '../../clock.ts'
import { systemRandom } from '../../random.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import {
  authorityFlag,
  connectionOf,
  keyAlgorithmOption,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import { askPkcs12Password, readPkcs12Password } from '../shared/pkcs12-password.ts'
import { nextSteps, pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { severalOf } from '../shared/config-flags.ts'
import { paragraphsText } from '../shared/style.ts'
import { printNote, progressTo } from '../../terminal.ts'
import { systemErrorText } from '../../text/system-error.ts'

type IssueFlags = ConnectionFlags &
  OutputFlags & {
    readonly name?: readonly string[]
    readonly ip?: readonly string[]
    readonly ca?: string
    readonly csr?: string
    readonly keyAlgorithm: KeyAlgorithmName
    readonly validity: string
    readonly template?: string
    readonly out?: string
    readonly force?: boolean
    readonly pkcs12?: string
    readonly pkcs12PasswordFile?: string
  }

export function issueCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'issue'))
    .output('table')
    .description('Issue a certificate and write the certificate, key and chain to a folder')
    .option('--name <host,…>', 'DNS name, email address or URI; repeatable', severalOf)
    .option('--ip <address,…>', 'IP address; repeatable', severalOf)
    .option(
      '--ca <ca>',
      'name, ID or ARN of the CA (default: the only ACTIVE subordinate CA) [SIGNET_CA]',
    )
    .option(
      '--csr <file>',
      'PEM file with a CSR, which determines the names and the key; no key is generated',
    )
    .addOption(keyAlgorithmOption('algorithm of the generated key'))
    .option(
      '--validity <time>',
      'validity period such as 12h, 30d, 6w, 18mo or 1y, or an end date such as 2030-01-31',
      '30d',
    )
    .option('--template <name|arn>', 'certificate template, such as EndEntityServerAuthCertificate')
    .option(
      '--out <dir>',
      'output folder for key.pem, cert.pem and other files (default: the first name)',
    )
    .option('--force', 'replace existing files')
    .option('--pkcs12 <file>', 'also write the key and the certificates to a PKCS #12 file')
    .option(
      '--pkcs12-password-file <file>',
      'file whose first line is the password of the PKCS #12 file (default: prompt)',
    )
    .examples(
      'signet issue --name host.example.com --out tls',
      'signet issue --name a.example.com,b.example.com --ip 192.0.2.1 --validity 90d --out tls',
      'signet issue --name app.example.com --pkcs12 app.p12 --pkcs12-password-file password',
    )
    .action((flags: IssueFlags, command: Command) => issue(context, flags, command))
}

async function issue(context: CommandContext, flags: IssueFlags, command: Command): Promise<void> {
  const { csr, validity, template, force = false } = flags
  const names = namesOf(flags)
  requireSubject(flags, {
    names,
    isKeyChosen: command.getOptionValueSource('keyAlgorithm') === 'cli',
  })
  const subject: IssueRequest['subject'] =
    csr === undefined
      ? { names, keyAlgorithm: flags.keyAlgorithm }
      : { csr: requestIn(readText(csr, '--csr'), csr) }
  if ('csr' in subject)
    for (const note of requestNotes(subject.csr)) printNote(context.stderr, `${csr}: ${note}`)
  const folder = flags.out ?? folderFor(names[0] ?? basename(csr ?? '', '.csr'))
  const pkcs12 = await pkcs12Of(flags)
  const ca = authorityFlag(flags.ca, context)
  const metadata = await withConnection(connectionOf(flags, context.environment), (connection) =>
    issueInto(
      connection,
      { ca, subject, validity, template, pkcs12 },
      { folder, force, now: systemClock.now(), progress: progressTo(context.stderr) },
    ),
  )
  printResult(context, flags, {
    value: pascalCaseKeys({ folder, ...metadata }),
    text: () => paragraphsText(context.stdout, [issuedParagraph(folder, metadata, flags.pkcs12)]),
  })
  nextSteps(
    context,
    [
      `signet inspect ${join(folder, 'fullchain.pem')}`,
      `signet renew ${folder} --if-expiring-within 7d`,
    ],
    flags,
  )
}

function requireSubject(
  { csr, pkcs12, pkcs12PasswordFile }: IssueFlags,
  { names, isKeyChosen }: { readonly names: readonly string[]; readonly isKeyChosen: boolean },
): void {
  if (csr === undefined && names.length === 0)
    throw new ConfigurationError('specify at least one --name or --ip, or a --csr')
  if (csr !== undefined && (names.length > 0 || isKeyChosen))
    throw new ConfigurationError(
      '--csr cannot be combined with --name, --ip or --key-algorithm, because the CSR already contains names and a key',
    )
  if (csr !== undefined && pkcs12 !== undefined)
    throw new ConfigurationError(
      '--pkcs12 cannot be combined with --csr, because the private key is not available',
    )
  if (pkcs12PasswordFile !== undefined && pkcs12 === undefined)
    throw new ConfigurationError('--pkcs12-password-file requires --pkcs12')
}

/** Returns a relative folder name that contains only characters that are safe in every file system. */
function folderFor(name: string): string {
  const safe = name.replace(/^\*/, 'wildcard').replaceAll(/[^A-Za-z0-9.@-]+/g, '_')
  return safe.replace(/^\.+|^-+/, '_')
}

/** The password is read before anything is issued. */
async function pkcs12Of(flags: IssueFlags): Promise<Pkcs12Options | undefined> {
  const { pkcs12: path, pkcs12PasswordFile: file, force = false } = flags
  if (path === undefined) return undefined
  if (existsSync(path) && !force)
    throw new ConfigurationError(`--pkcs12: ${path} exists; replace the file with --force`)
  requirePkcs12Folder(path)
  return {
    path: resolve(path),
    ...(file === undefined ? await askPkcs12Password(path) : await readPkcs12Password(file)),
    random: systemRandom,
  }
}

function issuedParagraph(
  folder: string,
  { names, certificateAuthorityName, notAfter, arn }: Metadata,
  pkcs12: string | undefined,
): Paragraph {
  const line = (label: string, text: string) => ({ label, text, tone: 'plain' }) as const
  return {
    title: 'Certificate',
    lines: [
      line('names', names.length === 0 ? 'from the CSR' : names.join(', ')),
      line('issuer', certificateAuthorityName),
      line('valid until', instantWords(notAfter)),
      line('ARN', arn),
      { ...line('files', folder), tone: 'good' },
      ...(pkcs12 === undefined ? [] : [{ ...line('PKCS #12', pkcs12), tone: 'good' } as const]),
    ],
  }
}

/**
 * Returns the names and addresses from the flags, split at commas and without duplicates. Throws ConfigurationError for an
 * invalid name or address.
 */
function namesOf({ name = [], ip = [] }: IssueFlags): string[] {
  const split = (texts: readonly string[]): string[] =>
    texts.flatMap((text) => text.split(',')).map((text) => text.trim())
  const addresses = split(ip)
  const wrong = addresses.find((address) => isIP(address) === 0)
  if (wrong !== undefined) throw new ConfigurationError(`--ip: '${wrong}' is not an IP address`)
  const names = split(name)
  if (names.includes('')) throw new ConfigurationError('--name must not be empty')
  requireNames(names)
  return [...new Set([...names, ...addresses])]
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${flag}: cannot read ${file}: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
}
