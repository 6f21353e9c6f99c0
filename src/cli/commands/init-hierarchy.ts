import { Option, type Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { withConnection } from '../../client-commands/connection.ts'
import type {
  AuthorityResult,
  HierarchyResult,
  InitHierarchyOptions,
} from '../../client-commands/init-hierarchy.ts'
import { keyStorageSecurityStandards } from '../../client-commands/issuance-options.ts'
import { writeOutput } from '../../files/durable-file.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Paragraph } from '../../inspect/lines.ts'
import { instantWords } from '../../inspect/value-texts.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import {
  connectionOf,
  keyAlgorithmOption,
  withConnectionFlags,
  type ConnectionFlags,
} from '../shared/connection-flags.ts'
import { nextSteps, pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { paragraphsText } from '../shared/style.ts'
import { printNote, progressTo } from '../../terminal.ts'
import { systemErrorText } from '../../text/system-error.ts'

type HierarchyFlags = ConnectionFlags &
  OutputFlags &
  InitHierarchyOptions & { readonly out?: string }

export function initHierarchyCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'init-hierarchy'))
    .output('table')
    .description('Create a root CA and an issuing CA. Existing CAs are kept and shown')
    .option(
      '--name <text>',
      'organization in the subjects of both CAs, and prefix of their names',
      'Example',
    )
    .option('--root-name <text>', 'common name of the root CA (default: NAME Root CA)')
    .option('--issuing-name <text>', 'common name of the issuing CA (default: NAME Issuing CA)')
    .addOption(keyAlgorithmOption('key algorithm of both CAs'))
    .addOption(
      new Option(
        '--key-storage-standard <name>',
        'KeyStorageSecurityStandard of both CAs (default: the API default)',
      ).choices(keyStorageSecurityStandards),
    )
    .option('--root-validity <time>', 'validity period of the root certificate', '10y')
    .option('--issuing-validity <time>', 'validity period of the issuing CA certificate', '5y')
    .option('--crl-bucket <name>', 'bucket for the CRLs of both CAs (see signet bucket create)')
    .option('--ocsp', 'serve OCSP for certificates of both CAs', true)
    .option(
      '--no-ocsp',
      'do not serve OCSP; without --crl-bucket, clients cannot check whether certificates are revoked',
    )
    .option('--out <file>', 'output file for the root certificate')
    .examples(
      'signet init-hierarchy',
      'signet init-hierarchy --name "Example Corp" --crl-bucket my-crls --out root.pem',
    )
    .action(async (flags: HierarchyFlags) => {
      // The SDK is slow to load and is not needed for displaying the help text.
      const { initHierarchy, requireOwnRoot } =
        await import('../../client-commands/init-hierarchy.ts')
      if (flags.out !== undefined) requireOwnRoot(flags.out, flags)
      const hierarchy = await withConnection(
        connectionOf(flags, context.environment),
        (connection) =>
          initHierarchy(connection, flags, {
            now: systemClock.now(),
            progress: progressTo(context.stderr),
          }),
      )
      if (flags.out !== undefined) await writePublic(flags.out, hierarchy.rootCertificate)
      printHierarchy(context, flags, hierarchy)
    })
}

/** Writes a file that every user can read, because certificates are public. */
async function writePublic(file: string, text: string): Promise<void> {
  try {
    await writeOutput({ path: file, content: text, mode: 0o644 })
  } catch (error) {
    throw new ConfigurationError(`--out: cannot write ${file}: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
}

function printHierarchy(
  context: CommandContext,
  flags: HierarchyFlags,
  { authorities, hasOtherIssuers }: HierarchyResult,
): void {
  const rows = pascalCaseKeys(authorities) as object[]
  printResult(context, flags, {
    value: { Authorities: rows },
    rows,
    text: () => paragraphsText(context.stdout, authorities.map(authorityParagraph)),
  })
  const issuing = authorities.find(({ role }) => role === 'issuing')
  const { crlBucket } = flags
  const unchanged = authorities.filter(
    ({ created, revocation }) => crlBucket !== undefined && !created && !revocation.includes('CRL'),
  )
  if (unchanged.length > 0)
    printNote(
      context.stderr,
      `--crl-bucket applies only to new CAs; publish the CRLs of existing CAs with: ${unchanged
        .map(({ arn }) => `signet ca revocation ${arn} --crl-bucket ${crlBucket}`)
        .join('; ')}`,
    )
  nextSteps(
    context,
    [
      `signet issue --name localhost${hasOtherIssuers ? ` --ca ${issuing?.arn}` : ''} --out tls`,
      'signet trust install',
      'signet status',
    ],
    flags,
  )
}

function authorityParagraph(authority: AuthorityResult): Paragraph {
  const { role, subject, notAfter, arn, status, created, revocation } = authority
  return {
    title: role === 'root' ? 'Root CA' : 'Issuing CA',
    lines: [
      { label: 'subject', text: subject, tone: 'plain' },
      { label: 'valid until', text: instantWords(notAfter), tone: 'plain' },
      { label: 'ARN', text: arn, tone: 'plain' },
      {
        label: 'revocation',
        text:
          revocation.length > 0
            ? revocation.join(' and ')
            : 'off: clients cannot check for revoked certificates',
        tone: revocation.length > 0 ? 'plain' : 'warning',
      },
      {
        label: 'result',
        text: created ? 'created' : `already exists${status === 'ACTIVE' ? '' : ` (${status})`}`,
        tone: created ? 'good' : 'plain',
      },
    ],
  }
}
