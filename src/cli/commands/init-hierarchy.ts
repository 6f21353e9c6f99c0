import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { withConnection } from '../../client-commands/connection.ts'
import type {
  AuthorityResult,
  HierarchyResult,
  InitHierarchyOptions,
} from '../../client-commands/init-hierarchy.ts'
import { writeOutput } from '../../durable-file.ts'
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
import { pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { paragraphsText } from '../shared/style.ts'
import { progressTo } from '../../terminal.ts'

type HierarchyFlags = ConnectionFlags &
  OutputFlags &
  InitHierarchyOptions & { readonly out?: string }

export function initHierarchyCommand(context: CommandContext): Command {
  return withConnectionFlags(new SignetCommand(context, 'init-hierarchy'))
    .output('table')
    .description(
      'make a root CA and an issuing CA below it; run again, it finishes or says what is there',
    )
    .option(
      '--name <text>',
      'organization in the names of both; the same name is the same hierarchy',
      'Example',
    )
    .option('--root-name <text>', 'common name of the root (default: --name and Root CA)')
    .option(
      '--issuing-name <text>',
      'common name of the issuing CA (default: --name and Issuing CA)',
    )
    .addOption(keyAlgorithmOption('keys of both'))
    .option('--root-validity <time>', 'how long the root is valid', '10y')
    .option('--issuing-validity <time>', 'how long the issuing CA is valid', '5y')
    .option('--crl-bucket <name>', 'bucket for the CRLs of both: see signet bucket create')
    .option('--ocsp', 'answer OCSP for both')
    .option('--out <file>', 'write the root certificate to this file')
    .examples(
      'signet init-hierarchy',
      'signet init-hierarchy --name "Example Corp" --ocsp --out root.pem',
    )
    .action(async (flags: HierarchyFlags) => {
      // It loads the SDK, which the other commands need not wait for.
      const { initHierarchy } = await import('../../client-commands/init-hierarchy.ts')
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

/** A certificate is public. */
async function writePublic(file: string, text: string): Promise<void> {
  try {
    await writeOutput({ path: file, content: text, mode: 0o644 })
  } catch (error) {
    throw new ConfigurationError(`--out: ${(error as Error).message}`, { cause: error })
  }
}

function printHierarchy(
  context: CommandContext,
  flags: HierarchyFlags,
  { authorities }: HierarchyResult,
): void {
  const rows = pascalCaseKeys(authorities) as object[]
  printResult(context, flags, {
    value: { Authorities: rows },
    rows,
    text: () => paragraphsText(context.stdout, authorities.map(authorityParagraph)),
  })
}

function authorityParagraph({ role, subject, notAfter, arn, made }: AuthorityResult): Paragraph {
  return {
    title: role === 'root' ? 'Root CA' : 'Issuing CA',
    lines: [
      { label: 'subject', text: subject, tone: 'plain' },
      { label: 'valid until', text: instantWords(notAfter), tone: 'plain' },
      { label: 'ARN', text: arn, tone: 'plain' },
      {
        label: 'result',
        text: made ? 'made' : 'was there already',
        tone: made ? 'good' : 'plain',
      },
    ],
  }
}
