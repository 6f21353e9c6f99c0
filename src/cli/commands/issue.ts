import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Command } from 'commander'
import type { Metadata } from '../../client-commands/certificate-folder.ts'
import { withConnection } from '../../client-commands/connection.ts'
import { issueInto, requestIn, requestNotes, requireNames } from '../../client-commands/issue.ts'
import type { KeyAlgorithmName } from '../../client-commands/issuance-options.ts'
import type { Paragraph } from '../../inspect/lines.ts'
import { instantWords } from '../../inspect/value-texts.ts'
import { ConfigurationError } from '../../errors.ts'
import { systemClock } from '../../clock.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import {
  connectionOf,
  keyAlgorithmOption,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { severalOf } from '../shared/config-flags.ts'
import { paragraphsText } from '../shared/style.ts'
import { printNote, progressTo } from '../../terminal.ts'

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

export function issueCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'issue'))
    .output('table')
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
    .examples(
      'signet issue --name host.example.com --out tls',
      'signet issue --name a.example.com,b.example.com --ip 192.0.2.1 --validity 90d --out tls',
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
        for (const note of requestNotes(subject.csr))
          printNote(context.stderr, `${flags.csr}: ${note}`)
      const { ca, validity, template, force = false } = flags
      const metadata = await withConnection(
        connectionOf(flags, context.environment),
        (connection) =>
          issueInto(
            connection,
            { ca, subject, validity, template },
            {
              folder: flags.out,
              force,
              now: systemClock.now(),
              progress: progressTo(context.stderr),
            },
          ),
      )
      printResult(context, flags, {
        value: pascalCaseKeys({ folder: flags.out, ...metadata }),
        text: () => paragraphsText(context.stdout, [issuedParagraph(flags.out, metadata)]),
      })
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

/** Names and addresses of the flags, split at commas, without duplicates. Throws ConfigurationError for an invalid one. */
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
