/** `signet issue` and `signet renew`. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { Command } from 'commander'
import type { Metadata } from '../client-commands/certificate-folder.ts'
import { withConnection } from '../client-commands/connection.ts'
import { issueInto, requestIn, requestNotes, requireNames } from '../client-commands/issue.ts'
import type { KeyAlgorithmName } from '../client-commands/key-algorithms.ts'
import { renewAll, type Renewal } from '../client-commands/renew.ts'
import { parseSpan } from '../client-commands/validity.ts'
import type { Paragraph } from '../inspect/lines.ts'
import { instantWords } from '../inspect/words.ts'
import { ConfigurationError } from '../errors.ts'
import { systemClock } from '../clock.ts'
import {
  connectionOf,
  keyAlgorithmOption,
  withConnectionFlags,
  withTableOutput,
  type ConnectionFlags,
} from './connection.ts'
import { printAnswer, tableOf, type OutputFlags, type Print } from './print.ts'
import { environment, examples, severalOf } from './config-flags.ts'
import { paragraphsText } from './style.ts'
import { printNote, progressLine } from '../terminal.ts'

type IssueFlags = ConnectionFlags &
  OutputFlags & {
    readonly name?: readonly string[]
    readonly ip?: readonly string[]
    readonly ca?: string
    readonly csr?: string
    readonly keyAlgorithm: KeyAlgorithmName
    readonly validity: string
    readonly template?: string
    readonly out: string
    readonly force?: boolean
  }

/** `signet issue`. */
export function issueCommand(print: Print): Command {
  return withTableOutput(withConnectionFlags(new Command('issue')))
    .description('make a key and a certificate for it, and write what a server needs to a folder')
    .option(
      '--name <host,…>',
      'DNS name, mail address or URI; may be given several times',
      severalOf,
    )
    .option('--ip <address,…>', 'IP address; may be given several times', severalOf)
    .option('--ca <arn|name>', 'CA that issues (default: the one ACTIVE subordinate CA)')
    .option('--csr <file>', 'PEM of a request that says names and key, instead of making a key')
    .addOption(keyAlgorithmOption('the key that is made'))
    .option(
      '--validity <time>',
      'how long it is valid: 12h, 30d, 6w, 18mo, 1y, or until 2030-01-31',
      '30d',
    )
    .option('--template <name|arn>', 'template of AWS Private CA: EndEntityServerAuthCertificate')
    .requiredOption(
      '--out <dir>',
      'folder for key.pem, cert.pem, chain.pem, fullchain.pem, ca.pem, metadata.json',
    )
    .option('--force', 'replace what is in the folder')
    .addHelpText(
      'after',
      examples(
        'signet issue --name host.example.com --out tls',
        'signet issue --name a.example.com,b.example.com --ip 192.0.2.1 --validity 90d --out tls',
      ),
    )
    .action(async (flags: IssueFlags, command: Command) => {
      const names = namesOf(flags)
      if (
        flags.csr !== undefined &&
        (names.length > 0 || command.getOptionValueSource('keyAlgorithm') === 'cli')
      )
        throw new ConfigurationError(
          '--csr says what --name, --ip and --key-algorithm would say; give either',
        )
      if (flags.csr === undefined && names.length === 0)
        throw new ConfigurationError('name at least one --name or --ip, or a --csr')
      const subject =
        flags.csr === undefined
          ? { names, keyAlgorithm: flags.keyAlgorithm }
          : { csr: requestIn(readText(flags.csr, '--csr'), flags.csr) }
      if ('csr' in subject)
        for (const note of requestNotes(subject.csr)) printNote(`${flags.csr}: ${note}`)
      const { ca, validity, template, force = false } = flags
      const metadata = await withConnection(connectionOf(flags, environment()), (connection) =>
        issueInto(
          connection,
          { ca, subject, validity, template },
          { folder: flags.out, force, now: systemClock.now(), progress: progressLine },
        ),
      )
      if (flags.output === 'json') printAnswer(print, flags, { folder: flags.out, ...metadata })
      else print(paragraphsText([issuedParagraph(flags.out, metadata)]))
    })
}

function issuedParagraph(folder: string, metadata: Metadata): Paragraph {
  const { names, certificateAuthorityName, notAfter, arn } = metadata
  return {
    title: 'Certificate',
    lines: [
      {
        label: 'names',
        text: names.length === 0 ? 'those of the CSR' : names.join(', '),
        tone: 'plain',
      },
      { label: 'issuer', text: certificateAuthorityName, tone: 'plain' },
      { label: 'valid until', text: instantWords(notAfter), tone: 'plain' },
      { label: 'ARN', text: arn, tone: 'plain' },
      { label: 'files', text: folder, tone: 'good' },
    ],
  }
}

/** What is between commas, of all of them; addresses apart. Throws ConfigurationError. */
function namesOf({ name = [], ip = [] }: IssueFlags): string[] {
  const split = (texts: readonly string[]): string[] =>
    texts.flatMap((text) => text.split(',')).map((text) => text.trim())
  const addresses = split(ip)
  const wrong = addresses.find((address) => isIP(address) === 0)
  if (wrong !== undefined) throw new ConfigurationError(`--ip: '${wrong}' is no IP address`)
  const names = split(name)
  if (names.includes('')) throw new ConfigurationError('--name: there is an empty name')
  requireNames(names)
  return [...new Set([...names, ...addresses])]
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${flag}: ${(error as Error).message}`, { cause: error })
  }
}

type RenewFlags = ConnectionFlags &
  OutputFlags & {
    readonly ifExpiringWithin?: string
    readonly validity?: string
    readonly hook?: string
  }

/** `signet renew`. */
export function renewCommand(print: Print): Command {
  return withTableOutput(withConnectionFlags(new Command('renew')))
    .description('replace the certificates and keys in folders of signet issue by new ones')
    .argument('<dir...>', 'folders that signet issue has written')
    .option('--if-expiring-within <duration>', 'only those that expire within it, such as 7d')
    .option('--validity <time>', 'how long the new ones are valid (default: as before)')
    .option(
      '--hook <command>',
      'run after each renewal; words are separated by spaces, and no shell reads them',
    )
    .addHelpText(
      'after',
      examples(
        'signet renew tls',
        "signet renew /etc/tls/* --if-expiring-within 7d --hook 'systemctl reload nginx'",
      ),
    )
    .action(async (folders: string[], flags: RenewFlags) => {
      const { ifExpiringWithin: span, validity, hook = '' } = flags
      const variables = environment()
      const renewals = await renewAll(
        folders,
        {
          expiringWithin: span === undefined ? undefined : parseSpan(span),
          validity,
          hook: hook.split(' ').filter((word) => word !== ''),
          environment: variables,
        },
        {
          connect: (metadata, work) =>
            withConnection(connectionOf(flags, variables, metadata), work),
          now: systemClock.now(),
          progress: progressLine,
        },
      )
      if (flags.output === 'json') printAnswer(print, flags, { renewals })
      else print(tableOf(renewals.map(renewalRow), true))
      const failed = renewals.filter(({ result }) => result === 'failed').length
      if (failed > 0) throw new Error(`${failed} of ${renewals.length} could not be renewed`)
    })
}

function renewalRow({ folder, result, notAfter, problem }: Renewal): object {
  return {
    Folder: folder,
    Result: result,
    'Valid until': notAfter === null ? '' : instantWords(notAfter),
    ...(problem !== undefined && { Problem: problem }),
  }
}
