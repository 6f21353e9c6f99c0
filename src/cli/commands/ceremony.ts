/** Commands of `signet ceremony` for an offline root, which require neither a server nor a network. */
import { join } from 'node:path'
import type { Command } from 'commander'
import {
  checkCeremony,
  runCeremony,
  verifyCeremonyFile,
  type CompletedCeremony,
} from '../../ceremony/ceremony.ts'
import { transcriptFile, type Transcript } from '../../ceremony/transcript.ts'
import { systemClock } from '../../clock.ts'
import { ConfigurationError } from '../../errors.ts'
import { formatName } from '../../x509/names/name.ts'
import { systemRandom } from '../../random.ts'
import { printProblem } from '../../terminal.ts'
import { visibleLines } from '../../text/visible-text.ts'
import { version } from '../../version.ts'
import { confirmByFlags, confirmScript } from '../ceremony/confirm-script.ts'
import { planParagraphs, planValue } from '../ceremony/plan-text.ts'
import { askHidden } from '../shared/ask-hidden.ts'
import { readPassphrase } from '../shared/backup-keys.ts'
import { severalOf } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { nextSteps, pascalCaseKeys, printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand } from '../shared/signet-command.ts'
import { paragraphsText } from '../shared/style.ts'

interface FolderFlags extends OutputFlags {
  readonly folder: string
}

interface RunFlags extends FolderFlags {
  readonly passphraseFile?: string
  readonly confirmedBy?: readonly string[]
  readonly scriptSha256?: string
}

export function ceremonyCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'ceremony')
  group.description('Create and use an offline root according to a reviewed script')
  checkSubcommand(group)
  runSubcommand(group)
  verifySubcommand(group)
  return group
}

const folderOption = [
  '--folder <folder>',
  'folder with the root and its ceremonies',
  'offline-root',
] as const
const scriptArgument = [
  '<script>',
  'JSON file with the script; the CSRs must be in the same folder',
] as const
const passphraseCharactersMin = 12

function checkSubcommand(group: SignetCommand): void {
  const { context } = group
  group
    .command('check')
    .output('table')
    .description('Show everything that a script would sign, without signing or writing anything')
    .argument(...scriptArgument)
    .option(...folderOption)
    .examples(
      'signet ceremony check script.json',
      'signet ceremony check script.json --output json',
    )
    .action(async (script: string, flags: FolderFlags) => {
      const { folder } = flags
      const plan = await checkCeremony({ script, folder, clock: systemClock, random: systemRandom })
      const paragraphs = await planParagraphs(plan, { folder, showsDigest: true })
      printResult(context, flags, {
        value: pascalCaseKeys(await planValue(plan)),
        text: () => paragraphsText(context.stdout, paragraphs),
      })
      nextSteps(context, [`signet ceremony run ${script} --folder ${folder}`])
    })
}

function runSubcommand(group: SignetCommand): void {
  const { context } = group
  group
    .command('run')
    .output('table')
    .description(
      'Run a script: show everything that it signs, have two people confirm it, and then sign',
    )
    .argument(...scriptArgument)
    .option(...folderOption)
    .option(
      '--passphrase-file <file>',
      'file with the passphrase of the root key on its first line (default: prompt)',
    )
    .option(
      '--confirmed-by <name>',
      'for tests: name of a person who confirms without a prompt; repeatable',
      severalOf,
    )
    .option('--script-sha256 <hex>', 'for tests: SHA-256 of the script, instead of the prompt')
    .examples(
      'signet ceremony run script.json',
      'signet ceremony run crl.json --folder /media/root',
    )
    .action(async (script: string, flags: RunFlags) => {
      const { folder } = flags
      const completed = await runCeremony({
        script,
        folder,
        clock: systemClock,
        random: systemRandom,
        program: `signet ${version()}`,
        passphrase: (purpose) => passphraseOf(flags, purpose),
        async confirm(plan) {
          // The people who confirm the script must type its SHA-256 before it is displayed.
          const paragraphs = await planParagraphs(plan, { folder, showsDigest: false })
          const text = paragraphsText(context.stderr, paragraphs)
          context.stderr.write(`${text}\n`)
          const { scriptSha256, script: content } = plan
          const toConfirm = { scriptSha256, permitted: content.participants, clock: systemClock }
          const byFlags = flags.confirmedBy !== undefined || flags.scriptSha256 !== undefined
          return byFlags ? confirmByFlags(flags, toConfirm) : confirmScript(context, toConfirm)
        },
      })
      printResult(context, flags, { value: resultOf(completed) })
      nextSteps(context, nextCommands(completed))
    })
}

