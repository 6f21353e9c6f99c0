/** Formats the plan of a ceremony for its participants, including everything that will be signed. */
import type { CeremonyPlan } from '../../ceremony/plan.ts'
import type { PlannedCrl } from '../../ceremony/plan-crl.ts'
import { unsignedDer } from '../../ceremony/plan-root.ts'
import { sha256 } from '../../ceremony/script/values.ts'
import { inspect } from '../../inspect/inspect.ts'
import { paragraphsOf, type Line, type Paragraph } from '../../inspect/lines.ts'
import { instantWords } from '../../inspect/value-texts.ts'
import { isoSeconds } from '../../text/iso-time.ts'
import type { PreparedCertificate } from '../../issuance/prepare-certificate.ts'
import { groupedDigest } from './confirm-script.ts'

const line = (label: string, text: string): Line => ({ label, text, tone: 'plain' })

/**
 * Returns a paragraph about the ceremony, and a paragraph for each object that the ceremony signs. If `showsDigest` is set, the
 * first paragraph includes the script's SHA-256.
 */
export async function planParagraphs(
  plan: CeremonyPlan,
  { folder, showsDigest }: { readonly folder: string; readonly showsDigest: boolean },
): Promise<Paragraph[]> {
  const { root, certificates, revocations, crl } = plan
  const { created } = root
  const heading = ceremonyParagraph(plan, folder)
  const digest = line('script SHA-256', groupedDigest(plan.scriptSha256))
  const paragraphs = [showsDigest ? { ...heading, lines: [...heading.lines, digest] } : heading]
  if (created !== undefined)
    paragraphs.push(await certificateParagraph('New root: root.pem', created.prepared, plan))
  for (const { action, prepared } of certificates)
    paragraphs.push(
      await certificateParagraph(
        `Certificate for ${action.csr}: ${action.name}.pem`,
        prepared,
        plan,
      ),
    )
  if (revocations.length > 0)
    paragraphs.push({
      title: 'Revocations',
      lines: revocations.map(({ serialNumber, subject, reason }) =>
        line(serialNumber, `${subject}, ${reason}`),
      ),
    })
  return crl === undefined ? paragraphs : [...paragraphs, crlParagraph(crl)]
}

function ceremonyParagraph({ script, ...plan }: CeremonyPlan, folder: string): Paragraph {
  const { root, number, startedAt } = plan
  const { participants } = script
  const fingerprint = root.created === undefined ? sha256(root.certificate.der) : undefined
  return {
    title: `Ceremony ${number}: ${script.title}`,
    lines: [
      line('folder', folder),
      line(
        'time',
        `${instantWords(isoSeconds(startedAt))}, according to the clock of this machine`,
      ),
      ...(participants.length > 0 ? [line('participants', participants.join(', '))] : []),
      line('root', root.created === undefined ? root.subject : `${root.subject} (new)`),
      ...(fingerprint === undefined ? [] : [line('root SHA-256', groupedDigest(fingerprint))]),
      line('signs with', `${root.keyAlgorithm}, ${root.signingAlgorithm}`),
      line(
        'CRL URL',
        root.crlUrl ?? 'none: clients cannot check whether the certificates are revoked',
      ),
    ],
  }
}

/** Returns the lines that `signet inspect` would print, except the SHA-256, which depends on the signature. */
async function certificateParagraph(
  title: string,
  prepared: PreparedCertificate,
  { startedAt }: CeremonyPlan,
): Promise<Paragraph> {
  const [described] = paragraphsOf(await inspect(unsignedDer(prepared), startedAt), startedAt)
  const lines = (described?.lines ?? []).filter(({ label }) => label !== 'SHA-256')
  const findings = prepared.findings.map(({ name, rule }): Line => ({
    label: 'lint',
    text: `${name}: ${rule}`,
    tone: 'warning',
  }))
  return { title, lines: [line('template', prepared.templateName), ...lines, ...findings] }
}

function crlParagraph({ crlNumber, nextUpdate, entries }: PlannedCrl): Paragraph {
  return {
    title: 'CRL: root.crl',
    lines: [
      line('number', String(crlNumber)),
      line('next update', instantWords(isoSeconds(nextUpdate))),
      line('revoked', entries.length === 1 ? '1 certificate' : `${entries.length} certificates`),
    ],
  }
}

/** Converts the plan for JSON output. */
export async function planValue(plan: CeremonyPlan): Promise<object> {
  const { script, root, certificates, revocations, crl } = plan
  const describe = async (prepared: PreparedCertificate): Promise<object> => {
    const [description] = (await inspect(unsignedDer(prepared), plan.startedAt)).objects
    const { fingerprintSha256: _, ...described } = description as { fingerprintSha256?: string }
    return { template: prepared.templateName, ...described }
  }
  const { created } = root
  const signed = await Promise.all(
    certificates.map(async ({ action, prepared }) => ({
      file: `${action.name}.pem`,
      csr: action.csr,
      ...(await describe(prepared)),
    })),
  )
  return {
    title: script.title,
    number: plan.number,
    startedAt: isoSeconds(plan.startedAt),
    scriptSha256: plan.scriptSha256,
    participants: script.participants,
    root: {
      subject: root.subject,
      created: created !== undefined,
      keyAlgorithm: root.keyAlgorithm,
      signingAlgorithm: root.signingAlgorithm,
      crlUrl: root.crlUrl ?? null,
      certificateSha256: created === undefined ? sha256(root.certificate.der) : null,
    },
    certificates: [
      ...(created === undefined
        ? []
        : [{ file: 'root.pem', csr: null, ...(await describe(created.prepared)) }]),
      ...signed,
    ],
    revocations: revocations.map(({ serialNumber, subject, reason }) => ({
      serialNumber,
      subject,
      reason,
    })),
    crl: crl === undefined ? null : crlValue(crl),
  }
}

function crlValue({ crlNumber, nextUpdate, entries }: PlannedCrl): object {
  return { number: crlNumber, nextUpdate: isoSeconds(nextUpdate), entries: entries.length }
}
