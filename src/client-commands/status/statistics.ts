/** The command `signet statistics`, which prints numbers of CAs and certificates. */
import type { Client, PeriodCount, Statistics } from '../../../client/index.ts'
import type { Line, Paragraph } from '../../inspect/lines.ts'

const periodNames = ['IssuedPerDay', 'RevokedPerDay', 'ExpiriesPerWeek'] as const

export interface PrintedStatistics {
  /** The members of GetStatistics, with times as text. */
  readonly members: object
  readonly paragraphs: readonly Paragraph[]
}

/** Reads the statistics from the API. If the length of a period is undefined, the server's default applies. */
export async function readStatistics(
  client: Client,
  { days, weeks }: { readonly days: number | undefined; readonly weeks: number | undefined },
): Promise<PrintedStatistics> {
  const statistics = await client.getStatistics({
    ...(days !== undefined && { Days: days }),
    ...(weeks !== undefined && { Weeks: weeks }),
  })
  const periods = periodNames.map((name) => [
    name,
    statistics[name].map(({ Start, Count }) => ({ Start: dateOf(Start), Count })),
  ])
  const GeneratedAt = statistics.GeneratedAt.toISOString()
  return {
    members: { ...statistics, GeneratedAt, ...Object.fromEntries(periods) },
    paragraphs: paragraphsOf(statistics),
  }
}

function paragraphsOf(statistics: Statistics): Paragraph[] {
  const { CertificateAuthorities, IssuedPerDay, RevokedPerDay, Expiring, Complete } = statistics
  const days = IssuedPerDay.length
  const period = days === 1 ? 'today' : `in ${days} days`
  const states = CertificateAuthorities.map(({ Status, Count }) => line(Status, Count))
  const note: Line = {
    label: 'note',
    text: 'the server is still counting certificates from before an upgrade or a restore',
    tone: 'warning',
  }
  return [
    { title: 'CAs', lines: states.length === 0 ? [line('all', 0)] : states },
    {
      title: 'Certificates',
      lines: [
        line(`issued ${period}`, totalOf(IssuedPerDay)),
        line(`revoked ${period}`, totalOf(RevokedPerDay)),
        ...Expiring.map(({ Days, Count }) => line(`expire within ${Days} days`, Count)),
        ...(Complete ? [] : [note]),
      ],
    },
    ...periodParagraph('Issued per day', IssuedPerDay),
    ...periodParagraph('Revoked per day', RevokedPerDay),
    ...periodParagraph('Expiries per week', statistics.ExpiriesPerWeek),
  ]
}

/** Lists the periods that have certificates. */
function periodParagraph(title: string, periods: readonly PeriodCount[]): Paragraph[] {
  const lines = periods
    .filter(({ Count }) => Count > 0)
    .map(({ Start, Count }) => line(dateOf(Start), Count))
  return lines.length === 0 ? [] : [{ title, lines }]
}

function line(label: string, count: number): Line {
  return { label, text: String(count), tone: 'plain' }
}

function totalOf(periods: readonly PeriodCount[]): number {
  return periods.reduce((sum, { Count }) => sum + Count, 0)
}

/** Formats the start of a day in UTC. */
function dateOf(time: Date): string {
  return time.toISOString().slice(0, 10)
}