/**
 * Returns the passphrase for the root key. Throws ConfigurationError if a new passphrase is too short or is not
 * repeated correctly.
 */
async function passphraseOf(
  { passphraseFile }: RunFlags,
  purpose: 'new' | 'existing',
): Promise<string> {
  const isNew = purpose === 'new'
  const passphrase =
    passphraseFile === undefined
      ? await askHidden(`Passphrase ${isNew ? 'for the new' : 'of the'} root key: `)
      : await readPassphrase(passphraseFile)
  if (!isNew) return passphrase
  if (passphrase.length < passphraseCharactersMin)
    throw new ConfigurationError(
      `the passphrase of a root key must have at least ${passphraseCharactersMin} characters; nothing was signed`,
    )
  if (passphraseFile === undefined && (await askHidden('Repeat the passphrase: ')) !== passphrase)
    throw new ConfigurationError('the passphrases do not match; nothing was signed')
  return passphrase
}

function resultOf({ path, transcript, transcriptSha256 }: CompletedCeremony): object {
  return {
    Ceremony: transcript.number,
    Folder: path,
    Root: transcript.root.subject,
    RootSha256: transcript.root.certificateSha256,
    Certificates: transcript.certificates.map(({ file }) => file),
    Crl: transcript.crl?.file ?? null,
    TranscriptSha256: transcriptSha256,
  }
}

function nextCommands({ path, transcript }: CompletedCeremony): string[] {
  const root = join(path, 'root.pem')
  const subordinates = transcript.certificates.filter(({ csrFile }) => csrFile !== null)
  return [
    `signet ceremony verify ${join(path, transcriptFile)} --root ${root}`,
    ...subordinates.map(({ file }) => `signet ca import ${join(path, file)} --chain ${root}`),
  ]
}

function verifySubcommand(group: SignetCommand): void {
  const { context } = group
  group
    .command('verify')
    .output('table')
    .description('Verify a transcript, and the certificates, CRL and script in its folder')
    .argument('<transcript>', 'file transcript.json in the folder of a ceremony')
    .requiredOption('--root <file>', 'root certificate in PEM, from a source that you trust')
    .examples('signet ceremony verify 0001/transcript.json --root root.pem')
    .action(async (path: string, flags: OutputFlags & { readonly root: string }) => {
      const { transcript, problems, certificate } = await verifyCeremonyFile(path, flags)
      for (const problem of problems) printProblem(`${path}: ${problem}`, context.stderr)
      if (transcript === undefined || problems.length > 0)
        throw new Error(
          `${path} could not be verified with the root ${formatName(certificate.subject)}`,
        )
      printResult(context, flags, {
        value: verifiedValue(transcript),
        text: () => visibleLines(verifiedText(transcript)),
      })
    })
}

function verifiedValue(transcript: Transcript): object {
  return pascalCaseKeys({ ...transcript, files: Object.keys(transcript.files) }) as object
}

function verifiedText(transcript: Transcript): string {
  const { participants, confirmation, certificates, revocations, crl, files } = transcript
  const how = confirmation === 'flags' ? ' (by flags, without a prompt)' : ''
  return [
    `Ceremony ${transcript.number} of ${transcript.root.subject}: ${transcript.title}`,
    `Signed ${transcript.signedAt} with ${transcript.program}`,
    `Confirmed by ${participants.map(({ name }) => name).join(', ')}${how}`,
    ...certificates.map(
      ({ file, subject, notAfter }) => `Signed ${file}: ${subject}, until ${notAfter}`,
    ),
    ...revocations.map(({ serialNumber, reason }) => `Revoked ${serialNumber}: ${reason}`),
    ...(crl === null
      ? []
      : [`Signed ${crl.file}: ${crl.entries} entries, next update ${crl.nextUpdate}`]),
    `The transcript and the other ${Object.keys(files).length} files match what the root signed.`,
  ].join('\n')
}
